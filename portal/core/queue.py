"""Hand work to Celery once the open transaction has committed."""

from dataclasses import dataclass

import structlog
from celery import current_app
from django.db import transaction

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Enqueue:
    """One task to send. Equal ones registered in the same transaction are sent once."""

    task_name: str
    args: tuple[str, ...]

    def __call__(self) -> None:
        try:
            current_app.send_task(self.task_name, args=self.args, retry=False)
        except Exception as error:  # any broker fault: the row stands in PostgreSQL and the sweeper finds it
            logger.warning("broker_away", task=self.task_name, error=str(error))


def enqueue_after_commit(task_name: str, *args: str) -> None:
    """Queue a task by name after the commit; a rollback queues nothing, an absent broker loses nothing.

    The name instead of the task keeps workflow modules from importing task modules.
    """
    job = _Enqueue(task_name, args)
    if not any(waiting[1] == job for waiting in transaction.get_connection().run_on_commit):
        transaction.on_commit(job)
