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

from billing.enums import TRANSFERS
from billing.models import Invoice
from customers.terms import add_months
from portal.accounts.actor import Actor

BATCH = 2_000  # lines read at once, the most that a page of the API holds


class LineFacts(NamedTuple):
    """One charge on an invoice, with all that a reader needs to find it again elsewhere."""

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


_LINES = """
    SELECT line.position, charge.id, charge.customer_id, customer.name, customer.domain, customer.country,
        line.reseller_id, reseller.name, subscription.partner_on_record, subscription.order_id, subscription.offer_id,
        line.product_family, line.product_name, charge.subscription_id, subscription.friendly_name,
        subscription.starts_on, subscription.ends_on, subscription.term, subscription.billing_frequency, charge.kind,
        charge.starts_on, charge.ends_on, charge.quantity, charge.unit_price, charge.amount, charge.reference,
        charge.created_at
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
    ORDER BY line.position
"""


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


_UNBILLED = """
    SELECT row_number() OVER (ORDER BY charge.starts_on, charge.id), charge.id, charge.customer_id, customer.name,
        customer.domain, customer.country, subscription.reseller_id, reseller.name, subscription.partner_on_record,
        subscription.order_id, subscription.offer_id, subscription.product_family, subscription.product_name,
        charge.subscription_id, subscription.friendly_name, subscription.starts_on, subscription.ends_on,
        subscription.term, subscription.billing_frequency, charge.kind, charge.starts_on, charge.ends_on,
        charge.quantity, charge.unit_price, charge.amount, charge.reference, charge.created_at, charge.currency
    FROM billing_charge AS charge
    JOIN customers_subscription AS subscription ON subscription.id = charge.subscription_id
    JOIN accounts_organization AS customer ON customer.id = charge.customer_id
    LEFT JOIN accounts_organization AS reseller ON reseller.id = subscription.reseller_id
    WHERE charge.billing_owner_id = %(owner)s AND charge.starts_on < %(until)s
        AND (%(is_current)s OR charge.starts_on < %(month)s)
        AND (NOT %(is_current)s OR charge.starts_on >= %(month)s)
        AND (%(currency)s = '' OR charge.currency = %(currency)s)
        AND NOT EXISTS (SELECT FROM billing_invoiceline AS line WHERE line.charge_id = charge.id)
    ORDER BY charge.starts_on, charge.id
    OFFSET %(after)s LIMIT %(size)s
"""


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
