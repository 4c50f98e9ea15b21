"""Who is told what about sign-in: the log of each of the person's organisations, and the person by mail."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.accounts import queries
from portal.accounts.enums import AccountEvent
from portal.accounts.models import Membership, User
from portal.audit import log
from portal.audit.models import AuditEvent, Outcome
from portal.notifications import outbox
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries


@dataclass(frozen=True)
class Mail:
    """What the mail of an event says beside the event; ``secrets`` are sealed until it is sent.

    It goes to the person, and by the template of the event, unless told.
    """

    context: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] | None = None
    recipients: Sequence[Recipient] = ()
    template: str = ""


def announce(
    event_type: AccountEvent,
    user: User,
    *,
    now: datetime.datetime,
    by_person: bool = True,
    outcome: Outcome = Outcome.SUCCEEDED,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    mail: Mail | None = None,
) -> None:
    """Log an event once for each organisation of the person, so that none learns of the others; mail it once.

    ``by_person`` False: the portal did it, or somebody whom we do not know to be this person.
    """
    memberships: list[Membership] | list[None] = queries.memberships_of(user) or [None]
    events = [
        _record(
            event_type,
            user,
            membership,
            by_person=by_person,
            now=now,
            outcome=outcome,
            before=before,
            after=after,
            details=details,
        )
        for membership in memberships
    ]
    if mail is not None:
        outbox.queue_email(
            template=f"accounts/{mail.template or event_type}",
            event=events[0],
            recipients=mail.recipients or [Recipient.of(user)],
            context={"person_name": str(user), **mail.context},
            secrets=mail.secrets,
        )


def _record(
    event_type: AccountEvent,
    user: User,
    membership: Membership | None,
    *,
    by_person: bool,
    now: datetime.datetime,
    **facts: Any,
) -> AuditEvent:
    actor = queries.make_actor(membership, user) if membership and by_person else None
    event = log.record(
        event_type=event_type,
        organization_ids=[membership.organization_id] if membership else [],
        subject_type="user",
        subject_id=user.pk,
        subject_name=str(user),
        actor=actor,
        occurred_at=now,
        **facts,
    )
    deliveries.queue(event)
    return event
