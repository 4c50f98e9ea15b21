"""Put actions and news into the Action Center, in the transaction of the event they tell of (P7, section 11.2)."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.notifications.enums import ActionKind
from portal.notifications.models import ActionItem

Text = str | Promise


def notify(
    *,
    event: AuditEvent,
    organization_id: UUID,
    kind: ActionKind,
    workspace: str,
    title: Text,
    title_params: Mapping[str, Any] | None = None,
    body: Text = "",
    body_params: Mapping[str, Any] | None = None,
    roles: Iterable[Role] = (),
    user_id: UUID | None = None,
    url: str = "",
    due_at: datetime.datetime | None = None,
    subject_type: str = "",
    subject_id: UUID | str = "",
) -> None:
    """Write one item for the people of an organization who hold one of ``roles``, and for ``user_id`` if given.

    ``title`` and ``body`` are lazy translations with ``%(name)s`` placeholders; they are stored in every language.
    ``url`` is a path of this portal. The subject is the event's unless given; ``complete`` finds the item by it.
    An action that is still open for the same people, subject and event type is not written a second time.
    Long because it names every column of an item.
    """
    ActionItem.objects.bulk_create(
        [
            ActionItem(
                organization_id=organization_id,
                user_id=user_id,
                roles=sorted({str(role) for role in roles}),
                kind=kind,
                event_id=event.public_id,
                event_type=event.event_type,
                workspace=workspace,
                title=_in_every_language(title, title_params),
                body=_in_every_language(body, body_params),
                url=url,
                subject_type=subject_type or event.subject_type,
                subject_id=str(subject_id or event.subject_id),
                created_at=event.occurred_at,
                due_at=due_at,
            )
        ],
        ignore_conflicts=True,
    )


def complete(
    *,
    subject_type: str,
    subject_id: UUID | str,
    now: datetime.datetime,
    event_type: str = "",
    organization_id: UUID | None = None,
) -> int:
    """Close the open actions about a subject because the thing is done; return how many there were.

    ``event_type`` and ``organization_id`` narrow it down to the actions of one event type, or of one party.
    """
    items = ActionItem.objects.open_actions().filter(subject_type=subject_type, subject_id=str(subject_id))
    if event_type:
        items = items.filter(event_type=event_type)
    if organization_id is not None:
        items = items.filter(organization_id=organization_id)
    return items.update(completed_at=now)


def complete_all(*, subject_type: str, subject_ids: Iterable[UUID], event_type: str, now: datetime.datetime) -> int:
    """Close the open actions of one event type about many subjects, in one statement; return how many there were."""
    items = ActionItem.objects.open_actions().filter(subject_type=subject_type, event_type=event_type)
    return items.filter(subject_id__in=[str(subject_id) for subject_id in subject_ids]).update(completed_at=now)


def _in_every_language(text: Text, params: Mapping[str, Any] | None) -> dict[str, str]:
    texts = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            texts[language] = str(text) % params if params else str(text)
    return texts
