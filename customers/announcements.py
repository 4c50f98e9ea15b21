"""Who is told what about customers and relationships: log, mail, webhook, Action Center (P7, section 11.2)."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.enums import CustomerEvent, RelationshipKind
from customers.models import Customer, CustomerAgreement, RelationshipInvitation, ResellerRelationship
from customers.rules import LINK_PLACEHOLDER
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.http import absolute_url
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

_AGREEMENT_REQUEST = "customer-agreement-request"  # asked of a customer; the subject is the partner that asks
AGENTS = (Role.ADMIN_AGENT, Role.SALES_AGENT)
_NEWS = {
    CustomerEvent.RELATIONSHIP_ACCEPTED: _("%(customer)s accepted your reseller relationship"),
    CustomerEvent.INDIRECT_RELATIONSHIP_ACCEPTED: _("%(customer)s accepted your reseller relationship"),
    CustomerEvent.RELATIONSHIP_DECLINED: _("%(customer)s declined your reseller relationship"),
    CustomerEvent.RELATIONSHIP_QUESTION: _("%(customer)s asks about your relationship request"),
    CustomerEvent.RELATIONSHIP_REQUEST_EXPIRED: _("Your relationship request to %(customer)s expired"),
    CustomerEvent.ADMIN_RIGHTS_REMOVED: _("%(customer)s took back administration rights"),
}


def partners_of(invitation: RelationshipInvitation) -> list[UUID]:
    """The organizations of a request's partners: the billing partner and, in the indirect model, the reseller."""
    return [partner for partner in (invitation.partner_id, invitation.reseller_id) if partner is not None]


def announce_invitation(
    event_type: CustomerEvent,
    invitation: RelationshipInvitation,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write the log entry, deliveries and notices of one event of a relationship request."""
    customer = invitation.customer
    event = log.record(
        event_type=event_type,
        organization_ids=[*partners_of(invitation), *([customer.pk] if customer else [])],
        subject_type="relationship-request",
        subject_id=invitation.pk,
        subject_name=invitation.customer_label,
        actor=actor,
        occurred_at=now,
        customer_id=customer.pk if customer else invitation.expected_tenant_id,
        customer_name=customer.organization.name if customer else invitation.customer_label,
        details={
            "cloud": invitation.cloud,
            "administration rights": invitation.include_admin_rights,
            "recipient": invitation.recipient_email,
            "expires": invitation.expires_at.isoformat(),
            **(details or {}),
        },
    )
    deliveries.queue(event)
    if event_type in _NEWS:
        _tell_agents(event, event_type, invitation, details or {})
    return event


def _tell_agents(
    event: AuditEvent, event_type: CustomerEvent, invitation: RelationshipInvitation, details: Mapping[str, Any]
) -> None:
    """Mail and notify the admin and sales agents of the partners concerned."""
    name = event.customer_name
    for partner_id in partners_of(invitation):
        people = people_with_role(partner_id, *AGENTS)
        outbox.queue_email(
            template=f"customers/{event_type}",
            event=event,
            recipients=[Recipient.of(person) for person in people],
            context={
                "customer_name": name,
                "invitation": invitation,
                "note": details.get("note", ""),
                "url": absolute_url(settings.BASE_URL, "customers:invitation", invitation.pk),
            },
            kind=ActionKind.TRANSACTIONAL,
            workspace="customers",
        )
        action_center.notify(
            event=event,
            organization_id=partner_id,
            roles=AGENTS,
            kind=ActionKind.TRANSACTIONAL,
            workspace="customers",
            title=_NEWS[event_type],
            title_params={"customer": name},
            url=absolute_url("", "customers:invitation", invitation.pk),
        )


def mail_invitation(
    event: AuditEvent, invitation: RelationshipInvitation, *, link: str, template: str = "customers/invitation"
) -> None:
    """Queue the mail that carries the unique link; the link itself is stored only as a sealed secret."""
    before, _placeholder, after = invitation.message_text.partition(LINK_PLACEHOLDER)
    outbox.queue_email(
        template=template,
        event=event,
        recipients=[Recipient(email=invitation.recipient_email, language=invitation.language)],
        context={
            "invitation": invitation,
            "subject": invitation.message_subject,
            "text_before": before,
            "text_after": after,
        },
        secrets={"link": link},
    )


def announce_mailbox_code(
    invitation: RelationshipInvitation, *, email: str, code: str, now: datetime.datetime
) -> AuditEvent:
    """Log that somebody answers a request from a mailbox, and mail the code there; the code is a sealed secret."""
    event = announce_invitation(
        CustomerEvent.MAILBOX_CODE_SENT, invitation, actor=None, now=now, details={"mailbox": email}
    )
    outbox.queue_email(
        template=f"customers/{CustomerEvent.MAILBOX_CODE_SENT}",
        event=event,
        recipients=[Recipient(email=email, language=invitation.language)],
        context={"partner_name": invitation.partner.organization.name, "minutes": settings.MAILBOX_CODE_MINUTES},
        secrets={"code": code},
    )
    return event


def announce_relationship(
    event_type: CustomerEvent,
    relationships: Iterable[ResellerRelationship],
    *,
    actor: Actor | None,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event that each partner of the relationships and the customer see."""
    rows = list(relationships)
    first = rows[0]
    event = log.record(
        event_type=event_type,
        organization_ids=[first.customer_id, *(row.partner_id for row in rows)],
        subject_type="reseller-relationship",
        subject_id=first.pk,
        subject_name=first.customer_name,
        actor=actor,
        occurred_at=now,
        customer_id=first.customer_id,
        customer_name=first.customer_name,
        before=before,
        after=after,
        details={"kinds": [str(RelationshipKind(row.kind).value) for row in rows]},
    )
    deliveries.queue(event)
    return event


def announce_added(
    relationships: list[ResellerRelationship],
    *,
    administrator: User,
    token: str,
    mail_context: Mapping[str, Any],
    actor: Actor,
    now: datetime.datetime,
) -> AuditEvent:
    """Log a new customer, mail its first administrator the link to choose a password, and tell the reseller."""
    first = relationships[0]
    event = announce_customer(
        CustomerEvent.CUSTOMER_ADDED,
        first.customer,
        partner_ids=[row.partner_id for row in relationships],
        actor=actor,
        now=now,
        after={"administrator": administrator.email, "administration rights": first.has_admin_rights},
    )
    outbox.queue_email(
        template=f"customers/{CustomerEvent.CUSTOMER_ADDED}",
        event=event,
        recipients=[Recipient.of(administrator)],
        context={
            "partner_name": actor.organization_name,
            "customer_name": first.customer_name,
            "sign_in_name": administrator.email,
            **mail_context,
        },
        secrets={"link": absolute_url(settings.BASE_URL, "account_reset_password_from_key", token)},
    )
    news = _("%(partner)s added the customer %(customer)s for you")
    for row in relationships[1:]:
        _tell_other_partner(
            event, row, news, by=actor.organization_name, url=absolute_url("", "customers:customer", row.customer_id)
        )
    return event


def _tell_other_partner(
    event: AuditEvent, row: ResellerRelationship, news: action_center.Text, *, by: str, url: str
) -> None:
    """Let the agents of the other partner of the indirect model know what its provider or reseller did."""
    action_center.notify(
        event=event,
        organization_id=row.partner_id,
        roles=AGENTS,
        kind=ActionKind.TRANSACTIONAL,
        workspace="customers",
        title=news,
        title_params={"partner": by, "customer": row.customer_name},
        url=url,
    )


def announce_removal(
    ended: list[ResellerRelationship], *, others: list[ResellerRelationship], actor: Actor, now: datetime.datetime
) -> AuditEvent:
    """Write the event of ended relationships, the acting partner's first, and tell the other partner's agents."""
    event = log.record(
        event_type=CustomerEvent.RELATIONSHIP_REMOVED,
        organization_ids=list(dict.fromkeys([ended[0].customer_id, *(row.partner_id for row in (*ended, *others))])),
        subject_type="reseller-relationship",
        subject_id=ended[0].pk,
        subject_name=ended[0].customer_name,
        actor=actor,
        occurred_at=now,
        customer_id=ended[0].customer_id,
        customer_name=ended[0].customer_name,
        details={"kinds": [str(RelationshipKind(row.kind).value) for row in ended]},
    )
    deliveries.queue(event)
    news = _("%(partner)s removed its reseller relationship with %(customer)s")
    for row in others:
        _tell_other_partner(event, row, news, by=actor.organization_name, url=absolute_url("", "customers:list"))
    return event


def announce_customer(
    event_type: CustomerEvent,
    customer: Customer,
    *,
    partner_ids: Iterable[UUID],
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    tell_customer: bool = True,
) -> AuditEvent:
    """Write one event about a customer's data; what a partner notes for itself is not the customer's to read."""
    event = log.record(
        event_type=event_type,
        organization_ids=[*([customer.pk] if tell_customer else []), *partner_ids],
        subject_type="customer",
        subject_id=customer.pk,
        subject_name=customer.organization.name,
        actor=actor,
        occurred_at=now,
        customer_id=customer.pk,
        customer_name=customer.organization.name,
        before=before,
        after=after,
    )
    deliveries.queue(event)
    return event


def announce_agreement_requested(
    relationship: ResellerRelationship, *, version: str, actor: Actor, now: datetime.datetime
) -> None:
    """Log that a customer is asked for the agreement, and ask its administrators by mail and Action Center."""
    customer = relationship.customer.organization
    event = log.record(
        event_type=CustomerEvent.AGREEMENT_REQUESTED,
        organization_ids=[relationship.partner_id, customer.pk],
        subject_type=_AGREEMENT_REQUEST,
        subject_id=relationship.partner_id,
        subject_name=version,
        actor=actor,
        occurred_at=now,
        customer_id=customer.pk,
        customer_name=customer.name,
        after={"version": version},
    )
    deliveries.queue(event)
    outbox.queue_email(
        template=f"customers/{CustomerEvent.AGREEMENT_REQUESTED}",
        event=event,
        recipients=[Recipient.of(person) for person in people_with_role(customer.pk, Role.CUSTOMER_ADMIN)],
        context={
            "partner_name": actor.organization_name,
            "customer_name": customer.name,
            "version": version,
            "url": absolute_url(settings.BASE_URL, "customers:accept_agreement", relationship.pk),
        },
    )
    _close_agreement_request(relationship.partner_id, customer.pk, now=now)
    action_center.notify(
        event=event,
        organization_id=customer.pk,
        roles=[Role.CUSTOMER_ADMIN],
        kind=ActionKind.RECOMMENDED,
        workspace="my-partners",
        title=_("%(partner)s asks you to accept the customer agreement, version %(version)s"),
        title_params={"partner": actor.organization_name, "version": version},
        url=absolute_url("", "customers:accept_agreement", relationship.pk),
    )


def _close_agreement_request(partner_id: UUID, customer_id: UUID, *, now: datetime.datetime) -> None:
    action_center.complete(subject_type=_AGREEMENT_REQUEST, subject_id=partner_id, organization_id=customer_id, now=now)


def announce_agreement(agreement: CustomerAgreement, *, actor: Actor, now: datetime.datetime) -> AuditEvent:
    """Log a customer agreement, and give the customer's contact notice of an attested one (section 5.1)."""
    event = log.record(
        event_type=CustomerEvent.AGREEMENT_CREATED,
        organization_ids=[agreement.partner_id, agreement.customer_id],
        subject_type="customer-agreement",
        subject_id=agreement.pk,
        subject_name=agreement.version,
        actor=actor,
        occurred_at=now,
        customer_id=agreement.customer_id,
        customer_name=agreement.customer.organization.name,
        after={
            "version": agreement.version,
            "method": agreement.method,
            "contact": f"{agreement.first_name} {agreement.last_name}",
            "e-mail": agreement.email,
            "agreed on": agreement.agreed_on.isoformat(),
        },
    )
    deliveries.queue(event)
    outbox.queue_email(
        template=f"customers/{CustomerEvent.AGREEMENT_CREATED}",
        event=event,
        recipients=[
            Recipient(
                email=agreement.email,
                name=f"{agreement.first_name} {agreement.last_name}",
                language=agreement.language,
            )
        ],
        context={
            "agreement": agreement,
            "customer_name": agreement.customer.organization.name,
            "partner_name": agreement.partner.organization.name,
        },
    )
    _close_agreement_request(agreement.partner_id, agreement.customer_id, now=now)
    return event


def announce_list_change(
    event_type: CustomerEvent, *, subject_type: str, subject_id: UUID, name: str, actor: Actor, now: datetime.datetime
) -> AuditEvent:
    """Log that a tag or a saved view of the customer list came or went."""
    event = log.record(
        event_type=event_type,
        organization_ids=[actor.organization_id],
        subject_type=subject_type,
        subject_id=subject_id,
        subject_name=name,
        actor=actor,
        occurred_at=now,
    )
    deliveries.queue(event)
    return event
