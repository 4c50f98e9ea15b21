"""Events, mails and Action Center items of tests."""

import uuid
from pathlib import Path

from portal.accounts.enums import Role
from portal.audit import log
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind, EmailStatus
from portal.notifications.models import ActionItem, OutgoingEmail
from portal.notifications.outbox import Recipient
from tests.factories import NOON, make_organization

TEMPLATES = Path(__file__).parent / "templates"


def make_event(organizations=(), *, event_type="user-joined", actor=None, now=NOON, **fields):
    """An event of the log that the organizations see."""
    return log.record(
        event_type=event_type,
        organization_ids=[organization.pk for organization in organizations],
        **{"subject_type": "user", "subject_id": "1", "actor": actor, "occurred_at": now} | fields,
    )


def make_email(recipient="ada@example.com", *, event=None, now=NOON, **fields):
    """A mail that waits, or is in any other state with what that state needs."""
    event = event or make_event([make_organization()], now=now)
    defaults = {
        "event_id": event.public_id,
        "event_type": event.event_type,
        "recipient": recipient,
        "language": "en",
        "subject": "Hello",
        "text": "Hello\n",
        "html": "<p>Hello</p>",
        "created_at": now,
    }
    status = fields.get("status", EmailStatus.WAITING)
    if status == EmailStatus.WAITING:
        defaults["next_attempt_at"] = now
    if status not in (EmailStatus.WAITING, EmailStatus.FAILED):
        defaults["started_at"] = now
    if status == EmailStatus.SENT:
        defaults["sent_at"] = now
    return OutgoingEmail.objects.create(**defaults | fields)


def queue_sample(*recipients, event=None, customer="Contoso", secrets=None, **fields):
    """Queue the sample mail and return its rows, by recipient."""
    event = event or make_event()
    outbox.queue_email(
        template="sample",
        event=event,
        recipients=[Recipient(item) if isinstance(item, str) else item for item in recipients],
        context={"customer": customer},
        secrets=secrets,
        **fields,
    )
    return {email.recipient: email for email in OutgoingEmail.objects.filter(event_id=event.public_id)}


def make_item(organization, *roles, kind=ActionKind.RECOMMENDED, now=NOON, number=0, **fields):
    """An item of the Action Center for people with one of the roles, admin agents unless told."""
    event = make_event([organization], now=now)
    action_center.notify(
        event=event,
        organization_id=organization.pk,
        kind=kind,
        roles=roles or ([] if "user_id" in fields else [Role.ADMIN_AGENT]),
        **{
            "workspace": "account-settings",
            "title": "Item %(number)s",
            "title_params": {"number": number},
            "subject_type": "sample",
            "subject_id": str(uuid.uuid4()),
        }
        | fields,
    )
    return ActionItem.objects.get(event_id=event.public_id)
