"""Relationship requests: create, send, send again, open, accept, decline, ask, revoke, remind, expire (R1-R3)."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_invitation, mail_invitation
from customers.enums import CustomerEvent, InvitationStatus
from customers.models import InvitationLink, RelationshipInvitation, ResellerRelationship
from customers.workflow.agreements import sign_agreement
from customers.workflow.relationships import grant_admin_rights, hold_partners, start_relationships
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud
from portal.accounts.models import Organization, Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput
from portal.core.http import absolute_url
from portal.core.links import hash_token, make_token


@dataclass(frozen=True)
class RequestTerms:
    """What a partner asks a customer for. ``message_text`` holds ``[[link]]`` where the unique link goes."""

    partner_id: UUID  # the billing partner: oneself, or the provider of a reseller
    reseller_id: UUID | None
    cloud: str
    include_admin_rights: bool
    language: str
    customer_label: str
    expected_tenant_id: UUID | None
    expected_domain: str
    recipient_email: str
    message_subject: str
    message_text: str


@transaction.atomic
def request_relationship(
    *, terms: RequestTerms, actor: Actor, now: datetime.datetime
) -> tuple[RelationshipInvitation, str]:
    """Create a relationship request and return it with the token of its unique link, which is not stored.

    Source: "Request a reseller relationship"; requirements R1, R6, R8, R10.
    Raises: PermissionDenied, rules.ResellerNotYours, rules.SellsThroughProvider, rules.CloudMismatch,
    rules.InvitationOpenAlready, InvalidInput.
    """
    actor.require(Permission.RELATIONSHIP_REQUEST)
    if actor.organization_id not in (terms.partner_id, terms.reseller_id):
        raise rules.ResellerNotYours(_("Ask for your own company or for your indirect provider."))
    partner = hold_partners(terms.partner_id, terms.reseller_id)
    rules.check_reseller_named(partner, terms.reseller_id)
    rules.check_sells_directly(partner)
    rules.check_partner_cloud(partner, terms.cloud)
    _check_terms(partner, terms, now)
    try:
        with transaction.atomic():
            invitation = RelationshipInvitation.objects.create(
                **vars(terms),
                requested_by_id=actor.user_id,
                requested_by_name=actor.name,
                created_at=now,
                expires_at=now + datetime.timedelta(days=settings.INVITATION_LIFETIME_DAYS),
            )
    except IntegrityError as error:
        raise rules.InvitationOpenAlready(
            _("A request to this customer is open already."),
            next_step=_("Open it in the list of requests to send it again or to revoke it."),
        ) from error
    token = _new_link(invitation, now)
    announce_invitation(CustomerEvent.RELATIONSHIP_REQUESTED, invitation, actor=actor, now=now)
    return invitation, token


def _check_terms(partner: Partner, terms: RequestTerms, now: datetime.datetime) -> None:
    rules.check_message(terms.message_text)
    if terms.cloud == Cloud.US_GOVERNMENT and not terms.include_admin_rights:
        raise InvalidInput(
            _("In the US Government cloud a request always includes administration rights."),
            field="include_admin_rights",
        )
    known = Organization.objects.filter(pk=terms.expected_tenant_id) if terms.expected_tenant_id else None
    if known is None and terms.expected_domain:
        known = Organization.objects.filter(domain__iexact=terms.expected_domain)
    organization = known.first() if known is not None else None
    if organization is None:
        return
    rules.check_not_a_partner(organization)
    rules.check_same_market(partner, organization.country, on=now.date())
    rules.check_not_related([partner.pk, *([terms.reseller_id] if terms.reseller_id else [])], organization)


def _new_link(invitation: RelationshipInvitation, now: datetime.datetime) -> str:
    """Make a link and return its token, which only its hash outlives."""
    token = make_token()
    InvitationLink.objects.create(invitation=invitation, token_hash=hash_token(token), created_at=now)
    return token


def invitation_link(invitation: RelationshipInvitation, token: str) -> str:
    """Return the unique link: it opens in the entrance of the customer's cloud (R9)."""
    entrance = "government" if invitation.cloud == Cloud.US_GOVERNMENT else "admin_center"
    return absolute_url(settings.BASE_URL, f"{entrance}:invitation", token)


@dataclass(frozen=True)
class Message:
    """The words of a request, as the partner edited them. ``text`` holds ``[[link]]`` where the unique link goes."""

    recipient_email: str
    subject: str
    text: str


@transaction.atomic
def send_invitation(
    *, invitation_id: UUID, link: str, message: Message, actor: Actor, now: datetime.datetime
) -> RelationshipInvitation:
    """Mail the message with its unique link to the customer (R1).

    Raises: PermissionDenied, rules.InvitationNotPending, InvalidInput.
    """
    actor.require(Permission.RELATIONSHIP_REQUEST)
    invitation = RelationshipInvitation.objects.visible_to(actor).locked(invitation_id)
    rules.check_invitation_pending(invitation, now=now)
    rules.check_message(message.text)
    invitation.recipient_email = message.recipient_email
    invitation.message_subject = message.subject
    invitation.message_text = message.text
    invitation.sent_at = now
    invitation.save(update_fields=["recipient_email", "message_subject", "message_text", "sent_at"])
    event = announce_invitation(CustomerEvent.RELATIONSHIP_REQUEST_SENT, invitation, actor=actor, now=now)
    mail_invitation(event, invitation, link=link)
    return invitation


@transaction.atomic
def resend_invitation(
    *, invitation_id: UUID, actor: Actor, now: datetime.datetime
) -> tuple[RelationshipInvitation, str]:
    """Give a pending request a new link and a new life; the old link dies.

    Raises: PermissionDenied, rules.InvitationNotPending.
    """
    actor.require(Permission.RELATIONSHIP_REQUEST)
    invitation = RelationshipInvitation.objects.visible_to(actor).locked(invitation_id)
    rules.check_invitation_pending(invitation, now=now)
    invitation.expires_at = now + datetime.timedelta(days=settings.INVITATION_LIFETIME_DAYS)
    invitation.sent_at = invitation.opened_at = invitation.reminded_at = None
    invitation.save(update_fields=["expires_at", "sent_at", "opened_at", "reminded_at"])
    invitation.links.filter(replaced_at__isnull=True).update(replaced_at=now)
    token = _new_link(invitation, now)
    announce_invitation(CustomerEvent.RELATIONSHIP_REQUEST_RESENT, invitation, actor=actor, now=now)
    return invitation, token


@transaction.atomic
def revoke_invitation(*, invitation_id: UUID, actor: Actor, now: datetime.datetime) -> RelationshipInvitation:
    """Take a pending request back; its link dies. Raises: PermissionDenied, rules.InvitationNotPending."""
    actor.require(Permission.RELATIONSHIP_REQUEST)
    invitation = RelationshipInvitation.objects.visible_to(actor).locked(invitation_id)
    rules.check_invitation_pending(invitation, now=now)
    _revoke(invitation, actor=actor, now=now)
    return invitation


def _revoke(invitation: RelationshipInvitation, *, actor: Actor, now: datetime.datetime) -> None:
    _close(invitation, InvitationStatus.REVOKED, by=actor.name, now=now)
    announce_invitation(CustomerEvent.RELATIONSHIP_REQUEST_REVOKED, invitation, actor=actor, now=now)


def lock_requests(*, partner_id: UUID, reseller_id: UUID | None) -> list[RelationshipInvitation]:
    """Lock the pending requests of a partner, or of a provider with one reseller, in one order everywhere.

    Called before the partner's or partnership's own row is locked: an answer holds them in that order too.
    """
    pending = RelationshipInvitation.objects.filter(
        partner_id=partner_id, reseller_id=reseller_id, status=InvitationStatus.PENDING
    )
    return list(pending.select_for_update(of=("self",), no_key=True).order_by("pk"))


def revoke_requests(
    *, partner_id: UUID, reseller_id: UUID | None, actor: Actor, now: datetime.datetime
) -> list[RelationshipInvitation]:
    """Take back all pending requests of a partner, or of a provider with one reseller, which part from now on.

    Called inside the transaction that ends what they ask for.
    """
    revoked = lock_requests(partner_id=partner_id, reseller_id=reseller_id)
    for invitation in revoked:
        _revoke(invitation, actor=actor, now=now)
    return revoked


def _close(invitation: RelationshipInvitation, status: InvitationStatus, *, by: str, now: datetime.datetime) -> None:
    invitation.status = status
    invitation.closed_at = now
    invitation.closed_by_name = by
    invitation.save(update_fields=["status", "closed_at", "closed_by_name", "decline_reason", "customer"])


def locked_by_link(token_hash: str, now: datetime.datetime) -> RelationshipInvitation:
    """Lock the invitation of a usable link. Raises: rules.LinkUnusable."""
    link = rules.find_link(token_hash)
    invitation = RelationshipInvitation.objects.locked(link.invitation_id)
    link.refresh_from_db()
    rules.check_link_usable(link, invitation, now=now)
    return invitation


@transaction.atomic
def mark_opened(*, token_hash: str, now: datetime.datetime) -> None:
    """Note that a person, not a mail scanner, opened the page: called by a POST of the page's own form (R3)."""
    invitation = locked_by_link(token_hash, now)
    if invitation.opened_at is None:
        invitation.opened_at = now
        invitation.save(update_fields=["opened_at"])


@transaction.atomic
def accept_invitation(*, token_hash: str, actor: Actor, now: datetime.datetime) -> ResellerRelationship:
    """Turn an open request into reseller relationships and sign the customer agreement. The link works once.

    Accepting says yes to the relationship, to the rights asked for, and to the agreement shown on the page
    (section 4.3, element 4). Source: requirements R2, R3, R4, R6, R7, R8, R10.
    Raises: rules.LinkUnusable and whatever rules.check_can_accept raises.
    """
    invitation = locked_by_link(token_hash, now)
    rules.check_answerable(invitation, actor=actor, now=now)

    relationships = start_relationships(
        customer_organization=Organization.objects.get(pk=actor.organization_id),
        partner=invitation.partner,
        reseller=invitation.reseller,
        has_admin_rights=invitation.include_admin_rights,
        now=now,
    )
    if invitation.include_admin_rights:  # of those that an import brought along without them (decision 0021)
        grant_admin_rights(relationships)
    invitation.customer = relationships[0].customer
    _close(invitation, InvitationStatus.ACCEPTED, by=actor.name, now=now)
    indirect = invitation.reseller_id is not None
    event = CustomerEvent.INDIRECT_RELATIONSHIP_ACCEPTED if indirect else CustomerEvent.RELATIONSHIP_ACCEPTED
    announce_invitation(event, invitation, actor=actor, now=now)
    sign_agreement(relationship=relationships[0], actor=actor, now=now)
    return relationships[0]


@transaction.atomic
def decline_invitation(*, token_hash: str, reason: str, actor: Actor, now: datetime.datetime) -> RelationshipInvitation:
    """Say no, with a reason if one is given. Raises: rules.LinkUnusable and what rules.check_can_accept raises."""
    invitation = locked_by_link(token_hash, now)
    organization = Organization.objects.get(pk=actor.organization_id)
    rules.check_can_accept(invitation, actor=actor, organization=organization)
    invitation.decline_reason = reason
    _close(invitation, InvitationStatus.DECLINED, by=actor.name, now=now)
    announce_invitation(CustomerEvent.RELATIONSHIP_DECLINED, invitation, actor=actor, now=now, details={"note": reason})
    return invitation


@transaction.atomic
def ask_question(*, token_hash: str, question: str, actor: Actor, now: datetime.datetime) -> RelationshipInvitation:
    """Send the partner a question; the request stays open. Raises: rules.LinkUnusable."""
    invitation = locked_by_link(token_hash, now)
    announce_invitation(
        CustomerEvent.RELATIONSHIP_QUESTION,
        invitation,
        actor=actor,
        now=now,
        details={"note": question, "from": actor.email},
    )
    return invitation


def expire_invitations(*, now: datetime.datetime, limit: int = 200) -> int:
    """Close up to ``limit`` requests whose time is over; returns how many. Each is a transaction of its own."""
    due = RelationshipInvitation.objects.filter(status=InvitationStatus.PENDING, expires_at__lte=now)
    closed = 0
    for invitation_id in due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            invitation = RelationshipInvitation.objects.locked(invitation_id)
            if invitation.status != InvitationStatus.PENDING or invitation.expires_at > now:
                continue
            _close(invitation, InvitationStatus.EXPIRED, by="", now=now)
            announce_invitation(CustomerEvent.RELATIONSHIP_REQUEST_EXPIRED, invitation, actor=None, now=now)
            closed += 1
    return closed


def remind_invitations(*, now: datetime.datetime, limit: int = 200) -> int:
    """Remind the customer of mailed requests that expire soon; returns how many. Each is reminded once.

    The reminder carries a link of its own (the first one's token is not stored), and both links work.
    """
    soon = now + datetime.timedelta(days=settings.INVITATION_REMINDER_DAYS)
    due = RelationshipInvitation.objects.open(now).filter(
        expires_at__lte=soon, sent_at__isnull=False, reminded_at__isnull=True
    )
    reminded = 0
    for invitation_id in due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            invitation = RelationshipInvitation.objects.locked(invitation_id)
            if invitation.status != InvitationStatus.PENDING or invitation.reminded_at is not None:
                continue
            invitation.reminded_at = now
            invitation.save(update_fields=["reminded_at"])
            link = invitation_link(invitation, _new_link(invitation, now))
            event = announce_invitation(CustomerEvent.RELATIONSHIP_REQUEST_REMINDED, invitation, actor=None, now=now)
            mail_invitation(event, invitation, link=link, template="customers/invitation-reminder")
            reminded += 1
    return reminded
