"""What the bell and the Action Center show."""

from django.db.models import Q

from portal.accounts.actor import Actor
from portal.notifications.models import ACTION_KINDS, ActionItem

COUNTER_LIMIT = 100


def open_action_count(actor: Actor) -> int:
    """Count the actor's open actions, and stop at 100: the bell shows "99+" (one query)."""
    archived = Q(marks__user_id=actor.user_id, marks__archived_at__isnull=False)
    items = ActionItem.objects.visible_to(actor).filter(kind__in=ACTION_KINDS, completed_at__isnull=True)
    return items.exclude(archived)[:COUNTER_LIMIT].count()
