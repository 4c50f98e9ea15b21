"""How an organisation changes: its profile, the partner agreement, and who acts for it."""

import datetime
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.accounts import queries, rules
from portal.accounts.actor import Actor
from portal.accounts.announcements import announce_agreement_requested, announce_agreement_signed, announce_organization
from portal.accounts.enums import AccountEvent
from portal.accounts.models import Membership, Organization, Partner
from portal.accounts.permissions import Permission

PROFILE_FIELDS = ("name", "address", "contact_email", "contact_phone", "language")


@transaction.atomic
def update_organization(*, changes: Mapping[str, str], actor: Actor, now: datetime.datetime) -> Organization:
    """Change the profile of the actor's organisation; ``changes`` holds values for some of PROFILE_FIELDS.

    Raises: PermissionDenied.
    """
    actor.require(Permission.ORGANIZATION_MANAGE)
    organization = Organization.objects.locked(actor.organization_id)
    changed = [name for name in PROFILE_FIELDS if name in changes and getattr(organization, name) != changes[name]]
    if not changed:
        return organization

    before = {name: getattr(organization, name) for name in changed}
    for name in changed:
        setattr(organization, name, changes[name])
    organization.save(update_fields=[*changed, "name_key"])
    announce_organization(
        AccountEvent.ORGANIZATION_UPDATED,
        organization,
        actor=actor,
        now=now,
        before=before,
        after={name: changes[name] for name in changed},
    )
    return organization


@transaction.atomic
def sign_partner_agreement(*, actor: Actor, now: datetime.datetime) -> Partner:
    """Sign the version of the partner agreement in force for the actor's organisation (T6).

    Raises: PermissionDenied, rules.NotAPartner, rules.AgreementCurrent.
    """
    actor.require(Permission.PARTNER_AGREEMENT_SIGN)
    version = settings.PARTNER_AGREEMENT_VERSION
    organization = Organization.objects.locked(actor.organization_id)
    partner = rules.check_can_sign_agreement(
        organization, Partner.objects.filter(pk=organization.pk).first(), version=version
    )

    before = {"agreement_version": partner.agreement_version, "agreement_signed_by": partner.agreement_signed_by}
    partner.agreement_version = version
    partner.agreement_signed_at = now
    partner.agreement_signed_by = actor.name
    partner.save(update_fields=["agreement_version", "agreement_signed_at", "agreement_signed_by"])
    announce_agreement_signed(organization, version=version, actor=actor, now=now, before=before)
    return partner


@transaction.atomic
def ask_for_partner_agreement(*, organization_id: UUID, now: datetime.datetime) -> bool:
    """Ask a partner, once per version, to sign the partner agreement in force; say whether it was asked now (T6).

    Running it again, or at the same time elsewhere, changes nothing.
    """
    version = settings.PARTNER_AGREEMENT_VERSION
    organization = Organization.objects.locked(organization_id)
    if not queries.partners_to_ask(version).filter(pk=organization.pk).exists():
        return False
    announce_agreement_requested(organization, version=version, now=now)
    return True


@transaction.atomic
def switch_organization(*, membership_id: UUID, now: datetime.datetime) -> Actor:
    """Note that a person acts for another of its organisations from now on, and return it as that actor.

    Raises: Membership.DoesNotExist when the membership does not count any more.
    """
    membership = Membership.objects.active().select_related("organization", "user").get(pk=membership_id)
    actor = queries.make_actor(membership, membership.user)
    announce_organization(AccountEvent.ORGANIZATION_SWITCHED, membership.organization, actor=actor, now=now)
    return actor
