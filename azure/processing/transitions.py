"""Work through started transitions, one subscription after the other; what a killed process left is found again."""

import datetime
from collections.abc import Callable
from uuid import UUID

import structlog

from azure.enums import TransitionStatus
from azure.models import PlanTransition, TransitionItem
from azure.workflow.transitions import convert_item, finish_transition
from portal.core.queue import enqueue_after_commit

Clock = Callable[[], datetime.datetime]
LATE = datetime.timedelta(minutes=2)

logger = structlog.get_logger(__name__)


def process_transition(*, transition_id: UUID, clock: Clock) -> PlanTransition:
    """Convert what is open of one transition, and end it. May run twice, and at the same time."""
    open_items = TransitionItem.objects.filter(transition_id=transition_id, status=TransitionStatus.RUNNING)
    for item_id in open_items.order_by("pk").values_list("pk", flat=True):
        convert_item(item_id=item_id, now=clock())
    return finish_transition(transition_id=transition_id, now=clock())


def sweep(*, now: datetime.datetime) -> int:
    """Queue every transition that should have ended by now; say how many."""
    late = PlanTransition.objects.filter(status=TransitionStatus.RUNNING, started_at__lte=now - LATE)
    ids = list(late.order_by("started_at", "pk").values_list("pk", flat=True))
    for transition_id in ids:
        enqueue_after_commit("azure.process_transition", str(transition_id))
    if ids:
        logger.info("transitions_found_again", count=len(ids))
    return len(ids)
