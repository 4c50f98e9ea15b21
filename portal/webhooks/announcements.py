"""Who is told what about webhooks: the log always, admins when one no longer works. No webhook tells of itself."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts import queries
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import Permission, roles_allowing
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.http import absolute_url
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import WebhookRegistration

WEBHOOK = "webhook"  # subject type in the log
WORKSPACE = "account-settings"
ADMINS = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)  # of all who may manage webhooks, those who are told of trouble
TITLES = {
    WebhookEvent.DISABLED: _("A webhook was disabled by its receiver"),
    WebhookEvent.FAILING: _("Nothing has reached a webhook for a day"),
}


def announce(
    event_type: WebhookEvent,
    registration: WebhookRegistration,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write the log entry of one event."""
    return log.record(
        event_type=event_type,
        organization_ids=[registration.organization_id],
        subject_type=WEBHOOK,
        subject_id=registration.pk,
        subject_name=registration.url,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
    )


def announce_trouble(event: AuditEvent, registration: WebhookRegistration) -> None:
    """Tell the admins by mail and in the Action Center that a webhook no longer works."""
    organization = registration.organization
    allowed = roles_allowing(Permission.WEBHOOK_MANAGE, kind=OrganizationKind(organization.kind))
    roles = [role for role in allowed if role in ADMINS]
    outbox.queue_email(
        template=f"webhooks/{event.event_type}",
        event=event,
        recipients=[Recipient.of(person) for person in queries.people_with_role(organization.pk, *roles)],
        context={
            "address": registration.url,
            "since": registration.failing_since or event.occurred_at,
            "organization_name": organization.name,
            "webhook_url": absolute_url(settings.BASE_URL, "webhooks:registration", registration.pk),
        },
    )
    action_center.notify(
        event=event,
        organization_id=organization.pk,
        roles=roles,
        kind=ActionKind.RECOMMENDED,
        workspace=WORKSPACE,
        title=TITLES[WebhookEvent(event.event_type)],
        body=_("See what its receiver at %(address)s answered, mend it, and send again what it missed."),
        body_params={"address": registration.url},
        url=reverse("webhooks:registration", args=[registration.pk]),
    )


def settle(registration: WebhookRegistration, *event_types: WebhookEvent, now: datetime.datetime) -> None:
    """Close what the Action Center says of trouble that is over."""
    for event_type in event_types:
        action_center.complete(subject_type=WEBHOOK, subject_id=registration.pk, event_type=event_type, now=now)
