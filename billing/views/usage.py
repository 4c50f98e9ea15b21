"""Usage of Azure subscriptions: what a month is estimated to cost, drawn and as a table, and each record as a file."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.forms.prices import read_month
from billing.forms.usage import read_usage
from billing.models import UsageRecord
from billing.presentation import month_in_sentence, month_text
from billing.queries import own_prices
from billing.queries import usage as queries
from billing.queries.usage import UsageFilter
from billing.usage_charts import BarChart, bar_chart
from billing.views.budgets import budget_shown
from billing.views.prices import plain_number
from customers import queries as customers
from customers.models import Subscription
from customers.navigation import show_customer
from customers.queries import as_uuid
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.dates import date_format
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text, round_money
from portal.core.pages import walk

EXPORT_BATCH = 2_000
MOST_BARS = 31


@require_safe
@requires(Permission.BILLING_VIEW)
def usage(request: PortalRequest) -> HttpResponse:
    """Show the usage of a month over all customers."""
    return usage_page(request, address=read_usage(request))


@require_safe
@requires(Permission.BILLING_VIEW)
def customer_usage(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show the usage of a month of one customer."""
    relationship = customers.customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    read = read_usage(request)
    address = ListAddress(read.path, {**read.values, "customer": str(customer_id)})
    return usage_page(request, address=address, customer=relationship)


def usage_page(request: PortalRequest, *, address: ListAddress, customer: Any = None) -> HttpResponse:
    """Render the page of what the address asks for."""
    today = timezone.now().date()
    wanted = _wanted(address, today)
    group = address.get("by", queries.DEFAULT_GROUP)
    found = queries.split(request.actor, wanted, group)
    is_cut = len(found) > queries.MOST_ROWS
    rows = [_row(row, group, address) for row in found[: queries.MOST_ROWS]]
    here = address if customer is None else ListAddress(address.path, {**address.values, "customer": ""})
    context = {
        "customer": customer,
        "month": month_in_sentence(wanted.month),
        "is_running": wanted.month == today.replace(day=1),
        "totals": [_total(total) for total in queries.totals(request.actor, wanted)],
        "group": group,
        "column": _groups()[group],
        "shows_quantity": group == "meter",
        "rows": rows,
        "is_cut": is_cut,
        "chart": _chart(found, group),
        "values": {"month": f"{wanted.month:%Y-%m}", "by": group},
        "options": _options(request, today),
        "chips": [] if customer else address.chips(_chip_labels(request, address)),
        "subscription": _subscription_name(request, address) if customer else "",
        "all_url": here.url(subscription=""),
        "path": address.path,
        "clear_url": address.url(customer="", subscription=""),
        "hidden": {name: here.get(name) for name in ("customer", "subscription") if here.get(name)},
        "export_url": address.url(reverse("pricing:usage_export")),
        "budget": _budget(request, customer, today),
    }
    return page_or_fragment(
        request, page="billing/usage/usage.html", fragment="billing/usage/_usage.html", context=context
    )


@require_safe
@requires(Permission.BILLING_VIEW)
def usage_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give each usage record of the month as a CSV file, streamed."""
    address = read_usage(request)
    wanted = _wanted(address, timezone.now().date())
    found = walk(queries.records(request.actor, wanted), order=queries.RECORD_ORDER, size=EXPORT_BATCH)
    rows = while_allowed(request.actor, Permission.BILLING_VIEW, found, every=EXPORT_BATCH)
    header = (
        "UsageDate",
        "CustomerId",
        "CustomerName",
        "SubscriptionId",
        "SubscriptionDescription",
        "MeterId",
        "MeterName",
        "MeterCategory",
        "MeterRegion",
        "Unit",
        "ResourceURI",
        "ChargeType",
        "Quantity",
        "UnitPrice",
        "EffectiveUnitPrice",
        "PricingCurrency",
        "PCToBCExchangeRate",
        "Cost",
        "BillingCurrency",
        "PartnerEarnedCreditPercentage",
        "PartnerEarnedCredit",
        "ChargeId",
    )
    return csv_response(f"usage-{wanted.month:%Y-%m}.csv", header, _record_rows(rows))


def _record_rows(records: Iterable[UsageRecord]) -> Iterator[tuple[object, ...]]:
    for record in records:
        yield (
            record.day,
            record.customer_id,
            record.customer.organization.name,
            record.subscription_id,
            record.subscription.friendly_name,
            record.meter_id,
            record.meter_name,
            record.category,
            record.region,
            record.unit,
            record.resource,
            record.kind,
            plain_number(record.quantity),
            plain_number(record.paid_unit_price),
            plain_number(record.effective_unit_price),
            record.pricing_currency,
            plain_number(record.exchange_rate),
            plain_number(record.cost),
            record.currency,
            plain_number(record.earned_percent),
            plain_number(record.cost * record.earned_percent / 100),
            record.charge_id or "",
        )


# --- what the page shows ---------------------------------------------------------------------------------------------
def _wanted(address: ListAddress, today: datetime.date) -> UsageFilter:
    return UsageFilter(
        month=read_month(address.get("month")) or today.replace(day=1),
        customer_id=as_uuid(address.get("customer")),
        subscription_id=as_uuid(address.get("subscription")),
    )


def _budget(request: PortalRequest, customer: Any, today: datetime.date) -> dict[str, Any] | None:
    """Return the budget of the customer whose page this is, and the way to set one; nothing on other pages."""
    if customer is None:
        return None
    found = own_prices.budget_of(request.actor, customer.customer_id, month=today.replace(day=1))
    return {
        "use": budget_shown(found) if found else None,
        "set_url": reverse("pricing:budget", args=[customer.customer_id]),
        "why_not": request.actor.why_not(Permission.PRICING_MANAGE),
    }


def _groups() -> dict[str, str]:
    return {
        "day": _("Day"),
        "customer": _("Customer"),
        "subscription": _("Subscription"),
        "category": _("Category"),
        "meter": _("Meter"),
    }


def _options(request: PortalRequest, today: datetime.date) -> dict[str, list[dict[str, str]]]:
    return {
        "month": [
            {"value": f"{month:%Y-%m}", "label": month_text(month)}
            for month in queries.months_of(request.actor, today=today)
        ],
        "by": [{"value": value, "label": label} for value, label in _groups().items()],
    }


def _chip_labels(request: PortalRequest, address: ListAddress) -> dict[str, str]:
    customer_id = as_uuid(address.get("customer"))
    name = ""
    if customer_id:
        record = UsageRecord.objects.visible_to(request.actor).filter(customer_id=customer_id)
        found = record.select_related("customer__organization").first()
        name = found.customer.organization.name if found else str(customer_id)
    return {
        "customer": _("Customer: %(name)s") % {"name": name},
        "subscription": _("Subscription: %(name)s") % {"name": _subscription_name(request, address)},
    }


def _subscription_name(request: PortalRequest, address: ListAddress) -> str:
    subscription_id = as_uuid(address.get("subscription"))
    if subscription_id is None:
        return ""
    found = Subscription.objects.visible_to(request.actor).filter(pk=subscription_id).first()
    return found.friendly_name if found else str(subscription_id)


def _total(total: queries.UsageTotal) -> dict[str, Any]:
    currency = total.currency
    return {
        "currency": currency,
        "cost": money_text(round_money(total.cost, currency), currency),
        "earned": money_text(round_money(total.earned, currency), currency),
        "net": money_text(round_money(total.net, currency), currency),
        "records": number_format(total.records, force_grouping=True),
    }


def _row(row: dict[str, Any], group: str, address: ListAddress) -> dict[str, Any]:
    currency = row["currency"]
    label, second, url = _label(row, group, address)
    return {
        "label": label,
        "second": second,
        "url": url,
        "quantity": f"{number_format(plain_number(row['used']))} × {row['unit']}" if group == "meter" else "",
        "cost": money_text(round_money(row["amount"], currency), currency),
        "earned": money_text(round_money(row["earned"], currency), currency) if row["earned"] else "",
        "net": money_text(round_money(row["amount"] - row["earned"], currency), currency),
    }


def _label(row: dict[str, Any], group: str, address: ListAddress) -> tuple[str, str, str]:
    """Return what a row is called, what stands below it, and where it leads."""
    if group == "day":
        return date_format(row["day"], "D j F"), "", ""
    if group == "customer":
        url = address.url(customer=str(row["customer_id"]), by="subscription")
        return row["customer__organization__name"], "", url
    if group == "subscription":
        second = "" if address.get("customer") else row["customer__organization__name"]
        url = address.url(subscription=str(row["subscription_id"]), by="meter")
        return row["subscription__friendly_name"], second, url
    if group == "category":
        return row["category"] or _("Without category"), "", ""
    return row["meter_name"], row["region"], ""


def _chart(found: list[dict[str, Any]], group: str) -> BarChart | None:
    """Draw the first rows; of several currencies, which have no common scale, nothing."""
    if len({row["currency"] for row in found}) != 1:
        return None
    points: list[tuple[str, Decimal, str]] = []
    for row in found[:MOST_BARS]:
        label = _label(row, group, ListAddress("", {}))[0]
        points.append((label, row["amount"], money_text(round_money(row["amount"], row["currency"]), row["currency"])))
    return bar_chart(points)
