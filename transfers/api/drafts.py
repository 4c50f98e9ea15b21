"""What a reseller prepares and its provider sends, and what else the pages show (T3, X3; not in the original)."""

from typing import Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from typing_extensions import TypedDict

from customers import queries as customer_queries
from customers.models import Customer
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import body_of
from portal.api.resources import (
    Attributes,
    SelfLinks,
    attributes,
    collection,
    date_text,
    self_links,
    time_text,
    without_nothing,
)
from transfers import workflow
from transfers.api import shapes, transfers
from transfers.api.bodies import CreateBody
from transfers.models import Transfer
from transfers.queries import wire
from transfers.queries.details import detail_of, totals
from transfers.queries.lists import DEFAULT_ORDER, ORDERS
from transfers.queries.preflight import preflight

TAG = "Transfers"
KINDS = {"transferType": "The original's older kinds, such as directToIndirect; makes no difference here."}


class DraftAnswer(TypedDict):
    """A prepared request: neither the current partner nor the customer knows of it."""

    id: str
    status: str
    transferType: int
    customerEmailId: str
    customerLanguage: str
    createdTime: str
    createdBy: str
    customerName: str
    customerTenantId: str
    sourcePartnerName: str
    sourcePartnerTenantId: str
    targetPartnerName: str
    targetPartnerTenantId: str
    targetProductTypes: NotRequired[list[str]]
    partnerOnRecord: NotRequired[str]
    agreedItems: NotRequired[list[str]]
    note: NotRequired[str]
    links: SelfLinks
    attributes: Attributes


class DraftCollection(TypedDict):
    totalCount: int
    items: list[DraftAnswer]
    links: SelfLinks
    attributes: Attributes


class MoneyAnswer(TypedDict):
    currencyCode: str
    items: int
    cycleAmount: str
    movedAmount: str


class StatementAnswer(TypedDict):
    """What moved credits the current partner and charges the new one, by currency."""

    transferId: str
    side: str
    transferDate: NotRequired[str]
    totals: list[MoneyAnswer]
    links: SelfLinks
    attributes: Attributes


class EligibleSubscription(TypedDict):
    id: str
    isEligible: bool
    reason: NotRequired[str]


@api_requires(Permission.TRANSFER_VIEW, answer=DraftCollection, tag=TAG)
def list_drafts(request: ApiRequest) -> HttpResponse:
    """List what is prepared and not sent, of all customers, newest first (not in the original)."""
    rows = wire.drafts(request.actor).order_by(*ORDERS[DEFAULT_ORDER])[:500]
    return json_answer(collection([_draft(row) for row in rows], uri="/transferdrafts"))


@api_requires(Permission.TRANSFER_CREATE, body=CreateBody, answer=DraftAnswer, status=201, tag=TAG)
def create_draft(request: ApiRequest, customer_id: UUID) -> HttpResponse:
    """Prepare a request as an indirect reseller; its provider checks and sends it (not in the original)."""
    wanted = transfers.wanted_by(request, customer_id, body_of(request, CreateBody))
    created = workflow.prepare_draft(request=wanted, actor=request.actor, now=timezone.now())
    return json_answer(_draft(wire.draft_of_customer(request.actor, customer_id, created.pk)), status=201)


@api_requires(Permission.TRANSFER_VIEW, answer=DraftAnswer, tag=TAG)
def get_draft(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Get what is prepared (not in the original)."""
    return json_answer(_draft(wire.draft_of_customer(request.actor, customer_id, transfer_id)))


@api_requires(Permission.TRANSFER_CREATE, status=204, tag=TAG)
def delete_draft(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Throw away what is prepared, as the reseller or its provider (not in the original)."""
    draft = wire.draft_of_customer(request.actor, customer_id, transfer_id)
    workflow.delete_draft(transfer_id=draft.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


@api_requires(Permission.TRANSFER_CREATE, answer=shapes.TransferAnswer, tag=TAG)
def send_draft(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Send what a reseller prepared, as its provider; from then on it is a transfer (not in the original)."""
    draft = wire.draft_of_customer(request.actor, customer_id, transfer_id)
    workflow.send_draft(transfer_id=draft.pk, actor=request.actor, now=timezone.now())
    return transfers.answer(request, customer_id, draft.pk)


@api_requires(Permission.TRANSFER_VIEW, answer=StatementAnswer, tag=TAG)
def get_statement(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Get what the moved items credit or charge the caller (not in the original); amounts are texts."""
    transfer = wire.transfer_of_customer(request.actor, customer_id, transfer_id)
    found = detail_of(request.actor, transfer.pk)
    moved = [
        {
            "currencyCode": row.currency,
            "items": row.items,
            "cycleAmount": str(row.amount),
            "movedAmount": str(row.moved),
        }
        for row in totals(found)
    ]
    accepted = transfer.accepted_at if found.shows_money else None
    value = {
        "transferId": str(transfer.pk),
        "side": str(found.party),
        "transferDate": date_text(accepted.date()) if accepted else None,
        "totals": moved,
        "links": self_links(f"/customers/{customer_id}/transfers/{transfer.pk}/statement"),
        "attributes": attributes("TransferStatement"),
    }
    return json_answer(without_nothing(value))


@api_requires(Permission.TRANSFER_VIEW, answer=list[EligibleSubscription], query=KINDS, tag=TAG)
def list_subscriptions(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """List which of a customer's subscriptions with the caller could move to another partner, and why not."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    found = preflight(_to_itself(request, relationship.customer), today=timezone.now().date())
    answer = []
    for group in found.groups:
        for item_id in group.item_ids:
            stops = [finding for finding in found.findings[item_id] if finding.stops]
            value = {"id": str(item_id), "isEligible": not stops, "reason": stops[0].message if stops else None}
            answer.append(without_nothing(value))
    return json_answer(answer)


def _to_itself(request: ApiRequest, customer: Customer) -> Transfer:
    """Return a transfer from a partner to itself, never saved: only the items themselves can refuse."""
    partner = Partner.objects.select_related("organization").get(pk=request.actor.organization_id)
    return Transfer(customer=customer, source_partner=partner, target_partner=partner, product_types=[])


def _draft(row: Transfer) -> dict[str, Any]:
    kinds = [shapes.TYPE_NAMES[kind] for kind in shapes.TYPE_NAMES if kind in row.product_types]
    value = {
        "id": str(row.pk),
        "status": "Draft",
        "transferType": row.wire_type,
        "customerEmailId": row.customer_email,
        "customerLanguage": row.customer_language,
        "createdTime": time_text(row.created_at),
        "createdBy": row.created_by_name,
        "customerName": row.customer_name,
        "customerTenantId": str(row.customer_id),
        "sourcePartnerName": row.source_partner_name or row.source_partner.organization.name,
        "sourcePartnerTenantId": str(row.source_partner_id),
        "targetPartnerName": row.target_partner.organization.name,
        "targetPartnerTenantId": str(row.target_partner_id),
        "targetProductTypes": kinds or None,
        "partnerOnRecord": row.partner_on_record or None,
        "agreedItems": row.wishes or None,
        "note": row.note or None,
        "links": self_links(f"/customers/{row.customer_id}/transferdrafts/{row.pk}"),
        "attributes": attributes("TransferDraft"),
    }
    return without_nothing(value)
