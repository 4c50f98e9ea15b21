"""Kinds of charges, segments of prices, and what happens to price lists and usage."""

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


class PriceEvent(models.TextChoices):
    """What happens to price lists; the same names in log and webhook."""

    SHEET_CHECKED = "price-sheet-checked", _("Price sheet checked")
    SHEET_CANCELED = "price-sheet-canceled", _("Price sheet canceled")
    PRICES_PUBLISHED = "price-list-published", _("Price list published")
