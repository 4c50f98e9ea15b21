"""Celery entry points of webhooks."""

from celery import shared_task
from django.utils import timezone

from portal.core.queue import enqueue_after_commit
from portal.webhooks import processing
from portal.webhooks.models import WebhookRegistration
from portal.webhooks.workflow import registrations, retention

BATCHES_AT_ONCE = 100  # for one webhook


@shared_task(name="webhooks.deliver")
def deliver() -> None:
    """Deliver what is due; leave what is left after a turn to another task."""
    if processing.deliver_due(clock=timezone.now):
        enqueue_after_commit("webhooks.deliver")


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Deliver what is due again, and what a killed process or an emptied Redis left behind; tell of what stands still.

    Deletes secrets whose overlap with the next one is over.
    """
    now = timezone.now()
    registrations.forget_old_secrets(now=now)
    processing.tell_of_failing(now=now)
    deliver()


@shared_task(name="webhooks.forget_old")
def forget_old() -> None:
    """Delete the deliveries that are older than they are kept, a few hundred in each transaction."""
    now = timezone.now()
    for registration_id in list(WebhookRegistration.objects.order_by("pk").values_list("pk", flat=True)):
        for _batch in range(BATCHES_AT_ONCE):  # the next run goes on
            if retention.forget_deliveries(registration_id=registration_id, now=now) < retention.AT_ONCE:
                break
