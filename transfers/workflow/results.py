"""The end of an accepted transfer, and trying again what failed (T10)."""

import datetime
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F

from customers.enums import PendingOperation, SubscriptionStatus
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.audit import log
from portal.audit.models import Outcome
from portal.core.queue import enqueue_after_commit
from transfers import queries, rules
from transfers.announcements import announce
from transfers.enums import LineItemStatus, TransferEvent, TransferStatus
from transfers.models import CommerceFault, Transfer, TransferLineItem
from transfers.reasons import Finding, TransferRefused


@transaction.atomic
def finish_transfer(*, transfer_id: uuid.UUID, now: datetime.datetime) -> Transfer:
    """End a running transfer once every item has moved or failed; does nothing before that, or twice.

    Source: requirement T10; portal reference, section 6.5.
    """
    transfer = Transfer.objects.locked(transfer_id)
    if transfer.status != TransferStatus.IN_PROGRESS or transfer.items_open:
        return transfer
    transfer.status = _outcome(transfer)
    transfer.finished_at = transfer.modified_at = now
    transfer.save(update_fields=["status", "finished_at", "modified_at"])
    has_failed = transfer.status == TransferStatus.FAILED
    announce(
        TransferEvent.FAILED if has_failed else TransferEvent.COMPLETED,
        transfer,
        actor=None,
        now=now,
        details={"items moved": transfer.items_completed, "items failed": transfer.items_failed},
        outcome=Outcome.FAILED if has_failed else Outcome.SUCCEEDED,
    )
    if transfer.items_failed and not has_failed:
        details = {"items failed": transfer.items_failed}
        announce(TransferEvent.ITEM_FAILED, transfer, actor=None, now=now, details=details, outcome=Outcome.FAILED)
    return transfer


def _outcome(transfer: Transfer) -> TransferStatus:
    if transfer.items_failed == 0:
        return TransferStatus.COMPLETED
    return TransferStatus.COMPLETED_WITH_ERRORS if transfer.items_completed else TransferStatus.FAILED


@transaction.atomic
def retry_failed_items(*, transfer_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> Transfer:
    """Try the failed items of a finished transfer again, for another 72 hours, as either partner (section 6.5).

    Items whose subscription went elsewhere or ended meanwhile stay failed.
    Raises: PermissionDenied, TransferRefused.
    """
    actor.require(Permission.TRANSFER_CREATE)
    transfer = Transfer.objects.locked(transfer_id)
    rules.check_can_retry(transfer, actor=actor, now=now)
    failed = TransferLineItem.objects.filter(transfer=transfer, status=LineItemStatus.FAILED)
    free = Subscription.objects.filter(
        pk__in=failed.values("subscription_id"), status=SubscriptionStatus.ACTIVE, pending_operation=""
    )
    ids = list(free.filter(billing_owner_id=transfer.source_partner_id).locked_all().values_list("pk", flat=True))
    Subscription.objects.filter(pk__in=ids).update(pending_operation=PendingOperation.TRANSFER)
    count = failed.filter(subscription_id__in=ids).update(
        status=LineItemStatus.IN_PROGRESS, next_attempt_at=now, last_error="", last_error_params={}
    )
    if not count:
        raise TransferRefused(Finding("transfer-not-retryable", {"status": transfer.get_status_display()}))
    transfer.status = TransferStatus.IN_PROGRESS
    transfer.finished_at = None
    transfer.items_failed = F("items_failed") - count
    transfer.modified_at = now
    transfer.retry_until = now + datetime.timedelta(hours=settings.TRANSFER_RETRY_HOURS)
    transfer.save(update_fields=["status", "finished_at", "items_failed", "modified_at", "retry_until"])
    transfer.refresh_from_db()
    announce(TransferEvent.RETRIED, transfer, actor=actor, now=now, details={"items": count})
    enqueue_after_commit("transfers.process", str(transfer.pk))
    return transfer


@transaction.atomic
def plan_fault(
    *, subscription_id: uuid.UUID, mode: str, amount: int, actor: Actor, now: datetime.datetime
) -> CommerceFault | None:
    """Tell the sandbox's commerce back end what to do with an item when it moves; ``mode`` "" takes it back (X6).

    Raises: PermissionDenied, Http404 outside the sandbox.
    """
    actor.require(Permission.TRANSFER_ACCEPT)
    subscription = queries.sandbox_subscription(actor, subscription_id)
    CommerceFault.objects.filter(subscription=subscription).delete()
    log.record(
        event_type=TransferEvent.FAULT_PLANNED,
        organization_ids=[actor.organization_id],
        subject_type="subscription",
        subject_id=subscription.pk,
        subject_name=subscription.friendly_name,
        actor=actor,
        occurred_at=now,
        customer_id=subscription.customer_id,
        details={"mode": mode, "amount": amount},
    )
    if not mode:
        return None
    return CommerceFault.objects.create(
        subscription=subscription, mode=mode, amount=amount, planned_by_name=actor.name, created_at=now
    )
