"""Write charges: the one way by which anything is charged or given back.

Called inside the transaction of the change that costs or saves the money. Each charge can be written once only: the
constraint ``charged_once`` refuses a second one for the same subscription, kind, first day and reference.
"""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.core import get_global
from django.db import connection
from django.db.models import Sum

from billing.amounts import Rate
from billing.enums import ChargeKind
from billing.models import Charge
from customers.models import Subscription
from customers.terms import Period

ONE_DAY = datetime.timedelta(days=1)


def write_charge(
    *,
    subscription: Subscription,
    kind: ChargeKind,
    period: Period,
    quantity: int,
    unit_price: Decimal,
    amount: Decimal,
    reference: str = "",
    now: datetime.datetime,
) -> Charge:
    """Write one charge, owed by whoever is the subscription's billing owner at this moment."""
    return Charge.objects.create(
        subscription=subscription,
        billing_owner_id=subscription.billing_owner_id,
        customer_id=subscription.customer_id,
        kind=kind,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        quantity=quantity,
        unit_price=unit_price,
        amount=amount,
        currency=subscription.currency,
        reference=reference,
        created_at=now,
    )


def charge_cycle(
    *,
    subscription: Subscription,
    kind: ChargeKind,
    rate: Rate,
    day: datetime.date | None = None,
    now: datetime.datetime,
) -> Charge:
    """Charge one billing cycle, or with ``day`` what is left of it from that day on."""
    begins = day or rate.period.starts_on
    return write_charge(
        subscription=subscription,
        kind=kind,
        period=Period(begins, rate.period.ends_on),
        quantity=rate.quantity,
        unit_price=rate.unit_price,
        amount=rate.rest(begins, subscription.currency),
        now=now,
    )


def charge_free_days(*, subscription: Subscription, period: Period, reference: str, now: datetime.datetime) -> Charge:
    """Write that these days cost nothing: a free trial is a row of zero in the reconciliation file (section 7.8)."""
    return write_charge(
        subscription=subscription,
        kind=ChargeKind.NEW,
        period=period,
        quantity=subscription.quantity,
        unit_price=Decimal(0),
        amount=Decimal(0),
        reference=reference,
        now=now,
    )


def charge_quantity_change(
    *,
    subscription: Subscription,
    rate: Rate,
    new_quantity: int,
    day: datetime.date,
    reference: str,
    now: datetime.datetime,
) -> Charge:
    """Charge or give back, by the day, what a change of quantity makes of the running cycle.

    The difference of both rests, so that changes back and forth on one day add up to nothing, to the cent.
    """
    new = Rate(rate.period, new_quantity, rate.unit_price, rate.whole_days)
    currency = subscription.currency
    return write_charge(
        subscription=subscription,
        kind=ChargeKind.ADD_QUANTITY if new_quantity > rate.quantity else ChargeKind.REMOVE_QUANTITY,
        period=Period(max(day, rate.period.starts_on), rate.period.ends_on),
        quantity=abs(new_quantity - rate.quantity),
        unit_price=rate.unit_price,
        amount=new.rest(day, currency) - rate.rest(day, currency),
        reference=reference,
        now=now,
    )


def charge_conversion(
    *, subscription: Subscription, old: Rate, new: Rate, day: datetime.date, reference: str, now: datetime.datetime
) -> tuple[Charge, Charge]:
    """Give back what is left of the old cycle, and charge the new one from ``day`` on."""
    rows = []
    for side, rate, sign in (("old", old, -1), ("new", new, 1)):
        begins = max(day, rate.period.starts_on)
        rows.append(
            write_charge(
                subscription=subscription,
                kind=ChargeKind.CONVERT,
                period=Period(begins, rate.period.ends_on),
                quantity=rate.quantity,
                unit_price=rate.unit_price,
                amount=sign * rate.rest(begins, subscription.currency),
                reference=f"{reference}:{side}",
                now=now,
            )
        )
    return rows[0], rows[1]


def refund_everything(*, subscription: Subscription, day: datetime.date, now: datetime.datetime) -> Decimal:
    """Give back all that was charged but metered usage, which is never refunded (section 7.7); return how much."""
    charged = Charge.objects.filter(subscription=subscription).exclude(kind=ChargeKind.METERED)
    total = charged.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    if total:
        _refund(subscription, Period(day, max(subscription.ends_on or day, day + ONE_DAY)), total, now)
    return total


def refund_rest(*, subscription: Subscription, rate: Rate, day: datetime.date, now: datetime.datetime) -> Decimal:
    """Give back the days of the running cycle that are left, from ``day`` on; return how much."""
    total = rate.rest(day, subscription.currency)
    if total:
        _refund(subscription, Period(max(day, rate.period.starts_on), rate.period.ends_on), total, now)
    return total


def _refund(subscription: Subscription, period: Period, total: Decimal, now: datetime.datetime) -> None:
    write_charge(
        subscription=subscription,
        kind=ChargeKind.CANCEL,
        period=period,
        quantity=subscription.quantity,
        unit_price=subscription.unit_price or Decimal(0),
        amount=-total,
        now=now,
    )


def charge_many(*, select: str, params: Sequence[Any], now: datetime.datetime, has_whole_days: bool = False) -> int:
    """Write the charges that a SELECT yields, in one statement; return how many were new.

    The SELECT has the columns subscription_id, kind, starts_on, ends_on, quantity, unit_price and reference. Each row
    is charged its quantity times its price, in whole cents; who owes it stands at the subscription. What was charged
    before is left as it is, so a second run charges nothing twice. ``has_whole_days``: the SELECT has a column
    whole_days too, of which only the days of the charge are paid.
    """
    part = "* (due.ends_on - due.starts_on) / due.whole_days" if has_whole_days else ""
    decimals = {code: digits[0] for code, digits in get_global("currency_fractions").items() if code != "DEFAULT"}
    statement = f"""
        INSERT INTO billing_charge (id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on,
            quantity, unit_price, amount, currency, reference, created_at)
        SELECT gen_random_uuid(), due.subscription_id, owned.billing_owner_id, owned.customer_id, due.kind,
            due.starts_on, due.ends_on, due.quantity, due.unit_price,
            round(due.quantity * due.unit_price {part}, coalesce(fraction.decimals, 2)), owned.currency,
            due.reference, %s
        FROM ({select}) AS due
        JOIN customers_subscription AS owned ON owned.id = due.subscription_id
        LEFT JOIN unnest(%s::text[], %s::int[]) AS fraction (currency, decimals) ON fraction.currency = owned.currency
        ON CONFLICT (subscription_id, kind, starts_on, reference) DO NOTHING
    """  # noqa: S608 - the SELECT is code of ours
    with connection.cursor() as cursor:
        cursor.execute(statement, [now, *params, list(decimals), list(decimals.values())])
        return int(cursor.rowcount)
