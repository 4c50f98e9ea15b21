"""What the pages about webhooks show, scoped to the actor's organization."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404

from portal.accounts.actor import Actor
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.search import as_uuid
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration

NEWEST_FIRST = ("-created_at", "-pk")
DAY = datetime.timedelta(days=1)
SENT = (
    "event__public_id",
    "registration__url",
    "registration__sealed_secret",
    "registration__sealed_previous_secret",
    "registration__previous_secret_until",
    "registration__uses_ms_signature_header",
    "registration__organization__is_sandbox",
)


@dataclass(frozen=True)
class DeliveryFilter:
    """What the list of deliveries can be narrowed to. ``text``: an id of what an event is about, or its own."""

    event_type: str = ""
    status: str = ""
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    text: str = ""


def registrations_of(actor: Actor) -> QuerySet[WebhookRegistration]:
    """Return the organization's webhooks, oldest first, with what waits and when the last one arrived (one query)."""
    waiting = Count("deliveries", filter=Q(deliveries__status=DeliveryStatus.WAITING))
    last = Max("deliveries__ended_at", filter=Q(deliveries__status=DeliveryStatus.DELIVERED))
    rows = WebhookRegistration.objects.visible_to(actor).annotate(waiting=waiting, last_delivered_at=last)
    return rows.order_by("created_at", "pk")


def registration_of(actor: Actor, registration_id: UUID) -> WebhookRegistration:
    """Return one of the organization's webhooks. Raises: Http404."""
    registration = WebhookRegistration.objects.visible_to(actor).filter(pk=registration_id).first()
    if registration is None:
        raise Http404
    return registration


def deliveries_to(registration: WebhookRegistration, wanted: DeliveryFilter) -> QuerySet[WebhookDelivery]:
    """Return the deliveries of a webhook, narrowed down; sorted by NEWEST_FIRST."""
    rows = WebhookDelivery.objects.filter(registration=registration).select_related("event")
    if wanted.event_type:
        rows = rows.filter(event_type=wanted.event_type)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.first_day:
        rows = rows.filter(created_at__gte=_midnight(wanted.first_day))
    if wanted.last_day and wanted.last_day < datetime.date.max:  # there is no day after that
        rows = rows.filter(created_at__lt=_midnight(wanted.last_day) + DAY)
    return _about(rows, wanted.text, organization_id=registration.organization_id) if wanted.text else rows


def _about(rows: QuerySet[WebhookDelivery], text: str, *, organization_id: UUID) -> QuerySet[WebhookDelivery]:
    """Keep deliveries of events that carry an id: as their subject, their customer, or as their own."""
    found = as_uuid(text)
    if found is None:
        return rows.filter(event__in=AuditEvent.objects.filter(subject_id=text).values("pk"))
    of_subject = AuditEvent.objects.filter(subject_id=str(found)).values("pk")
    own = AuditEvent.objects.filter(public_id=found).values("pk")
    of_customer = AuditEventParty.objects.filter(organization_id=organization_id, customer_id=found)
    of_delivery = WebhookDelivery.objects.filter(pk=found).values("event_id")
    return rows.filter(event__in=of_subject.union(own, of_customer.values("event_id"), of_delivery))


def replayable(registration: WebhookRegistration, wanted: DeliveryFilter) -> QuerySet[Any, UUID]:
    """Return the ids of the first deliveries of all events that the filter finds and that can be sent again."""
    found = deliveries_to(registration, wanted).order_by().values(first=Coalesce("replay_of_id", "pk"))
    return ended_firsts(found).order_by("created_at", "pk").values_list("pk", flat=True)


def ended_firsts(first_ids: Any) -> QuerySet[WebhookDelivery]:
    """Return first deliveries that have ended and of which no replay waits; ``first_ids``: ids, or a query of them."""
    waiting = WebhookDelivery.objects.filter(replay_of=OuterRef("pk"), status=DeliveryStatus.WAITING)
    rows = WebhookDelivery.objects.filter(pk__in=first_ids).exclude(status=DeliveryStatus.WAITING)
    return rows.filter(~Exists(waiting)).order_by("created_at", "pk")


def delivery_of(actor: Actor, delivery_id: UUID) -> WebhookDelivery:
    """Return a delivery of the organization, also of a webhook that was deleted. Raises: Http404."""
    own = WebhookDelivery.objects.filter(registration__organization_id=actor.organization_id)
    delivery = own.select_related("event", "registration").filter(pk=delivery_id).first()
    if delivery is None:
        raise Http404
    return delivery


def attempts_of(delivery: WebhookDelivery) -> QuerySet[DeliveryAttempt]:
    """Return every attempt of a delivery, newest first."""
    return DeliveryAttempt.objects.filter(delivery=delivery).order_by("-number")


def others_like(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    """Return the first delivery and the replays of the same event to the same webhook, this one left out."""
    first = delivery.replay_of_id or delivery.pk
    rows = WebhookDelivery.objects.filter(Q(pk=first) | Q(replay_of_id=first)).exclude(pk=delivery.pk)
    return rows.order_by("created_at", "pk")


def last_test_of(registration: WebhookRegistration) -> WebhookDelivery | None:
    """Return the newest test delivery to a webhook."""
    tests = WebhookDelivery.objects.filter(registration=registration, event_type=WebhookEvent.TEST)
    return tests.select_related("event").order_by(*NEWEST_FIRST).first()


def waiting_count(registration: WebhookRegistration) -> int:
    """Return how many deliveries to a webhook wait."""
    return WebhookDelivery.objects.filter(registration=registration, status=DeliveryStatus.WAITING).count()


def event_of(actor: Actor, public_id: UUID) -> AuditEvent:
    """Return an event that the actor's organization sees. Raises: Http404."""
    event = AuditEvent.objects.filter(public_id=public_id, parties__organization_id=actor.organization_id).first()
    if event is None:
        raise Http404
    return event


def deliveries_of_event(actor: Actor, event: AuditEvent) -> QuerySet[WebhookDelivery]:
    """Return what the organization's webhooks were told of an event, in order (X4)."""
    rows = WebhookDelivery.objects.filter(event=event, registration__organization_id=actor.organization_id)
    return rows.select_related("registration").order_by("created_at", "pk")


def due_deliveries(registration_id: UUID, *, now: datetime.datetime, most: int) -> list[WebhookDelivery]:
    """Return the oldest due deliveries to one webhook, with all that sending them needs (one query)."""
    due = WebhookDelivery.objects.filter(
        registration_id=registration_id, status=DeliveryStatus.WAITING, next_attempt_at__lte=now
    )
    rows = due.select_related("registration__organization", "event").only("body", *SENT)
    return list(rows.order_by("next_attempt_at", "created_at", "pk")[:most])


def tests_since(organization_id: UUID, moment: datetime.datetime, *, event_type: str) -> list[datetime.datetime]:
    """Return when the organization asked for test events after a moment."""
    rows = AuditEventParty.objects.filter(
        organization_id=organization_id, event_type=event_type, occurred_at__gt=moment
    )
    return list(rows.order_by("occurred_at").values_list("occurred_at", flat=True))


def failing_untold(*, since: datetime.datetime) -> list[UUID]:
    """Return the webhooks that have failed since before ``since`` and whose organization was not told."""
    rows = WebhookRegistration.objects.called().filter(failing_since__lte=since, failing_told_at__isnull=True)
    return list(rows.order_by("failing_since", "pk").values_list("pk", flat=True))


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, tzinfo=datetime.UTC)
