"""Bought, assigned and billed side by side (X10)."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.enums import Difference
from billing.forms.reconciliation import FILTERS, AssignmentsForm, read_address, read_filter
from billing.queries import reconciliation as queries
from billing.workflow.assignments import report_assignments
from customers.links import customer_urls, subscription_url
from customers.models import Subscription
from customers.presentation import TONES, status_text
from portal.accounts.access import requires, while_allowed
from portal.accounts.actor import denied
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, posted, posted_files
from portal.core.listing import ListAddress


@require_safe
@requires(Permission.BILLING_VIEW)
def reconciliation(request: PortalRequest) -> HttpResponse:
    """Show bought, assigned and billed licenses of each subscription, differences first in sight."""
    address = read_address(request, reverse("billing:reconciliation"))
    wanted, today = read_filter(address), timezone.now().date()
    page = queries.page_of(request.actor, wanted, day=today, cursor=address.get("cursor"))
    customers = customer_urls(request.actor, (subscription.customer_id for subscription in page))
    may_report = request.actor.may(Permission.SUBSCRIPTION_UPDATE)
    refused = denied(Permission.SUBSCRIPTION_UPDATE, kind=request.actor.organization_kind).explanation
    return page_or_fragment(
        request,
        page="billing/reconciliation/page.html",
        fragment="billing/reconciliation/_list.html",
        context={
            "rows": [
                {
                    **row_of(one),
                    "url": subscription_url(request.actor, one.pk, one.product_family),
                    "customer_url": customers.get(one.customer_id, ""),
                }
                for one in page
            ],
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in FILTERS},
            "options": [{"value": "", "label": _("All subscriptions")}, *_differences()],
            "chips": address.chips(_chip_labels(address)),
            "list_url": address.path,
            "tiles": _tiles(request, address),
            "export_url": address.url(reverse("billing:reconciliation_export"), cursor=""),
            "why_not_report": "" if may_report else refused,
        },
    )


def _differences() -> list[dict[str, str]]:
    return [{"value": str(value), "label": str(label)} for value, label in Difference.choices]


def _chip_labels(address: ListAddress) -> dict[str, str]:
    difference = address.get("difference")
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "difference": str(Difference(difference).label) if difference else "",
    }


def _tiles(request: PortalRequest, address: ListAddress) -> list[dict[str, str]]:
    counts = queries.counts_of(request.actor, day=timezone.now().date())
    shown = (Difference.BILLED, Difference.UNUSED, Difference.TOO_MANY)
    return [
        {
            "label": str(name.label),
            "value": number_format(counts[name], force_grouping=True),
            "url": ListAddress(address.path, {"difference": str(name)}).url(),
            "tone": "warning" if counts[name] else "",
        }
        for name in shown
    ]


def row_of(row: Any) -> dict[str, Any]:
    """Lay out a subscription with its three numbers; ``row`` is one of ``queries.rows_of``."""
    return {
        "id": row.pk,
        "customer": row.customer.organization.name,
        "name": row.friendly_name,
        "product": row.product_name,
        "status": status_text(row),
        "tone": TONES[row.status],
        "bought": row.bought,
        "assigned": row.assigned,
        "billed": row.billed,
        "findings": list(_findings(row)),
    }


def _findings(row: Any) -> Iterator[str]:
    """Yield what differs, in words."""
    if row.billed > row.bought:
        yield _("%(count)s more billed than bought") % {"count": number_format(row.billed - row.bought)}
    if row.billed < row.bought:
        yield _("%(count)s bought but not billed") % {"count": number_format(row.bought - row.billed)}
    if row.assigned is not None and row.assigned < row.bought:
        yield _("%(count)s not assigned") % {"count": number_format(row.bought - row.assigned)}
    if row.assigned is not None and row.assigned > row.bought:
        yield _("%(count)s more assigned than bought") % {"count": number_format(row.assigned - row.bought)}


@require_safe
@requires(Permission.BILLING_VIEW)
def reconciliation_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give what the filters leave as a CSV file; filled in, it can be uploaded as a report of assigned licenses."""
    address = read_address(request, reverse("billing:reconciliation"))
    found = queries.all_rows(request.actor, read_filter(address), day=timezone.now().date())
    rows = while_allowed(request.actor, Permission.BILLING_VIEW, found, every=queries.EXPORT_BATCH)
    header = (
        *("CustomerId", "CustomerName", "SubscriptionId", "SubscriptionDescription", "ProductName", "Status"),
        *("BoughtLicenses", "AssignedLicenses", "BilledLicenses", "Differences"),
    )
    return csv_response(f"reconciliation-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(found: Iterable[Subscription]) -> Iterator[tuple[object, ...]]:
    for one in found:
        row = row_of(one)
        names = ("name", "product", "status", "bought", "assigned", "billed")
        yield one.customer_id, row["customer"], one.pk, *(row[name] for name in names), "; ".join(row["findings"])


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_UPDATE)
def assignments(request: PortalRequest) -> HttpResponseBase:
    """Take a file that says how many licenses the customers' people hold."""
    form = AssignmentsForm(posted(request), posted_files(request))
    if form.is_valid():
        given = form.cleaned_data["file"]
        count = report_assignments(assigned=given, actor=request.actor, now=timezone.now())
        text = ngettext("%(count)s subscription noted.", "%(count)s subscriptions noted.", count) % {"count": count}
        if count < len(given):
            text += " " + _("%(count)s lines name no subscription that is billed to you.") % {
                "count": len(given) - count
            }
        messages.success(request, text)
        may_read = request.actor.may(Permission.BILLING_VIEW)
        return redirect("billing:reconciliation" if may_read else "billing:assignments")
    status = 422 if form.is_bound else 200
    return render(request, "billing/reconciliation/assignments.html", {"form": form}, status=status)
