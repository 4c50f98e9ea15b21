"""A request until the source answers: prepared, sent, canceled, reminded of, expired (T1, T3, T6, T11)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.http import Http404

from customers.models import Customer, ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from transfers import rules
from transfers.announcements import announce, settle
from transfers.enums import TransferEvent, TransferStatus
from transfers.models import Transfer
from transfers.reasons import Finding, TransferRefused

BATCH = 200


@dataclass(frozen=True)
class Request:
    """What the target writes into a request. ``product_types`` empty: all kinds of items."""

    customer_id: uuid.UUID
    source_tenant_id: uuid.UUID
    customer_name: str
    customer_email: str
    customer_language: str = "en"
    source_partner_name: str = ""
    partner_on_record: str = ""
    product_types: Sequence[str] = ()
    wishes: Sequence[str] = ()
    note: str = ""
    target_partner_email: str = ""
    wire_type: int = 3

    def values(self) -> dict[str, object]:
        """The columns of a transfer that are written as they come."""
        lists = {"product_types": list(self.product_types), "wishes": list(self.wishes)}
        found_again = {"customer_id", "source_tenant_id"}  # written as the rows that the rules read
        return {name: value for name, value in vars(self).items() if name not in found_again} | lists


@transaction.atomic
def create_transfer(
    *, request: Request, actor: Actor, now: datetime.datetime, transfer_id: uuid.UUID | None = None
) -> Transfer:
    """Ask the source for the billing ownership of what the customer has there (T1); the target does.

    ``transfer_id``: the id the request is to have; sent twice with one id it is one request.
    Source: "Transfer of billing ownership", prerequisites; portal reference, sections 6.4.2 and 6.9.
    Raises: PermissionDenied, Http404 (no customer of the actor's), TransferRefused with all that stops it.
    """
    actor.require(Permission.TRANSFER_CREATE)
    wanted = wanted_of(request, target=_partner(actor.organization_id), actor=actor, lock=True)
    if (same := _written_already(transfer_id, request, actor)) is not None:
        return same
    rules.check_prerequisites(wanted, on=now.date())
    transfer = _build(request, wanted, actor=actor, now=now, transfer_id=transfer_id)
    _send(transfer, now=now)
    transfer.save(force_insert=True)
    announce(TransferEvent.CREATED, transfer, actor=actor, now=now)
    return transfer


@transaction.atomic
def prepare_draft(
    *, request: Request, actor: Actor, now: datetime.datetime, transfer_id: uuid.UUID | None = None
) -> Transfer:
    """Let an indirect reseller write the request that its provider is to send (T3).

    ``transfer_id``: as of ``create_transfer``.
    Raises: PermissionDenied, Http404, TransferRefused (reseller-cannot-send where the actor is no reseller's).
    """
    actor.require(Permission.TRANSFER_CREATE)
    own = ResellerRelationship.objects.active().filter(partner_id=actor.organization_id, counterpart__isnull=False)
    row = own.filter(customer_id=request.customer_id).select_related("counterpart__organization").first()
    if row is None or row.counterpart is None:
        raise Http404
    wanted = wanted_of(request, target=row.counterpart, actor=None, lock=True)
    if wanted.reseller is not None and wanted.reseller.pk != actor.organization_id:
        raise TransferRefused(Finding("partner-on-record-not-reseller", {"partner_id": request.partner_on_record}))
    if (same := _written_already(transfer_id, request, actor)) is not None:
        return same
    rules.check_prerequisites(wanted, on=now.date())
    transfer = _build(request, wanted, actor=actor, now=now, transfer_id=transfer_id)
    transfer.status = TransferStatus.DRAFT
    transfer.save(force_insert=True)
    announce(TransferEvent.DRAFTED, transfer, actor=actor, now=now)
    return transfer


@transaction.atomic
def send_draft(*, transfer_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> Transfer:
    """Send what the reseller prepared, as its provider. Raises: PermissionDenied, TransferRefused."""
    actor.require(Permission.TRANSFER_CREATE)
    transfer = locked_with_customer(transfer_id)
    rules.check_can_send_draft(transfer, actor=actor, now=now)
    rules.check_prerequisites(wanted_again(transfer, lock=True), on=now.date())
    _send(transfer, now=now)
    transfer.save(update_fields=["status", "sent_at", "expires_at", "modified_at"])
    settle(transfer, now=now)
    announce(TransferEvent.CREATED, transfer, actor=actor, now=now)
    return transfer


@transaction.atomic
def delete_draft(*, transfer_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> None:
    """Throw away a prepared request, as the reseller or its provider. Raises: PermissionDenied, TransferRefused."""
    actor.require(Permission.TRANSFER_CREATE)
    transfer = Transfer.objects.locked(transfer_id)
    rules.check_can_delete_draft(transfer, actor=actor, now=now)
    settle(transfer, now=now)
    announce(TransferEvent.DRAFT_DELETED, transfer, actor=actor, now=now)
    transfer.delete()


@transaction.atomic
def cancel_transfer(*, transfer_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> Transfer:
    """Take a pending request back, as its target; from then on the source cannot accept (T11).

    Raises: PermissionDenied, TransferRefused (not-the-target, transfer-not-pending, transfer-expired).
    """
    actor.require(Permission.TRANSFER_CREATE)
    transfer = Transfer.objects.locked(transfer_id)
    rules.check_can_cancel(transfer, actor=actor, now=now)
    close(transfer, TransferStatus.CANCELED, TransferEvent.CANCELED, by=actor, now=now)
    return transfer


def close_without_relationship(
    *, partner_ids: Sequence[uuid.UUID], customer_id: uuid.UUID, actor: Actor | None, now: datetime.datetime
) -> None:
    """Cancel pending requests of partners whose relationship with the customer has just ended (section 6.5).

    Called inside the transaction that ends it (setting AFTER_RELATIONSHIP_REMOVED), the customer's row locked.
    """
    pending = Transfer.objects.filter(status=TransferStatus.PENDING, customer_id=customer_id)
    pending = pending.filter(target_partner_id__in=partner_ids) | pending.filter(source_partner_id__in=partner_ids)
    for transfer in pending.select_for_update(of=("self",), no_key=True).order_by("pk"):
        reason = "relationship-removed"
        close(transfer, TransferStatus.CANCELED, TransferEvent.CANCELED, by=actor, now=now, reason=reason)


def expire_transfers(*, now: datetime.datetime) -> int:
    """Expire the requests that nobody answered in time; returns how many (T11). Safe to run at the same time."""
    expired = 0
    while True:
        with transaction.atomic():
            due = Transfer.objects.filter(status=TransferStatus.PENDING, expires_at__lte=now).order_by("expires_at")
            batch = list(due.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH])
            for transfer in batch:
                close(transfer, TransferStatus.EXPIRED, TransferEvent.EXPIRED, by=None, now=now)
        expired += len(batch)
        if len(batch) < BATCH:
            return expired


def remind_transfers(*, now: datetime.datetime) -> int:
    """Remind the sources of requests that expire soon, once each; returns how many."""
    soon = now + datetime.timedelta(days=settings.TRANSFER_REMINDER_DAYS)
    due = Transfer.objects.filter(
        status=TransferStatus.PENDING, expires_at__lte=soon, expires_at__gt=now, reminded_at__isnull=True
    )
    reminded = 0
    while True:
        with transaction.atomic():
            rows = due.order_by("expires_at", "pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
            batch = list(rows[:BATCH])
            for transfer in batch:
                transfer.reminded_at = now
                transfer.save(update_fields=["reminded_at"])
                announce(TransferEvent.EXPIRING, transfer, actor=None, now=now)
        reminded += len(batch)
        if len(batch) < BATCH:
            return reminded


def close(
    transfer: Transfer,
    status: TransferStatus,
    event_type: TransferEvent,
    *,
    by: Actor | None,
    now: datetime.datetime,
    reason: str = "",
) -> None:
    """End a locked pending request before anything moves."""
    transfer.status = status
    transfer.closed_at = transfer.modified_at = now
    transfer.closed_by_name = by.name if by else ""
    transfer.close_reason = reason
    transfer.save(update_fields=["status", "closed_at", "modified_at", "closed_by_name", "close_reason"])
    settle(transfer, now=now)
    announce(event_type, transfer, actor=by, now=now, details={"reason": reason} if reason else None)


def locked_with_customer(transfer_id: uuid.UUID) -> Transfer:
    """Return the transfer, its customer's row locked before its own: relationships cannot end meanwhile."""
    customer_id = Transfer.objects.values_list("customer_id", flat=True).get(pk=transfer_id)
    Customer.objects.locked(customer_id)
    return Transfer.objects.locked(transfer_id)


def wanted_again(transfer: Transfer, *, lock: bool = False) -> rules.Wanted:
    """Return a stored request as the checklist reads it, fresh from the database.

    ``lock``: the target's kind and agreement stay as they are until the open transaction ends.
    """
    partners = Partner.objects.select_related("organization")
    held = Partner.objects.held if lock else lambda pk: partners.get(pk=pk)
    return rules.Wanted(
        customer=Customer.objects.select_related("organization").get(pk=transfer.customer_id),
        target=held(transfer.target_partner_id),
        source_tenant_id=transfer.source_partner_id,
        partner_on_record=transfer.partner_on_record,
        product_types=frozenset(transfer.product_types),
        wishes=tuple(transfer.wishes),
        own_id=transfer.pk,
    )


def wanted_of(request: Request, *, target: Partner, actor: Actor | None, lock: bool = False) -> rules.Wanted:
    """Return a new request as the checklist reads it. Raises: Http404, unless the customer is known to the actor."""
    if actor is not None and not _knows(actor, request.customer_id):
        raise Http404
    customers = Customer.objects.select_related("organization")
    customer = Customer.objects.locked(request.customer_id) if lock else customers.get(pk=request.customer_id)
    return rules.Wanted(
        customer=customer,
        target=target,
        source_tenant_id=request.source_tenant_id,
        partner_on_record=request.partner_on_record,
        product_types=frozenset(request.product_types),
        wishes=tuple(request.wishes),
    )


def _knows(actor: Actor, customer_id: uuid.UUID) -> bool:
    """A partner asks only for customers it has, or had, a relationship with: others do not exist for it."""
    return ResellerRelationship.objects.filter(partner_id=actor.organization_id, customer_id=customer_id).exists()


def _partner(partner_id: uuid.UUID) -> Partner:
    """Return the target; its kind and agreement stay as they are until the transaction ends."""
    return Partner.objects.held(partner_id)


def _written_already(transfer_id: uuid.UUID | None, request: Request, actor: Actor) -> Transfer | None:
    """Return the request that a form sent twice has made already. Raises: Http404 for the id of any other."""
    found = Transfer.objects.filter(pk=transfer_id).first() if transfer_id else None
    if found and (found.created_by_id, found.customer_id) != (actor.user_id, request.customer_id):
        raise Http404
    return found


def _build(
    request: Request,
    wanted: rules.Wanted,
    *,
    actor: Actor,
    now: datetime.datetime,
    transfer_id: uuid.UUID | None,
) -> Transfer:
    source, reseller = rules.resolve(wanted)
    return Transfer(
        id=transfer_id or uuid.uuid4(),
        customer=wanted.customer,
        source_partner=source,
        target_partner=wanted.target,
        reseller=reseller,
        created_by_id=actor.user_id,
        created_by_name=actor.name,
        created_at=now,
        modified_at=now,
        **request.values(),
    )


def _send(transfer: Transfer, *, now: datetime.datetime) -> None:
    """Start the clock of a request: it dies after 30 days (section 6.5)."""
    transfer.status = TransferStatus.PENDING
    transfer.sent_at = transfer.modified_at = now
    transfer.expires_at = now + datetime.timedelta(days=settings.TRANSFER_LIFETIME_DAYS)
