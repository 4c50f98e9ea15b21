"""Figures about mails for Prometheus."""

from django.db.models import Count, Min, Q
from django.utils import timezone

from portal.core.metrics import Figure
from portal.notifications.enums import EmailStatus
from portal.notifications.models import OutgoingEmail


def figures() -> list[Figure]:
    """Return how many mails wait, how late the first is, and how many need a person (two partial indexes)."""
    now = timezone.now()
    waiting = OutgoingEmail.objects.filter(status=EmailStatus.WAITING).aggregate(
        count=Count("pk"), due=Count("pk", filter=Q(next_attempt_at__lte=now)), first=Min("next_attempt_at")
    )
    late = max((now - waiting["first"]).total_seconds(), 0.0) if waiting["first"] else 0.0
    return [
        Figure("portal_emails_waiting", "Mails in the outbox that are not yet sent.", waiting["count"]),
        Figure("portal_emails_due", "Mails in the outbox whose time has come.", waiting["due"]),
        Figure("portal_emails_oldest_due_seconds", "How long the first due mail has been due.", late),
        Figure(
            "portal_emails_undelivered",
            "Mails that failed or may have failed, and that nobody has settled.",
            OutgoingEmail.objects.undelivered().count(),
        ),
    ]
