"""What invoices and their lines look like on the wire (API reference, section 8)."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NotRequired

from babel.numbers import get_currency_symbol
from typing_extensions import TypedDict

from billing.enums import ChargeKind
from billing.models import Invoice
from billing.queries.invoices import CurrencySum
from billing.queries.lines import LineFacts
from billing.queries.rated_usage import RatedRecord
from billing.reconciliation_file import CHARGE_TYPES, adjustment_of, last_day
from customers.enums import BillingFrequency, ProductFamily
from customers.terms import add_months
from portal.api.resources import (
    Attributes,
    CollectionLinks,
    Link,
    SelfLinks,
    attributes,
    date_text,
    link,
    self_links,
    time_text,
    without_nothing,
)
from portal.core.money import round_money

PREFIX = "OneTime-"  # what is bought now is all billed under it, by subscription or by usage
PROVIDER, LINE_TYPE, USAGE_LINE_TYPE = "one_time", "billing_line_items", "usage_line_items"


class InvoiceDetail(TypedDict):
    invoiceLineItemType: str
    billingProvider: str
    links: SelfLinks
    attributes: Attributes


class InvoiceAnswer(TypedDict):
    id: str
    invoiceDate: str
    billingPeriodStartDate: str
    billingPeriodEndDate: str
    totalCharges: float
    paidAmount: float
    currencyCode: str
    currencySymbol: str
    pdfDownloadLink: str
    invoiceDetails: list[InvoiceDetail]
    documentType: str
    invoiceType: str
    state: str
    links: SelfLinks
    attributes: Attributes


class InvoiceCollection(TypedDict):
    totalCount: int
    items: list[InvoiceAnswer]
    links: NotRequired[CollectionLinks]
    attributes: Attributes


class LineAnswer(TypedDict):
    partnerId: str
    customerId: str
    customerName: str
    customerDomainName: str
    customerCountry: str
    invoiceNumber: str
    mpnId: str
    resellerMpnId: str
    orderId: str
    productId: str
    skuId: str
    availabilityId: str
    productName: str
    skuName: str
    chargeType: str
    unitPrice: float
    effectiveUnitPrice: float
    unitType: str
    quantity: int
    subtotal: float
    taxTotal: float
    totalForCustomer: float
    currency: str
    subscriptionId: str
    subscriptionDescription: str
    subscriptionStartDate: NotRequired[str]
    subscriptionEndDate: NotRequired[str]
    chargeStartDate: str
    chargeEndDate: str
    termAndBillingCycle: str
    alternateId: str
    priceAdjustmentDescription: NotRequired[str]
    rateOfPartnerEarnedCredit: NotRequired[float]
    pricingCurrency: NotRequired[str]
    pcToBCExchangeRate: NotRequired[float]
    pcToBCExchangeRateDate: NotRequired[str]
    billableQuantity: int
    billingFrequency: str
    invoiceLineItemType: str
    billingProvider: str
    attributes: Attributes


class UsageLineAnswer(TypedDict):
    partnerId: str
    customerId: str
    customerName: str
    customerDomainName: str
    customerCountry: str
    invoiceNumber: str
    mpnId: str
    productId: str
    skuId: str
    availabilityId: str
    productName: str
    subscriptionId: str
    subscriptionDescription: str
    entitlementId: str
    chargeStartDate: str
    chargeEndDate: str
    usageDate: str
    meterId: str
    meterName: str
    meterCategory: str
    meterRegion: str
    unitType: str
    resourceUri: str
    chargeType: str
    unitPrice: float
    effectiveUnitPrice: float
    quantity: float
    pricingPreTaxTotal: float
    pricingCurrency: str
    pcToBCExchangeRate: float
    pcToBCExchangeRateDate: NotRequired[str]
    rateOfPartnerEarnedCredit: float
    hasPartnerEarnedCredit: bool
    billingPreTaxTotal: float
    billingCurrency: str
    invoiceLineItemType: str
    billingProvider: str
    attributes: Attributes


class LineCollection(TypedDict):
    totalCount: int
    items: list[LineAnswer | UsageLineAnswer]
    links: NotRequired[dict[str, Link]]
    continuationToken: NotRequired[str]
    attributes: Attributes


class SummaryDetail(TypedDict):
    invoiceType: str
    summary: dict[str, Any]


class SummaryAnswer(TypedDict):
    balanceAmount: float
    currencyCode: str
    currencySymbol: str
    accountingDate: str
    firstInvoiceCreationDate: NotRequired[str]
    lastPaymentDate: NotRequired[str]
    lastPaymentAmount: float
    latestInvoiceDate: NotRequired[str]
    details: list[SummaryDetail]
    attributes: Attributes


class SummaryCollection(TypedDict):
    totalCount: int
    items: list[SummaryAnswer]
    attributes: Attributes


def number_of(amount: Decimal, currency: str) -> float:
    """Return an amount as the API writes it: a number in whole cents."""
    return float(round_money(amount, currency))


def symbol_of(currency: str) -> str:
    return str(get_currency_symbol(currency, locale="en"))


def wire_id(invoice: Invoice) -> str:
    return PREFIX + invoice.number


def invoice_answer(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as the API writes it."""
    here = f"/invoices/{wire_id(invoice)}"
    total = number_of(invoice.total, invoice.currency)
    details = [
        {
            "invoiceLineItemType": line_type,
            "billingProvider": PROVIDER,
            "links": self_links(
                f"{here}/lineitems?provider=onetime&invoicelineitemtype={line_type.replace('_', '')}&size=2000"
            ),
            "attributes": attributes("InvoiceDetail"),
        }
        for line_type in (LINE_TYPE, USAGE_LINE_TYPE)
    ]
    return {
        "id": invoice.number,
        "invoiceDate": date_text(invoice.issued_on),
        "billingPeriodStartDate": date_text(invoice.month),
        "billingPeriodEndDate": f"{last_day(add_months(invoice.month, 1))}T23:59:59Z",
        "totalCharges": total,
        "paidAmount": total if invoice.paid_on else 0.0,
        "currencyCode": invoice.currency,
        "currencySymbol": symbol_of(invoice.currency),
        "pdfDownloadLink": f"/invoices/{wire_id(invoice)}/documents/statement",
        "invoiceDetails": details,
        "documentType": "credit_note" if invoice.is_credit_note else "invoice",
        "invoiceType": "OneTime",
        "state": invoice.status,
        "links": self_links(here),
        "attributes": attributes("Invoice"),
    }


def invoice_collection(invoices: Sequence[Invoice], *, here: str, following: str) -> dict[str, Any]:
    """Return a page of invoices, with the address of the next one if there is one."""
    links = {"self": link(here)} | ({"next": link(following)} if following else {})
    items = [invoice_answer(invoice) for invoice in invoices]
    return {"totalCount": len(items), "items": items, "links": links, "attributes": attributes("Collection")}


def line_answer(line: LineFacts, *, partner_id: str, invoice_number: str, currency: str, transfer_id: str) -> Any:
    """Return a charge as the API writes it. Long because it names every property of the resource."""
    product, sku, availability, *_rest = [*line.offer_id.split(":"), "", "", ""]
    amount = number_of(line.amount, currency)
    is_usage = line.billing_frequency == BillingFrequency.USAGE
    start, end = line.subscription_starts_on, line.subscription_ends_on
    return without_nothing(
        {
            "partnerId": partner_id,
            "customerId": str(line.customer_id),
            "customerName": line.customer_name,
            "customerDomainName": line.customer_domain,
            "customerCountry": line.customer_country,
            "invoiceNumber": invoice_number,
            "mpnId": line.partner_on_record,
            "resellerMpnId": line.partner_on_record if line.reseller_id else "",
            "orderId": str(line.order_id or ""),
            "productId": product,
            "skuId": sku,
            "availabilityId": availability,
            "productName": line.product_name,
            "skuName": str(ProductFamily(line.product_family).value),
            "chargeType": CHARGE_TYPES[ChargeKind(line.kind)],
            "unitPrice": float(line.unit_price),
            "effectiveUnitPrice": float(line.effective_unit_price),
            "unitType": "Usage" if is_usage else "License",
            "quantity": line.quantity,
            "subtotal": amount,
            "taxTotal": 0.0,
            "totalForCustomer": amount,
            "currency": currency,
            "subscriptionId": str(line.subscription_id),
            "subscriptionDescription": line.friendly_name,
            "subscriptionStartDate": date_text(start) if start else None,
            "subscriptionEndDate": f"{last_day(end)}T00:00:00Z" if end else None,
            "chargeStartDate": date_text(line.starts_on),
            "chargeEndDate": f"{last_day(line.ends_on)}T00:00:00Z",
            "termAndBillingCycle": f"{line.term} {line.billing_frequency}",
            "alternateId": transfer_id,
            "priceAdjustmentDescription": adjustment_of(line) or None,
            "rateOfPartnerEarnedCredit": float(line.earned_percent) if line.earned_percent is not None else None,
            "pricingCurrency": line.pricing_currency,
            "pcToBCExchangeRate": float(line.exchange_rate) if line.exchange_rate is not None else None,
            "pcToBCExchangeRateDate": date_text(line.rate_from) if line.rate_from else None,
            "billableQuantity": line.quantity,
            "billingFrequency": line.billing_frequency,
            "invoiceLineItemType": LINE_TYPE,
            "billingProvider": PROVIDER,
            "attributes": attributes("OneTimeInvoiceLineItem"),
        }
    )


def usage_answer(invoice: Invoice, rated: RatedRecord, rate_day: datetime.date | None) -> Any:
    """Return a usage record of an invoice as the API writes it. Long because it names every property."""
    line, record = rated.line, rated.record
    charge, subscription, customer = line.charge, line.charge.subscription, line.charge.customer.organization
    product, sku, availability, *_rest = [*subscription.offer_id.split(":"), "", "", ""]
    return without_nothing(
        {
            "partnerId": str(invoice.billing_owner_id),
            "customerId": str(charge.customer_id),
            "customerName": customer.name,
            "customerDomainName": customer.domain,
            "customerCountry": customer.country,
            "invoiceNumber": invoice.number,
            "mpnId": subscription.partner_on_record,
            "productId": product,
            "skuId": sku,
            "availabilityId": availability,
            "productName": line.product_name,
            "subscriptionId": str(charge.subscription_id),
            "subscriptionDescription": subscription.friendly_name,
            "entitlementId": str(subscription.entitlement),
            "chargeStartDate": date_text(charge.starts_on),
            "chargeEndDate": f"{last_day(charge.ends_on)}T00:00:00Z",
            "usageDate": date_text(record.day),
            "meterId": record.meter_id,
            "meterName": record.meter_name,
            "meterCategory": record.category,
            "meterRegion": record.region,
            "unitType": record.unit,
            "resourceUri": record.resource,
            "chargeType": record.kind,
            "unitPrice": float(record.paid_unit_price),
            "effectiveUnitPrice": float(record.effective_unit_price),
            "quantity": float(record.quantity),
            "pricingPreTaxTotal": float(rated.pricing_total),
            "pricingCurrency": record.pricing_currency,
            "pcToBCExchangeRate": float(record.exchange_rate),
            "pcToBCExchangeRateDate": date_text(rate_day) if rate_day else None,
            "rateOfPartnerEarnedCredit": float(record.earned_percent),
            "hasPartnerEarnedCredit": record.earned_percent > 0,
            "billingPreTaxTotal": float(rated.amount - rated.credit),
            "billingCurrency": invoice.currency,
            "invoiceLineItemType": USAGE_LINE_TYPE,
            "billingProvider": PROVIDER,
            "attributes": attributes("DailyRatedUsageLineItem"),
        }
    )


def summary_answer(found: CurrencySum, *, now_text: str) -> dict[str, Any]:
    """Return the balance of one currency as the API writes it."""
    balance = number_of(found.open, found.currency)
    summary = {
        "balanceAmount": balance,
        "currencyCode": found.currency,
        "currencySymbol": symbol_of(found.currency),
        "accountingDate": now_text,
        "firstInvoiceCreationDate": time_text(found.first_at) if found.first_at else None,
        "lastPaymentDate": date_text(found.paid_on) if found.paid_on else None,
        "lastPaymentAmount": number_of(found.paid, found.currency),
        "latestInvoiceDate": time_text(found.latest_at) if found.latest_at else None,
    }
    details = [{"invoiceType": "OneTime", "summary": {"balanceAmount": balance, "currencyCode": found.currency}}]
    return without_nothing({**summary, "details": details, "attributes": attributes("InvoiceSummary")})
