"""Kinds of charges."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
