"""Send deliveries again that have ended, however they ended."""

import datetime
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.webhooks import deliveries, queries, rules
from portal.webhooks.announcements import announce
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import WebhookDelivery, WebhookRegistration


@transaction.atomic
def replay_one(*, delivery_id: UUID, actor: Actor, now: datetime.datetime) -> WebhookDelivery:
    """Send one delivery again and return the new one.

    Raises: PermissionDenied, WebhookDelivery.DoesNotExist, rules.WebhookDisabled, rules.NothingToReplay.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    own = WebhookDelivery.objects.filter(registration__in=WebhookRegistration.objects.visible_to(actor))
    delivery = own.get(pk=delivery_id)
    first_id = delivery.replay_of_id or delivery.pk
    _replay([first_id], registration_id=delivery.registration_id, actor=actor, now=now)
    return WebhookDelivery.objects.filter(replay_of_id=first_id).latest("created_at", "pk")


@transaction.atomic
def replay_many(*, registration_id: UUID, wanted: queries.DeliveryFilter, actor: Actor, now: datetime.datetime) -> int:
    """Send everything again that the filter finds and that has ended, each event once; return how many.

    Raises: PermissionDenied, WebhookRegistration.DoesNotExist, rules.WebhookDisabled, rules.NothingToReplay,
    rules.TooMuchToReplay.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    registration = WebhookRegistration.objects.visible_to(actor).get(pk=registration_id)
    chosen = queries.replayable(registration, wanted)[: rules.MOST_REPLAYED + 1]
    return _replay(chosen, registration_id=registration_id, actor=actor, now=now)


def _replay(first_ids: Iterable[UUID], *, registration_id: UUID, actor: Actor, now: datetime.datetime) -> int:
    registration = WebhookRegistration.objects.visible_to(actor).locked(registration_id)  # of two at once, one waits
    rules.check_can_replay(registration)
    firsts = list(queries.ended_firsts(first_ids))
    rules.check_amount_to_replay(len(firsts))
    deliveries.replay(firsts, now=now)
    announce(WebhookEvent.REPLAYED, registration, actor=actor, now=now, after={"deliveries": len(firsts)})
    return len(firsts)
