"""What happens to webhook registrations."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WebhookEvent(models.TextChoices):
    """The same names in log and webhook."""

    REGISTERED = "webhook-registered", _("Webhook registered")
    CHANGED = "webhook-changed", _("Webhook changed")
    DISABLED = "webhook-disabled", _("Webhook disabled")
    TEST = "test-created", _("Webhook test requested")  # the original's name
    PAUSED = "webhook-paused", _("Webhook paused")
    RESUMED = "webhook-resumed", _("Webhook resumed")
    REMOVED = "webhook-removed", _("Webhook deleted")
    SECRET_RENEWED = "webhook-secret-renewed", _("Webhook secret renewed")
    FAILING = "webhook-failing", _("Webhook failing for a day")
    REPLAYED = "webhook-deliveries-replayed", _("Webhook deliveries sent again")


class WebhookState(models.TextChoices):
    """How a registration stands, as its page says it."""

    ACTIVE = "active", pgettext_lazy("webhook", "Active")
    FAILING = "failing", pgettext_lazy("webhook", "Failing")
    PAUSED = "paused", pgettext_lazy("webhook", "Paused")
    DISABLED = "disabled", pgettext_lazy("webhook", "Disabled")


class AttemptResult(models.TextChoices):
    """What one attempt came to."""

    DELIVERED = "delivered", _("Delivered")
    REFUSED = "refused", _("Refused")
    NOT_REACHED = "not_reached", _("Not reached")


# Events of the original that never happen here; clients that register for them are served all the same (7.5).
ONLY_THE_ORIGINAL_S = (
    "subscription-updated",
    "usagerecords-thresholdExceeded",
    "azure-fraud-event-detected",
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
    "dap-admin-relationship-approved",
    "dap-admin-relationship-terminated",
    "dap-admin-relationship-terminated-by-microsoft",
    "granular-admin-relationship-approved",
    "granular-admin-relationship-activated",
    "granular-admin-relationship-terminated",
    "granular-admin-relationship-expired",
    "granular-admin-access-assignment-created",
    "granular-admin-access-assignment-activated",
    "granular-admin-access-assignment-updated",
    "granular-admin-access-assignment-deleted",
    "new-commerce-migration-created",
    "new-commerce-migration-completed",
    "new-commerce-migration-failed",
    "new-commerce-migration-schedule-failed",
)
