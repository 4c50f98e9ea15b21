"""What a partner's customers pay by the partner's own prices (A13).

Without a price of its own the partner is taken to charge the retail price; where none is known, what it pays itself.
"""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q

from billing.enums import PriceRuleKind
from billing.models import OwnPrice
from portal.core.money import round_money

PLACES = Decimal("0.000000000001")


@dataclass(frozen=True)
class Sold:
    """What a price is asked for: one unit for one billing cycle, what the partner pays, and the retail price."""

    family: str
    product_id: str
    sku_id: str
    cost: Decimal
    retail: Decimal | None
    currency: str


@dataclass(frozen=True)
class CustomerPrice:
    """What a customer pays, and what remains of it for the partner; ``rule`` is the price of its own that decided."""

    price: Decimal
    cost: Decimal
    rule: OwnPrice | None = None

    @property
    def margin(self) -> Decimal:
        return self.price - self.cost

    @property
    def margin_percent(self) -> Decimal:
        """Return the margin in percent of the customer's price."""
        return (self.margin * 100 / self.price).quantize(Decimal("0.1")) if self.price else Decimal(0)


class PriceBook:
    """The prices of its own that a partner has on a day, for one customer or for all: read once, asked often."""

    def __init__(self, rules: Iterable[OwnPrice]) -> None:
        self.rules = sorted(rules, key=_closeness, reverse=True)

    @classmethod
    def of(cls, partner_id: uuid.UUID, *, customer_id: uuid.UUID | None, on: datetime.date) -> "PriceBook":
        """Return the book for a customer, or with ``None`` what every customer pays that has no price of its own."""
        named = Q(customer__isnull=True)
        if customer_id is not None:
            named |= Q(customer_id=customer_id)
        return cls(OwnPrice.objects.on(on).filter(named, partner_id=partner_id))

    def price(self, sold: Sold) -> CustomerPrice:
        """Return what the customer pays for one unit."""
        rule = next((rule for rule in self.rules if _fits(rule, sold)), None)
        if rule is None:
            return CustomerPrice(sold.cost if sold.retail is None else sold.retail, sold.cost)
        return CustomerPrice(_price(rule, sold), sold.cost, rule)


def _closeness(rule: OwnPrice) -> tuple[bool, bool, bool, bool, datetime.date]:
    is_own = rule.customer_id is not None
    return is_own, bool(rule.sku_id), bool(rule.product_id), bool(rule.family), rule.valid_from


def _fits(rule: OwnPrice, sold: Sold) -> bool:
    return (
        rule.family in ("", sold.family)
        and rule.product_id in ("", sold.product_id)
        and rule.sku_id in ("", sold.sku_id)
        and (rule.kind != PriceRuleKind.FIXED or rule.currency == sold.currency)  # nothing is converted silently
        and (rule.kind != PriceRuleKind.DISCOUNT or sold.retail is not None)
    )


def _price(rule: OwnPrice, sold: Sold) -> Decimal:
    """Return the price by a rule; below whole cents only where the list's own price goes there."""
    if rule.amount is not None:
        return rule.amount
    percent = rule.percent or Decimal(0)
    if rule.kind == PriceRuleKind.MARKUP:
        price = sold.cost * (100 + percent) / 100
    else:
        price = (sold.retail or Decimal(0)) * (100 - percent) / 100
    if sold.cost == round_money(sold.cost, sold.currency):
        return round_money(price, sold.currency)
    return price.quantize(PLACES, rounding=ROUND_HALF_UP)
