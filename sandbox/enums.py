"""What happens to sandboxes, and what may be switched on in one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SandboxEvent(models.TextChoices):
    """What happens to a sandbox itself; what is played in it has the events of those who are played."""

    ACCOUNT_CREATED = "sandbox-account-created", _("Sandbox account created")
    PARTNER_JOINED = "sandbox-partner-joined", _("Partner joined the sandbox")
    CLOCK_JUMPED = "sandbox-clock-jumped", _("Sandbox clock moved on")
    CUSTOMER_DELETED = "sandbox-customer-deleted", _("Sandbox customer deleted")
    RESET = "sandbox-reset", _("Sandbox reset")
    FAULT_ON = "sandbox-fault-switched-on", _("Sandbox fault switched on")
    FAULT_OFF = "sandbox-fault-switched-off", _("Sandbox fault switched off")


class Fault(models.TextChoices):
    """What goes wrong in a sandbox as long as its switch is on (X6). Items of a transfer have faults of their own."""

    MAIL_BOUNCES = "mail-bounces", _("Mails bounce")
    WEBHOOK_FAILS = "webhook-fails", _("Your webhook answers 500")
    PUBLISHER_SILENT = "publisher-silent", _("The publisher does not answer")
