"""Webhooks, events and deliveries for tests, and what makes the calls that are due."""

import itertools

from portal.accounts.enums import Role
from portal.audit import log
from portal.webhooks import deliveries, processing
from portal.webhooks.models import WebhookDelivery
from portal.webhooks.workflow import registrations
from tests.factories import NOON, make_actor, make_partner

EVENT = "create-transfer"
_numbers = itertools.count(1)


def register(url, *, organization=None, events=(EVENT,), now=NOON):
    """A webhook of a new partner, with its secret."""
    actor = make_actor(organization or make_partner(), Role.ADMIN_AGENT)
    return registrations.register(url=url, event_types=events, known=events, actor=actor, now=now)


def happen(registration, name=EVENT, *, subject_id="", now=NOON):
    """An event of the webhook's organization; return its delivery, if the webhook listens."""
    event = log.record(
        event_type=name,
        organization_ids=[registration.organization_id],
        subject_type="transfer",
        subject_id=subject_id or f"subject-{next(_numbers)}",
        actor=None,
        occurred_at=now,
    )
    deliveries.queue(event)
    return WebhookDelivery.objects.filter(event=event).first()


def deliver(now=NOON):
    """Make the calls that are due."""
    return processing.deliver_due(clock=lambda: now)
