"""The source's answer: seen, accepted with chosen items, declined (T1, T2, T5)."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from django.conf import settings
from django.db import transaction

from customers.enums import PendingOperation
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.queue import enqueue_after_commit
from transfers import queries, rules, statements
from transfers.announcements import announce, settle
from transfers.enums import TransferEvent, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.reasons import Finding, TransferRefused
from transfers.rules.items import product_type_of
from transfers.workflow.requests import close, locked_with_customer, wanted_again

AT_ACCEPTANCE = frozenset({"azure-plan-missing"})  # said of each item instead: the others may go


@transaction.atomic
def accept_transfer(
    *, transfer_id: uuid.UUID, subscription_ids: Collection[uuid.UUID] | None, actor: Actor, now: datetime.datetime
) -> Transfer:
    """Accept a pending request with the chosen items, and start moving them (T1).

    ``subscription_ids`` None: everything of the customer that can move. What belongs to a chosen item comes along.
    Source: "Transfer of billing ownership", overview and notifications; portal reference, sections 6.3 and 6.5.
    Raises: PermissionDenied, TransferRefused: not the source, not pending, a prerequisite, nothing chosen, or an item
    that cannot move (then nothing is accepted).
    """
    actor.require(Permission.TRANSFER_ACCEPT)
    transfer = locked_with_customer(transfer_id)
    rules.check_can_accept(transfer, actor=actor, now=now)
    _check_prerequisites(transfer, now.date())
    if subscription_ids is not None and not subscription_ids:
        raise TransferRefused(Finding("nothing-chosen"))
    return start(transfer, items_of(transfer, subscription_ids, now=now), actor=actor, now=now)


def start(transfer: Transfer, items: list[TransferLineItem], *, actor: Actor, now: datetime.datetime) -> Transfer:
    """Let the items of a checked and locked request begin to move."""
    transfer.status = TransferStatus.IN_PROGRESS
    transfer.accepted_at = transfer.modified_at = now
    transfer.accepted_by_name = actor.name
    transfer.retry_until = now + datetime.timedelta(hours=settings.TRANSFER_RETRY_HOURS)
    transfer.order_id = uuid.uuid4()
    transfer.items_total = len(items)
    transfer.save()
    TransferLineItem.objects.bulk_create(items, batch_size=1000)
    held = Subscription.objects.filter(pk__in=[item.subscription_id for item in items])
    held.update(pending_operation=PendingOperation.TRANSFER)
    settle(transfer, now=now)
    announce(
        TransferEvent.SUBMITTED,
        transfer,
        actor=actor,
        now=now,
        party_details={transfer.source_partner_id: {"items": len(items)}},
    )
    enqueue_after_commit("transfers.process", str(transfer.pk))
    return transfer


@transaction.atomic
def decline_transfer(*, transfer_id: uuid.UUID, reason: str, actor: Actor, now: datetime.datetime) -> Transfer:
    """Say no to a pending request, with a reason that the target reads (T1; our addition, decision 0030).

    Raises: PermissionDenied, TransferRefused.
    """
    actor.require(Permission.TRANSFER_ACCEPT)
    transfer = Transfer.objects.locked(transfer_id)
    rules.check_can_decline(transfer, actor=actor, now=now)
    close(transfer, TransferStatus.DECLINED, TransferEvent.DECLINED, by=actor, now=now, reason=reason)
    return transfer


@transaction.atomic
def mark_seen(*, transfer_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> None:
    """Note when the source first opened a pending request; the target sees the date. Called by a POST of the page."""
    unseen = Transfer.objects.filter(
        pk=transfer_id, source_partner_id=actor.organization_id, status=TransferStatus.PENDING, seen_at__isnull=True
    )
    unseen.update(seen_at=now, seen_by_name=actor.name)


def _check_prerequisites(transfer: Transfer, today: datetime.date) -> None:
    """What held when the request was sent must hold still: a relationship may have ended meanwhile (T6)."""
    checks = rules.prerequisites(wanted_again(transfer, lock=True), on=today)
    red = [one for check in checks for one in check.findings if one.stops and one.code not in AT_ACCEPTANCE]
    if red:
        raise TransferRefused(*(replace(one, url="") for one in red))  # the pages where the target mends it


def items_of(
    transfer: Transfer, subscription_ids: Collection[uuid.UUID] | None, *, now: datetime.datetime
) -> list[TransferLineItem]:
    """Return the items to be moved, unsaved, what others depend on first. The subscriptions stay locked."""
    subscriptions = {row.pk: row for row in queries.source_items(transfer).locked_all()}
    by_name = sorted(subscriptions.values(), key=lambda one: (one.friendly_name, one.pk))
    context = queries.context_of(transfer, by_name, today=now.date())
    if subscription_ids is None:
        chosen = [facts for facts in context.items.values() if rules.can_move(facts, context)]
    else:
        chosen = list(_chosen(subscription_ids, context))
    if not chosen:
        raise TransferRefused(Finding("nothing-chosen"))
    roots: list[TransferLineItem] = []
    others: list[TransferLineItem] = []
    for facts in chosen:
        root = _item(transfer, subscriptions[facts.id], product_type_of(facts), len(roots), now)
        roots.append(root)
        for child in rules.following(facts, context):
            item = _item(transfer, subscriptions[child.id], product_type_of(child, facts), len(others), now)
            item.parent = root
            others.append(item)
    for item in others:
        item.position += len(roots)
    count, limit = len(roots) + len(others), settings.TRANSFER_MAX_LINE_ITEMS
    if count > limit:
        raise TransferRefused(Finding("too-many-items", {"count": count, "limit": limit}))
    return roots + others


def _chosen(subscription_ids: Iterable[uuid.UUID], context: rules.Context) -> Iterator[rules.ItemFacts]:
    """Yield the facts of what was chosen. If one thing cannot move, the acceptance cannot start (section 6.3)."""
    for subscription_id in dict.fromkeys(subscription_ids):
        facts = context.items.get(subscription_id)
        if facts is None:
            raise TransferRefused(Finding("unknown-item"))
        red = [finding for finding in rules.item_findings(facts, context) if finding.stops]
        if red:
            refused = TransferRefused(*red)
            refused.message = f"{facts.friendly_name}: {refused.message}"
            raise refused
        yield facts


def _item(
    transfer: Transfer, subscription: Subscription, product_type: str, position: int, now: datetime.datetime
) -> TransferLineItem:
    statement = statements.item_statement(subscription, now.date())
    differ = transfer.source_partner.currency != transfer.target_partner.currency
    return TransferLineItem(
        transfer=transfer,
        position=position,
        subscription=subscription,
        product_type=product_type,
        product_name=subscription.product_name,
        friendly_name=subscription.friendly_name,
        quantity=subscription.quantity,
        cycle_starts_on=statement.cycle.starts_on if statement.cycle else None,
        cycle_ends_on=statement.cycle.ends_on if statement.cycle else None,
        cycle_amount=statement.amount if statement.cycle else None,
        moved_amount=statement.moved if statement.cycle else None,
        currency=statement.currency,
        ends_early_on=statements.ends_early_on(subscription, now.date()) if differ else None,
        next_attempt_at=now,
    )
