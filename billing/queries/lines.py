"""The lines of an invoice as the reconciliation file and the API write them (API reference, section 8)."""

import datetime
import uuid
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from billing.enums import TRANSFERS, ChargeKind
from billing.models import Invoice
from customers.terms import add_months
from portal.accounts.actor import Actor

BATCH = 2_000  # lines read at once, the most that a page of the API holds


class LineFacts(NamedTuple):
    """One charge on an invoice, with all that a reader needs to find it again elsewhere.

    A charge of usage and its credit are two lines; ``other_price`` is the price on the other one of the two.
    """

    position: int
    charge_id: uuid.UUID
    customer_id: uuid.UUID
    customer_name: str
    customer_domain: str
    customer_country: str
    reseller_id: uuid.UUID | None
    reseller_name: str | None
    partner_on_record: str
    order_id: uuid.UUID | None
    offer_id: str
    product_family: str
    product_name: str
    subscription_id: uuid.UUID
    friendly_name: str
    subscription_starts_on: datetime.date | None
    subscription_ends_on: datetime.date | None
    term: str
    billing_frequency: str
    kind: str
    starts_on: datetime.date
    ends_on: datetime.date
    quantity: int
    unit_price: Decimal
    amount: Decimal
    reference: str
    charged_at: datetime.datetime
    other_price: Decimal | None
    pricing_currency: str | None  # of usage: in which its prices are, and the rate that made them the invoice's
    exchange_rate: Decimal | None
    rate_from: datetime.date | None

    @property
    def earned_percent(self) -> Decimal | None:
        """How many percent of the usage came back as partner earned credit; of other lines nothing."""
        if self.kind not in (ChargeKind.METERED, ChargeKind.EARNED_CREDIT) or self.other_price is None:
            return None
        prices = (self.other_price, self.unit_price)
        credit, used = prices if self.kind == ChargeKind.METERED else reversed(prices)
        return round(-100 * credit / used, 2) if used else None

    @property
    def effective_unit_price(self) -> Decimal:
        """What a unit costs after the credit: of usage the rest, of the credit's own line nothing."""
        if self.other_price is None:
            return self.unit_price
        return self.unit_price + self.other_price if self.kind == ChargeKind.METERED else Decimal(0)


# What a charge of usage and its credit say of each other, and how prices in another currency were converted. Each is a
# look into an index, and for other charges not even that.
_USAGE = """
    LEFT JOIN LATERAL (
        SELECT unit_price FROM billing_charge AS side
        WHERE charge.kind IN ('metered', 'earned_credit') AND side.subscription_id = charge.subscription_id
            AND side.kind = CASE charge.kind WHEN 'metered' THEN 'earned_credit' ELSE 'metered' END
            AND side.starts_on = charge.starts_on AND side.reference = charge.reference
        LIMIT 1
    ) AS other ON true
    LEFT JOIN LATERAL (
        SELECT pricing_currency, exchange_rate FROM billing_usagerecord AS record
        WHERE charge.kind = 'metered' AND record.subscription_id = charge.subscription_id
            AND record.day >= charge.starts_on AND record.day < charge.ends_on AND record.charge_id = charge.id
        ORDER BY record.day LIMIT 1
    ) AS priced ON true
    LEFT JOIN LATERAL (
        SELECT valid_from FROM billing_exchangerate AS known
        WHERE known.base = priced.pricing_currency AND known.currency = charge.currency
            AND known.rate = priced.exchange_rate AND known.valid_from <= charge.starts_on
        ORDER BY valid_from DESC LIMIT 1
    ) AS rate ON true
"""
# Who was named on the first day of a charge, where another is named today (decision 0042).
_FORMER = """
    LEFT JOIN billing_formerreseller AS former ON former.subscription_id = charge.subscription_id
        AND charge.starts_on < former.until AND (former.since IS NULL OR charge.starts_on >= former.since)
"""
_NUMBER = "coalesce(former.partner_on_record, subscription.partner_on_record)"
_USAGE_FACTS = "other.unit_price, priced.pricing_currency, priced.exchange_rate, rate.valid_from"
_LINES = f"""
    SELECT line.position, charge.id, charge.customer_id, customer.name, customer.domain, customer.country,
        line.reseller_id, reseller.name, {_NUMBER}, subscription.order_id, subscription.offer_id,
        line.product_family, line.product_name, charge.subscription_id, subscription.friendly_name,
        subscription.starts_on, subscription.ends_on, subscription.term, subscription.billing_frequency, charge.kind,
        charge.starts_on, charge.ends_on, charge.quantity, charge.unit_price, charge.amount, charge.reference,
        charge.created_at, {_USAGE_FACTS}
    FROM (
        SELECT * FROM billing_invoiceline
        WHERE invoice_id = %s AND position > %s
        ORDER BY position
        LIMIT %s
    ) AS line
    JOIN billing_charge AS charge ON charge.id = line.charge_id
    JOIN customers_subscription AS subscription ON subscription.id = charge.subscription_id
    JOIN accounts_organization AS customer ON customer.id = charge.customer_id
    LEFT JOIN accounts_organization AS reseller ON reseller.id = line.reseller_id
    {_FORMER}
    {_USAGE}
    ORDER BY line.position
"""  # noqa: S608 - text of ours


def lines_after(invoice: Invoice, position: int, size: int = BATCH) -> list[LineFacts]:
    """Return so many lines of an invoice beyond a position, in order: one query, from an index."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [invoice.pk, position, size])
        return [LineFacts._make(row) for row in cursor.fetchall()]


def all_lines(invoice: Invoice) -> Iterator[tuple[LineFacts, str]]:
    """Yield every line with the transfer it belongs to, if any: flat memory, and no cursor held open meanwhile."""
    position, more = 0, True
    while more:
        lines = lines_after(invoice, position)
        transfers = transfers_of(lines)
        for line in lines:
            yield line, transfers.get(line.reference, "")
        more = len(lines) == BATCH
        position = lines[-1].position if lines else 0


_UNBILLED = f"""
    SELECT row_number() OVER (ORDER BY charge.starts_on, charge.id), charge.id, charge.customer_id, customer.name,
        customer.domain, customer.country, reseller.id, reseller.name, {_NUMBER},
        subscription.order_id, subscription.offer_id, subscription.product_family, subscription.product_name,
        charge.subscription_id, subscription.friendly_name, subscription.starts_on, subscription.ends_on,
        subscription.term, subscription.billing_frequency, charge.kind, charge.starts_on, charge.ends_on,
        charge.quantity, charge.unit_price, charge.amount, charge.reference, charge.created_at, {_USAGE_FACTS},
        charge.currency
    FROM billing_charge AS charge
    JOIN customers_subscription AS subscription ON subscription.id = charge.subscription_id
    JOIN accounts_organization AS customer ON customer.id = charge.customer_id
    {_FORMER}
    LEFT JOIN accounts_organization AS reseller ON reseller.id
        = CASE WHEN former.id IS NULL THEN subscription.reseller_id ELSE former.reseller_id END
    {_USAGE}
    WHERE charge.billing_owner_id = %(owner)s AND charge.starts_on < %(until)s
        AND (%(is_current)s OR charge.starts_on < %(month)s)
        AND (NOT %(is_current)s OR charge.starts_on >= %(month)s)
        AND (%(currency)s = '' OR charge.currency = %(currency)s)
        AND NOT EXISTS (SELECT FROM billing_invoiceline AS line WHERE line.charge_id = charge.id)
    ORDER BY charge.starts_on, charge.id
    OFFSET %(after)s LIMIT %(size)s
"""  # noqa: S608 - text of ours


def unbilled(
    actor: Actor, today: datetime.date, *, period: str, currency: str, after: int, size: int
) -> list[tuple[LineFacts, str]]:
    """Return charges of the actor's company that stand on no invoice yet, each with its currency.

    ``period``: "current" for days of this month, "previous" for all before. The position counts the charges found.
    """
    month = today.replace(day=1)
    values: dict[str, Any] = {
        "owner": actor.organization_id,
        "until": add_months(month, 1),
        "month": month,
        "is_current": period == "current",
        "currency": currency,
        "after": after,
        "size": size,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNBILLED, values)
        return [(LineFacts._make(row[:-1]), row[-1]) for row in cursor.fetchall()]


def transfers_of(lines: list[LineFacts]) -> dict[str, str]:
    """Return the transfer of each line that one brought, by the line's reference."""
    items = [line.reference for line in lines if line.kind in TRANSFERS]
    return _transfer_ids()(items) if items else {}


@cache
def _transfer_ids() -> Any:
    return import_string(settings.CHARGE_TRANSFERS)
