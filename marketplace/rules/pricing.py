"""What a plan costs a partner for a customer, on a day (section 7.1)."""

import datetime
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db.models import Q

from billing.amounts import cycle_amount
from customers.enums import BillingFrequency, Term
from customers.terms import CYCLE_MONTHS, TERM_MONTHS
from marketplace.models import Margin, Plan, PlanPrice

FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Price:
    """What one license costs for one billing cycle: the list's price, and what the partner pays with its margin."""

    term: Term
    billing_frequency: BillingFrequency
    currency: str
    list_price: Decimal
    unit_price: Decimal
    margin_percent: Decimal = Decimal(0)

    @property
    def cycles(self) -> int:
        """How many billing cycles the term has."""
        return TERM_MONTHS[self.term] // CYCLE_MONTHS.get(self.billing_frequency, TERM_MONTHS[self.term])

    def cycle_total(self, quantity: int) -> Decimal:
        return cycle_amount(unit_price=self.unit_price, quantity=quantity, currency=self.currency)

    def term_total(self, quantity: int) -> Decimal:
        """Return what the whole term costs before tax: what an order's total adds up (section 7.2)."""
        return self.cycle_total(quantity) * self.cycles


def margin_percent(plan_id: UUID, *, partner_id: UUID, customer_id: UUID | None, on: datetime.date) -> Decimal:
    """Return the best margin that a partner has on a plan for a customer (``None``: for all) that day; 0 for none."""
    named = Q(customer_id=customer_id) | Q(customer__isnull=True)
    margins = Margin.objects.on(on).filter(named, plan_id=plan_id, partner_id=partner_id)
    best = margins.order_by("-percent").values_list("percent", flat=True).first()
    return best if best is not None else Decimal(0)


def prices_of(
    plan: Plan,
    *,
    currency: str,
    partner_id: UUID,
    customer_id: UUID | None,
    on: datetime.date,
    offered_only: bool = True,
) -> list[Price]:
    """Return what a plan costs a partner for a customer that day, by term and frequency, shortest term first."""
    rows = PlanPrice.objects.filter(plan=plan, currency=currency).on(on)
    if offered_only:
        rows = rows.filter(is_offered=True)
    percent = margin_percent(plan.pk, partner_id=partner_id, customer_id=customer_id, on=on)
    prices = [_price(row, percent) for row in rows]
    frequencies = list(BillingFrequency)
    return sorted(prices, key=lambda price: (TERM_MONTHS[price.term], frequencies.index(price.billing_frequency)))


def price_of(
    plan: Plan,
    *,
    term: str,
    billing_frequency: str,
    currency: str,
    partner_id: UUID,
    customer_id: UUID,
    on: datetime.date,
    offered_only: bool = True,
) -> Price | None:
    """Return one of ``prices_of``, or ``None`` where the plan is not sold like that."""
    prices = prices_of(
        plan, currency=currency, partner_id=partner_id, customer_id=customer_id, on=on, offered_only=offered_only
    )
    wanted = (term, billing_frequency)
    return next((price for price in prices if (price.term, price.billing_frequency) == wanted), None)


def _price(row: PlanPrice, percent: Decimal) -> Price:
    return Price(
        term=Term(row.term),
        billing_frequency=BillingFrequency(row.billing_frequency),
        currency=row.currency,
        list_price=row.unit_price,
        unit_price=(row.unit_price * (100 - percent) / 100).quantize(FOUR_PLACES, rounding=ROUND_HALF_UP),
        margin_percent=percent,
    )
