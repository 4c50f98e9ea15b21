"""Relationship requests as their partners see them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.enums import InvitationStatus
from customers.models import InvitationLink, RelationshipInvitation
from portal.accounts.actor import Actor
from portal.audit.models import AuditEvent
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page
from portal.notifications.enums import UNDELIVERED, EmailStatus
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

USUAL_WAIT = datetime.timedelta(minutes=1)  # of a mail between its request and the mail server
MAIL_NOT_OUT = ("warning", _("Mail not out yet"))  # stands in for "sent" until the mail server has the mail


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


def is_not_out(mail: OutgoingEmail, *, now: datetime.datetime) -> bool:
    """Say whether a mail was tried in vain or waits longer than usual; one just written is on its way."""
    if mail.status == EmailStatus.SENT:
        return False
    return bool(mail.reason) or mail.status in UNDELIVERED or mail.created_at + USUAL_WAIT <= now


def with_mail_not_out(invitations: Iterable[RelationshipInvitation], *, now: datetime.datetime) -> set[UUID]:
    """Return which of the requests have a newest mail to the customer that is not out (two queries)."""
    recipients = {str(invitation.pk): invitation.recipient_email for invitation in invitations}
    if not recipients:
        return set()
    events = AuditEvent.objects.filter(subject_type="relationship-request", subject_id__in=recipients)
    request_of = dict(events.values_list("public_id", "subject_id"))
    mails = OutgoingEmail.objects.filter(event_id__in=request_of, recipient__in=set(recipients.values()))
    mails = mails.only("event_id", "status", "reason", "created_at").order_by("created_at", "pk")
    newest = {request_of[mail.event_id]: mail for mail in mails}
    return {UUID(request_id) for request_id, mail in newest.items() if is_not_out(mail, now=now)}


def invitation_of_link(link: InvitationLink) -> RelationshipInvitation:
    """Return the request a link belongs to, with its partners (one query)."""
    rows = RelationshipInvitation.objects.select_related("partner__organization", "reseller__organization")
    return rows.get(pk=link.invitation_id)
