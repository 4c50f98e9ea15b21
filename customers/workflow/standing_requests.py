"""The link a partner hands out without saying to whom (API reference, section 3.5)."""

import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import InvitationLink, RelationshipInvitation
from customers.workflow.invitations import RequestTerms, request_relationship
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner
from portal.accounts.permissions import Permission
from portal.core.links import derived_token, hash_token

TO_ANYBODY: dict[str, Any] = {
    "customer_label": "API",  # what the request is called in the partner's list: no customer is known yet
    "expected_tenant_id": None,
    "expected_domain": "",
    "recipient_email": "",
}


@transaction.atomic
def standing_request(
    *,
    provider_id: UUID | None,
    reseller_id: UUID | None,
    include_admin_rights: bool,
    actor: Actor,
    now: datetime.datetime,
) -> tuple[RelationshipInvitation, str]:
    """Return a request open to any customer, and the token of its link; both the same until it is answered.

    Once the request is there nothing is written: the token is derived, and only its hash is kept (decision 0024).
    Raises: PermissionDenied, and what request_relationship raises.
    """
    actor.require(Permission.RELATIONSHIP_REQUEST)
    partner_id, reseller = _parties(actor, provider_id, reseller_id)
    same: dict[str, Any] = {
        "partner_id": partner_id,
        "reseller_id": reseller,
        "include_admin_rights": include_admin_rights,
    }
    open_ones = RelationshipInvitation.objects.open(now).filter(**same, **TO_ANYBODY)
    found = open_ones.first()
    if found is not None and InvitationLink.objects.filter(token_hash=hash_token(_token(found))).exists():
        return found, _token(found)
    Partner.objects.locked(actor.organization_id)  # two calls at once find one request
    found = open_ones.first() or _new_request(same, actor, now)
    token = _token(found)
    InvitationLink.objects.get_or_create(
        token_hash=hash_token(token), defaults={"invitation": found, "created_at": now}
    )
    return found, token


def _new_request(same: dict[str, Any], actor: Actor, now: datetime.datetime) -> RelationshipInvitation:
    own = Organization.objects.get(pk=actor.organization_id)
    terms = RequestTerms(
        **same,
        **TO_ANYBODY,
        cloud=own.cloud,
        language=own.language,
        message_subject=_("Reseller relationship with %(partner)s") % {"partner": own.name},
        message_text="[[link]]",
    )
    return request_relationship(terms=terms, actor=actor, now=now)[0]


def _token(invitation: RelationshipInvitation) -> str:
    """Return the token of the link that stands; sending again replaces it by the next one."""
    replaced = invitation.links.filter(replaced_at__isnull=False).count()
    return derived_token("standing request", f"{invitation.pk} {replaced}")


def _parties(actor: Actor, provider_id: UUID | None, reseller_id: UUID | None) -> tuple[UUID, UUID | None]:
    """Return who bills and through which reseller: a reseller asks for its provider, everybody else for itself."""
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER and provider_id:
        return provider_id, actor.organization_id
    return actor.organization_id, reseller_id
