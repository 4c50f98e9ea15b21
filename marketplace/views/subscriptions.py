"""Marketplace subscriptions over all customers: list, export, and auto-renew of many at once (M2, W19, W32)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers.presentation import day
from customers.queries import as_uuid
from marketplace import queries
from marketplace.enums import LIVING, FulfillmentStatus
from marketplace.forms.changes import ManyForm
from marketplace.forms.list import (
    NO,
    SUBSCRIPTION_FILTERS,
    YES,
    is_over,
    read_subscriptions,
    subscription_filter,
    subscription_sort,
)
from marketplace.models import SaaSSubscription
from marketplace.presentation import status_of
from marketplace.queries.lists import EXPORT_BATCH, RENEWING_DAYS, SubscriptionRow
from marketplace.views.details import role_reason
from marketplace.views.rows import list_rows
from marketplace.workflow import changes
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import COUNT_LIMIT

MOST_AT_ONCE = 200


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def subscriptions(request: PortalRequest) -> HttpResponse:
    """List the marketplace subscriptions of all customers; a subscription's id leads straight to it."""
    address = read_subscriptions(request)
    wanted, now = subscription_filter(address), timezone.now()
    found_id = as_uuid(wanted.text)
    if found_id and SaaSSubscription.objects.visible_to(request.actor).filter(pk=found_id).exists():
        return redirect_to(request, reverse("marketplace:subscription", args=[found_id]))
    sort = subscription_sort(address)
    page = queries.subscription_page(request.actor, wanted, sort=sort, cursor=address.get("cursor"), now=now)
    refusal = role_reason(request, now)
    context = {
        "rows": list_rows(page, now=now),
        "bar": {"text": address.get("q")},
        "values": {name: address.get(name) for name in SUBSCRIPTION_FILTERS} | {"sort": sort},
        "options": _options(get_language(), is_over=is_over(address)),
        "chips": address.chips(_chip_labels(address)) if address.values else [],
        "pager": {
            "previous_url": address.url(cursor=page.previous_cursor, count="") if page.previous_cursor else "",
            "next_url": address.url(cursor=page.next_cursor, count="") if page.next_cursor else "",
        },
        "count": {
            "count_url": address.url(reverse("marketplace:count"), cursor="", count=""),
            "count": _count(request, address) if address.get("count") else "",
        },
        "path": address.path,
        "export": {"export_url": address.url(reverse("marketplace:export"), cursor="", count="")},
        "many_url": reverse("marketplace:auto_renew_of_many"),
        "may_choose": refusal is None,
        "why_not": {
            "export": request.actor.why_not(Permission.CUSTOMER_EXPORT),
            "change": refusal.explanation if refusal else "",
        },
    }
    return page_or_fragment(
        request, page="marketplace/subscriptions.html", fragment="marketplace/_subscriptions.html", context=context
    )


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def count(request: PortalRequest) -> HttpResponse:
    """Say how many subscriptions the filters leave; the page asks after it has loaded, or a click without scripts."""
    address = read_subscriptions(request, reverse("marketplace:subscriptions"))
    if not is_fragment_request(request):
        return redirect_to(request, address.url(count=YES, cursor=""))
    return render(request, "marketplace/_count.html", {"count": _count(request, address)})


def _count(request: PortalRequest, address: ListAddress) -> str:
    wanted, sort = subscription_filter(address), subscription_sort(address)
    found = queries.subscription_count(request.actor, wanted, sort=sort, now=timezone.now())
    if found > COUNT_LIMIT:
        return _("%(limit)s+ subscriptions") % {"limit": number_format(COUNT_LIMIT, force_grouping=True)}
    return ngettext("%(count)s subscription", "%(count)s subscriptions", found) % {
        "count": number_format(found, force_grouping=True)
    }


def _renewing_label() -> str:
    return _("Within %(count)s days") % {"count": RENEWING_DAYS}


@lru_cache
def _options(_language: str | None, *, is_over: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the choices of each filter, worded once per language."""

    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    return {
        "status": choices(
            _("Current"), [(value, _status_label(value)) for value in (*FulfillmentStatus.values, "all")]
        ),
        "renewing": choices(_("Any time"), [(YES, _renewing_label())]),
        "cancelable": choices(_("With and without"), [(YES, _("Can be canceled now"))]),
        "autorenew": choices(_("On and off"), [(YES, _("On")), (NO, _("Off"))]),
        "sort": [{"value": value, "label": label} for value, label in _orders(is_over=is_over)],
    }


def _orders(*, is_over: bool) -> list[tuple[str, str]]:
    orders = [("newest", _("Newest first")), ("oldest", _("Oldest first")), ("name", _("By name"))]
    return orders if is_over else [*orders, ("ends", _("Term ends first"))]


def _status_label(value: str) -> str:
    if value == "all":
        return _("All, with ended ones")
    return _("Action needed") if value == FulfillmentStatus.PENDING else str(FulfillmentStatus(value).label)


def _chip_labels(address: ListAddress) -> dict[str, str]:
    status = address.get("status")
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "status": _status_label(status) if status else "",
        "renewing": _("Renews: %(when)s") % {"when": _renewing_label()},
        "cancelable": _("Can be canceled now"),
        "autorenew": _("Auto-renew is on") if address.get("autorenew") == YES else _("Auto-renew is off"),
    }


@require_safe
@requires(Permission.CUSTOMER_EXPORT)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters of the address leave, all pages of it."""
    address = read_subscriptions(request)
    found = queries.all_subscriptions(
        request.actor, subscription_filter(address), sort=subscription_sort(address), now=timezone.now()
    )
    rows = while_allowed(request.actor, Permission.CUSTOMER_EXPORT, found, every=EXPORT_BATCH)
    header = (
        _("Subscription ID"),
        _("Subscription"),
        _("Product"),
        _("Customer"),
        _("Microsoft ID of the customer"),
        _("Publisher"),
        _("Plan"),
        _("Quantity"),
        _("Status"),
        _("Term"),
        _("Term ends on"),
        _("Billing frequency"),
        _("Auto-renew"),
        _("Can be canceled until"),
        _("Reseller"),
        _("PartnerID"),
        _("PartnerIDs of further resellers"),
    )
    return csv_response(f"marketplace-subscriptions-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(found: Iterable[SubscriptionRow]) -> Iterator[tuple[object, ...]]:
    for row in found:
        yield (
            row.pk,
            row.name,
            row.offer,
            row.customer,
            row.customer_id,
            row.publisher,
            row.plan,
            row.quantity,
            _status_label(row.status),
            row.term,
            row.ends_on,
            row.billing_frequency,
            _("On") if row.auto_renew else _("Off"),
            row.cancelable_until,
            row.reseller,
            row.partner_on_record,
            ", ".join(row.further_partner_ids),
        )


# --- auto-renew of many ----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def auto_renew_of_many(request: PortalRequest) -> HttpResponse:
    """Show what switching auto-renew of the chosen subscriptions would do, do it, and tell the result of each."""
    sent = request.POST if request.method == "POST" else request.GET
    form = ManyForm(sent)
    chosen = _chosen(request, sent.getlist("selected"))
    refusal = role_reason(request, timezone.now())
    if not chosen or not form.is_valid():
        messages.info(request, _("Choose subscriptions in the list first."))
        return redirect_to(request, reverse("marketplace:subscriptions"))
    turns_on = form.cleaned_data["to"] == "on"
    is_done = request.method == "POST"
    rows = [_switched(request, saas, turns_on, do=is_done) for saas in chosen]
    context = {
        "to": form.cleaned_data["to"],
        "turns_on": turns_on,
        "rows": rows,
        "changing": sum(row["changes"] for row in rows),
        "is_done": is_done,
        "refusal": refusal,
        "list_url": reverse("marketplace:subscriptions"),
    }
    return page_or_fragment(
        request,
        page="marketplace/auto_renew_of_many.html",
        fragment="marketplace/_auto_renew_of_many.html",
        context=context,
        status=refusal.http_status if refusal and is_done else 200,
    )


def _chosen(request: PortalRequest, selected: Iterable[str]) -> list[SaaSSubscription]:
    """Return the chosen subscriptions the person sees, in the order of the list; others are passed over."""
    ids = [found for text in list(selected)[:MOST_AT_ONCE] if (found := as_uuid(text))]
    rows = SaaSSubscription.objects.visible_to(request.actor).with_rows().filter(pk__in=ids)
    return list(rows.order_by("-purchased_at", "-pk"))


def _switched(request: PortalRequest, saas: SaaSSubscription, turns_on: bool, *, do: bool) -> dict[str, Any]:
    """Return what switching would do to one subscription, or did."""
    row = saas.subscription
    changes_it = saas.status in LIVING and row.auto_renew != turns_on
    result = _foreseen(saas, turns_on, changes_it)
    tone = "info" if changes_it else "neutral"
    if do and changes_it:
        try:
            changes.set_auto_renew(
                subscription_id=saas.pk, auto_renew=turns_on, actor=request.actor, now=timezone.now()
            )
            tone, result = "success", _("Auto-renew is on") if turns_on else _("Auto-renew is off")
        except Refusal as refusal:
            tone, result = "error", refusal.explanation
    return {
        "id": saas.pk,
        "name": row.friendly_name,
        "url": reverse("marketplace:subscription", args=[saas.pk]),
        "customer": row.customer.organization.name,
        "status": status_of(saas),
        "changes": changes_it,
        "tone": tone,
        "result": result,
    }


def _foreseen(saas: SaaSSubscription, turns_on: bool, changes_it: bool) -> str:
    row = saas.subscription
    if saas.status not in LIVING:
        return _("Stays: the subscription has ended")
    if not changes_it:
        return _("Stays: auto-renew is on already") if turns_on else _("Stays: auto-renew is off already")
    if row.ends_on is None:
        return _("Will be switched, before its first term begins")
    text = _("Will renew on %(date)s") if turns_on else _("Will end on %(date)s")
    return text % {"date": day(row.ends_on)}
