"""Who is told what about first-party products: log, mail, webhook, Action Center (P7)."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from azure.enums import AzureEvent, Milestone
from azure.models import OfferDate, PlanTransition, RoleAssignment, SharedServicesTenant
from customers.models import Subscription
from customers.subscription_announcements import announce_subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.http import absolute_url
from portal.notifications import action_center, outbox
from portal.notifications.action_center import Text
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

SUBJECT = "subscription"
WORKSPACE = "customers"
E = AzureEvent

# What admin agents and billing admins get a mail of. Folder: emails/azure/.
MAILED = frozenset({E.PURCHASED, E.QUANTITY_CHANGED, E.SUSPENDED, E.REACTIVATED, E.CANCELED, E.RENEWAL_NEAR, E.ENDED})
# What concerns the partner's own work: the customer does not read of it.
OF_THE_PARTNER = frozenset({E.RENEWAL_NEAR, E.RESELLER_CHANGED})
_NEWS: dict[AzureEvent, Text] = {
    E.SUSPENDED: _("%(product)s for %(customer)s is suspended"),
    E.CANCELED: _("%(product)s for %(customer)s was canceled"),
    E.ENDED: _("%(product)s for %(customer)s has ended with its term"),
}
# Events after which nobody needs to look at the renewal any more.
_SETTLES_RENEWAL = frozenset({E.AUTO_RENEW_CHANGED, E.NEXT_TERM_SET, E.TERM_CHANGED, E.CANCELED, E.ENDED})
_RENEWS_SOON = _("%(product)s for %(customer)s renews soon: check quantity, term and billing frequency")
_EXPIRES_SOON = _("%(product)s for %(customer)s expires soon: auto-renew is off")


def address(subscription_id: UUID) -> str:
    """Return the path of the page on which a partner finds a first-party subscription."""
    return reverse("azure:subscription", args=[subscription_id])


def announce(
    event_type: AzureEvent,
    subscription: Subscription,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    partner_details: Mapping[str, Any] | None = None,
    also: Iterable[UUID] = (),
) -> AuditEvent:
    """Write log entry, deliveries, mails and notices of one event; ``actor`` None is the portal itself.

    ``partner_details``: what only the billing partner reads. ``also``: further partners it concerns.
    """
    row = subscription
    customer = [] if event_type in OF_THE_PARTNER else [row.customer_id]
    event = announce_subscription(
        event_type,
        row,
        subject_type=SUBJECT,
        others=[*also, *customer],
        actor=actor,
        now=now,
        before=before,
        after=after,
        details=details,
        partner_details=partner_details,
    )
    _notify(event, event_type, row)
    if event_type in MAILED:
        _mail(event, event_type, row, details or {})
    return event


def _notify(event: AuditEvent, event_type: AzureEvent, row: Subscription) -> None:
    """Complete the action that the event settles, and put news or work before the admin agents."""
    if event_type in _SETTLES_RENEWAL:
        now = event.occurred_at
        action_center.complete(subject_type=SUBJECT, subject_id=row.pk, event_type=E.RENEWAL_NEAR, now=now)
    if event_type in _NEWS:
        _tell(event, row, _NEWS[event_type])
    if event_type == E.RENEWAL_NEAR and row.ends_on is not None:
        ends = datetime.datetime.combine(row.ends_on, datetime.time(), datetime.UTC)
        title = _RENEWS_SOON if row.auto_renew else _EXPIRES_SOON
        _tell(event, row, title, kind=ActionKind.RECOMMENDED, due_at=ends)


def _tell(
    event: AuditEvent,
    row: Subscription,
    title: Text,
    *,
    kind: ActionKind = ActionKind.TRANSACTIONAL,
    due_at: datetime.datetime | None = None,
) -> None:
    """Put something before the admin agents of the billing partner."""
    action_center.notify(
        event=event,
        organization_id=row.billing_owner_id,
        roles=(Role.ADMIN_AGENT,),
        kind=kind,
        workspace=WORKSPACE,
        title=title,
        title_params={"product": row.product_name, "customer": row.customer.organization.name},
        url=address(row.pk),
        due_at=due_at,
    )


def _mail(event: AuditEvent, event_type: AzureEvent, row: Subscription, details: Mapping[str, Any]) -> None:
    people = {
        person.pk: person
        for role in (Role.BILLING_ADMIN, Role.ADMIN_AGENT)
        for person in people_with_role(row.billing_owner_id, role)
    }
    outbox.queue_email(
        template=f"azure/{event_type}",
        event=event,
        recipients=[Recipient.of(person) for person in people.values()],
        context={
            "subscription": row,
            "customer_name": row.customer.organization.name,
            "details": details,
            "url": settings.BASE_URL + address(row.pk),
        },
        kind=ActionKind.RECOMMENDED if event_type == E.RENEWAL_NEAR else ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
    )


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


_ACCESS_NEWS = {
    E.ACCESS_GIVEN: _("%(organization)s gave access to %(subscription)s"),
    E.ACCESS_TAKEN: _("%(organization)s took access to %(subscription)s away"),
}


def announce_access(
    event_type: AzureEvent, row: RoleAssignment, *, subscription: Subscription, actor: Actor, now: datetime.datetime
) -> AuditEvent:
    """Log that access was given or taken; tell the billing owner's admin agents if others did it (A4)."""
    owner_id = subscription.billing_owner_id
    event = log.record(
        event_type=event_type,
        organization_ids={owner_id, subscription.customer_id, row.organization_id, actor.organization_id},
        subject_type="azure-access",
        subject_id=row.pk,
        subject_name=subscription.friendly_name,
        actor=actor,
        occurred_at=now,
        customer_id=subscription.customer_id,
        customer_name=subscription.customer.organization.name,
        details={
            "subscription": str(subscription.entitlement),
            "organization": row.organization.name,
            "name": row.principal_name,
            "azure role": row.role,
            "service": row.service,
        },
    )
    deliveries.queue(event)
    if actor.organization_id != owner_id:
        action_center.notify(
            event=event,
            organization_id=owner_id,
            roles=[Role.ADMIN_AGENT],
            kind=ActionKind.TRANSACTIONAL,
            workspace="customers",
            title=_ACCESS_NEWS[event_type],
            title_params={"organization": actor.organization_name, "subscription": subscription.friendly_name},
            url=absolute_url("", "azure:access", subscription.pk),
        )
    return event


def announce_transition(
    event_type: AzureEvent, transition: PlanTransition, *, count: int, actor: Actor | None, now: datetime.datetime
) -> AuditEvent:
    """Log a transition to the Azure plan for partner and customer; when it ends the admin agents read of it."""
    customer = transition.customer.organization
    event = log.record(
        event_type=event_type,
        organization_ids=[transition.partner_id, transition.customer_id],
        subject_type="azure-plan-transition",
        subject_id=transition.pk,
        subject_name=transition.plan.friendly_name,
        actor=actor,
        occurred_at=now,
        customer_id=transition.customer_id,
        customer_name=customer.name,
        details={"count": count},
    )
    deliveries.queue(event)
    if event_type == E.TRANSITION_FINISHED:
        action_center.notify(
            event=event,
            organization_id=transition.partner_id,
            roles=(Role.ADMIN_AGENT,),
            kind=ActionKind.TRANSACTIONAL,
            workspace=WORKSPACE,
            title=_("The transition of %(customer)s to the Azure plan has ended: set its budget again"),
            title_params={"customer": customer.name},
            url=reverse("azure:transition", args=[transition.customer_id]),
        )
    return event


def announce_tenant(tenant: SharedServicesTenant, *, actor: Actor, now: datetime.datetime) -> AuditEvent:
    """Log for the partner that a customer is its own tenant for shared services."""
    name = tenant.customer.organization.name
    event = log.record(
        event_type=AzureEvent.TENANT_KEPT,
        organization_ids=[tenant.partner_id],
        subject_type="customer",
        subject_id=tenant.customer_id,
        subject_name=name,
        actor=actor,
        occurred_at=now,
        customer_id=tenant.customer_id,
        customer_name=name,
    )
    deliveries.queue(event)
    return event
