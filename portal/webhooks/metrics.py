"""Figures about webhook deliveries for Prometheus."""

from django.db.models import Count, Min, Q
from django.utils import timezone

from portal.core.metrics import Figure
from portal.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookRegistration


def figures() -> list[Figure]:
    """Return how many deliveries wait, how late the first is, and how many webhooks fail (a partial index)."""
    now = timezone.now()
    called = WebhookRegistration.objects.called()
    waiting = WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING, registration__in=called).aggregate(
        count=Count("pk"), due=Count("pk", filter=Q(next_attempt_at__lte=now)), first=Min("next_attempt_at")
    )
    late = max((now - waiting["first"]).total_seconds(), 0.0) if waiting["first"] else 0.0
    return [
        Figure("portal_webhooks_waiting", "Webhook deliveries that are not yet made.", waiting["count"]),
        Figure("portal_webhooks_due", "Webhook deliveries whose time has come.", waiting["due"]),
        Figure("portal_webhooks_oldest_due_seconds", "How long the first due delivery has been due.", late),
        Figure(
            "portal_webhooks_failing",
            "Webhooks at which no attempt has succeeded since one failed.",
            called.filter(failing_since__isnull=False).count(),
        ),
        Figure(
            "portal_webhooks_disabled",
            "Webhooks that their receivers disabled.",
            WebhookRegistration.objects.filter(is_active=False, removed_at__isnull=True).count(),
        ),
    ]
