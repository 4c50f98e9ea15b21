"""Kinds of charges, segments of prices, states of invoices, and what happens to them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ChargeKind(models.TextChoices):
    """Why money is owed or given back. The words of the reconciliation file follow from these."""

    NEW = "new", _("New")
    CYCLE = "cycle", _("Billing cycle")
    RENEWAL = "renewal", _("Renewal")
    ADD_QUANTITY = "add_quantity", _("Added licenses")
    REMOVE_QUANTITY = "remove_quantity", _("Removed licenses")
    CONVERT = "convert", _("Changed plan")
    CANCEL = "cancel", _("Cancellation")
    METERED = "metered", _("Metered usage")
    EARNED_CREDIT = "earned_credit", _("Partner earned credit")
    TRANSFER_CREDIT = "transfer_credit", _("Credit for a transfer")
    TRANSFER_CHARGE = "transfer_charge", _("Charge for a transfer")


class Segment(models.TextChoices):
    """For whom a price is (reference, API section 5.2)."""

    COMMERCIAL = "commercial", _("Commercial")
    EDUCATION = "education", _("Education")
    GOVERNMENT = "government", _("Government")
    NONPROFIT = "nonprofit", _("Nonprofit")


class SheetStatus(models.TextChoices):
    """How far a file of prices has come."""

    CHECKED = "checked", pgettext_lazy("import", "Waiting for your yes")
    DONE = "done", pgettext_lazy("import", "Done")
    CANCELED = "canceled", pgettext_lazy("import", "Canceled")


class UsageImportStatus(models.TextChoices):
    """How far a file of usage has come."""

    WAITING = "waiting", pgettext_lazy("import", "Running")
    DONE = "done", pgettext_lazy("import", "Done")
    FAILED = "failed", pgettext_lazy("import", "Failed")


class PriceEvent(models.TextChoices):
    """What happens to price lists; the same names in log and webhook."""

    SHEET_CHECKED = "price-sheet-checked", _("Price sheet checked")
    SHEET_CANCELED = "price-sheet-canceled", _("Price sheet canceled")
    PRICES_PUBLISHED = "price-list-published", _("Price list published")
    RATE_SET = "exchange-rate-set", _("Exchange rate set")
    INCENTIVE_SET = "incentive-rule-set", _("Incentive rule set")
    INCENTIVE_ENDED = "incentive-rule-ended", _("Incentive rule ended")
    COMPETENCY_RECORDED = "partner-competency-recorded", _("Competency of a partner recorded")
    COMPETENCY_ENDED = "partner-competency-ended", _("Competency of a partner ended")
    USAGE_UPLOADED = "usage-file-uploaded", _("File of usage uploaded")
    USAGE_IMPORTED = "usage-imported", _("Usage imported")
    USAGE_NOT_IMPORTED = "usage-import-failed", _("Import of usage failed")
    OWN_PRICE_SET = "customer-price-set", _("Price for customers set")
    OWN_PRICE_ENDED = "customer-price-ended", _("Price for customers ended")
    OWN_TERMS_SET = "customer-terms-set", _("Terms for customers set")
    BUDGET_SET = "usage-budget-set", _("Budget set")
    BUDGET_REMOVED = "usage-budget-removed", _("Budget removed")
    BUDGET_REACHED = "usage-budget-reached", _("Budget threshold reached")


# What corrects an earlier charge or moves money between partners; invoices name these apart from what was bought.
CORRECTIONS = (ChargeKind.REMOVE_QUANTITY, ChargeKind.CONVERT, ChargeKind.CANCEL)
METERED = (ChargeKind.METERED, ChargeKind.EARNED_CREDIT)  # what was used, not what is bought by the cycle
TRANSFERS = (ChargeKind.TRANSFER_CREDIT, ChargeKind.TRANSFER_CHARGE)


class InvoiceStatus(models.TextChoices):
    """The stored states. "Overdue" is an open invoice whose due date has passed."""

    OPEN = "open", pgettext_lazy("invoice", "Open")
    PAID = "paid", pgettext_lazy("invoice", "Paid")
    NOTHING_DUE = "nothing_due", pgettext_lazy("invoice", "Not to be paid")


class InvoiceState(models.TextChoices):
    """How an invoice stands today: what lists show and filter by."""

    OPEN = "open", pgettext_lazy("invoice", "Open")
    OVERDUE = "overdue", pgettext_lazy("invoice", "Overdue")
    PAID = "paid", pgettext_lazy("invoice", "Paid")
    NOTHING_DUE = "nothing_due", pgettext_lazy("invoice", "Not to be paid")


class BillingEvent(models.TextChoices):
    """What happens to money; the same names in log, mail and webhook. ``invoice-ready`` is the original's (7.5)."""

    INVOICE_READY = "invoice-ready", _("Invoice ready")
    INVOICE_PAID = "invoice-paid", _("Invoice paid")
    INVOICE_DUE_SOON = "invoice-due-soon", _("Invoice due soon")
    INVOICE_OVERDUE = "invoice-overdue", _("Invoice overdue")
    ASSIGNMENTS_REPORTED = "license-assignments-reported", _("Assigned licenses reported")


class Difference(models.TextChoices):
    """In what the numbers of a subscription differ: what the reconciliation page filters by (X10)."""

    ANY = "any", _("Any difference")
    BILLED = "billed", _("Bought and billed differ")
    UNUSED = "unused", _("Bought but not assigned")
    TOO_MANY = "too_many", _("More assigned than bought")


class UsageKind(models.TextChoices):
    """What a usage record is of; decides whether it earns credit (portal reference, section 9.6)."""

    CONSUMPTION = "consumption", _("Consumption")
    SPOT = "spot", _("Spot capacity")
    THIRD_PARTY = "third_party", _("Third party")


class IncentiveKind(models.TextChoices):
    """What a partner gets for usage: a credit on the invoice, or an incentive that is paid apart."""

    EARNED_CREDIT = "earned_credit", _("Partner earned credit")
    INCENTIVE = "incentive", _("Incentive")


class PriceRuleKind(models.TextChoices):
    """How a partner works out what its customers pay."""

    MARKUP = "markup", _("Percent on top of your price")
    DISCOUNT = "discount", _("Percent off the retail price")
    FIXED = "fixed", _("Fixed price")
