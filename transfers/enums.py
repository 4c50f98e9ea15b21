"""States, kinds of items, and event names of transfers of billing ownership."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.enums import ProductFamily


class TransferStatus(models.TextChoices):
    """States of a transfer (portal reference, section 6.5). A draft is prepared by a reseller for its provider."""

    DRAFT = "draft", pgettext_lazy("transfer", "Draft")
    PENDING = "pending", pgettext_lazy("transfer", "Pending")
    IN_PROGRESS = "in_progress", pgettext_lazy("transfer", "In progress")
    COMPLETED = "completed", pgettext_lazy("transfer", "Completed")
    COMPLETED_WITH_ERRORS = "completed_with_errors", pgettext_lazy("transfer", "Partly completed")
    FAILED = "failed", pgettext_lazy("transfer", "Failed")
    CANCELED = "canceled", pgettext_lazy("transfer", "Canceled")
    DECLINED = "declined", pgettext_lazy("transfer", "Declined")
    EXPIRED = "expired", pgettext_lazy("transfer", "Expired")


OPEN_STATUSES = frozenset({TransferStatus.PENDING, TransferStatus.IN_PROGRESS})
# The source's answer was yes, and its work is over.
FINISHED_STATUSES = frozenset({TransferStatus.COMPLETED, TransferStatus.COMPLETED_WITH_ERRORS, TransferStatus.FAILED})
# It ended before anything moved.
CLOSED_STATUSES = frozenset({TransferStatus.CANCELED, TransferStatus.DECLINED, TransferStatus.EXPIRED})
ACCEPTED_STATUSES = FINISHED_STATUSES | {TransferStatus.IN_PROGRESS}


class LineItemStatus(models.TextChoices):
    NOT_STARTED = "not_started", pgettext_lazy("line item", "Not started")
    IN_PROGRESS = "in_progress", pgettext_lazy("line item", "In progress")
    COMPLETED = "completed", pgettext_lazy("line item", "Completed")
    FAILED = "failed", pgettext_lazy("line item", "Failed")


OPEN_ITEM_STATUSES = frozenset({LineItemStatus.NOT_STARTED, LineItemStatus.IN_PROGRESS})


class ProductType(models.TextChoices):
    """Kinds of items a request may ask for (T5). None asked for means all of them."""

    LICENSE_BASED = "license_based", _("New-commerce license-based subscriptions")
    AZURE_SUBSCRIPTION = "azure_subscription", _("Azure subscriptions")
    AZURE_RESERVATION = "azure_reservation", _("Azure reservations")
    AZURE_SAVINGS_PLAN = "azure_savings_plan", _("Azure savings plans")


AZURE_TYPES = frozenset({ProductType.AZURE_SUBSCRIPTION, ProductType.AZURE_RESERVATION, ProductType.AZURE_SAVINGS_PLAN})
# What moves, and as which kind; the previous Azure offer is converted on the way (A6). The rest never moves (T5).
TYPE_OF_FAMILY: dict[str, ProductType] = {
    ProductFamily.LICENSE_BASED: ProductType.LICENSE_BASED,
    ProductFamily.AZURE_SUBSCRIPTION: ProductType.AZURE_SUBSCRIPTION,
    ProductFamily.AZURE_LEGACY: ProductType.AZURE_SUBSCRIPTION,
    ProductFamily.RESERVATION: ProductType.AZURE_RESERVATION,
    ProductFamily.SAVINGS_PLAN: ProductType.AZURE_SAVINGS_PLAN,
}


class Party(models.TextChoices):
    """What an organization is to a transfer."""

    SOURCE = "source", _("Source partner")
    TARGET = "target", _("Target partner")
    RESELLER = "reseller", _("Indirect reseller")
    CUSTOMER = "customer", _("Customer")


class Direction(models.TextChoices):
    """Which of its transfers a partner looks at."""

    SENT = "sent", _("Sent requests")
    RECEIVED = "received", _("Received requests")


class Level(models.TextChoices):
    """What preflight says of a check or an item (X1)."""

    GREEN = "green", _("Can move")
    AMBER = "amber", _("Can move, with a warning")
    RED = "red", _("Cannot move")


class FaultMode(models.TextChoices):
    """What the sandbox's commerce back end does with an item (X6)."""

    FAIL_TIMES = "fail_times", _("Fail this many times, then succeed")
    FAIL_ALWAYS = "fail_always", _("Always fail")
    TAKE_SECONDS = "take_seconds", _("Take this many seconds")


class BulkKind(models.TextChoices):
    """What a file of many transfers asks for (X2)."""

    REQUESTS = "requests", _("New transfer requests")


class BulkStatus(models.TextChoices):
    """How far a file has come: its rows are checked, then a person looks at the result and lets it run."""

    CHECKING = "checking", pgettext_lazy("bulk transfer", "Being checked")
    CHECKED = "checked", pgettext_lazy("bulk transfer", "Waiting for your yes")
    RUNNING = "running", pgettext_lazy("bulk transfer", "Running")
    DONE = "done", pgettext_lazy("bulk transfer", "Done")
    STOPPED = "stopped", pgettext_lazy("bulk transfer", "Stopped")


class BulkResult(models.TextChoices):
    """What became of a row."""

    WAITING = "waiting", pgettext_lazy("bulk row", "Not done yet")
    DONE = "done", pgettext_lazy("bulk row", "Done")
    FAILED = "failed", pgettext_lazy("bulk row", "Failed")
    LEFT_OUT = "left_out", pgettext_lazy("bulk row", "Left out")


class TransferEvent(models.TextChoices):
    """What happens to transfers; the same names in log, mail and webhook.

    The first four are the original's (API reference, section 7.5). Webhooks tell of canceled, declined and expired
    requests as ``update-transfer``, which its section 7.6 recommends.
    """

    CREATED = "create-transfer", _("Transfer requested")
    SUBMITTED = "update-transfer", _("Transfer accepted")
    COMPLETED = "complete-transfer", _("Transfer completed")
    FAILED = "fail-transfer", _("Transfer failed")
    DRAFTED = "transfer-drafted", _("Transfer request prepared")
    DRAFT_DELETED = "transfer-draft-deleted", _("Prepared transfer request deleted")
    CANCELED = "transfer-canceled", _("Transfer canceled")
    DECLINED = "transfer-declined", _("Transfer declined")
    EXPIRING = "transfer-expiring", _("Transfer about to expire")
    EXPIRED = "transfer-expired", _("Transfer expired")
    ITEM_FAILED = "transfer-item-failed", _("Item of a transfer failed")
    RETRIED = "transfer-items-retried", _("Failed items of a transfer tried again")
    FAULT_PLANNED = "sandbox-fault-planned", _("Fault planned in the sandbox")
    BULK_UPLOADED = "bulk-transfers-uploaded", _("File of bulk transfers uploaded")
    BULK_CHECKED_AGAIN = "bulk-transfers-checked-again", _("Rows of bulk transfers checked again")
    BULK_RUN = "bulk-transfers-run", _("Bulk transfers carried out")
    BULK_STOPPED = "bulk-transfers-stopped", _("Bulk transfers stopped")
