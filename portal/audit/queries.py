"""What the activity log shows: only events with a party of the actor's organisation, each with that party's part."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.actor import Actor
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.fields import name_key
from portal.core.search import as_uuid

NEWEST_FIRST = ("-occurred_at", "-pk")
TIMELINE_LENGTH = 50


@dataclass(frozen=True)
class LogFilter:
    """Which events to show; empty values do not restrict. Days are UTC and both inclusive.

    ``customer`` and ``person`` are an id or a part of a name (a person's e-mail address, too, within one's own
    organisation). ``reference`` is the exact id of an event, a subject, a customer, a person or a request.
    """

    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    action: str = ""
    customer: str = ""
    person: str = ""
    outcome: str = ""
    reference: str = ""


def activity_log(actor: Actor, wanted: LogFilter) -> QuerySet[AuditEventParty]:
    """Return the parties of the actor's organisation whose events fit, each with its event; page by NEWEST_FIRST."""
    rows = AuditEventParty.objects.filter(organization_id=actor.organization_id).select_related("event")
    if wanted.first_day:
        rows = rows.filter(occurred_at__gte=_midnight(wanted.first_day))
    if wanted.last_day:
        rows = rows.filter(occurred_at__lt=_midnight(wanted.last_day) + datetime.timedelta(days=1))
    if wanted.action:
        rows = rows.filter(event_type=wanted.action)
    if wanted.outcome:
        rows = rows.filter(outcome=wanted.outcome)
    rows = _by_id_or_name(rows, wanted.customer, id_column="customer_id", name_column="customer_key")
    rows = _by_id_or_name(rows, wanted.person, id_column="actor_user_id", name_column="actor_key")
    if wanted.reference:
        rows = rows.filter(event_id__in=_referred_to(actor, wanted.reference))
    return rows


def event_detail(actor: Actor, public_id: UUID) -> AuditEventParty:
    """Return one event as the actor's organisation sees it, with its seal. Raises: Http404."""
    rows = AuditEventParty.objects.filter(organization_id=actor.organization_id, event__public_id=public_id)
    party = rows.select_related("event__seal").first()
    if party is None:
        raise Http404
    return party


def timeline(
    actor: Actor, subject_type: str, subject_id: UUID | str, *, limit: int = TIMELINE_LENGTH
) -> list[AuditEvent]:
    """Return what the actor's organisation may see of what happened to one object, newest first (quality row 36)."""
    events = AuditEvent.objects.filter(subject_type=subject_type, subject_id=str(subject_id))
    events = events.filter(parties__organization_id=actor.organization_id)
    return list(events.order_by("-occurred_at", "-pk")[:limit])


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, tzinfo=datetime.UTC)


def _by_id_or_name(
    rows: QuerySet[AuditEventParty], text: str, *, id_column: str, name_column: str
) -> QuerySet[AuditEventParty]:
    if not text:
        return rows
    found = as_uuid(text)
    condition: dict[str, Any] = {id_column: found} if found else {f"{name_column}__contains": name_key(text)}
    return rows.filter(**condition)


def _referred_to(actor: Actor, reference: str) -> QuerySet[Any, int]:
    """Return the ids of the events that carry this id anywhere; each arm of the union has an index of its own."""
    events = AuditEvent.objects.values_list("pk", flat=True)
    arms: list[QuerySet[Any, int]] = [events.filter(subject_id=reference), events.filter(request_id=reference)]
    found = as_uuid(reference)
    if found is not None:
        own = AuditEventParty.objects.filter(organization_id=actor.organization_id).values_list("event_id", flat=True)
        arms[0] = events.filter(subject_id__in={reference, str(found)})
        arms += [events.filter(public_id=found), own.filter(customer_id=found), own.filter(actor_user_id=found)]
    return arms[0].union(*arms[1:], all=True)
