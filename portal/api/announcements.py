"""Who is told what about apps and their secrets (style guide, section 7)."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts import queries
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission, roles_allowing
from portal.api.enums import ApiEvent
from portal.api.models import AppConsent, AppRegistration, AppSecret
from portal.audit import log
from portal.core.http import absolute_url
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

APP = "app-registration"  # subject type in the log
WORKSPACE = "account-settings"


def announce_app(
    event_type: ApiEvent,
    app: AppRegistration,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Log what happened to an app or one of its secrets."""
    event = log.record(
        event_type=event_type,
        organization_ids=[app.organization_id],
        subject_type=APP,
        subject_id=app.pk,
        subject_name=app.name,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
    )
    deliveries.queue(event)


def announce_consent(
    event_type: ApiEvent, consent: AppConsent, *, app: AppRegistration, actor: Actor, now: datetime.datetime
) -> None:
    """Log that a person let an app act for it, or no longer does."""
    event = log.record(
        event_type=event_type,
        organization_ids=[app.organization_id],
        subject_type=APP,
        subject_id=app.pk,
        subject_name=app.name,
        actor=actor,
        occurred_at=now,
        details={"consent_id": str(consent.pk)},
    )
    deliveries.queue(event)


def announce_expiring(secret: AppSecret, *, days: int, now: datetime.datetime) -> None:
    """Warn those who manage app registrations that a secret expires, by mail and in the Action Center."""
    app = secret.app
    kind = OrganizationKind(app.organization.kind)
    roles = roles_allowing(Permission.API_ACCESS_MANAGE, kind=kind)
    event = log.record(
        event_type=ApiEvent.SECRET_EXPIRES_SOON,
        organization_ids=[app.organization_id],
        subject_type=APP,
        subject_id=app.pk,
        subject_name=app.name,
        actor=None,
        occurred_at=now,
        details={"prefix": secret.prefix, "expires": secret.expires_at.date().isoformat(), "days": days},
    )
    deliveries.queue(event)
    outbox.queue_email(
        template=f"api/{ApiEvent.SECRET_EXPIRES_SOON}",
        event=event,
        recipients=[Recipient.of(person) for person in queries.people_with_role(app.organization_id, *roles)],
        context={
            "app_name": app.name,
            "prefix": secret.prefix,
            "days": days,
            "expires_at": secret.expires_at,
            "organization_name": app.organization.name,
            "app_url": absolute_url(settings.BASE_URL, "api:app", app.pk),
        },
    )
    action_center.notify(
        event=event,
        organization_id=app.organization_id,
        roles=roles,
        kind=ActionKind.MANDATORY,
        workspace=WORKSPACE,
        title=_("A secret of the app %(name)s expires soon"),
        title_params={"name": app.name},
        url=reverse("api:app", args=[app.pk]),
        due_at=secret.expires_at,
    )
