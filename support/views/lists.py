"""The list of cases over all customers, its export, and the page of one customer (reference 1.5)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from customers.links import customer_urls
from customers.navigation import show_customer
from customers.queries import customer_of
from portal.accounts.access import requires, while_allowed
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, redirect_to
from portal.core.listing import ListAddress
from support import queries, rules
from support.enums import CaseStatus, Severity
from support.forms.list import FILTERS, read_address, read_filter
from support.models import SupportCase
from support.presentation import row_of
from support.queries import contacts
from support.views.contacts import contacts_page
from support.views.reasons import why_not_open

SHOWN_OF_A_CUSTOMER = 20  # the rest stands in the workspace's list


@require_safe
@requires(Permission.SUPPORT_VIEW)
def cases(request: PortalRequest) -> HttpResponse:
    """List the cases of the partner over all its customers, or all cases for the operator."""
    if stopped := _stopped(request):
        return stopped
    address = read_address(request, reverse("support:list"))
    wanted = read_filter(address)
    number = queries.as_number(wanted.text)
    if number is not None and (found := queries.find_case(request.actor, number)):
        return redirect_to(request, reverse("support:case", args=[found.pk]))
    page = queries.case_page(
        request.actor, wanted, sort=address.get("sort", queries.DEFAULT_ORDER), cursor=address.get("cursor")
    )
    customers = customer_urls(request.actor, (case.customer_id for case in page if case.customer_id))
    return page_or_fragment(
        request,
        page="support/list.html",
        fragment="support/_list.html",
        context={
            "rows": [
                {**row_of(case, request.actor), "customer_url": customers.get(case.customer_id, "")} for case in page
            ],
            "headers": address.sort_headers(("number", "updated"), default=queries.DEFAULT_ORDER),
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in (*FILTERS, "sort")},
            "options": _options(),
            "chips": address.chips(_chip_labels(wanted, page.rows)),
            "list_url": address.path,
            "export_url": address.url(reverse("support:export"), cursor=""),
            "is_operator": _is_operator(request),
            "why_not_open": why_not_open(request.actor),
        },
    )


def _is_operator(request: PortalRequest) -> bool:
    return request.actor.organization_kind == OrganizationKind.OPERATOR


def _stopped(request: PortalRequest) -> HttpResponse | None:
    """Tell an indirect reseller whom to ask instead; ``None`` for those whose cases stand here."""
    try:
        if not _is_operator(request) and not request.actor.is_sandbox:
            rules.check_may_open(request.actor)
    except rules.AskYourPartner as refusal:
        return contacts_page(request, refusal=refusal)
    return None


def _options() -> dict[str, list[dict[str, Any]]]:
    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    return {
        "status": choices(_("All states"), CaseStatus.choices),
        "severity": choices(_("All severities"), Severity.choices),
        "assigned": choices(_("Everybody's"), [("mine", _("Assigned to me")), ("nobody", _("Assigned to nobody"))]),
    }


def _chip_labels(wanted: queries.CaseFilter, rows: Iterable[SupportCase]) -> dict[str, str]:
    labels = {
        "q": _("Search: %(text)s") % {"text": wanted.text},
        "status": str(CaseStatus(wanted.status).label) if wanted.status else "",
        "severity": _("Severity: %(name)s") % {"name": Severity(wanted.severity).label} if wanted.severity else "",
        "assigned": _("Assigned to me") if wanted.assigned == "mine" else _("Assigned to nobody"),
    }
    if wanted.customer_id:
        name = next((row.customer.organization.name for row in rows if row.customer), str(wanted.customer_id))
        labels["customer"] = _("Customer: %(name)s") % {"name": name}
    return labels


@require_safe
@requires(Permission.SUPPORT_VIEW)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters of the address leave, all pages of it."""
    address = read_address(request, reverse("support:list"))
    found = queries.all_cases(request.actor, read_filter(address), sort=address.get("sort", queries.DEFAULT_ORDER))
    rows = while_allowed(request.actor, Permission.SUPPORT_VIEW, found, every=queries.EXPORT_BATCH)
    header = (
        _("Case"),
        _("Title"),
        _("Partner"),
        _("Customer"),
        _("Topic"),
        _("Severity"),
        _("Status"),
        _("Opened by"),
        _("Assigned to"),
        pgettext("support case", "Opened"),
        _("Last change"),
        _("Closed"),
    )
    return csv_response(f"support-cases-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(request, rows))


def _export_rows(request: PortalRequest, found: Iterable[SupportCase]) -> Iterator[tuple[object, ...]]:
    names = ("number", "title", "partner", "customer", "topic", "severity", "status", "opened_by", "assigned_to")
    for case in found:
        row = row_of(case, request.actor)
        yield (*(row[name] for name in names), case.created_at, case.modified_at, case.closed_at)


@require_safe
@requires(Permission.SUPPORT_REQUEST)
def customer_cases(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show the cases that the partner opened for one customer; a reseller reads that its provider opens them."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    if request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        found = contacts.contacts_for(relationship, request.actor)
        return render(request, "support/customer_of_reseller.html", {"customer": relationship, "contacts": found})
    wanted = queries.CaseFilter(customer_id=customer_id)
    page = queries.case_page(request.actor, wanted, size=SHOWN_OF_A_CUSTOMER)
    everything = ListAddress(reverse("support:list"), {"customer": str(customer_id)})
    return page_or_fragment(
        request,
        page="support/customer.html",
        fragment="support/_customer.html",
        context={
            "customer": relationship,
            "rows": [row_of(case, request.actor) for case in page],
            "more_url": everything.url() if page.next_cursor else "",
            "new_url": f"{reverse('support:new')}?customer={customer_id}",
            "why_not_open": why_not_open(request.actor, relationship),
        },
    )
