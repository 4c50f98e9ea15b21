"""What the form of a new request starts from: the customer, who sends, whose PartnerID, an earlier request (6.4.2)."""

import uuid
from dataclasses import dataclass

from django.http import Http404

from customers.models import ResellerRelationship
from customers.queries import customer_of
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Partner, PartnerLocation
from transfers.enums import CLOSED_STATUSES, FINISHED_STATUSES, LineItemStatus, Party
from transfers.models import MAX_WISHES, Transfer, TransferLineItem
from transfers.queries.lists import transfer_of
from transfers.queries.visibility import party_of

PARTNER_IDS_OFFERED = 300  # more are typed


@dataclass(frozen=True)
class Sender:
    """On whose behalf a request is written: ``target`` sends it, ``is_draft`` if that is the reseller's provider."""

    relationship: ResellerRelationship
    target: Partner
    is_draft: bool

    @property
    def names_reseller(self) -> bool:
        return self.target.organization.kind == OrganizationKind.INDIRECT_PROVIDER


def sender_for(actor: Actor, customer_id: uuid.UUID) -> Sender:
    """Return who will send a request for one of the actor's customers. Raises: Http404."""
    relationship = customer_of(actor, customer_id)
    is_draft = actor.organization_kind == OrganizationKind.INDIRECT_RESELLER
    target_id = relationship.counterpart_id if is_draft else actor.organization_id
    target = Partner.objects.select_related("organization").filter(pk=target_id).first()
    if target is None:
        raise Http404
    return Sender(relationship=relationship, target=target, is_draft=is_draft)


def partner_ids_for(actor: Actor, sender: Sender) -> list[PartnerLocation]:
    """Return the PartnerIDs that may land on the moved items: a reseller's own, or those of a provider's resellers.

    One more than PARTNER_IDS_OFFERED at most; the headquarters of each reseller first.
    """
    if not sender.names_reseller:
        return []
    found = PartnerLocation.objects.select_related("partner__organization")
    if sender.is_draft:
        found = found.filter(partner_id=actor.organization_id)
    else:
        found = found.filter(
            partner__provider_partnerships__provider_id=actor.organization_id,
            partner__provider_partnerships__status=PartnershipStatus.ACTIVE,
        )
    order = ("partner__organization__name_key", "-is_headquarters", "partner_id_number")
    return list(found.order_by(*order)[: PARTNER_IDS_OFFERED + 1])


def request_to_repeat(actor: Actor, transfer_id: uuid.UUID, customer_id: uuid.UUID) -> Transfer:
    """Return an ended request that the actor's company sent, to be sent again. Raises: Http404."""
    transfer = transfer_of(actor, transfer_id)
    is_own = party_of(transfer, actor) in (Party.TARGET, Party.RESELLER)
    is_over = transfer.status in CLOSED_STATUSES | FINISHED_STATUSES
    if transfer.customer_id != customer_id or not is_own or not is_over:
        raise Http404
    return transfer


def request_to_reverse(actor: Actor, transfer_id: uuid.UUID, customer_id: uuid.UUID) -> tuple[Transfer, list[str]]:
    """Return a transfer that took items from the actor's company, with the names of what moved. Raises: Http404."""
    transfer = transfer_of(actor, transfer_id)
    is_own = party_of(transfer, actor) == Party.SOURCE
    if transfer.customer_id != customer_id or not is_own or transfer.status not in FINISHED_STATUSES:
        raise Http404
    moved = TransferLineItem.objects.filter(transfer=transfer, status=LineItemStatus.COMPLETED, parent__isnull=True)
    return transfer, list(moved.order_by("position").values_list("friendly_name", flat=True)[:MAX_WISHES])
