"""The log as the API reads it: by days, customer or kind of resource, one record by its id, and from a position on."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from portal.accounts.actor import Actor
from portal.audit import wire
from portal.audit.models import AuditEventParty
from portal.audit.queries import NEWEST_FIRST
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page
from portal.core.search import as_uuid


@dataclass(frozen=True)
class RecordFilter:
    """Which records: from ``start`` up to, and without, ``end``; empty values do not restrict."""

    start: datetime.datetime
    end: datetime.datetime
    company: str = ""
    customer_id: UUID | None = None
    resource: str = ""


def record_page(actor: Actor, wanted: RecordFilter, *, cursor: str, size: int) -> Page[AuditEventParty]:
    """Return one page of the records of the actor's organization, newest first. Raises: BadCursor."""
    rows = AuditEventParty.objects.filter(
        organization_id=actor.organization_id, occurred_at__gte=wanted.start, occurred_at__lt=wanted.end
    )
    if wanted.company:
        rows = rows.filter(customer_key__contains=name_key(wanted.company))
    if wanted.customer_id:
        rows = rows.filter(customer_id=wanted.customer_id)
    if wanted.resource:
        rows = rows.filter(event__subject_type__in=wire.subjects_of(wanted.resource))
    return keyset_page(rows.select_related("event"), order=NEWEST_FIRST, cursor=cursor, size=size)


def record(actor: Actor, text: str) -> AuditEventParty:
    """Return one record of the actor's organization by its id, or by the event's own id. Raises: Http404."""
    rows = AuditEventParty.objects.filter(organization_id=actor.organization_id).select_related("event")
    public_id = as_uuid(text)
    if public_id is not None:
        rows = rows.filter(event__public_id=public_id)
    else:
        key = wire.read_record_id(text)
        if key is None or key.partner_id != actor.organization_id:
            raise Http404
        rows = rows.filter(occurred_at=key.occurred_at)
    for row in rows:
        if public_id is not None or wire.record_id(row.event, actor.organization_id) == text.lower():
            return row
    raise Http404


def records_after(actor: Actor, position: int, *, size: int) -> list[AuditEventParty]:
    """Return the next records after a position of the chain, oldest first: what has no position yet comes later."""
    rows = AuditEventParty.objects.filter(organization_id=actor.organization_id, event__seal__position__gt=position)
    return list(rows.select_related("event__seal").order_by("event__seal__position")[:size])
