"""How the programme begins, and how partners and publishers come into it (P10, decision 0050)."""

import datetime
import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.rules.markets import market_of
from operators import rules
from operators.announcements import announce_enrolled
from operators.rules import FIRST_ROLES, FirstPerson, NewOrganization
from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS, OrganizationKind, Role
from portal.accounts.models import (
    Membership,
    Organization,
    Partner,
    PartnerLocation,
    PasswordReset,
    User,
    UserInvitation,
)
from portal.accounts.permissions import Permission
from portal.accounts.queries import unused_partner_id
from portal.accounts.workflow.invitations import invite_first_user
from portal.accounts.workflow.organization import ask_for_partner_agreement
from portal.core.errors import InvalidInput
from portal.core.links import hash_token, make_token


@transaction.atomic
def enroll(*, new: NewOrganization, person: FirstPerson, actor: Actor, now: datetime.datetime) -> Organization:
    """Take a partner or publisher into the programme and invite its first person, as the operator.

    Market and currency of a partner are those of its country today (A8).
    Raises: PermissionDenied, InvalidInput, naming the field.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    is_partner = new.kind in PARTNER_KINDS
    place = market_of(new.country, on=now.date()) if is_partner else None
    rules.check_can_enroll(new, place)
    organization = _create(new, person, now=now)
    if place is not None:
        partner = Partner.objects.create(organization=organization, market=place.market_id, currency=place.currency)
        PartnerLocation.objects.create(
            partner=partner,
            partner_id_number=new.partner_id or unused_partner_id(),
            name=new.name,
            country=new.country,
            is_headquarters=True,
        )
    announce_enrolled(organization, actor=actor, now=now)
    invite_first_person(organization_id=organization.pk, person=person, actor=actor, now=now)
    if is_partner:
        ask_for_partner_agreement(organization_id=organization.pk, now=now)
    return organization


@transaction.atomic
def invite_first_person(
    *, organization_id: uuid.UUID, person: FirstPerson, actor: Actor, now: datetime.datetime
) -> UserInvitation:
    """Mail the first person of an organization its link, again or to somebody else, as long as nobody is in it.

    Raises: PermissionDenied, OrganizationHasPeople.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    kind = OrganizationKind(Organization.objects.get(pk=organization_id).kind)
    return invite_first_user(
        organization_id=organization_id,
        name=person.name,
        email=person.email,
        roles=FIRST_ROLES[kind],
        actor=actor,
        now=now,
    )


@transaction.atomic
def found_programme(*, new: NewOrganization, person: FirstPerson, now: datetime.datetime) -> str:
    """Create the programme operator with its first person, and return the secret of the link to choose a password.

    Everybody else comes in by this person, or by somebody who did. Raises: ProgrammeExists, InvalidInput.
    """
    if Organization.objects.filter(kind=OrganizationKind.OPERATOR).exists():
        raise rules.ProgrammeExists(
            _("There is a programme operator already."), next_step=_("Ask one of its people for an invitation.")
        )
    organization = _create(new, person, now=now)
    try:
        with transaction.atomic():
            user = User.objects.create_user(person.email, None, name=person.name, language=new.language, created_at=now)
    except IntegrityError as error:
        raise InvalidInput(_("There is an account with this address already."), field="email") from error
    Membership.objects.create(user=user, organization=organization, roles=[Role.OPERATOR_ADMIN], created_at=now)
    token = make_token()
    PasswordReset.objects.create(
        user=user,
        token_hash=hash_token(token),
        created_at=now,
        expires_at=now + datetime.timedelta(days=settings.COLLEAGUE_INVITATION_DAYS),
    )
    announce_enrolled(organization, actor=None, now=now)
    return token


def _create(new: NewOrganization, person: FirstPerson, *, now: datetime.datetime) -> Organization:
    try:
        with transaction.atomic():
            return Organization.objects.create(
                kind=new.kind,
                name=new.name,
                domain=new.domain.lower(),
                country=new.country,
                cloud=new.cloud,
                language=new.language,
                contact_email=person.email.strip().lower(),
                created_at=now,
            )
    except IntegrityError as error:
        raise rules.domain_taken(new.domain) from error
