"""Create, list, read, accept, decline and cancel transfers (API reference, sections 2.2 to 2.6)."""

import datetime
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongParameter, WrongProperty, json_answer
from portal.api.reading import body_of, guid_of, paging_of, query_of
from portal.api.resources import collection, page_of
from transfers import rules, wire_codes, workflow
from transfers.api import shapes
from transfers.api.bodies import NEVER_MOVE, PRODUCT_TYPES, Action, AnswerBody, CreateBody
from transfers.enums import TransferStatus
from transfers.models import Transfer
from transfers.queries import wire
from transfers.queries.preflight import preflight
from transfers.reasons import Finding, TransferRefused

TAG = "Transfers"
PAGE = {
    "status": "Only those of one status, such as Pending.",
    "transferDirection": "1: only those sent to the caller; 2: only those the caller created.",
    "customerId": "Only those of one customer.",
    "size": "How many transfers a page holds, 500 at most; 0 or nothing is the most.",
    "seekOperation": "Next or Previous, together with the header MS-ContinuationToken; First for the first page.",
}
_STATUSES = {name.lower(): status for status, name in shapes.STATUSES.items()}


@api_requires(Permission.TRANSFER_CREATE, body=CreateBody, answer=shapes.TransferAnswer, status=201, tag=TAG)
def create_transfer(request: ApiRequest, customer_id: UUID) -> HttpResponse:
    """Ask the partner that is billed today for the billing ownership of what a customer has there.

    The caller is the new partner. Line items are chosen by the current one when it accepts.
    """
    body = body_of(request, CreateBody)
    wanted = wanted_by(request, customer_id, body)
    if body.target_partner_tenant_id not in (None, request.actor.organization_id):
        raise WrongProperty("targetPartnerTenantId")
    created = workflow.create_transfer(request=wanted, actor=request.actor, now=timezone.now())
    return answer(request, customer_id, created.pk, status=201)


@api_requires(Permission.TRANSFER_VIEW, answer=list[shapes.TransferAnswer], tag=TAG)
def list_transfers(request: ApiRequest, customer_id: UUID) -> HttpResponse:
    """List all transfers of a customer that the caller sent or got, newest first."""
    rows = wire.transfers_of_customer(request.actor, customer_id)
    items = wire.items_of(rows, request.actor)
    return json_answer([shapes.transfer(row, request.actor, items[row.pk]) for row in rows])


@api_requires(Permission.TRANSFER_VIEW, answer=shapes.TransferAnswer, tag=TAG)
def get_transfer(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Get a transfer. Its line items are the current partner's to see until it has ended."""
    return answer(request, customer_id, transfer_id)


@api_requires(Permission.TRANSFER_VIEW, body=AnswerBody, answer=shapes.TransferAnswer, tag=TAG)
def answer_transfer(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Accept with line items, or decline, as the current partner; cancel as the new one. Admin agents may."""
    body = body_of(request, AnswerBody)
    permission, act = _ACTIONS[body.action()]
    request.actor.require(permission)
    transfer = wire.transfer_of_customer(request.actor, customer_id, transfer_id)
    act(request, transfer, body, timezone.now())
    return answer(request, customer_id, transfer_id)


@api_requires(Permission.TRANSFER_CREATE, answer=shapes.TransferAnswer, tag=TAG)
def retry_transfer(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """Try the failed items of a finished transfer again, as either partner (not in the original)."""
    transfer = wire.transfer_of_customer(request.actor, customer_id, transfer_id)
    workflow.retry_failed_items(transfer_id=transfer.pk, actor=request.actor, now=timezone.now())
    return answer(request, customer_id, transfer_id)


@api_requires(Permission.TRANSFER_ACCEPT, answer=shapes.EligibilityCollection, tag=TAG)
def list_eligibility(request: ApiRequest, customer_id: UUID, transfer_id: UUID) -> HttpResponse:
    """List what could be accepted: each item can move, can with a warning, or cannot, and why (not in the original)."""
    transfer, now = wire.transfer_of_customer(request.actor, customer_id, transfer_id), timezone.now()
    rules.check_can_accept(transfer, actor=request.actor, now=now)
    items = shapes.eligibility(preflight(transfer, today=now.date()))
    return json_answer(collection(items, uri=f"/customers/{customer_id}/transfers/{transfer_id}/eligibility"))


@api_requires(Permission.TRANSFER_VIEW, answer=shapes.TransferCollection, query=PAGE, tag=TAG)
def list_all_transfers(request: ApiRequest) -> HttpResponse:
    """List the transfers of all customers, newest first and without line items (not in the original)."""
    query = query_of(request)
    paging = paging_of(request, query)
    condition, parameters = _condition(query, request.actor.organization_id)
    page = wire.transfer_page(request.actor, condition, cursor=paging.cursor, size=paging.size)
    items = [shapes.transfer(row, request.actor) for row in page.rows]
    return json_answer(
        page_of(items, page=page, path="/transfers", parameters={"size": str(paging.size), **parameters})
    )


def wanted_by(request: ApiRequest, customer_id: UUID, body: CreateBody) -> workflow.Request:
    """Return what a request asks for. Raises: NotOffered, WrongProperty, TransferRefused."""
    wire_type = body.kind()
    customer = wire.customer_known_to(request.actor, customer_id)
    if customer is None:  # the same answer whether it exists or not
        raise TransferRefused(Finding("no-relationship-with-customer"))
    language = body.customer_language.lower() or customer.language
    if language not in dict(settings.LANGUAGES):
        raise WrongProperty("customerLanguage")
    return workflow.Request(
        customer_id=customer_id,
        source_tenant_id=body.source_partner_tenant_id,
        customer_name=body.customer_name or customer.name,
        customer_email=body.customer_email_id,
        customer_language=language,
        source_partner_name=body.source_partner_name,
        partner_on_record=body.partner_on_record,
        product_types=body.product_types(),
        wishes=[line for line in body.agreed_items if line],
        note=body.note,
        target_partner_email=body.target_partner_email_id,
        wire_type=wire_type,
    )


def answer(request: ApiRequest, customer_id: UUID, transfer_id: UUID, *, status: int = 200) -> HttpResponse:
    """Answer a transfer as the caller sees it."""
    row = wire.transfer_of_customer(request.actor, customer_id, transfer_id)
    items = wire.items_of([row], request.actor)
    return json_answer(shapes.transfer(row, request.actor, items[row.pk]), status=status)


def _accept(request: ApiRequest, transfer: Transfer, body: AnswerBody, now: datetime.datetime) -> None:
    try:
        rules.check_can_accept(transfer, actor=request.actor, now=now)
        _check_kinds(transfer, body)
        ids = [item.subscription_id for item in body.line_items]
        workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=ids, actor=request.actor, now=now)
    except TransferRefused as refusal:
        raise _second_answer(refusal) from None


def _decline(request: ApiRequest, transfer: Transfer, body: AnswerBody, now: datetime.datetime) -> None:
    try:
        workflow.decline_transfer(transfer_id=transfer.pk, reason=body.reason, actor=request.actor, now=now)
    except TransferRefused as refusal:
        raise _second_answer(refusal) from None


def _cancel(request: ApiRequest, transfer: Transfer, body: AnswerBody, now: datetime.datetime) -> None:
    workflow.cancel_transfer(transfer_id=transfer.pk, actor=request.actor, now=now)


_ACTIONS: dict[Action, tuple[Permission, Callable[[ApiRequest, Transfer, AnswerBody, datetime.datetime], None]]] = {
    Action.ACCEPT: (Permission.TRANSFER_ACCEPT, _accept),
    Action.DECLINE: (Permission.TRANSFER_ACCEPT, _decline),
    Action.CANCEL: (Permission.TRANSFER_CREATE, _cancel),
}


def _second_answer(refusal: TransferRefused) -> TransferRefused:
    """Give the refusal its own number where the transfer is on its way already (section 2.6)."""
    if refusal.findings[0].params.get("state") == TransferStatus.IN_PROGRESS:
        refusal.api_number = wire_codes.ANSWERED_ALREADY
    return refusal


def _check_kinds(transfer: Transfer, body: AnswerBody) -> None:
    """Refuse line items of a kind that was not asked for (section 2.6); what they are is looked at by the workflow."""
    for item in body.line_items:
        if item.product_type in NEVER_MOVE:
            raise TransferRefused(Finding(NEVER_MOVE[item.product_type]))
        if (
            item.product_type
            and transfer.product_types
            and PRODUCT_TYPES[item.product_type] not in transfer.product_types
        ):
            raise TransferRefused(Finding("type-not-requested"))


def _condition(query: dict[str, str], own_id: UUID) -> tuple[Q, dict[str, str]]:
    """Return what a list is narrowed to, and the parameters that say so. Raises: WrongParameter."""
    condition, parameters = Q(), {}
    if text := query.get("status", "").strip():
        if text.lower() not in _STATUSES:
            raise WrongParameter("status")
        condition &= Q(status=_STATUSES[text.lower()])
        parameters["status"] = text
    if text := query.get("transferdirection", "").strip():
        if text not in ("1", "2"):
            raise WrongParameter("transferDirection")
        received = Q(source_partner_id=own_id)
        condition &= received if int(text) == shapes.INCOMING else ~received
        parameters["transferDirection"] = text
    if text := query.get("customerid", "").strip():
        condition &= Q(customer_id=guid_of(text, "customerId"))
        parameters["customerId"] = text
    return condition, parameters
