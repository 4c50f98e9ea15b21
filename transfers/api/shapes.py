"""What a transfer looks like on the wire, to each of its parties (API reference, sections 2.4, 2.7 and 2.8).

Which party sees which field is decided by ``transfers.queries.visibility`` alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired
from uuid import UUID

from typing_extensions import TypedDict

from customers.wire import billing_cycle
from portal.accounts.actor import Actor
from portal.api.resources import Attributes, CollectionLinks, SelfLinks, attributes, self_links, time_text
from transfers import queries
from transfers.api.bodies import PRODUCT_TYPES
from transfers.enums import TYPE_OF_FAMILY, Level, LineItemStatus, Party, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.queries.preflight import Preflight
from transfers.reasons import Finding
from transfers.views.item_rows import error_text
from transfers.views.wording import close_reason
from transfers.wire_codes import NUMBERS

STATUSES = {
    TransferStatus.PENDING: "Pending",
    TransferStatus.IN_PROGRESS: "InProgress",
    TransferStatus.COMPLETED: "Complete",
    TransferStatus.COMPLETED_WITH_ERRORS: "PartiallyComplete",
    TransferStatus.FAILED: "Failed",
    TransferStatus.CANCELED: "Canceled",
    TransferStatus.DECLINED: "Declined",
    TransferStatus.EXPIRED: "Expired",
}
ITEM_STATUSES = {
    LineItemStatus.NOT_STARTED: "Pending",
    LineItemStatus.IN_PROGRESS: "InProgress",
    LineItemStatus.COMPLETED: "Complete",
    LineItemStatus.FAILED: "Failed",
}
TYPE_NAMES = {kind: name for name, kind in PRODUCT_TYPES.items()}
INCOMING, OUTGOING = 1, 2  # as the caller sees the request
ELIGIBILITY = {Level.GREEN: "can", Level.AMBER: "warning", Level.RED: "cannot"}


class LineItemAnswer(TypedDict):
    id: int
    subscriptionId: str
    productType: str
    quantity: int
    billingCycle: NotRequired[str]
    friendlyName: str
    status: str
    transferError: NotRequired[str]
    orderId: NotRequired[str]
    targetSubscriptionId: NotRequired[str]


class TransferAnswer(TypedDict):
    """A TransferEntity. The odd case of ``partnertenantid`` is the original's."""

    id: str
    status: str
    transferType: int
    customerEmailId: str
    createdTime: str
    lastModifiedTime: str
    expirationTime: str
    completedTime: NotRequired[str]
    customerName: str
    customerTenantId: str
    partnertenantid: str
    sourcePartnerName: str
    sourcePartnerTenantId: str
    targetPartnerName: str
    targetPartnerTenantId: str
    targetPartnerEmailId: NotRequired[str]
    targetProductTypes: NotRequired[list[str]]
    partnerOnRecord: NotRequired[str]
    transferDirection: int
    ignoreEligibilityCheck: bool
    lineItems: NotRequired[list[LineItemAnswer]]
    agreedItems: NotRequired[list[str]]
    note: NotRequired[str]
    statusReason: NotRequired[str]
    links: SelfLinks
    attributes: Attributes


class TransferCollection(TypedDict):
    totalCount: int
    items: list[TransferAnswer]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


class EligibilityReason(TypedDict):
    code: str
    errorCode: NotRequired[int]
    description: str
    who: NotRequired[str]
    nextStep: NotRequired[str]


class EligibilityItem(TypedDict):
    subscriptionId: str
    friendlyName: str
    productType: NotRequired[str]
    eligibility: str
    isEligible: bool
    reasons: list[EligibilityReason]
    movesAlong: list[str]


class EligibilityCollection(TypedDict):
    totalCount: int
    items: list[EligibilityItem]
    links: SelfLinks
    attributes: Attributes


def transfer(row: Transfer, actor: Actor, items: Sequence[TransferLineItem] = ()) -> dict[str, Any]:
    """Return a transfer as one of its parties sees it. Long because it names every property of the resource."""
    party = queries.party_of(row, actor)
    fields = queries.shown(row, party)
    moments = [fields.get(name) for name in ("sent_at", "accepted_at", "closed_at", "finished_at")]
    value = {
        "id": str(row.pk),
        "status": STATUSES[TransferStatus(row.status)],
        "transferType": row.wire_type,
        "customerEmailId": fields["customer_email"],
        "createdTime": time_text(fields["sent_at"]),
        "lastModifiedTime": time_text(max(moment for moment in moments if moment)),
        "expirationTime": time_text(fields["expires_at"]),
        "customerName": fields["customer_name"],
        "customerTenantId": str(row.customer_id),
        "partnertenantid": str(actor.organization_id),
        "sourcePartnerName": fields["source_partner_name"] or row.source_partner.organization.name,
        "sourcePartnerTenantId": str(row.source_partner_id),
        "targetPartnerName": row.target_partner.organization.name,
        "targetPartnerTenantId": str(row.target_partner_id),
        "transferDirection": INCOMING if party == Party.SOURCE else OUTGOING,
        "ignoreEligibilityCheck": False,
    }
    optional = {
        "completedTime": time_text(fields["finished_at"]) if fields["finished_at"] else None,
        "targetPartnerEmailId": fields["target_partner_email"],
        "targetProductTypes": [TYPE_NAMES[kind] for kind in TYPE_NAMES if kind in row.product_types],
        "partnerOnRecord": fields.get("partner_on_record"),
        "lineItems": [_line_item(item, party, fields) for item in items],
        "agreedItems": fields["wishes"],
        "note": fields["note"],
        "statusReason": close_reason(fields["close_reason"]),
    }
    value |= {name: part for name, part in optional.items() if part}
    address = f"/customers/{row.customer_id}/transfers/{row.pk}"
    return value | {"links": self_links(address), "attributes": attributes("TransferEntity")}


def _line_item(item: TransferLineItem, party: Party, transfer_fields: Mapping[str, Any]) -> dict[str, Any]:
    """One item, under the identifier it had at the source; ``targetSubscriptionId`` is what it became."""
    fields, status = queries.shown_item(item, party), LineItemStatus(item.status)
    arrived = fields.get("new_subscription_id")
    seen = item.subscription if party == Party.SOURCE else item.new_subscription if arrived else None
    value = {
        "id": fields["position"],
        "subscriptionId": str(fields["subscription_id"]),
        "productType": TYPE_NAMES[fields["product_type"]],
        "quantity": fields["quantity"],
        "billingCycle": billing_cycle(seen) if seen else None,
        "friendlyName": fields["friendly_name"],
        "status": ITEM_STATUSES[status],
        "transferError": error_text(fields, status) if fields["last_error"] else None,
        "orderId": str(transfer_fields["order_id"]) if arrived and transfer_fields.get("order_id") else None,
        "targetSubscriptionId": str(arrived) if arrived else None,
    }
    return {name: part for name, part in value.items() if part is not None}


def eligibility(found: Preflight) -> list[dict[str, Any]]:
    """Return what the rules say of every item at the source, those that can move first."""
    return [_eligible(found, item_id) for group in found.groups for item_id in group.item_ids]


def _eligible(found: Preflight, item_id: UUID) -> dict[str, Any]:
    item, level = found.context.items[item_id], found.level(item_id)
    kind = TYPE_OF_FAMILY.get(item.family)
    value = {
        "subscriptionId": str(item_id),
        "friendlyName": item.friendly_name,
        "productType": TYPE_NAMES[kind] if kind else None,
        "eligibility": ELIGIBILITY[level],
        "isEligible": level != Level.RED,
        "reasons": [_reason(finding) for finding in found.findings[item_id]],
        "movesAlong": [str(child.id) for child in found.following(item_id)],
    }
    return {name: part for name, part in value.items() if part is not None}


def _reason(finding: Finding) -> dict[str, Any]:
    value = {
        "code": finding.code,
        "errorCode": NUMBERS[finding.code][0] if finding.stops else 0,
        "description": finding.message,
        "who": finding.who,
        "nextStep": finding.next_step,
    }
    return {name: part for name, part in value.items() if part}
