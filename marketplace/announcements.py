"""Who is told what about marketplace subscriptions: log, mail, webhook, Action Center (P7, section 11.2)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.subscription_announcements import announce_subscription
from marketplace.enums import MarketplaceEvent, Wish
from marketplace.models import Offer, SaaSSubscription
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.notifications import action_center, outbox
from portal.notifications.action_center import Text
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

SUBJECT = "marketplace-subscription"
WORKSPACE = "customers"
E = MarketplaceEvent

# Events that concern the partner's own work: neither the customer nor the publisher reads of them.
OF_THE_PARTNER = frozenset({E.LINK_ISSUED, E.RESELLER_CHANGED, E.CHANGE_ASKED, E.RENEWAL_NEAR})
# What purchaser and billing admins get a mail of (fulfillment reference, section 1.2). Folder: emails/marketplace/.
MAILED = frozenset(
    {
        *(E.PURCHASED, E.ACTIVATED, E.PLAN_CHANGED, E.QUANTITY_CHANGED, E.CHANGE_REFUSED, E.SUSPENDED, E.REINSTATED),
        *(E.CANCELED, E.ENDED, E.LAPSED, E.RENEWAL_NEAR),
    }
)
_NEWS: dict[MarketplaceEvent, Text] = {
    E.ACTIVATED: _("%(product)s is active for %(customer)s"),
    E.QUANTITY_CHANGED: _("The quantity of %(product)s for %(customer)s has changed"),
    E.PLAN_CHANGED: _("The plan of %(product)s for %(customer)s has changed"),
    E.CHANGE_REFUSED: _("The publisher refused to change %(product)s for %(customer)s"),
    E.REINSTATED: _("%(product)s for %(customer)s is active again"),
    E.CANCELED: _("%(product)s for %(customer)s was canceled"),
    E.ENDED: _("%(product)s for %(customer)s has ended"),
    E.LAPSED: _("%(product)s for %(customer)s was not activated in time"),
    E.RENEWAL_NEAR: _("The term of %(product)s for %(customer)s ends soon"),
}
# What somebody has to do: the words, the kind, who, and which events show that it is done.
_TO_DO: dict[MarketplaceEvent, tuple[Text, ActionKind, tuple[Role, ...]]] = {
    E.PURCHASED: (
        _("Open the publisher's site to set up %(product)s for %(customer)s"),
        ActionKind.RECOMMENDED,
        (Role.ADMIN_AGENT,),
    ),
    E.SUSPENDED: (
        _("%(product)s for %(customer)s is suspended: a payment is missing"),
        ActionKind.MANDATORY,
        (Role.ADMIN_AGENT, Role.BILLING_ADMIN),
    ),
}
_DONE_BY: dict[MarketplaceEvent, tuple[MarketplaceEvent, ...]] = {
    E.ACTIVATED: (E.PURCHASED,),
    E.REINSTATED: (E.SUSPENDED,),
    E.CANCELED: (E.PURCHASED, E.SUSPENDED, E.CHANGE_ASKED),
    E.LAPSED: (E.PURCHASED, E.CHANGE_ASKED),
    E.ENDED: (E.PURCHASED, E.SUSPENDED, E.CHANGE_ASKED),
    E.QUANTITY_REQUESTED: (E.CHANGE_ASKED,),
    E.PLAN_REQUESTED: (E.CHANGE_ASKED,),
    E.FREQUENCY_CHANGED: (E.CHANGE_ASKED,),
    E.AUTO_RENEW_CHANGED: (E.CHANGE_ASKED,),
    E.RENAMED: (E.CHANGE_ASKED,),
    E.RESELLER_CHANGED: (E.CHANGE_ASKED,),
}


def address(saas: SaaSSubscription) -> str:
    """Return the path of the page on which a partner finds the subscription."""
    return reverse("marketplace:subscription", args=[saas.pk])


def announce(
    event_type: MarketplaceEvent,
    saas: SaaSSubscription,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    partner_details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write log entry, deliveries, mails and notices of one event; ``actor`` None is the portal itself.

    ``partner_details``: what only the billing partner reads, such as what it pays.
    """
    row = saas.subscription
    event = announce_subscription(
        event_type,
        row,
        subject_type=SUBJECT,
        others=[] if event_type in OF_THE_PARTNER else [row.customer_id, saas.publisher_id],
        actor=actor,
        now=now,
        before=before,
        after=after,
        details=details,
        partner_details=partner_details,
    )
    _notify(event, event_type, saas, details or {})
    return event


def _notify(
    event: AuditEvent, event_type: MarketplaceEvent, saas: SaaSSubscription, details: Mapping[str, Any]
) -> None:
    """Complete the actions that the event settles, and put new ones, news and mails before the partner's people."""
    for done in _DONE_BY.get(event_type, ()):
        action_center.complete(subject_type=SUBJECT, subject_id=saas.pk, event_type=done, now=event.occurred_at)
    if event_type in _TO_DO:
        _ask_for_work(event, event_type, saas)
    if event_type in _NEWS:
        _tell(event, saas, _NEWS[event_type], kind=ActionKind.TRANSACTIONAL, roles=(Role.ADMIN_AGENT,))
    if event_type in MAILED and (event_type != E.PURCHASED or settings.MAIL_AFTER_PURCHASE):
        _mail(event, event_type, saas, details)


def _ask_for_work(event: AuditEvent, event_type: MarketplaceEvent, saas: SaaSSubscription) -> None:
    title, kind, roles = _TO_DO[event_type]
    due_at = saas.activate_by if event_type == E.PURCHASED else saas.suspended_until
    _tell(event, saas, title, kind=kind, roles=roles, due_at=due_at)


def _tell(
    event: AuditEvent,
    saas: SaaSSubscription,
    title: Text,
    *,
    kind: ActionKind,
    roles: tuple[Role, ...],
    due_at: datetime.datetime | None = None,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Put a notice before the billing partner's people with these roles, and before whoever bought."""
    row = saas.subscription
    buyers = Membership.objects.active().filter(user_id=saas.purchaser_object_id, organization_id=row.billing_owner_id)
    action_center.notify(
        event=event,
        organization_id=row.billing_owner_id,
        roles=roles,
        user_id=buyers.values_list("user_id", flat=True).first(),
        kind=kind,
        workspace=WORKSPACE,
        title=title,
        title_params={"product": row.product_name, "customer": row.customer.organization.name, **(params or {})},
        url=address(saas),
        due_at=due_at,
    )


def _mail(event: AuditEvent, event_type: MarketplaceEvent, saas: SaaSSubscription, details: Mapping[str, Any]) -> None:
    row = saas.subscription
    people = people_with_role(row.billing_owner_id, Role.BILLING_ADMIN)
    buyers = Membership.objects.active().filter(user_id=saas.purchaser_object_id, organization_id=row.billing_owner_id)
    people += [member.user for member in buyers.select_related("user")]
    people = people or people_with_role(row.billing_owner_id, Role.ADMIN_AGENT)
    outbox.queue_email(
        template=f"marketplace/{event_type}",
        event=event,
        recipients=[Recipient.of(person) for person in people],
        context={
            "subscription": row,
            "saas": saas,
            "customer_name": row.customer.organization.name,
            "publisher_name": saas.publisher.organization.name,
            "details": details,
            "url": settings.BASE_URL + address(saas),
        },
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
    )


def announce_wish(saas: SaaSSubscription, *, wish: Wish, note: str, actor: Actor, now: datetime.datetime) -> AuditEvent:
    """Put a sales agent's wish before the admin agents of its company, with a mail to each (section 3.3)."""
    event = announce(E.CHANGE_ASKED, saas, actor=actor, now=now, details={"wish": wish, "note": note})
    row = saas.subscription
    action_center.notify(
        event=event,
        organization_id=actor.organization_id,
        roles=(Role.ADMIN_AGENT,),
        kind=ActionKind.RECOMMENDED,
        workspace=WORKSPACE,
        title=_("%(person)s asks for a change of %(product)s for %(customer)s"),
        title_params={
            "person": actor.name,
            "product": row.product_name,
            "customer": row.customer.organization.name,
        },
        body=_("Asked: %(wish)s. %(note)s"),
        body_params={"wish": wish.label, "note": note},
        url=address(saas),
    )
    outbox.queue_email(
        template=f"marketplace/{E.CHANGE_ASKED}",
        event=event,
        recipients=[Recipient.of(person) for person in people_with_role(actor.organization_id, Role.ADMIN_AGENT)],
        context={
            "subscription": row,
            "saas": saas,
            "customer_name": row.customer.organization.name,
            "publisher_name": saas.publisher.organization.name,
            "person": actor.name,
            "wish": wish.label,
            "note": note,
            "url": settings.BASE_URL + address(saas),
        },
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
    )
    return event


def announce_offer(
    event_type: MarketplaceEvent,
    offer: Offer,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Log what a publisher did with an offer; nobody else reads of it."""
    event = log.record(
        event_type=event_type,
        organization_ids=[offer.publisher_id],
        subject_type="marketplace-offer",
        subject_id=offer.pk,
        subject_name=offer.name,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
    )
    deliveries.queue(event)
    return event


def announce_call(
    event_type: MarketplaceEvent,
    *,
    publisher_id: UUID,
    call_id: UUID,
    name: str,
    actor: Actor | None,
    now: datetime.datetime,
) -> AuditEvent:
    """Log what became of a call to a publisher's webhook, for the publisher."""
    event = log.record(
        event_type=event_type,
        organization_ids=[publisher_id],
        subject_type="marketplace-publisher-call",
        subject_id=call_id,
        subject_name=name,
        actor=actor,
        occurred_at=now,
    )
    deliveries.queue(event)
    return event
