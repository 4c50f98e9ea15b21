"""The daily rated usage of an invoice as a file: one row per usage record, columns as the original names them (A7)."""

from decimal import Decimal

from billing.models import Invoice
from billing.queries.rated_usage import RateDays, RatedRecord
from billing.reconciliation_file import last_day

HEADER = (
    "PartnerId",
    "CustomerId",
    "CustomerName",
    "CustomerDomainName",
    "CustomerCountry",
    "InvoiceNumber",
    "LineNumber",
    "ChargeId",
    "MpnId",
    "SubscriptionId",
    "SubscriptionDescription",
    "EntitlementId",
    "ChargeStartDate",
    "ChargeEndDate",
    "UsageDate",
    "MeterId",
    "MeterName",
    "MeterCategory",
    "MeterRegion",
    "Unit",
    "ResourceURI",
    "ChargeType",
    "UnitPrice",
    "EffectiveUnitPrice",
    "Quantity",
    "PricingPreTaxTotal",
    "PricingCurrency",
    "PCToBCExchangeRate",
    "PCToBCExchangeRateDate",
    "PartnerEarnedCreditPercentage",
    "Subtotal",
    "PartnerEarnedCredit",
    "BillingPreTaxTotal",
    "BillingCurrency",
)


def row_of_record(invoice: Invoice, rated: RatedRecord, rate_days: RateDays) -> tuple[object, ...]:
    """Return the cells of one usage record. Long because it names every column.

    Subtotal sums to the usage line, PartnerEarnedCredit to what its credit line takes off, BillingPreTaxTotal to both.
    """
    line, record = rated.line, rated.record
    charge, subscription, customer = line.charge, line.charge.subscription, line.charge.customer.organization
    cells = (
        invoice.billing_owner_id,
        charge.customer_id,
        customer.name,
        customer.domain,
        customer.country,
        invoice.number,
        line.position,
        charge.pk,
        subscription.partner_on_record,
        charge.subscription_id,
        subscription.friendly_name,
        subscription.entitlement,
        charge.starts_on,
        last_day(charge.ends_on),
        record.day,
        record.meter_id,
        record.meter_name,
        record.category,
        record.region,
        record.unit,
        record.resource,
        record.kind,
        record.paid_unit_price,
        record.effective_unit_price,
        record.quantity,
        rated.pricing_total,
        record.pricing_currency,
        record.exchange_rate,
        rate_days.of(record) or "",
        record.earned_percent,
        rated.amount,
        rated.credit,
        rated.amount - rated.credit,
        invoice.currency,
    )
    return tuple(f"{value:f}" if isinstance(value, Decimal) else value for value in cells)  # never with an exponent
