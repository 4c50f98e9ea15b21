"""Figures about the activity log for Prometheus."""

from django.db.models import Count, Min
from django.utils import timezone

from portal.audit.models import UnsealedEvent
from portal.core.metrics import Figure


def figures() -> list[Figure]:
    """Return how many events wait for their seal, and how long the first has waited (a table that is nearly empty)."""
    waiting = UnsealedEvent.objects.aggregate(count=Count("pk"), first=Min("queued_at"))
    age = max((timezone.now() - waiting["first"]).total_seconds(), 0.0) if waiting["first"] else 0.0
    return [
        Figure("portal_events_unsealed", "Events of the activity log that wait for their seal.", waiting["count"]),
        Figure("portal_events_oldest_unsealed_seconds", "How long the first of them has waited.", age),
    ]
