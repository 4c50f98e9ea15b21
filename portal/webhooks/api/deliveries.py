"""What was sent to webhooks, attempt by attempt, and sending it again (not in the original)."""

from collections.abc import Mapping
from typing import NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongParameter, json_answer
from portal.api.reading import paging_of, query_of
from portal.api.resources import (
    Attributes,
    CollectionLinks,
    attributes,
    collection,
    page_of,
    time_text,
    without_nothing,
)
from portal.core.pages import keyset_page
from portal.webhooks import queries
from portal.webhooks.api.registration import TAG
from portal.webhooks.forms import DeliveryFilterForm
from portal.webhooks.models import DeliveryAttempt, WebhookDelivery, WebhookRegistration
from portal.webhooks.queries import DeliveryFilter
from portal.webhooks.workflow import replays

FILTERS = {
    "q": "The id of an event, or of what it is about.",
    "event": "The name of an event.",
    "state": "waiting, delivered or failed.",
    "from": "The first day, in ISO 8601.",
    "to": "The last day, in ISO 8601.",
}
PAGE = {
    **FILTERS,
    "size": "How many deliveries a page holds, 500 at most.",
    "seekOperation": "Next or Previous, together with the header MS-ContinuationToken.",
}


class Attempt(TypedDict):
    """``statusCode`` is what came back; without one ``error`` says why nothing did."""

    number: int
    date: str
    webhookUrl: str
    milliseconds: int
    result: str
    statusCode: NotRequired[int]
    error: NotRequired[str]
    requestHeaders: dict[str, str]
    responseHeaders: dict[str, str]
    responseBody: str


class Delivery(TypedDict):
    """``requestBody`` and ``results`` stand in the answer about one delivery only."""

    id: str
    registrationId: str
    eventId: str
    eventName: str
    resourceId: str
    state: str
    attempts: int
    createdDate: str
    nextAttemptDate: NotRequired[str]
    endedDate: NotRequired[str]
    replayOf: NotRequired[str]
    requestBody: NotRequired[str]
    results: NotRequired[list[Attempt]]
    attributes: Attributes


class Deliveries(TypedDict):
    totalCount: int
    items: list[Delivery]
    links: NotRequired[CollectionLinks]
    continuationToken: NotRequired[str]
    attributes: Attributes


class ReplayCount(TypedDict):
    count: int


@api_requires(Permission.WEBHOOK_MANAGE, answer=Deliveries, query=PAGE, tag=TAG)
def list_deliveries(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """List the deliveries to one webhook, newest first (not in the original)."""
    one, query = queries.registration_of(request.actor, registration_id), query_of(request)
    paging, wanted = paging_of(request, query), _wanted(query)
    rows = queries.deliveries_to(one, wanted).defer("body")
    page = keyset_page(rows, order=queries.NEWEST_FIRST, cursor=paging.cursor, size=paging.size)
    parameters = {name: query[name] for name in FILTERS if query.get(name)} | {"size": str(paging.size)}
    items = [_delivery(delivery) for delivery in page]
    return json_answer(page_of(items, page=page, path=f"/registrations/{one.pk}/deliveries", parameters=parameters))


@api_requires(Permission.WEBHOOK_MANAGE, answer=Delivery, tag=TAG)
def get_delivery(request: ApiRequest, delivery_id: UUID) -> HttpResponse:
    """Get one delivery with its body and every attempt, newest first (not in the original)."""
    delivery = queries.delivery_of(request.actor, delivery_id)
    results = [_attempt(attempt) for attempt in queries.attempts_of(delivery)]
    return json_answer({**_delivery(delivery), "requestBody": bytes(delivery.body).decode(), "results": results})


@api_requires(Permission.WEBHOOK_MANAGE, answer=Deliveries, tag=TAG)
def list_of_event(request: ApiRequest, event_id: UUID) -> HttpResponse:
    """List what the webhooks of the caller's organization were told of one event (not in the original)."""
    rows = queries.deliveries_of_event(request.actor, queries.event_of(request.actor, event_id))
    return json_answer(collection([_delivery(delivery) for delivery in rows.select_related("event").defer("body")]))


@api_requires(Permission.WEBHOOK_MANAGE, answer=ReplayCount, query=FILTERS, tag=TAG)
def count_replay(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Say how many deliveries would be sent again (not in the original)."""
    one = queries.registration_of(request.actor, registration_id)
    return json_answer({"count": _replayable(one, query_of(request))})


@api_requires(Permission.WEBHOOK_MANAGE, answer=ReplayCount, query=FILTERS, tag=TAG)
def replay_deliveries(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Send everything again that the filters find and that has ended (not in the original)."""
    one, wanted = queries.registration_of(request.actor, registration_id), _wanted(query_of(request))
    count = replays.replay_many(registration_id=one.pk, wanted=wanted, actor=request.actor, now=timezone.now())
    return json_answer({"count": count})


@api_requires(Permission.WEBHOOK_MANAGE, answer=Delivery, tag=TAG)
def replay_delivery(request: ApiRequest, delivery_id: UUID) -> HttpResponse:
    """Send one delivery again and get the new one (not in the original)."""
    one = queries.delivery_of(request.actor, delivery_id)
    queries.registration_of(request.actor, one.registration_id)  # it may have been deleted
    return json_answer(_delivery(replays.replay_one(delivery_id=one.pk, actor=request.actor, now=timezone.now())))


def _replayable(one: WebhookRegistration, query: Mapping[str, str]) -> int:
    return queries.replayable(one, _wanted(query)).count()


def _wanted(query: Mapping[str, str]) -> DeliveryFilter:
    """Return the filters of an address. Raises: WrongParameter."""
    form = DeliveryFilterForm(query)
    if not form.is_valid():
        raise WrongParameter(next(iter(form.errors)))
    return form.wanted()


def _delivery(one: WebhookDelivery) -> dict[str, object]:
    return without_nothing(
        {
            "id": str(one.pk),
            "registrationId": str(one.registration_id),
            "eventId": str(one.event.public_id),
            "eventName": one.event_type,
            "resourceId": one.event.subject_id,
            "state": one.status,
            "attempts": one.attempts,
            "createdDate": time_text(one.created_at),
            "nextAttemptDate": time_text(one.next_attempt_at) if one.next_attempt_at else None,
            "endedDate": time_text(one.ended_at) if one.ended_at else None,
            "replayOf": str(one.replay_of_id) if one.replay_of_id else None,
            "attributes": attributes("WebhookDelivery"),
        }
    )


def _attempt(one: DeliveryAttempt) -> dict[str, object]:
    return without_nothing(
        {
            "number": one.number,
            "date": time_text(one.started_at),
            "webhookUrl": one.url,
            "milliseconds": one.milliseconds,
            "result": one.result,
            "statusCode": one.http_status,
            "error": one.error or None,
            "requestHeaders": one.request_headers,
            "responseHeaders": one.answer_headers,
            "responseBody": one.answer,
        }
    )
