"""What must hold of charges and invoices whatever happened, and what should exist by now (quality rows 3 and 9)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Invoice whose total is not the sum of its lines": """
        SELECT invoice.number
        FROM billing_invoice AS invoice
        LEFT JOIN billing_invoiceline AS line ON line.invoice_id = invoice.id
        LEFT JOIN billing_charge AS charge ON charge.id = line.charge_id
        GROUP BY invoice.id
        HAVING invoice.total <> coalesce(sum(charge.amount), 0) OR invoice.line_count <> count(line.charge_id)
            OR max(line.position) <> count(line.charge_id)
    """,
    "Invoice whose total is not the sum of its subtotals": """
        SELECT invoice.number
        FROM billing_invoice AS invoice
        LEFT JOIN billing_invoicesubtotal AS part ON part.invoice_id = invoice.id
        GROUP BY invoice.id
        HAVING invoice.total <> coalesce(sum(part.amount), 0) OR invoice.line_count <> coalesce(sum(part.line_count), 0)
    """,
    "Charge on the invoice of another billing owner or currency": """
        SELECT charge.id::text
        FROM billing_invoiceline AS line
        JOIN billing_charge AS charge ON charge.id = line.charge_id
        JOIN billing_invoice AS invoice ON invoice.id = line.invoice_id
        WHERE charge.billing_owner_id <> invoice.billing_owner_id OR charge.currency <> invoice.currency
            OR charge.starts_on >= invoice.month + interval '1 month'
    """,
    "Incentive that its usage charge did not earn": """
        SELECT earning.id::text
        FROM billing_incentiveearning AS earning
        JOIN billing_charge AS charge ON charge.id = earning.charge_id
        WHERE charge.kind <> 'metered' OR charge.billing_owner_id <> earning.billing_owner_id
            OR charge.currency <> earning.currency OR earning.base > charge.amount + 1
            OR abs(earning.amount - earning.base * earning.percent / 100) > 1
    """,
    "Series of invoice numbers with a gap": """
        SELECT series.prefix
        FROM billing_invoiceseries AS series
        LEFT JOIN billing_invoice AS invoice ON starts_with(invoice.number, series.prefix)
        WHERE NOT starts_with(series.prefix, 'SANDBOX-')  -- a reset deletes invoices
        GROUP BY series.prefix
        HAVING series.last_number <> count(invoice.id)
            OR series.last_number <> max(substring(invoice.number FROM length(series.prefix) + 1)::integer)
    """,
    "File of usage kept after its import": """
        SELECT run.id::text
        FROM billing_usageimport AS run
        WHERE run.status <> 'waiting'
            AND EXISTS (SELECT FROM billing_usageimportpart AS part WHERE part.usage_import_id = run.id)
    """,
    "Invoice that nobody was told of": """
        SELECT invoice.number
        FROM billing_invoice AS invoice
        WHERE NOT EXISTS (
            SELECT FROM audit_auditevent AS event
            WHERE event.subject_type = 'invoice' AND event.subject_id = invoice.id::text
                AND event.event_type = 'invoice-ready'
        )
    """,
}
# What the last finished run should have put on an invoice; what was written after its beginning waits for the next.
OVERDUE = {
    "Month that has ended and is not closed": """
        SELECT to_char(month, 'YYYY-MM')
        FROM (
            SELECT coalesce(
                (SELECT max(run.month) + interval '1 month' FROM billing_invoicerun AS run
                 WHERE run.finished_at IS NOT NULL),
                (SELECT date_trunc('month', min(charge.created_at)) FROM billing_charge AS charge)
            ) AS first_month
        ) AS begun
        CROSS JOIN LATERAL generate_series(
            begun.first_month, date_trunc('month', now() - interval '1 day') - interval '1 day', interval '1 month'
        ) AS month
    """,
    "Charge of a closed month that stands on no invoice": """
        SELECT charge.id::text
        FROM billing_charge AS charge
        JOIN (
            SELECT month, charged_before FROM billing_invoicerun
            WHERE finished_at IS NOT NULL ORDER BY month DESC LIMIT 1
        ) AS run ON charge.starts_on < run.month + interval '1 month'
            AND charge.created_at < run.charged_before - interval '1 hour'  -- committed after all were asked
        WHERE NOT EXISTS (SELECT FROM billing_invoiceline AS line WHERE line.charge_id = charge.id)
    """,
    "File of usage that nobody imports": """
        SELECT id::text FROM billing_usageimport WHERE status = 'waiting' AND touched_at < now() - interval '1 hour'
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for each invoice or number that contradicts itself."""
    return found_by(CHECKS)


def overdue() -> Iterator[str]:
    """Yield a line for each month, charge or invoice that should exist and does not."""
    return found_by(OVERDUE)
