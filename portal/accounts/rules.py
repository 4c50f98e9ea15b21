"""What is allowed with people, invitations and the company profile, and why not."""

import datetime
from collections.abc import Callable, Collection
from functools import partial

from django.utils.translation import gettext as _

from portal.accounts.actor import Actor, who_may
from portal.accounts.enums import InvitationStatus, OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner, User, UserInvitation
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.core.errors import InvalidInput, PermissionDenied, Refusal, refusal_of

# The role that rules an organisation: somebody must hold it, and only its holders give or take it (reference 3.1).
ADMIN_ROLES: dict[OrganizationKind, Role] = {
    OrganizationKind.DIRECT_BILL: Role.GLOBAL_ADMIN,
    OrganizationKind.INDIRECT_PROVIDER: Role.GLOBAL_ADMIN,
    OrganizationKind.INDIRECT_RESELLER: Role.GLOBAL_ADMIN,
    OrganizationKind.CUSTOMER: Role.CUSTOMER_ADMIN,
    OrganizationKind.PUBLISHER: Role.PUBLISHER_ADMIN,
    OrganizationKind.OPERATOR: Role.OPERATOR_ADMIN,
}

# An invitation can be sent again until it is used or revoked; also one whose time ran out.
RESENDABLE = frozenset({InvitationStatus.OPEN, InvitationStatus.EXPIRED})


class UnknownRole(InvalidInput):
    """A role that this kind of organisation does not have, or none at all."""

    code = "unknown-role"


class OwnMembership(Refusal):
    """Nobody changes the own roles or locks the own account."""

    code = "own-membership"
    http_status = 403


class AdminRoleReserved(PermissionDenied):
    """Only who holds the organisation's highest role gives it or takes it away."""

    code = "admin-role-reserved"


class LastAdmin(Refusal):
    """The organisation would be left without anyone who rules it."""

    code = "last-admin"


class NoFactorToReset(Refusal):
    """The person has no second factor."""

    code = "no-second-factor-to-reset"


class ActsElsewhere(Refusal):
    """The person also acts for another organisation, whose door its second factor guards too."""

    code = "acts-elsewhere"
    http_status = 403


class UserInactive(Refusal):
    code = "user-inactive"


class UserActive(Refusal):
    code = "user-active"


class AlreadyMember(InvalidInput):
    """The person invited belongs to the organisation already."""

    code = "already-member"


class AlreadyInvited(InvalidInput):
    """An invitation to the same address is open."""

    code = "already-invited"


class InvitationClosed(Refusal):
    """The invitation was used, revoked or has expired; ``became`` says which."""

    code = "invitation-closed"
    http_status = 410

    def __init__(self, message: object, *, became: InvitationStatus, next_step: object = "") -> None:
        super().__init__(message, next_step=next_step)
        self.became = became


class InvitationForSomeoneElse(Refusal):
    """The invitation was sent to another address than that of the person signed in."""

    code = "invitation-for-someone-else"
    http_status = 403


class AccountExists(Refusal):
    """The person invited has an account and joins by signing in with it."""

    code = "account-exists"


class OrganizationHasPeople(Refusal):
    """Somebody acts for the organisation already, and invites the others."""

    code = "organization-has-people"


class AgreementCurrent(Refusal):
    """The version in force has been signed already."""

    code = "agreement-current"


class NotAPartner(Refusal):
    """Only partners have a partner agreement."""

    code = "not-a-partner"


def check_roles(kind: OrganizationKind, roles: Collection[str]) -> frozenset[Role]:
    """Return the roles if this kind of organisation has them all. Raises: UnknownRole."""
    if not roles:
        raise UnknownRole(_("Choose at least one role."), field="roles")
    known = {str(role): role for role in ROLES_BY_KIND[kind]}
    if not known.keys() >= set(roles):
        raise UnknownRole(_("Your organization does not have one of these roles."), field="roles")
    return frozenset(known[str(role)] for role in roles)


def check_may_give(actor: Actor, roles: Collection[str]) -> None:
    """Only a global admin gives or takes the role of global admin. Raises: AdminRoleReserved."""
    reserved = ADMIN_ROLES[actor.organization_kind]
    if reserved in roles and reserved not in actor.roles:
        raise AdminRoleReserved(
            _("Only someone with the role %(role)s can give this role or take it away.") % {"role": reserved.label},
            who=reserved.label,
            next_step=_("Ask a colleague with this role."),
        )


def check_can_change_roles(
    membership: Membership, roles: Collection[str], *, actor: Actor, other_admins: int
) -> frozenset[Role]:
    """Return the new roles, or say why they cannot be given.

    ``other_admins`` counts the active people beside this one who hold the organisation's highest role.
    Raises: UnknownRole, OwnMembership, UserInactive, AdminRoleReserved, LastAdmin.
    """
    wanted = check_roles(actor.organization_kind, roles)
    _check_someone_else(membership, actor=actor, message=_("You cannot change your own roles."))
    _check_active(membership)
    held = {Role(role) for role in membership.roles}
    check_may_give(actor, held ^ wanted)
    if ADMIN_ROLES[actor.organization_kind] in held - wanted:
        _check_not_last_admin(actor, other_admins)
    return wanted


def check_can_deactivate(membership: Membership, *, actor: Actor, other_admins: int) -> None:
    """Raises: OwnMembership, UserInactive, AdminRoleReserved, LastAdmin."""
    _check_someone_else(membership, actor=actor, message=_("You cannot deactivate yourself."))
    _check_active(membership)
    check_may_give(actor, membership.roles)
    if ADMIN_ROLES[actor.organization_kind] in membership.roles:
        _check_not_last_admin(actor, other_admins)


def check_can_reactivate(membership: Membership, *, actor: Actor) -> None:
    """Raises: UserActive, AdminRoleReserved."""
    if membership.is_active:
        raise UserActive(_("This person is active already."))
    check_may_give(actor, membership.roles)


def check_can_reset_second_factor(membership: Membership, *, actor: Actor) -> None:
    """``membership`` comes from queries.with_sign_in.

    Who may not give the highest role may not open the account of somebody who holds it either. An organization that a
    person was invited to must not weaken the sign-in to another one: that is left to the programme operator.
    Raises: OwnMembership, UserInactive, AdminRoleReserved, NoFactorToReset, ActsElsewhere. Source: our choice (0005).
    """
    message = _("You cannot reset your own second factor here. On the page Security you can remove and add factors.")
    _check_someone_else(membership, actor=actor, message=message)
    _check_active(membership)
    _check_has_factor(membership)
    if actor.organization_kind == OrganizationKind.OPERATOR:
        return
    reserved = ADMIN_ROLES[actor.organization_kind]
    if reserved in membership.roles and reserved not in actor.roles:
        raise AdminRoleReserved(
            _("Only someone with the role %(role)s can reset the second factor of somebody who holds it.")
            % {"role": reserved.label},
            who=reserved.label,
            next_step=_("If there is nobody else with this role, open a support case with the programme operator."),
        )
    if membership.acts_elsewhere:
        raise ActsElsewhere(
            _("This person also signs in for another organization, so your organization alone cannot reset it."),
            who=Role.OPERATOR_ADMIN.label,
            next_step=_("Open a support case: the programme operator can reset it."),
        )


def _check_has_factor(membership: Membership) -> None:
    if not membership.has_second_factor:
        raise NoFactorToReset(
            _("This person has no second factor."), next_step=_("The person can set one up after signing in.")
        )


def _check_someone_else(membership: Membership, *, actor: Actor, message: str) -> None:
    if membership.user_id == actor.user_id:
        raise OwnMembership(
            message,
            who=who_may(Permission.USER_MANAGE, kind=actor.organization_kind),
            next_step=_("Ask a colleague with one of these roles."),
        )


def _check_active(membership: Membership) -> None:
    if not membership.is_active:
        raise UserInactive(_("This person is deactivated."), next_step=_("Reactivate the person first."))


def _check_not_last_admin(actor: Actor, other_admins: int) -> None:
    if other_admins == 0:
        role = ADMIN_ROLES[actor.organization_kind].label
        raise LastAdmin(
            _("This is the last person with the role %(role)s, and your organization needs one.") % {"role": role},
            who=role,
            next_step=_("Give the role to a colleague first."),
        )


def check_can_invite(actor: Actor, roles: Collection[str], *, existing: Membership | None, is_invited: bool) -> None:
    """Raises: UnknownRole, AdminRoleReserved, AlreadyMember, AlreadyInvited."""
    check_may_give(actor, check_roles(actor.organization_kind, roles))
    if existing is not None and existing.is_active:
        raise AlreadyMember(_("This person is a user of your organization already."), field="email")
    if existing is not None:
        raise AlreadyMember(
            _("This person is a deactivated user of your organization. Reactivate the person instead."), field="email"
        )
    if is_invited:
        raise AlreadyInvited(
            _("An invitation to this address is open. Send it again or revoke it first."), field="email"
        )


def check_has_nobody(organization: Organization) -> None:
    """Raises: OrganizationHasPeople, when there is an active person who invites colleagues."""
    if Membership.objects.active().filter(organization=organization).exists():
        raise OrganizationHasPeople(
            _("%(name)s has people already.") % {"name": organization.name},
            who=ADMIN_ROLES[OrganizationKind(organization.kind)].label,
            next_step=_("They invite their colleagues themselves, under User management."),
        )


def check_invitation_open(invitation: UserInvitation, *, now: datetime.datetime) -> None:
    """Raises: InvitationClosed, with the words for what became of the invitation (R3)."""
    status = status_at(invitation, now=now)
    if status != InvitationStatus.OPEN:
        raise _closed(status)


def _closed(status: InvitationStatus) -> InvitationClosed:
    words = {
        InvitationStatus.ACCEPTED: (_("This invitation has been used."), _("If it was you who used it, sign in.")),
        InvitationStatus.REVOKED: (_("This invitation has been withdrawn."), _("Ask the person who invited you.")),
        InvitationStatus.EXPIRED: (
            _("This invitation has expired."),
            _("Ask the person who invited you to send it again."),
        ),
    }
    message, next_step = words[status]
    return InvitationClosed(message, became=status, next_step=next_step)


def check_can_resend(invitation: UserInvitation) -> None:
    """Raises: InvitationClosed, for an invitation that was used or revoked."""
    if invitation.status not in RESENDABLE:
        raise _closed(InvitationStatus(invitation.status))


def check_invitation_is_for(invitation: UserInvitation, user: User) -> None:
    """Raises: InvitationForSomeoneElse."""
    if user.email != invitation.email:
        raise InvitationForSomeoneElse(
            _("This invitation was sent to %(email)s, and you are signed in as %(own)s.")
            % {"email": invitation.email, "own": user.email},
            who=invitation.email,
            next_step=_("Sign out, then open the link in the mail again."),
        )


def status_at(invitation: UserInvitation, *, now: datetime.datetime) -> InvitationStatus:
    """Return the status, counting an open invitation past its time as expired before the sweep has closed it."""
    if invitation.status == InvitationStatus.OPEN and invitation.expires_at <= now:
        return InvitationStatus.EXPIRED
    return InvitationStatus(invitation.status)


def check_can_sign_agreement(organization: Organization, partner: Partner | None, *, version: str) -> Partner:
    """Return the partner who may sign the version in force (T6). Raises: NotAPartner, AgreementCurrent."""
    if partner is None:
        raise NotAPartner(
            _("Only partners sign the partner agreement; %(name)s is none.") % {"name": organization.name}
        )
    if partner.agreement_version == version:
        raise AgreementCurrent(_("Your organization has signed this version of the partner agreement."))
    return partner


def may_give_up_subscriptions(partner: Partner) -> bool:
    """Say whether a partner can be the source of a transfer (T3, T4; decision 0022).

    An indirect reseller is billed for nothing, so it never is. A direct bill partner that becomes one stays a direct
    bill partner until its last subscription has left, so it is the source all that time and no longer.
    """
    bills = (OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER)
    return OrganizationKind(partner.organization.kind) in bills


def may_take_over_subscriptions(partner: Partner) -> bool:
    """Say whether a partner can be the target of a transfer, or sell in its own name: nobody who becomes a reseller."""
    return may_give_up_subscriptions(partner) and partner.becoming_reseller_of_id is None


def user_actions(membership: Membership, *, actor: Actor, other_admins: int) -> dict[str, Refusal | None]:
    """Return what may be done with a user: action -> ``None``, or the refusal that says why not (X5).

    ``membership`` comes from queries.with_sign_in.
    Actions: "change_roles", "reset_second_factor", "deactivate", "reactivate".
    """
    checks: dict[str, Callable[[], None]] = {
        "change_roles": partial(_check_may_edit_roles, membership, actor=actor),
        "reset_second_factor": partial(check_can_reset_second_factor, membership, actor=actor),
        "deactivate": partial(check_can_deactivate, membership, actor=actor, other_admins=other_admins),
        "reactivate": partial(check_can_reactivate, membership, actor=actor),
    }
    return {action: _why_not(actor, check) for action, check in checks.items()}


def _why_not(actor: Actor, check: Callable[[], None]) -> Refusal | None:
    return refusal_of(actor.require, Permission.USER_MANAGE) or refusal_of(check)


def _check_may_edit_roles(membership: Membership, *, actor: Actor) -> None:
    """Say before any box is ticked whether this person's roles can be changed at all."""
    _check_someone_else(membership, actor=actor, message=_("You cannot change your own roles."))
    _check_active(membership)
