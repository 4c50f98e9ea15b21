"""What invoices and their lines look like on the wire (API reference, section 8)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NotRequired

from babel.numbers import get_currency_symbol
from typing_extensions import TypedDict

from billing.enums import ChargeKind
from billing.models import Invoice
from billing.queries.invoices import CurrencySum
from billing.queries.lines import LineFacts
from billing.reconciliation_file import CHARGE_TYPES, last_day
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
PROVIDER, LINE_TYPE = "one_time", "billing_line_items"


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
    billableQuantity: int
    billingFrequency: str
    invoiceLineItemType: str
    billingProvider: str
    attributes: Attributes


class LineCollection(TypedDict):
    totalCount: int
    items: list[LineAnswer]
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
    detail = {
        "invoiceLineItemType": LINE_TYPE,
        "billingProvider": PROVIDER,
        "links": self_links(f"{here}/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&size=2000"),
        "attributes": attributes("InvoiceDetail"),
    }
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
        "invoiceDetails": [detail],
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
            "effectiveUnitPrice": float(line.unit_price),
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
            "billableQuantity": line.quantity,
            "billingFrequency": line.billing_frequency,
            "invoiceLineItemType": LINE_TYPE,
            "billingProvider": PROVIDER,
            "attributes": attributes("OneTimeInvoiceLineItem"),
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
