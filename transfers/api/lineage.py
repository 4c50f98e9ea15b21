"""A subscription over its owners, each party its own part (T13, X8; not in the original)."""

from typing import Any, NotRequired
from uuid import UUID

from django.http import Http404, HttpResponse
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.resources import Attributes, SelfLinks, attributes, collection, time_text, without_nothing
from transfers.queries.lineage import Neighbor, Part, lineage_of


class LineageNeighbor(TypedDict):
    """The owner before or after; the transfer and the subscription there, as far as the caller may know them."""

    name: str
    movedTime: NotRequired[str]
    transferId: NotRequired[str]
    subscriptionId: NotRequired[str]


class LineagePart(TypedDict):
    """A time in which the subscription belonged to the caller's partner, or was credited to it."""

    subscriptionId: str
    friendlyName: str
    status: str
    quantity: int
    billingOwner: str
    cameFrom: NotRequired[LineageNeighbor]
    wentTo: NotRequired[LineageNeighbor]
    attributes: Attributes


class Lineage(TypedDict):
    totalCount: int
    items: list[LineagePart]
    links: SelfLinks
    attributes: Attributes


@api_requires(Permission.TRANSFER_VIEW, answer=Lineage, tag="Transfers")
def get_lineage(request: ApiRequest, customer_id: UUID, subscription_id: UUID) -> HttpResponse:
    """Get from whom the caller got a subscription and to whom it went, oldest part first (not in the original)."""
    parts = lineage_of(request.actor, subscription_id)
    if any(part.subscription.customer_id != customer_id for part in parts):
        raise Http404
    uri = f"/customers/{customer_id}/subscriptions/{subscription_id}/lineage"
    return json_answer(collection([_part(part) for part in parts], uri=uri))


def _part(part: Part) -> dict[str, Any]:
    row = part.subscription
    value = {
        "subscriptionId": str(row.pk),
        "friendlyName": row.friendly_name,
        "status": str(row.status),
        "quantity": row.quantity,
        "billingOwner": row.billing_owner.organization.name,
        "cameFrom": _neighbor(part.came_from),
        "wentTo": _neighbor(part.went_to),
        "attributes": attributes("SubscriptionLineage"),
    }
    return without_nothing(value)


def _neighbor(neighbor: Neighbor | None) -> dict[str, Any] | None:
    if neighbor is None:
        return None
    value = {
        "name": neighbor.name,
        "movedTime": time_text(neighbor.at) if neighbor.at else None,
        "transferId": str(neighbor.transfer_id) if neighbor.transfer_id else None,
        "subscriptionId": str(neighbor.subscription_id) if neighbor.subscription_id else None,
    }
    return without_nothing(value)
