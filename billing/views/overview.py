"""The front page of the Billing workspace: spending drawn, each drawing with its table."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from billing.enums import InvoiceState
from billing.models import Invoice
from billing.presentation import month_in_sentence, month_text
from billing.queries.invoices import sums_of
from billing.queries.overview import Spending, spending_of
from billing.usage_charts import bar_chart
from customers.enums import ProductFamily
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest
from portal.core.listing import ListAddress
from portal.core.money import money_text


@require_safe
@requires(Permission.BILLING_VIEW)
def overview(request: PortalRequest) -> HttpResponse:
    """Show what is spent by month and by product family, what is open, and what this month has cost so far."""
    today = timezone.now().date()
    sums = {each.currency: each for each in sums_of(Invoice.objects.visible_to(request.actor), today=today)}
    parts = [
        {
            "currency": spending.currency,
            "tiles": _tiles(spending, sums.get(spending.currency)),
            "charts": [_months(spending), _families(spending)],
        }
        for spending in spending_of(request.actor, today=today)
    ]
    is_reseller = request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER
    return render(request, "billing/overview.html", {"parts": parts, "is_reseller": is_reseller})


def _tiles(spending: Spending, invoiced: Any) -> list[dict[str, str]]:
    currency = spending.currency
    count = ngettext("%(count)s charge", "%(count)s charges", spending.unbilled_count)
    tiles = [
        {
            "label": _("Charged since the last invoice"),
            "value": money_text(spending.unbilled, currency),
            "hint": count % {"count": number_format(spending.unbilled_count, force_grouping=True)},
        }
    ]
    for state, label in ((InvoiceState.OPEN, _("To be paid")), (InvoiceState.OVERDUE, _("Overdue"))):
        amount = _amount(invoiced, state)
        address = ListAddress(reverse("billing:invoices"), {"currency": currency, "state": str(state)})
        tone = "error" if amount and state == InvoiceState.OVERDUE else ""
        tiles.append({"label": label, "value": money_text(amount, currency), "url": address.url(), "tone": tone})
    if spending.earned is not None and spending.earned_month is not None:
        address = ListAddress(reverse("pricing:earnings"), {"month": f"{spending.earned_month:%Y-%m}"})
        tiles.append(
            {
                "label": _("Incentives earned, %(month)s") % {"month": month_in_sentence(spending.earned_month)},
                "value": money_text(spending.earned, currency),
                "hint": _("Paid apart from the invoice."),
                "url": address.url(),
            }
        )
    return tiles


def _amount(invoiced: Any, state: InvoiceState) -> Decimal:
    if invoiced is None:
        return Decimal(0)
    overdue: Decimal = invoiced.overdue
    return overdue if state == InvoiceState.OVERDUE else invoiced.open - overdue


def _months(spending: Spending) -> dict[str, Any]:
    points = [(month_text(month), amount) for month, amount in spending.months.items()]
    return _drawn(_("Invoiced by month"), _("Month"), points, spending.currency)


def _families(spending: Spending) -> dict[str, Any]:
    points = [(str(ProductFamily(name).label), amount) for name, amount in spending.families.items()]
    return _drawn(_("Invoiced by product family, last twelve months"), _("Product family"), points, spending.currency)


def _drawn(title: str, head: str, points: Iterable[tuple[str, Decimal]], currency: str) -> dict[str, Any]:
    """Return a drawing with the rows of its table."""
    worded = [(label, amount, money_text(amount, currency)) for label, amount in points]
    rows = [{"label": label, "amount": text} for label, _amount, text in worded]
    return {"title": title, "head": head, "rows": rows, "chart": bar_chart(worded)}
