"""Calls to publishers' webhooks: claimed, tried, answered, given up (fulfillment reference, section 4)."""

import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from marketplace.announcements import announce_call
from marketplace.enums import (
    DECIDED_BY_PUBLISHER,
    CallStatus,
    MarketplaceEvent,
    OperationAction,
    OperationStatus,
)
from marketplace.models import Operation, Publisher, SaaSSubscription, WebhookAttempt, WebhookCall
from marketplace.workflow.operations import apply_operation, refuse_operation
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.outgoing import Outcome
from portal.core.queue import enqueue_after_commit

CLAIM = datetime.timedelta(seconds=60)  # longer than one call may take, so that a killed worker's claim runs out


def claim_publisher(*, publisher_id: UUID, now: datetime.datetime) -> bool:
    """Take a publisher's calls for this worker alone: a slow publisher holds up one worker, not all of them."""
    free = Q(calls_claimed_until__isnull=True) | Q(calls_claimed_until__lte=now)
    return bool(Publisher.objects.filter(free, pk=publisher_id).update(calls_claimed_until=now + CLAIM))


def release_publisher(*, publisher_id: UUID) -> None:
    """Let any worker call the publisher again."""
    Publisher.objects.filter(pk=publisher_id).update(calls_claimed_until=None)


@transaction.atomic
def note_answer(
    *, call_id: UUID, url: str, started_at: datetime.datetime, answer: Outcome, now: datetime.datetime
) -> None:
    """Note one try, and let its answer decide what it decides. Noting it twice is harmless: the call is finished."""
    call = WebhookCall.objects.select_related("operation").get(pk=call_id)
    saas = SaaSSubscription.objects.locked(call.operation.saas_id)
    call = WebhookCall.objects.select_for_update(of=("self",), no_key=True).get(pk=call_id)
    WebhookAttempt.objects.create(
        call=call,
        url=url[:500],
        started_at=started_at,
        milliseconds=answer.milliseconds,
        http_status=answer.http_status,
        error=answer.error,
        answer=answer.text[:500],
    )
    if call.status != CallStatus.WAITING:
        return
    call.attempts += 1
    operation = Operation.objects.select_related("plan").get(pk=call.operation_id)
    operation.saas = saas
    if answer.is_success or answer.is_refused:
        _finish_call(call, CallStatus.DELIVERED if answer.is_success else CallStatus.REFUSED, now=now)
        _let_answer_decide(operation, answer, now=now)
    else:
        _try_again_later(call, now=now)


def _let_answer_decide(operation: Operation, answer: Outcome, *, now: datetime.datetime) -> None:
    """2xx: the publisher has ten seconds to refuse; 4xx refuses a change; a reinstatement waits for neither."""
    if operation.status != OperationStatus.IN_PROGRESS:
        return
    if operation.action == OperationAction.REINSTATE:
        apply_operation(operation, actor=None, now=now)
    elif answer.is_success:
        operation.accepts_itself_at = now + datetime.timedelta(seconds=settings.AUTO_ACCEPT_SECONDS)
        operation.save(update_fields=["accepts_itself_at"])
    else:
        code = f"PublisherAnswered{answer.http_status}"
        refuse_operation(operation, code=code, message=answer.text[:300], actor=None, now=now)


def _try_again_later(call: WebhookCall, *, now: datetime.datetime) -> None:
    """Try about every minute for eight hours, then give up (section 4.3)."""
    if now >= call.created_at + datetime.timedelta(hours=settings.PUBLISHER_RETRY_HOURS):
        _finish_call(call, CallStatus.FAILED, now=now)
        announce_call(
            MarketplaceEvent.CALL_FAILED,
            publisher_id=call.publisher_id,
            call_id=call.pk,
            name=call.operation.get_action_display(),
            actor=None,
            now=now,
        )
        return
    call.next_attempt_at = now + datetime.timedelta(seconds=settings.PUBLISHER_RETRY_SECONDS)
    call.save(update_fields=["attempts", "next_attempt_at"])


def _finish_call(call: WebhookCall, status: CallStatus, *, now: datetime.datetime) -> None:
    call.status, call.finished_at, call.next_attempt_at = status, now, None
    call.save(update_fields=["status", "finished_at", "next_attempt_at", "attempts"])


@transaction.atomic
def settle_operation(*, operation_id: UUID, now: datetime.datetime) -> bool:
    """Apply a change that the publisher has agreed to by saying nothing, or fail one it never heard of.

    Return whether anything was settled.
    """
    saas_id = Operation.objects.values_list("saas_id", flat=True).get(pk=operation_id)
    saas = SaaSSubscription.objects.locked(saas_id)
    operation = Operation.objects.select_related("plan").get(pk=operation_id)
    operation.saas = saas
    if operation.status != OperationStatus.IN_PROGRESS:
        return False
    if operation.accepts_itself_at is not None and operation.accepts_itself_at <= now:
        apply_operation(operation, actor=None, now=now)
        return True
    if operation.fails_at is not None and operation.fails_at <= now:
        _drop_call(operation, now=now)
        if operation.action in DECIDED_BY_PUBLISHER:
            refuse_operation(operation, code="PublisherNotReached", actor=None, now=now)
        else:
            apply_operation(operation, actor=None, now=now)
        return True
    return False


def _drop_call(operation: Operation, *, now: datetime.datetime) -> None:
    call = WebhookCall.objects.filter(operation=operation, status=CallStatus.WAITING).first()
    if call is not None:
        _finish_call(call, CallStatus.DROPPED, now=now)


@transaction.atomic
def repeat_call(*, call_id: UUID, actor: Actor, now: datetime.datetime) -> WebhookCall:
    """Send a finished call once more, with the same body and identifier: the publisher tells by it what it has seen.

    Raises: PermissionDenied, WebhookCall.DoesNotExist.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    own = WebhookCall.objects.filter(publisher_id=actor.organization_id).select_related("operation")
    call = own.select_for_update(of=("self",), no_key=True).get(pk=call_id)
    if call.status == CallStatus.WAITING:
        return call
    call.status, call.finished_at, call.next_attempt_at = CallStatus.WAITING, None, now
    call.save(update_fields=["status", "finished_at", "next_attempt_at"])
    announce_call(
        MarketplaceEvent.CALL_REPEATED,
        publisher_id=call.publisher_id,
        call_id=call.pk,
        name=call.operation.get_action_display(),
        actor=actor,
        now=now,
    )
    enqueue_after_commit("marketplace.call_publisher", str(call.publisher_id))
    return call
