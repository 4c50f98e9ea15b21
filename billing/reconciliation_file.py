"""The reconciliation file: one row per charge, in columns whose names no language changes (A7, API reference, 8).

The names are those of the original's line items, so that a partner's tools read them; amounts are plain numbers. The
credit for usage is a line of its own, so the subtotal of the usage is before it, and its effective price after it.
"""

import datetime

from billing.enums import ChargeKind
from billing.models import Invoice
from billing.queries.lines import LineFacts
from portal.core.money import round_money

# How the original words what a charge is for.
CHARGE_TYPES = {
    ChargeKind.NEW: "new",
    ChargeKind.CYCLE: "cycleCharge",
    ChargeKind.RENEWAL: "renew",
    ChargeKind.ADD_QUANTITY: "addQuantity",
    ChargeKind.REMOVE_QUANTITY: "removeQuantity",
    ChargeKind.CONVERT: "convert",
    ChargeKind.CANCEL: "cancel",
    ChargeKind.METERED: "usage",
    ChargeKind.EARNED_CREDIT: "partnerEarnedCredit",
    ChargeKind.TRANSFER_CREDIT: "transferOut",
    ChargeKind.TRANSFER_CHARGE: "transferIn",
}
HEADER = (
    "InvoiceNumber",
    "LineNumber",
    "PartnerId",
    "CustomerId",
    "CustomerName",
    "CustomerDomainName",
    "CustomerCountry",
    "ResellerId",
    "ResellerName",
    "MpnId",
    "OrderId",
    "ProductId",
    "SkuId",
    "ProductFamily",
    "ProductName",
    "SubscriptionId",
    "SubscriptionDescription",
    "SubscriptionStartDate",
    "SubscriptionEndDate",
    "TermAndBillingCycle",
    "ChargeType",
    "ChargeStartDate",
    "ChargeEndDate",
    "UnitPrice",
    "EffectiveUnitPrice",
    "Quantity",
    "Subtotal",
    "TaxTotal",
    "Total",
    "Currency",
    "PartnerEarnedCreditPercentage",
    "PriceAdjustmentDescription",
    "PricingCurrency",
    "PCToBCExchangeRate",
    "PCToBCExchangeRateDate",
    "ChargeId",
    "ChargeDate",
    "TransferId",
)


def last_day(first_day_after: datetime.date | None) -> str:
    """Return the last day that is paid for: the original's periods include it."""
    return (first_day_after - datetime.timedelta(days=1)).isoformat() if first_day_after else ""


def adjustment_of(line: LineFacts) -> str:
    """Return why the effective price is another than the unit price: in the original's words, which programs read."""
    percent = line.earned_percent
    return f"{percent.normalize():f}% Partner earned credit" if percent else ""


def row_of_line(invoice: Invoice, line: LineFacts, transfer_id: str) -> tuple[object, ...]:
    """Return the cells of one charge. Long because it names every column."""
    product, sku, *_rest = [*line.offer_id.split(":"), "", ""]
    amount = round_money(line.amount, invoice.currency)
    return (
        invoice.number,
        line.position,
        invoice.billing_owner_id,
        line.customer_id,
        line.customer_name,
        line.customer_domain,
        line.customer_country,
        line.reseller_id,
        line.reseller_name,
        line.partner_on_record,
        line.order_id,
        product,
        sku,
        line.product_family,
        line.product_name,
        line.subscription_id,
        line.friendly_name,
        line.subscription_starts_on,
        last_day(line.subscription_ends_on),
        f"{line.term} {line.billing_frequency}",
        CHARGE_TYPES[ChargeKind(line.kind)],
        line.starts_on,
        last_day(line.ends_on),
        line.unit_price,
        line.effective_unit_price,
        line.quantity,
        amount,
        0,
        amount,
        invoice.currency,
        "" if line.earned_percent is None else line.earned_percent,
        adjustment_of(line),
        line.pricing_currency or "",
        "" if line.exchange_rate is None else line.exchange_rate,
        line.rate_from or "",
        line.charge_id,
        line.charged_at.date(),
        transfer_id,
    )
