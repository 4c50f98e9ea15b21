"""What incentives earned: a partner's statement of a month, and the operator's list of all statements (A3)."""

import datetime
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.forms.earnings import read_earnings
from billing.forms.prices import read_month
from billing.models import IncentiveEarning
from billing.presentation import month_in_sentence, month_text
from billing.queries import earnings as queries
from billing.queries.earnings import EarnedSum, Estimate, Statement
from billing.views.prices import plain_number
from customers.terms import add_months
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text, round_money
from portal.core.pages import walk

EXPORT_BATCH = 1_000
MONTHS = 13  # to choose from, up to this one
SHOWN = 200  # rows of what is not paged; the file has every one


@require_safe
@requires(Permission.BILLING_VIEW)
def earnings(request: PortalRequest) -> HttpResponse:
    """Show what incentives earned in a month: its statement, or before the month is closed an estimate."""
    address, today = read_earnings(request), timezone.now().date()
    month = read_month(address.get("month")) or today.replace(day=1)
    owner_id = request.actor.organization_id
    context: dict[str, Any] = {"month": month_in_sentence(month), "is_estimate": not queries.is_closed(month)}
    if context["is_estimate"]:
        found = queries.estimated(owner_id, month)
        sums = queries.estimated_sums(found)
        context |= {"rows": [_estimated_row(one) for one in found[:SHOWN]], "is_cut": len(found) > SHOWN}
    else:
        page = queries.earned_page(owner_id, month, cursor=address.get("cursor"))
        sums = queries.sums_of(owner_id, month)
        context |= {"rows": [_earned_row(one) for one in page], "pager": address.pager(page)}
    context |= {
        "tiles": [tile for one in sums for tile in _tiles(one, is_estimate=context["is_estimate"])],
        "competencies": [competency_row(one) for one in queries.competencies_of(owner_id)],
        "values": {"month": f"{month:%Y-%m}"},
        "options": _months(today),
        "list_url": address.path,
        "export_url": address.url(reverse("pricing:earnings_export"), cursor=""),
        "is_sandbox": request.actor.is_sandbox,
    }
    return page_or_fragment(
        request, page="billing/earnings/earnings.html", fragment="billing/earnings/_earnings.html", context=context
    )


@require_safe
@requires(Permission.BILLING_VIEW)
def earnings_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the same as a CSV file: each subscription and rule of the month."""
    month = read_month(read_earnings(request).get("month")) or timezone.now().date().replace(day=1)
    owner_id = request.actor.organization_id
    found: Iterable[IncentiveEarning | Estimate]
    if queries.is_closed(month):
        found = walk(queries.earned(owner_id, month), order=queries.ORDER, size=EXPORT_BATCH)
    else:
        found = queries.estimated(owner_id, month)
    rows: Iterator[Any] = while_allowed(request.actor, Permission.BILLING_VIEW, found, every=EXPORT_BATCH)
    header = (
        *("StatementMonth", "Status", "CustomerName", "SubscriptionId", "SubscriptionDescription", "Competency"),
        *("Percentage", "EligibleCost", "Amount", "Currency", "Source"),
    )
    return csv_response(f"incentives-{month:%Y-%m}.csv", header, _export_rows(month, rows))


def _export_rows(month: datetime.date, found: Iterable[IncentiveEarning | Estimate]) -> Iterator[tuple[object, ...]]:
    for one in found:
        if isinstance(one, Estimate):
            named = (one.customer_name, one.subscription_id, one.subscription_name)
        else:
            bought = one.charge.subscription
            named = (one.charge.customer.organization.name, bought.pk, bought.friendly_name)
        status = "estimate" if isinstance(one, Estimate) else "earned" if one.source else "placeholder"
        amounts = (round_money(amount, one.currency) for amount in (one.base, one.amount))
        yield (
            *(f"{month:%Y-%m}", status, *named, one.competency, plain_number(one.percent)),
            *(*amounts, one.currency, one.source),
        )


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def all_earnings(request: PortalRequest) -> HttpResponse:
    """List the statements of all partners of a month: what the programme owes them beside their invoices."""
    address, today = read_earnings(request), timezone.now().date()
    month = _statement_month(address, today)
    found = list(islice(queries.statements(month, text=address.get("q")), SHOWN + 1))
    context = {
        "month": month_in_sentence(month),
        "is_closed": queries.is_closed(month),
        "rows": [_statement_row(one) for one in found[:SHOWN]],
        "is_cut": len(found) > SHOWN,
        "values": {"month": f"{month:%Y-%m}", "q": address.get("q")},
        "options": _months(today),
        "chips": address.chips({"q": _("Search: %(text)s") % {"text": address.get("q")}}),
        "clear_url": address.url(q=""),
        "list_url": address.path,
        "export_url": address.url(reverse("pricing:all_earnings_export"), cursor=""),
    }
    return page_or_fragment(
        request,
        page="billing/earnings/statements.html",
        fragment="billing/earnings/_statements.html",
        context=context,
    )


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def all_earnings_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the statements of all partners of a month as a CSV file."""
    address = read_earnings(request)
    month = _statement_month(address, timezone.now().date())
    found = queries.statements(month, text=address.get("q"))
    rows = while_allowed(request.actor, Permission.PROGRAMME_OPERATE, found, every=EXPORT_BATCH)
    header = ("StatementMonth", "PartnerId", "PartnerName", "Sandbox", "Lines", "ToBePaid", "NotToBePaid", "Currency")
    return csv_response(f"incentive-statements-{month:%Y-%m}.csv", header, _statement_rows(month, rows))


def _statement_rows(month: datetime.date, found: Iterable[Statement]) -> Iterator[tuple[object, ...]]:
    for one in found:
        sandbox = "yes" if one.is_sandbox else "no"
        amounts = (round_money(amount, one.currency) for amount in (one.due, one.placeholders))
        names = (f"{month:%Y-%m}", one.partner_id, one.partner_name, sandbox, one.line_count)
        yield (*names, *amounts, one.currency)


# --- what the pages show ---------------------------------------------------------------------------------------------
def _statement_month(address: ListAddress, today: datetime.date) -> datetime.date:
    return read_month(address.get("month")) or add_months(today.replace(day=1), -1)


def _months(today: datetime.date) -> list[dict[str, str]]:
    months = [add_months(today.replace(day=1), -back) for back in range(MONTHS)]
    return [{"value": f"{month:%Y-%m}", "label": month_text(month)} for month in months]


def _tiles(found: EarnedSum, *, is_estimate: bool) -> list[dict[str, str]]:
    label = _("Would be earned so far") if is_estimate else _("Earned")
    tiles = [
        {"label": label, "value": money_text(found.due, found.currency), "hint": _("Paid apart from the invoice.")}
    ]
    if found.placeholders:
        tiles.append(
            {
                "label": _("By placeholders"),
                "value": money_text(found.placeholders, found.currency),
                "hint": _("Not to be paid: the operator has set no percentage yet."),
                "tone": "warning",
            }
        )
    return tiles


def _row(one: IncentiveEarning | Estimate) -> dict[str, Any]:
    return {
        "competency": one.competency,
        "percent": f"{number_format(plain_number(one.percent))} %",
        "source": one.source,
        "base": money_text(round_money(one.base, one.currency), one.currency),
        "amount": money_text(one.amount, one.currency),
    }


def _estimated_row(one: Estimate) -> dict[str, Any]:
    return {**_row(one), "subscription": one.subscription_name, "customer": one.customer_name}


def _earned_row(one: IncentiveEarning) -> dict[str, Any]:
    charge = one.charge
    return {
        **_row(one),
        "subscription": charge.subscription.friendly_name,
        "customer": charge.customer.organization.name,
        "usage_month": month_text(charge.starts_on) if charge.starts_on != one.month else "",
    }


def _statement_row(one: Statement) -> dict[str, Any]:
    return {
        "name": one.partner_name,
        "url": partner_url(one.partner_id),
        "is_sandbox": one.is_sandbox,
        "lines": number_format(one.line_count, force_grouping=True),
        "due": money_text(one.due, one.currency),
        "placeholders": money_text(one.placeholders, one.currency) if one.placeholders else "",
    }


def partner_url(partner_id: UUID) -> str:
    """Return the address of what a partner holds and held."""
    return ListAddress(reverse("pricing:competencies"), {"q": str(partner_id), "held": "all"}).url()


def competency_row(one: Any) -> dict[str, Any]:
    """Lay out a competency as the partner's page and the operator's list show it."""
    return {
        "competency": one.competency,
        "held_as": one.held_as,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "never": one.valid_until == one.valid_from,
    }
