"""Celery entry points of the accounts app."""

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from portal.accounts import queries
from portal.accounts.models import UserInvitation
from portal.accounts.workflow import invitations, organization, sessions

logger = structlog.get_logger(__name__)


@shared_task(name="accounts.ask_for_agreements")
def ask_for_agreements() -> None:
    """Ask the partners that did not sign the partner agreement in force, each in a transaction of its own."""
    now = timezone.now()
    for organization_id in list(
        queries.partners_to_ask(settings.PARTNER_AGREEMENT_VERSION).values_list("pk", flat=True)
    ):
        try:
            organization.ask_for_partner_agreement(organization_id=organization_id, now=now)
        except Exception:  # its siblings must not wait (quality row 7); the next sweep tries it again
            logger.exception("partner_not_asked_for_agreement", organization_id=str(organization_id))


@shared_task(name="accounts.expire", time_limit=600)
def expire() -> None:
    """Close the invitations whose time has run out, each in a transaction of its own; clear away dead sessions."""
    now = timezone.now()
    sessions.clear_expired(now=now)
    due = UserInvitation.objects.due(now).order_by("expires_at", "pk").values_list("pk", flat=True)
    for invitation_id in list(due):
        try:
            invitations.expire_invitation(invitation_id=invitation_id, now=now)
        except Exception:  # its siblings must not wait (quality row 7); the next sweep tries it again
            logger.exception("user_invitation_not_expired", invitation_id=str(invitation_id))
