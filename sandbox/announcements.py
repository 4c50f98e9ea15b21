"""Who is told what about a sandbox itself: the log of all its partners; a new account by mail and Action Center."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Organization
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.http import absolute_url
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries
from sandbox.enums import SandboxEvent
from sandbox.models import Sandbox

WORKSPACE = "account-settings"
ADMINS = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)


def announce(
    event_type: SandboxEvent,
    sandbox: Sandbox,
    *,
    partner_ids: Iterable[UUID],
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime.datetime,
) -> AuditEvent:
    """Log what happened to a sandbox; every partner in it sees it."""
    return log.record(
        event_type=event_type,
        organization_ids=partner_ids,
        subject_type="sandbox",
        subject_id=sandbox.pk,
        subject_name=actor.organization_name,
        actor=actor,
        occurred_at=now,
        details=details,
    )


def announce_customer_deleted(
    customer: Organization,
    *,
    partner_ids: Iterable[UUID],
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime.datetime,
) -> None:
    """Log that a customer is gone for every partner that had it, and tell those who did not ask for it."""
    partners = set(partner_ids)
    event = log.record(
        event_type=SandboxEvent.CUSTOMER_DELETED,
        organization_ids=partners,
        subject_type="customer",
        subject_id=customer.pk,
        subject_name=customer.name,
        actor=actor,
        occurred_at=now,
        customer_id=customer.pk,
        customer_name=customer.name,
        details=details,
    )
    deliveries.queue(event)
    for partner_id in partners - {actor.organization_id}:
        action_center.notify(
            event=event,
            organization_id=partner_id,
            roles=ADMINS,
            kind=ActionKind.TRANSACTIONAL,
            workspace=WORKSPACE,
            title=_("%(partner)s deleted %(customer)s from your sandbox"),
            title_params={"partner": actor.organization_name, "customer": customer.name},
            url=reverse("sandbox:overview"),
        )


def announce_account(
    original: Organization, account: Organization, *, people: Sequence[str], actor: Actor, now: datetime.datetime
) -> None:
    """Log a new sandbox account for its production partner and the operator, and tell the partner's admins.

    The account itself is no party: what a production account is told never belongs to a sandbox (P8).
    """
    event = log.record(
        event_type=SandboxEvent.ACCOUNT_CREATED,
        organization_ids=[original.pk, actor.organization_id],
        subject_type="organization",
        subject_id=original.pk,
        subject_name=original.name,
        actor=actor,
        occurred_at=now,
        after={"name": account.name, "domain": account.domain, "people": list(people)},
    )
    deliveries.queue(event)
    outbox.queue_email(
        template=f"sandbox/{SandboxEvent.ACCOUNT_CREATED}",
        event=event,
        recipients=[Recipient.of(person) for person in people_with_role(original.pk, *ADMINS)],
        context={
            "partner": original.name,
            "account": account.name,
            "url": absolute_url(settings.BASE_URL, "sandbox:overview"),
        },
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
    )
    action_center.notify(
        event=event,
        organization_id=original.pk,
        roles=ADMINS,
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
        title=_("Your company has a sandbox account: %(account)s"),
        title_params={"account": account.name},
        url=reverse("sandbox:overview"),
    )


def announce_joined(
    account: Organization, *, others: Sequence[Organization], actor: Actor, now: datetime.datetime
) -> None:
    """Log in the sandbox itself who joined it, and tell the partners that share it from now on."""
    event = _log_joined(account, (account, *others), actor=actor, now=now)
    for other in others:
        _tell_of_sharing(event, other, account.name)


def announce_moved(
    account: Organization,
    *,
    hosts: Sequence[Organization],
    moved: Sequence[Organization],
    actor: Actor,
    now: datetime.datetime,
) -> None:
    """Log that an account came into another sandbox, and tell both sides with whom they share it from now on."""
    event = _log_joined(account, (*hosts, *moved), actor=actor, now=now)
    for host in hosts:
        _tell_of_sharing(event, host, account.name)
    _tell_of_sharing(event, account, ", ".join(host.name for host in hosts))


def _log_joined(
    account: Organization, parties: Sequence[Organization], *, actor: Actor, now: datetime.datetime
) -> AuditEvent:
    event = log.record(
        event_type=SandboxEvent.PARTNER_JOINED,
        organization_ids=[one.pk for one in parties],
        subject_type="sandbox",
        subject_id=account.pk,
        subject_name=account.name,
        actor=actor,
        occurred_at=now,
    )
    deliveries.queue(event)
    return event


def _tell_of_sharing(event: AuditEvent, organization: Organization, others: str) -> None:
    action_center.notify(
        event=event,
        organization_id=organization.pk,
        roles=ADMINS,
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
        title=_("%(account)s shares your sandbox from now on"),
        title_params={"account": others},
        body=_("You can transfer customers to each other. Clock and reset are for both."),
        url=reverse("sandbox:overview"),
    )
