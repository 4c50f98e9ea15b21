"""Relationship requests as their partners see them."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.enums import InvitationStatus
from customers.models import (
    CustomerAgreement,
    InvitationLink,
    MarketCountry,
    RelationshipInvitation,
    ResellerRelationship,
)
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Partner, Partnership
from portal.audit.models import AuditEvent
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page
from portal.notifications.models import OutgoingEmail

# What the list shows as the state: the stored status, and for a pending request how far it has come.
STATES: dict[str, tuple[str, Any]] = {
    "ready": ("neutral", _("Not sent")),
    "sent": ("info", pgettext_lazy("request", "Sent")),
    "opened": ("info", _("Opened")),
    InvitationStatus.ACCEPTED: ("success", InvitationStatus.ACCEPTED.label),
    InvitationStatus.DECLINED: ("error", InvitationStatus.DECLINED.label),
    InvitationStatus.EXPIRED: ("warning", InvitationStatus.EXPIRED.label),
    InvitationStatus.REVOKED: ("neutral", InvitationStatus.REVOKED.label),
}


@dataclass(frozen=True)
class InvitationFilter:
    """What the list of requests is narrowed to; empty values narrow nothing."""

    text: str = ""
    state: str = ""


def state_of(invitation: RelationshipInvitation, *, now: datetime.datetime) -> str:
    """Return the key in STATES under which a request is shown; one past its time is expired at once."""
    if invitation.status != InvitationStatus.PENDING:
        return invitation.status
    if invitation.expires_at <= now:
        return InvitationStatus.EXPIRED
    if invitation.opened_at:
        return "opened"
    return "sent" if invitation.sent_at else "ready"


def _in_state(state: str, now: datetime.datetime) -> Q:
    pending = Q(status=InvitationStatus.PENDING, expires_at__gt=now)
    conditions = {
        "ready": pending & Q(sent_at__isnull=True, opened_at__isnull=True),
        "sent": pending & Q(sent_at__isnull=False, opened_at__isnull=True),
        "opened": pending & Q(opened_at__isnull=False),
        InvitationStatus.EXPIRED: Q(status=InvitationStatus.EXPIRED)
        | Q(status=InvitationStatus.PENDING, expires_at__lte=now),
    }
    return conditions.get(state, Q(status=state))


def invitation_page(
    actor: Actor, wanted: InvitationFilter, *, cursor: str, now: datetime.datetime
) -> Page[RelationshipInvitation]:
    """Return one page of the requests that the actor's partner may see, newest first (one query)."""
    rows = RelationshipInvitation.objects.visible_to(actor)
    if wanted.state:
        rows = rows.filter(_in_state(wanted.state, now))
    if wanted.text:
        rows = rows.filter(
            Q(customer_label__icontains=wanted.text)
            | Q(expected_domain__icontains=name_key(wanted.text))
            | Q(recipient_email__icontains=wanted.text)
        )
    rows = rows.select_related("reseller__organization", "partner__organization")
    return keyset_page(rows, order=("-created_at", "-pk"), cursor=cursor, size=50)


def invitation_detail(actor: Actor, invitation_id: UUID) -> RelationshipInvitation:
    """Return a request of the actor's partner. Raises: Http404."""
    rows = RelationshipInvitation.objects.visible_to(actor).filter(pk=invitation_id)
    invitation = rows.select_related(
        "reseller__organization", "partner__organization", "customer__organization"
    ).first()
    if invitation is None:
        raise Http404
    return invitation


def mails_of(invitation: RelationshipInvitation) -> list[OutgoingEmail]:
    """Return the mails to the customer about a request, newest first, with how far each has come (one query)."""
    events = AuditEvent.objects.filter(subject_type="relationship-request", subject_id=str(invitation.pk))
    mails = OutgoingEmail.objects.filter(event_id__in=events.values("public_id"), recipient=invitation.recipient_email)
    return list(mails.order_by("-created_at", "-pk")[:20])


def counterparts_of(actor: Actor) -> list[Partner]:
    """Return the partners that a request must name: a provider's resellers, a reseller's providers, else none."""
    partnerships = Partnership.objects.filter(status=PartnershipStatus.ACTIVE)
    if actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER:
        rows = partnerships.filter(provider_id=actor.organization_id).select_related("reseller__organization")
        return [row.reseller for row in rows.order_by("reseller__organization__name_key", "pk")]
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        rows = partnerships.filter(reseller_id=actor.organization_id).select_related("provider__organization")
        return [row.provider for row in rows.order_by("provider__organization__name_key", "pk")]
    return []


def invitation_of_link(link: InvitationLink) -> RelationshipInvitation:
    """Return the request a link belongs to, with its partners (one query)."""
    rows = RelationshipInvitation.objects.select_related("partner__organization", "reseller__organization")
    return rows.get(pk=link.invitation_id)


def countries_of_market(market: str, *, on: datetime.date) -> list[str]:
    """Return the ISO codes of a market's countries on a day."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    rows = MarketCountry.objects.filter(holds, market_id=market, valid_from__lte=on)
    return list(rows.order_by("country").values_list("country", flat=True))


def partners_of_customer(actor: Actor) -> list[ResellerRelationship]:
    """Return the active relationships of the actor's customer organization, by partner (one query)."""
    rows = ResellerRelationship.objects.filter(customer_id=actor.organization_id).active()
    rows = rows.select_related("partner__organization", "counterpart__organization")
    return list(rows.order_by("partner__organization__name_key", "pk"))


def partner_of_customer(actor: Actor, relationship_id: UUID) -> ResellerRelationship | None:
    """Return one of them, or ``None`` for another customer's."""
    rows = ResellerRelationship.objects.filter(customer_id=actor.organization_id, pk=relationship_id)
    return rows.select_related("partner__organization").first()


def agreements_of_customer(actor: Actor) -> list[CustomerAgreement]:
    """Return what the actor's customer organization signed, newest first (one query)."""
    rows = CustomerAgreement.objects.filter(customer_id=actor.organization_id).select_related("partner__organization")
    return list(rows.order_by("-created_at", "-pk"))
