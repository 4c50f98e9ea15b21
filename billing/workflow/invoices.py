"""Write the invoices of a month, and note which were paid (A7, decision 0042).

A charge goes on the invoice of the month in which its first day lies, or, if that month was closed before the charge
was written, on the next one. So every charge stands on exactly one invoice, and no invoice changes.
"""

import datetime
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.announcements import announce_invoice
from billing.enums import BillingEvent, InvoiceStatus
from billing.models import Invoice, InvoiceRun, InvoiceSeries
from customers.terms import add_months
from portal.accounts.actor import Actor
from portal.accounts.models import Organization, Partner
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal

OWNERS_AT_ONCE = 50  # billing owners whose invoices one transaction writes

# The identifier of an invoice follows from what it is for, so lines can be written before the invoice they point at:
# the foreign key is checked at the commit. One pass over the charges writes lines and subtotals.
_ASSIGN = """
    WITH due AS MATERIALIZED (
        SELECT charge.id, charge.subscription_id, charge.customer_id, charge.billing_owner_id, charge.currency,
            charge.kind, charge.starts_on, charge.amount, subscription.product_family, subscription.product_name,
            CASE WHEN former.id IS NULL THEN subscription.reseller_id ELSE former.reseller_id END AS reseller_id,
            md5(%(month)s || charge.billing_owner_id::text || charge.currency)::uuid AS invoice_id
        FROM billing_charge AS charge
        JOIN customers_subscription AS subscription ON subscription.id = charge.subscription_id
        LEFT JOIN billing_formerreseller AS former ON former.subscription_id = charge.subscription_id
            AND charge.starts_on < former.until AND (former.since IS NULL OR charge.starts_on >= former.since)
        WHERE charge.billing_owner_id = ANY (%(owners)s)
            AND charge.starts_on < %(ends_on)s AND charge.created_at < %(charged_before)s
            AND NOT EXISTS (SELECT FROM billing_invoiceline AS line WHERE line.charge_id = charge.id)
    ), lines AS (
        INSERT INTO billing_invoiceline (charge_id, invoice_id, position, reseller_id, product_family, product_name)
        SELECT id, invoice_id,
            row_number() OVER (PARTITION BY invoice_id ORDER BY customer_id, subscription_id, starts_on, id),
            reseller_id, product_family, product_name
        FROM due
    ), sums AS MATERIALIZED (
        SELECT invoice_id, billing_owner_id, currency, customer_id, reseller_id, product_family, kind,
            count(*) AS line_count, sum(amount) AS amount
        FROM due
        GROUP BY invoice_id, billing_owner_id, currency, customer_id, reseller_id, product_family, kind
    ), subtotals AS (
        INSERT INTO billing_invoicesubtotal (
            invoice_id, customer_id, reseller_id, product_family, kind, line_count, amount
        )
        SELECT invoice_id, customer_id, reseller_id, product_family, kind, line_count, amount FROM sums
    )
    SELECT invoice_id, billing_owner_id, currency, sum(line_count)::int, sum(amount)
    FROM sums
    GROUP BY invoice_id, billing_owner_id, currency
    ORDER BY billing_owner_id, currency
"""
# The rates by which usage on these invoices was converted. Most invoices have none, and their lines are not read.
_RATES = """
    INSERT INTO billing_invoicerate (invoice_id, rate_id, month)
    SELECT used.invoice_id, known.id, used.month
    FROM (
        SELECT DISTINCT line.invoice_id, record.pricing_currency, record.currency, record.exchange_rate,
            date_trunc('month', record.day)::date AS month
        FROM billing_invoiceline AS line
        JOIN billing_charge AS charge ON charge.id = line.charge_id AND charge.kind = 'metered'
        JOIN billing_usagerecord AS record ON record.subscription_id = charge.subscription_id
            AND record.day >= charge.starts_on AND record.day < charge.ends_on AND record.charge_id = charge.id
        WHERE record.pricing_currency <> record.currency AND line.invoice_id IN (
            SELECT invoice_id FROM billing_invoicesubtotal
            WHERE invoice_id = ANY (%(invoices)s) AND kind = 'metered'
                AND product_family IN ('azure_subscription', 'azure_legacy', 'shared_services')
        )
    ) AS used
    CROSS JOIN LATERAL (
        SELECT id FROM billing_exchangerate AS known
        WHERE known.base = used.pricing_currency AND known.currency = used.currency
            AND known.rate = used.exchange_rate AND known.valid_from <= used.month
        ORDER BY valid_from DESC LIMIT 1
    ) AS known
"""


class InvoiceNotOpen(Refusal):
    """The invoice is paid already, or is not to be paid."""

    code = "invoice-not-open"


@transaction.atomic
def open_month(*, month: datetime.date, now: datetime.datetime) -> InvoiceRun:
    """Begin to close a month, or find the run that was begun; what is charged after now goes on the next invoice."""
    defaults = {"charged_before": now + datetime.timedelta.resolution, "started_at": now}
    run, _is_new = InvoiceRun.objects.get_or_create(month=month, defaults=defaults)
    return run


@transaction.atomic
def invoice_next_owners(*, month: datetime.date, now: datetime.datetime, at_once: int = OWNERS_AT_ONCE) -> bool:
    """Write the invoices of the next billing owners of a month; say whether there may be more to do.

    All or nothing of them is written. Two that run at once wait for each other, and a second time writes nothing.
    """
    run = InvoiceRun.objects.select_for_update(of=("self",), no_key=True).get(pk=month)
    if run.finished_at is not None:
        return False
    owners = _next_owners(run.done_up_to, at_once)
    if not owners:
        run.finished_at = now
        run.save(update_fields=["finished_at"])
        return False
    for invoice in _write_invoices(run, owners):
        announce_invoice(BillingEvent.INVOICE_READY, invoice, actor=None, now=now)
    run.done_up_to = owners[-1]
    run.save(update_fields=["done_up_to"])
    return True


def _next_owners(done_up_to: uuid.UUID | None, at_once: int) -> list[uuid.UUID]:
    partners = Partner.objects.order_by("pk")
    if done_up_to is not None:
        partners = partners.filter(pk__gt=done_up_to)
    return list(partners.values_list("pk", flat=True)[:at_once])


def _write_invoices(run: InvoiceRun, owners: Sequence[uuid.UUID]) -> list[Invoice]:
    values: dict[str, Any] = {
        "month": run.month.isoformat(),
        "owners": list(owners),
        "ends_on": add_months(run.month, 1),
        "charged_before": run.charged_before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASSIGN, values)
        found = cursor.fetchall()
        cursor.execute(_RATES, {"invoices": [row[0] for row in found]})
    organizations = Organization.objects.in_bulk([owner_id for _id, owner_id, *_rest in found])
    invoices = [_invoice(run, organizations[row[1]], row) for row in found]
    for is_sandbox in (False, True):
        _number([invoice for invoice in invoices if invoice.is_sandbox == is_sandbox], is_sandbox=is_sandbox)
    return Invoice.objects.bulk_create(invoices)


def _invoice(run: InvoiceRun, owner: Organization, row: tuple[uuid.UUID, uuid.UUID, str, int, Decimal]) -> Invoice:
    invoice_id, owner_id, currency, line_count, total = row
    issued_on = run.started_at.date()
    nothing_due = owner.is_sandbox or total == 0
    return Invoice(
        id=invoice_id,
        billing_owner_id=owner_id,
        month=run.month,
        currency=currency,
        total=total,
        line_count=line_count,
        is_sandbox=owner.is_sandbox,
        billed_to_name=owner.name,
        billed_to_address=owner.address,
        billed_to_country=owner.country,
        issued_on=issued_on,
        due_on=issued_on + datetime.timedelta(days=settings.INVOICE_PAYMENT_DAYS),
        status=InvoiceStatus.NOTHING_DUE if nothing_due else InvoiceStatus.OPEN,
        created_at=run.started_at,
    )


def _number(invoices: Sequence[Invoice], *, is_sandbox: bool) -> None:
    """Give the invoices the next numbers of their series: one per year of issue, sandboxes apart, no gaps."""
    if not invoices:
        return
    prefix = f"{'SANDBOX' if is_sandbox else 'INV'}-{invoices[0].issued_on:%Y}-"
    InvoiceSeries.objects.bulk_create([InvoiceSeries(prefix=prefix)], ignore_conflicts=True)
    series = InvoiceSeries.objects.select_for_update(of=("self",), no_key=True).get(pk=prefix)
    for number, invoice in enumerate(invoices, start=series.last_number + 1):
        invoice.number = f"{prefix}{number:06}"
    series.last_number += len(invoices)
    series.save(update_fields=["last_number"])


def check_is_open(invoice: Invoice) -> None:
    """Only what waits for a payment can be paid. Raises: InvoiceNotOpen."""
    if invoice.status != InvoiceStatus.OPEN:
        raise InvoiceNotOpen(
            _("Invoice %(number)s is not open: %(state)s.")
            % {"number": invoice.number, "state": invoice.get_status_display()},
            next_step=_("Look at the invoice again; somebody else may have noted the payment."),
        )


@transaction.atomic
def mark_paid(*, invoice_id: uuid.UUID, paid_on: datetime.date, actor: Actor, now: datetime.datetime) -> Invoice:
    """Note as the programme operator that an invoice was paid, or the sum of a credit note paid out.

    Raises: PermissionDenied, InvoiceNotOpen.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    invoice = Invoice.objects.locked(invoice_id)
    check_is_open(invoice)
    invoice.status, invoice.paid_on = InvoiceStatus.PAID, paid_on
    invoice.save(update_fields=["status", "paid_on"])
    announce_invoice(BillingEvent.INVOICE_PAID, invoice, actor=actor, now=now)
    return invoice
