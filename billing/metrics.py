"""Figures about files of usage for Prometheus."""

from django.db.models import Count, Min
from django.utils import timezone

from billing.enums import UsageImportStatus
from billing.models import UsageImport
from portal.core.metrics import Figure


def figures() -> list[Figure]:
    """Return how many files wait for their import, and how old the first is (one partial index)."""
    waiting = UsageImport.objects.filter(status=UsageImportStatus.WAITING).aggregate(
        count=Count("pk"), first=Min("created_at")
    )
    age = max((timezone.now() - waiting["first"]).total_seconds(), 0.0) if waiting["first"] else 0.0
    return [
        Figure("portal_usage_files_waiting", "Files of usage that are not yet imported.", waiting["count"]),
        Figure("portal_usage_files_oldest_seconds", "How long ago the first of them was uploaded.", age),
    ]
