"""What the API reads of transfers: sent ones only, for the original knows no drafts."""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.http import Http404

from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.core.pages import Page, keyset_page
from transfers.enums import TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.queries.lists import DEFAULT_ORDER, ORDERS, rows_of
from transfers.queries.visibility import party_of, sees
from transfers.reasons import Finding, TransferRefused


def sent_transfers(actor: Actor) -> QuerySet[Transfer]:
    """Return the transfers of the actor's organization that the API speaks of."""
    return rows_of(actor).exclude(status=TransferStatus.DRAFT)


def transfer_of_customer(actor: Actor, customer_id: uuid.UUID, transfer_id: uuid.UUID) -> Transfer:
    """Return a transfer by both ids. Raises: TransferRefused (transfer-not-found), also for those of others."""
    transfer = sent_transfers(actor).filter(pk=transfer_id, customer_id=customer_id).first()
    if transfer is None:
        raise TransferRefused(Finding("transfer-not-found"))
    return transfer


def transfers_of_customer(actor: Actor, customer_id: uuid.UUID) -> list[Transfer]:
    """Return all of a customer's transfers that concern the actor, newest first.

    Raises: Http404 where there are none and the customer never was the actor's.
    """
    rows = list(sent_transfers(actor).filter(customer_id=customer_id).order_by(*ORDERS[DEFAULT_ORDER]))
    if not rows and customer_known_to(actor, customer_id) is None:
        raise Http404
    return rows


def transfer_page(actor: Actor, condition: Q, *, cursor: str, size: int) -> Page[Transfer]:
    """Return one page of the actor's transfers over all customers, newest first. Raises: BadCursor."""
    return keyset_page(sent_transfers(actor).filter(condition), order=ORDERS[DEFAULT_ORDER], cursor=cursor, size=size)


def drafts(actor: Actor) -> QuerySet[Transfer]:
    """Return what resellers prepared: those of the actor's organization, and those its provider is to send."""
    return rows_of(actor).filter(status=TransferStatus.DRAFT)


def draft_of_customer(actor: Actor, customer_id: uuid.UUID, transfer_id: uuid.UUID) -> Transfer:
    """Return a draft by both ids. Raises: TransferRefused (transfer-not-found)."""
    transfer = drafts(actor).filter(pk=transfer_id, customer_id=customer_id).first()
    if transfer is None:
        raise TransferRefused(Finding("transfer-not-found"))
    return transfer


def items_of(transfers: Iterable[Transfer], actor: Actor) -> dict[uuid.UUID, list[TransferLineItem]]:
    """Return the items that the actor's organization sees of these transfers, in order: one query for all."""
    visible = [row.pk for row in transfers if sees(party_of(row, actor), "items_total", row) and row.items_total]
    found: defaultdict[uuid.UUID, list[TransferLineItem]] = defaultdict(list)
    if visible:
        items = TransferLineItem.objects.filter(transfer_id__in=visible).order_by("transfer_id", "position")
        for item in items.select_related("subscription", "new_subscription"):
            found[item.transfer_id].append(item)
    return found


def customer_known_to(actor: Actor, customer_id: uuid.UUID) -> Organization | None:
    """Return a customer that the actor's organization has, or had, a relationship with; ``None`` for all others."""
    rows = ResellerRelationship.objects.filter(partner_id=actor.organization_id, customer_id=customer_id)
    row = rows.select_related("customer__organization").first()
    return row.customer.organization if row else None
