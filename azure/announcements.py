"""Who is told what about first-party products: log, mail, webhook, Action Center (P7)."""

import datetime

from azure.enums import AzureEvent, Milestone
from azure.models import OfferDate
from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.webhooks import deliveries


def announce_date(row: OfferDate, *, before: datetime.date | None, actor: Actor, now: datetime.datetime) -> AuditEvent:
    """Log that the operator set a day."""
    event = log.record(
        event_type=AzureEvent.DATE_SET,
        organization_ids=[actor.organization_id],
        subject_type="azure-offer-date",
        subject_id=row.milestone,
        subject_name=str(Milestone(row.milestone).label),
        actor=actor,
        occurred_at=now,
        before={"starts": before.isoformat() if before else ""},
        after={"starts": row.starts_on.isoformat() if row.starts_on else ""},
    )
    deliveries.queue(event)
    return event
