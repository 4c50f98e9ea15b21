"""What things cost, what is owed for them and by whom."""

from billing.models.charges import Charge
from billing.models.invoices import Invoice, InvoiceLine, InvoiceRun, InvoiceSeries, InvoiceSubtotal
from billing.models.prices import PriceList, PriceListEntry, PriceSheet, PriceSheetRow

__all__ = [
    "Charge",
    "Invoice",
    "InvoiceLine",
    "InvoiceRun",
    "InvoiceSeries",
    "InvoiceSubtotal",
    "PriceList",
    "PriceListEntry",
    "PriceSheet",
    "PriceSheetRow",
]
