"""What things cost, what is owed for them and by whom."""

from billing.models.assignments import LicenseAssignment
from billing.models.budgets import Budget, BudgetAlert, OwnPrice, OwnTerms
from billing.models.charges import Charge
from billing.models.earnings import IncentiveEarning, PartnerCompetency
from billing.models.incentives import ExchangeRate, IncentiveRule
from billing.models.invoices import Invoice, InvoiceLine, InvoiceRate, InvoiceRun, InvoiceSeries, InvoiceSubtotal
from billing.models.prices import PriceList, PriceListEntry, PriceSheet, PriceSheetRow
from billing.models.resellers import FormerReseller
from billing.models.usage import UsageImport, UsageImportPart, UsageImportRow, UsageRecord

__all__ = [
    "Budget",
    "BudgetAlert",
    "Charge",
    "ExchangeRate",
    "FormerReseller",
    "IncentiveEarning",
    "IncentiveRule",
    "Invoice",
    "InvoiceLine",
    "InvoiceRate",
    "InvoiceRun",
    "InvoiceSeries",
    "InvoiceSubtotal",
    "LicenseAssignment",
    "OwnPrice",
    "OwnTerms",
    "PartnerCompetency",
    "PriceList",
    "PriceListEntry",
    "PriceSheet",
    "PriceSheetRow",
    "UsageImport",
    "UsageImportPart",
    "UsageImportRow",
    "UsageRecord",
]
