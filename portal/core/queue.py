"""Hand work to Celery once the open transaction has committed."""

from dataclasses import dataclass

import structlog
from celery import current_app
from django.db import transaction

from portal.core.pause import Pause

logger = structlog.get_logger(__name__)
PAUSE_SECONDS = 5

away = Pause(PAUSE_SECONDS)


@dataclass(frozen=True)
class _Enqueue:
    """One task to send. Equal ones registered in the same transaction are sent once."""

    task_name: str
    args: tuple[str, ...]
    delay: float = 0.0  # seconds

    def __call__(self) -> None:
        if away:  # the person who clicked has waited once already; the sweeper finds the row
            return
        try:
            current_app.send_task(self.task_name, args=self.args, countdown=self.delay or None, retry=False)
        except Exception as error:  # any broker fault: the row stands in PostgreSQL and the sweeper finds it
            away.start()
            logger.warning("broker_away", task=self.task_name, error=str(error), seconds=PAUSE_SECONDS)


def enqueue_after_commit(task_name: str, *args: str, delay: float = 0.0) -> None:
    """Queue a task by name after the commit; a rollback queues nothing, an absent broker loses nothing.

    ``delay``: seconds that Celery waits, at most a minute; longer waits are a column that the beat schedule sweeps.

    The name instead of the task keeps workflow modules from importing task modules.
    """
    job = _Enqueue(task_name, args, delay)
    if not any(waiting[1] == job for waiting in transaction.get_connection().run_on_commit):
        transaction.on_commit(job)
