"""Several webhooks of an organization, each by its id: what the settings pages do, by API (not in the original)."""

from typing import NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import body_of
from portal.api.resources import Attributes, CollectionLinks, attributes, collection, time_text, without_nothing
from portal.webhooks import queries
from portal.webhooks.api.registration import TAG, RegistrationBody, TestAnswer
from portal.webhooks.catalogue import event_names
from portal.webhooks.models import WebhookRegistration
from portal.webhooks.workflow import registrations as workflow


class Webhook(TypedDict):
    """``secret`` is answered once, when it is made. ``secretOverlapsUntil``: the one before signs as well."""

    id: str
    webhookUrl: str
    webhookEvents: list[str]
    signatureTokenToMsSignatureHeader: bool
    state: str
    createdDate: str
    failingSince: NotRequired[str]
    secretOverlapsUntil: NotRequired[str]
    secret: NotRequired[str]
    attributes: Attributes


class Webhooks(TypedDict):
    totalCount: int
    items: list[Webhook]
    links: CollectionLinks
    attributes: Attributes


@api_requires(Permission.WEBHOOK_MANAGE, answer=Webhooks, tag=TAG)
def list_webhooks(request: ApiRequest) -> HttpResponse:
    """List all webhooks of the caller's organization, oldest first (not in the original)."""
    items = [_webhook(one) for one in queries.registrations_of(request.actor)]
    return json_answer(collection(items, uri="/registrations"))


@api_requires(Permission.WEBHOOK_MANAGE, body=RegistrationBody, answer=Webhook, status=201, tag=TAG)
def add_webhook(request: ApiRequest) -> HttpResponse:
    """Register one more webhook, up to ten. The answer holds its secret, once (not in the original)."""
    body = body_of(request, RegistrationBody)
    registered = workflow.register(
        url=body.webhook_url,
        event_types=body.webhook_events,
        known=event_names(),
        actor=request.actor,
        now=timezone.now(),
        uses_ms_signature_header=bool(body.signature_token_to_ms_signature_header),
    )
    return json_answer(_webhook(registered.registration, secret=registered.secret), status=201)


@api_requires(Permission.WEBHOOK_MANAGE, answer=Webhook, tag=TAG)
def get_webhook(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Get one webhook (not in the original)."""
    return json_answer(_webhook(queries.registration_of(request.actor, registration_id)))


@api_requires(Permission.WEBHOOK_MANAGE, body=RegistrationBody, answer=Webhook, tag=TAG)
def change_webhook(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Change address and events of one webhook; one that was disabled works again (not in the original)."""
    one, body = queries.registration_of(request.actor, registration_id), body_of(request, RegistrationBody)
    changed = workflow.change(
        registration_id=one.pk,
        url=body.webhook_url,
        event_types=body.webhook_events,
        known=event_names(),
        actor=request.actor,
        now=timezone.now(),
        uses_ms_signature_header=body.signature_token_to_ms_signature_header,
    )
    return json_answer(_webhook(changed))


@api_requires(Permission.WEBHOOK_MANAGE, status=204, tag=TAG)
def delete_webhook(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Delete a webhook; what waits for it is not sent (not in the original)."""
    one = queries.registration_of(request.actor, registration_id)
    workflow.remove(registration_id=one.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


@api_requires(Permission.WEBHOOK_MANAGE, answer=Webhook, tag=TAG)
def pause_webhook(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Stop calling a webhook; events are kept for it (not in the original)."""
    one = queries.registration_of(request.actor, registration_id)
    return json_answer(_webhook(workflow.pause(registration_id=one.pk, actor=request.actor, now=timezone.now())))


@api_requires(Permission.WEBHOOK_MANAGE, answer=Webhook, tag=TAG)
def resume_webhook(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Call a webhook again that was paused or disabled; what was kept follows (not in the original)."""
    one = queries.registration_of(request.actor, registration_id)
    return json_answer(_webhook(workflow.resume(registration_id=one.pk, actor=request.actor, now=timezone.now())))


@api_requires(Permission.WEBHOOK_MANAGE, answer=Webhook, tag=TAG)
def renew_secret(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Make a new secret and answer it, once; the old one signs as well for a while (not in the original)."""
    one = queries.registration_of(request.actor, registration_id)
    renewed = workflow.renew_secret(registration_id=one.pk, actor=request.actor, now=timezone.now())
    return json_answer(_webhook(renewed.registration, secret=renewed.secret))


@api_requires(Permission.WEBHOOK_MANAGE, answer=TestAnswer, tag=TAG)
def test_webhook(request: ApiRequest, registration_id: UUID) -> HttpResponse:
    """Send a test event to one webhook, twice a minute at most (not in the original)."""
    one = queries.registration_of(request.actor, registration_id)
    delivery = workflow.send_test(registration_id=one.pk, actor=request.actor, now=timezone.now())
    return json_answer({"correlationId": str(delivery.event.public_id)})


def _webhook(one: WebhookRegistration, *, secret: str | None = None) -> dict[str, object]:
    until = one.previous_secret_until
    return without_nothing(
        {
            "id": str(one.pk),
            "webhookUrl": one.url,
            "webhookEvents": one.event_types,
            "signatureTokenToMsSignatureHeader": one.uses_ms_signature_header,
            "state": str(one.state),
            "createdDate": time_text(one.created_at),
            "failingSince": time_text(one.failing_since) if one.failing_since else None,
            "secretOverlapsUntil": time_text(until) if until and until > timezone.now() else None,
            "secret": secret,
            "attributes": attributes("Webhook"),
        }
    )
