"""What the activity log shows: only events with a party of the actor's organisation, each with that party's part."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from portal.accounts.actor import Actor
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page, walk
from portal.core.search import as_uuid

NEWEST_FIRST = ("-occurred_at", "-pk")
TIMELINE_LENGTH = 50
# Before, after and details may be long and stand in the opened row only.
SHOWN_IN_LIST = (
    "occurred_at",
    "event_id",
    "event__public_id",
    "event__event_type",
    "event__outcome",
    "event__occurred_at",
    "event__customer_name",
    "event__actor_name",
    "event__actor_email",
    "event__actor_organization_id",
    "event__actor_organization_name",
)


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


def log_page(actor: Actor, wanted: LogFilter, *, cursor: str = "") -> Page[AuditEventParty]:
    """Return one page of the log, newest first, with what a row of the list shows of each event (one query)."""
    return keyset_page(
        _visible(actor, wanted), order=NEWEST_FIRST, cursor=cursor, fetch=_fetch(wanted.reference, SHOWN_IN_LIST)
    )


def log_rows(actor: Actor, wanted: LogFilter, *, size: int) -> Iterator[AuditEventParty]:
    """Yield the whole log, newest first, each event complete; read in parts of ``size``."""
    return walk(_visible(actor, wanted), order=NEWEST_FIRST, size=size, fetch=_fetch(wanted.reference))


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


def _visible(actor: Actor, wanted: LogFilter) -> QuerySet[AuditEventParty]:
    """Return the parties of the actor's organisation that pass all filters but the reference."""
    rows = AuditEventParty.objects.filter(organization_id=actor.organization_id)
    if wanted.first_day:
        rows = rows.filter(occurred_at__gte=_midnight(wanted.first_day))
    if wanted.last_day:
        rows = rows.filter(occurred_at__lt=_midnight(wanted.last_day) + datetime.timedelta(days=1))
    if wanted.action:
        rows = rows.filter(event_type=wanted.action)
    if wanted.outcome:
        rows = rows.filter(outcome=wanted.outcome)
    rows = _by_id_or_name(rows, wanted.customer, id_column="customer_id", name_column="customer_key")
    return _by_id_or_name(rows, wanted.person, id_column="actor_user_id", name_column="actor_key")


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


def _fetch(
    reference: str, shown: Sequence[str] = ()
) -> Callable[[QuerySet[AuditEventParty], int], list[AuditEventParty]]:
    """Return how a page is read: first which rows, by indexes of one table alone; then these with their events."""

    def fetch(rows: QuerySet[AuditEventParty], count: int) -> list[AuditEventParty]:
        arms = [rows.filter(carries).values("pk")[:count] for carries in _carrying(reference)]
        chosen = arms[0].union(*arms[1:]) if len(arms) > 1 else arms[0]
        found = AuditEventParty.objects.filter(pk__in=chosen).select_related("event")
        found = found.only(*shown) if shown else found
        return list(found.order_by(*rows.query.order_by)[:count])

    return fetch


def _carrying(reference: str) -> list[Q]:
    """Return the places where an event may carry an id; each is looked up by itself, through an index of its own."""
    if not reference:
        return [Q()]
    found = as_uuid(reference)
    if found is None:
        return [Q(event__subject_id=reference), Q(event__request_id=reference)]
    texts = {reference, str(found)}
    return [
        Q(event__public_id=found),
        Q(event__subject_id__in=texts),
        Q(event__request_id__in=texts),
        Q(customer_id=found),
        Q(actor_user_id=found),
    ]
