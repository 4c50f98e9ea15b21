"""Charges and closed months, each with a valid default."""

import datetime
import itertools
from decimal import Decimal
from typing import Any

from billing.enums import ChargeKind
from billing.models import Charge, Invoice
from billing.processing import invoices
from customers.models import ResellerRelationship, Subscription
from tests.customers.factories import make_relationship, make_subscription

OCTOBER = datetime.date(2026, 10, 1)
MID_OCTOBER = datetime.datetime(2026, 10, 14, 9, 0, tzinfo=datetime.UTC)
CLOSING = datetime.datetime(2026, 11, 1, 6, 30, tzinfo=datetime.UTC)
_numbers = itertools.count(1)


def make_billed_subscription(relationship: ResellerRelationship | None = None, **fields: Any) -> Subscription:
    """A subscription with a price, billed to the relationship's partner."""
    relationship = relationship or make_relationship()
    defaults = {"unit_price": Decimal("11.70"), "currency": "EUR", "starts_on": MID_OCTOBER.date()}
    return make_subscription(relationship, **defaults | fields)


def make_charge(subscription: Subscription | None = None, amount: str = "58.50", **fields: Any) -> Charge:
    """A charge for the month from the middle of October on, written on its first day."""
    subscription = subscription or make_billed_subscription()
    starts_on = fields.get("starts_on", MID_OCTOBER.date())
    defaults = {
        "subscription": subscription,
        "billing_owner_id": subscription.billing_owner_id,
        "customer_id": subscription.customer_id,
        "kind": ChargeKind.CYCLE,
        "starts_on": starts_on,
        "ends_on": starts_on + datetime.timedelta(days=31),
        "quantity": subscription.quantity,
        "unit_price": subscription.unit_price,
        "amount": Decimal(amount),
        "currency": subscription.currency,
        "reference": str(next(_numbers)),
        "created_at": MID_OCTOBER,
    }
    return Charge.objects.create(**defaults | fields)


def close(at: datetime.datetime = CLOSING, **how: Any) -> list[Invoice]:
    """Close all months that have ended at that time; return every invoice there is, by number."""
    invoices.close_ended_months(clock=lambda: at, **how)
    return list(Invoice.objects.order_by("number"))


def make_invoice(relationship: ResellerRelationship | None = None, *amounts: str, **fields: Any) -> Invoice:
    """The invoice of October for these amounts, the partner's own."""
    subscription = make_billed_subscription(relationship, **fields)
    for amount in amounts or ("58.50",):
        make_charge(subscription, amount)
    return next(one for one in close() if one.billing_owner_id == subscription.billing_owner_id)
