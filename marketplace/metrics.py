"""Figures about calls to publishers for Prometheus."""

from django.db.models import Count, Min, Q
from django.utils import timezone

from marketplace.enums import CallStatus
from marketplace.models import WebhookCall
from portal.core.metrics import Figure


def figures() -> list[Figure]:
    """Return how many calls wait, how many were tried in vain, and how old the first is (one partial index)."""
    waiting = WebhookCall.objects.filter(status=CallStatus.WAITING).aggregate(
        count=Count("pk"), failing=Count("pk", filter=Q(attempts__gt=0)), first=Min("created_at")
    )
    age = max((timezone.now() - waiting["first"]).total_seconds(), 0.0) if waiting["first"] else 0.0
    return [
        Figure("portal_publisher_calls_waiting", "Calls to publishers that are not yet made.", waiting["count"]),
        Figure("portal_publisher_calls_failing", "Those of them that were tried in vain.", waiting["failing"]),
        Figure("portal_publisher_calls_oldest_seconds", "How long ago the first of them was written.", age),
    ]
