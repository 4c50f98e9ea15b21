"""Who may give and take access to an Azure subscription, and to whom (A4, A5; section 9.5; decision 0044)."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from azure.earning import roles_that_earn
from azure.enums import AccessRole
from azure.models import RoleAssignment
from customers.enums import ProductFamily, RelationshipKind
from customers.models import ResellerRelationship, Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal

# What has role assignments of its own; a plan is only a contract.
ACCESS_FAMILIES = (ProductFamily.AZURE_SUBSCRIPTION, ProductFamily.AZURE_LEGACY, ProductFamily.SHARED_SERVICES)


class NotAnOwner(Refusal):
    """Whoever gives or takes access must be Owner itself."""

    code = "azure-access-not-owner"
    http_status = 403


class NoRelationshipYet(Refusal):
    """A reseller gets access in two steps, and the first is missing (A5)."""

    code = "azure-access-no-relationship"


class LastOwner(Refusal):
    """Somebody must be able to give rights."""

    code = "azure-access-last-owner"


class AccessGivenAlready(Refusal):
    """The same role on the same thing was given before."""

    code = "azure-access-given-already"


@dataclass(frozen=True)
class Access:
    """An Azure subscription and who may do what in it. ``subscription`` is the row of today's billing owner."""

    subscription: Subscription
    first_owner: Organization  # its agents came with the subscription
    assignments: tuple[RoleAssignment, ...]
    resellers: Mapping[UUID, Organization]  # with which the billing owner serves the customer

    @property
    def owner(self) -> Organization:
        """The partner that is billed today."""
        return self.subscription.billing_owner.organization

    @property
    def former_partners(self) -> list[Organization]:
        """Partners whose people still have access, though they are neither billed nor a reseller (section 6.8)."""
        known = {self.subscription.customer_id, self.owner.pk, self.subscription.reseller_id, *self.resellers}
        found = {row.organization_id: row.organization for row in self.assignments}
        return [organization for pk, organization in found.items() if pk not in known]

    @property
    def owner_has_none(self) -> bool:
        """Say whether the billing owner pays for what its people cannot get at."""
        return not self.has(self.owner.pk)

    def has(self, organization_id: UUID) -> bool:
        """Say whether anybody of the organization has access."""
        return any(row.organization_id == organization_id for row in self.assignments)

    def earns_with(self, day: datetime.date) -> list[RoleAssignment]:
        """Return the roles of billing owner and reseller with which usage of a day earns credit (decision 0047)."""
        earning, ours = roles_that_earn(day), {self.owner.pk, self.subscription.reseller_id}
        return [row for row in self.assignments if row.role in earning and row.organization_id in ours]

    def owns(self, organization_id: UUID) -> bool:
        """Say whether the organization is Owner of the whole subscription, so that it can give rights."""
        return any(_is_owner(row) and row.organization_id == organization_id for row in self.assignments)


def check_may_manage(access: Access, *, actor: Actor) -> None:
    """Raise NotAnOwner unless the actor's organization owns the subscription, or is the customer itself.

    A customer's administrator can always raise itself to Owner of what belongs to its tenant, so it needs no role.
    """
    actor.require(Permission.AZURE_ACCESS_MANAGE)
    if actor.organization_id == access.subscription.customer_id or access.owns(actor.organization_id):
        return
    owners = sorted({row.organization.name for row in access.assignments if _is_owner(row)})
    raise NotAnOwner(
        _("%(organization)s does not have the role Owner on this subscription, so it can neither give nor take access.")
        % {"organization": actor.organization_name},
        who=_("an administrator of %(customer)s, or an owner (%(owners)s)")
        % {"customer": access.subscription.customer.organization.name, "owners": ", ".join(owners)},
        next_step=_("Ask the customer to give your admin agents the role Owner."),
    )


def choices(access: Access, *, actor: Actor) -> dict[UUID, Organization]:
    """Return the organizations whose users and groups can be given access: customer, billing owner, its resellers.

    A customer can choose any partner it has a relationship with.
    """
    customer = access.subscription.customer.organization
    if actor.organization_kind == OrganizationKind.CUSTOMER:
        return {customer.pk: customer, access.owner.pk: access.owner, **partners_of_customer(customer.pk)}
    return {customer.pk: customer, access.owner.pk: access.owner, **access.resellers}


def check_principal(access: Access, organization_id: UUID, *, actor: Actor) -> None:
    """Raise NoRelationshipYet unless the organization can be given access."""
    if organization_id not in choices(access, actor=actor):
        raise NoRelationshipYet(
            _("This company has no reseller relationship with the customer, so its people cannot be given access."),
            who=_("an admin agent, with the customer's consent"),
            next_step=_("First request the relationship. When the customer has accepted it, give access."),
        )


def check_warning_read(access: Access, *, organization_id: UUID, role: AccessRole, has_read: bool) -> None:
    """Raise InvalidInput if the customer is to become Owner and the warning was not confirmed (A4)."""
    if organization_id == access.subscription.customer_id and role == AccessRole.OWNER and not has_read:
        raise InvalidInput(
            _(
                "The customer as owner can add and remove people, admin agents too, and the billing owner pays for all "
                "that is used. Confirm that you want this, or give the role Contributor."
            ),
            field="has_read_warning",
        )


def check_not_given(access: Access, wanted: RoleAssignment) -> None:
    """Raise AccessGivenAlready if the same role on the same thing holds already."""
    if any(_key(row) == _key(wanted) for row in access.assignments):
        raise AccessGivenAlready(
            _("%(name)s has this role already.") % {"name": wanted.principal_name},
            next_step=_("Choose another role or another service."),
        )


def check_not_last_owner(access: Access, row: RoleAssignment) -> None:
    """Raise LastOwner if nobody could give rights any more."""
    if _is_owner(row) and sum(map(_is_owner, access.assignments)) == 1:
        raise LastOwner(
            _("This is the last owner of the subscription. Without it nobody could give rights any more."),
            next_step=_("First give somebody else the role Owner on the whole subscription."),
        )


def _is_owner(row: RoleAssignment) -> bool:
    return row.role == AccessRole.OWNER and not row.service


def _key(row: RoleAssignment) -> tuple[UUID, str, str, str, str]:
    return row.organization_id, row.principal_kind, row.principal_name.lower(), row.role, row.service.lower()


def resellers_of(pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], dict[UUID, Organization]]:
    """Return the resellers with which partners serve customers, by (partner, customer): the first of two steps (A5)."""
    found: dict[tuple[UUID, UUID], dict[UUID, Organization]] = defaultdict(dict)
    rows = ResellerRelationship.objects.active().filter(
        kind=RelationshipKind.RESELLER,
        counterpart_id__in={partner for partner, _customer in pairs},
        customer_id__in={customer for _partner, customer in pairs},
    )
    for row in rows.select_related("partner__organization"):
        if row.counterpart_id is not None:
            found[row.counterpart_id, row.customer_id][row.partner_id] = row.partner.organization
    return found


def partners_of_customer(customer_id: UUID) -> dict[UUID, Organization]:
    """Return the partners that have a relationship with a customer today."""
    rows = ResellerRelationship.objects.active().filter(customer_id=customer_id)
    return {row.partner_id: row.partner.organization for row in rows.select_related("partner__organization")}
