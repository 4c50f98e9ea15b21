"""Registration of a webhook through the API (API reference, section 7.1)."""

from http import HTTPStatus
from typing import Annotated, NotRequired
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import Body, body_of
from portal.api.resources import time_text
from portal.webhooks import queries, rules
from portal.webhooks.catalogue import event_names
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration
from portal.webhooks.workflow import registrations

TAG = "Webhooks"
TEST_STATUSES = {
    DeliveryStatus.WAITING: "Submitted",
    DeliveryStatus.DELIVERED: "completed",
    DeliveryStatus.FAILED: "failed",
}


class RegistrationBody(Body):
    """Where notifications go, and of which events."""

    webhook_url: Annotated[str, Field(min_length=1, max_length=500)]
    webhook_events: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=rules.MOST_EVENTS)]
    signature_token_to_ms_signature_header: bool | None = None


class RegistrationAnswer(TypedDict):
    """``secret`` is answered once, to the registration itself (not in the original)."""

    subscriberId: str
    webhookUrl: str
    webhookEvents: list[str]
    signatureTokenToMsSignatureHeader: bool
    lastModifiedTimestamp: str
    secret: NotRequired[str]
    isActive: bool


class TestAnswer(TypedDict):
    correlationId: str


class TestResult(TypedDict):
    responseCode: str
    responseMessage: str
    systemError: str
    dateTimeUtc: str


class TestOutcome(TypedDict):
    correlationId: str
    partnerId: str
    status: str
    callbackUrl: str
    results: list[TestResult]


@api_requires(Permission.WEBHOOK_MANAGE, answer=list[str], tag=TAG)
def list_events(request: ApiRequest) -> HttpResponse:
    """List the names of events a webhook can be registered for."""
    return json_answer(event_names())


@api_requires(Permission.WEBHOOK_MANAGE, answer=RegistrationAnswer, tag=TAG)
def get_registration(request: ApiRequest) -> HttpResponse:
    """Get the webhook of the caller's organization."""
    return json_answer(_registration(_own(request)))


@api_requires(Permission.WEBHOOK_MANAGE, body=RegistrationBody, answer=RegistrationAnswer, tag=TAG)
def add_registration(request: ApiRequest) -> HttpResponse:
    """Register the webhook of the caller's organization. The answer holds the secret of the signatures, once."""
    body = body_of(request, RegistrationBody)
    registered = registrations.register(
        url=body.webhook_url,
        event_types=body.webhook_events,
        known=event_names(),
        actor=request.actor,
        now=timezone.now(),
        uses_ms_signature_header=bool(body.signature_token_to_ms_signature_header),
        is_only_one=True,
    )
    return json_answer(_registration(registered.registration) | {"secret": registered.secret})


@api_requires(Permission.WEBHOOK_MANAGE, body=RegistrationBody, answer=RegistrationAnswer, tag=TAG)
def change_registration(request: ApiRequest) -> HttpResponse:
    """Change address and events; a webhook that was disabled works again."""
    body = body_of(request, RegistrationBody)
    registration = registrations.change(
        registration_id=_own(request).pk,
        url=body.webhook_url,
        event_types=body.webhook_events,
        known=event_names(),
        actor=request.actor,
        now=timezone.now(),
        uses_ms_signature_header=body.signature_token_to_ms_signature_header,
    )
    return json_answer(_registration(registration))


@api_requires(Permission.WEBHOOK_MANAGE, answer=TestAnswer, tag=TAG)
def send_test(request: ApiRequest) -> HttpResponse:
    """Send a test event to the caller's webhook, twice a minute at most."""
    delivery = registrations.send_test(registration_id=_own(request).pk, actor=request.actor, now=timezone.now())
    return json_answer({"correlationId": str(delivery.event.public_id)})


@api_requires(Permission.WEBHOOK_MANAGE, answer=TestOutcome, tag=TAG)
def get_test(request: ApiRequest, correlation_id: UUID) -> HttpResponse:
    """Get what became of a test event."""
    own = WebhookDelivery.objects.filter(registration__organization_id=request.actor.organization_id)
    found = own.filter(event__public_id=correlation_id, event_type=WebhookEvent.TEST, replay_of__isnull=True)
    delivery = found.select_related("registration").prefetch_related("tries").first()
    if delivery is None:
        raise Http404
    return json_answer(
        {
            "correlationId": str(correlation_id),
            "partnerId": str(request.actor.organization_id),
            "status": TEST_STATUSES[DeliveryStatus(delivery.status)],
            "callbackUrl": delivery.registration.url,
            "results": [_result(one) for one in sorted(delivery.tries.all(), key=lambda one: one.number)],
        }
    )


def _result(attempt: DeliveryAttempt) -> dict[str, object]:
    try:
        name = HTTPStatus(attempt.http_status).phrase if attempt.http_status else ""
    except ValueError:  # a status nobody knows
        name = str(attempt.http_status)
    return {
        "responseCode": name,
        "responseMessage": attempt.answer,
        "systemError": attempt.error,
        "dateTimeUtc": time_text(attempt.started_at),
    }


def _own(request: ApiRequest) -> WebhookRegistration:
    """Return the caller's webhook; of several, which pages can make, the oldest. Raises: WebhookMissing."""
    registration = queries.registrations_of(request.actor).first()
    if registration is None:
        raise rules.WebhookMissing
    return registration


def _registration(one: WebhookRegistration) -> dict[str, object]:
    return {
        "subscriberId": str(one.organization_id),
        "webhookUrl": one.url,
        "webhookEvents": one.event_types,
        "signatureTokenToMsSignatureHeader": one.uses_ms_signature_header,
        "lastModifiedTimestamp": time_text(one.modified_at or one.created_at),
        "isActive": one.is_active and one.paused_at is None,
    }
