"""Who has access to Azure subscriptions (A4, A5; section 9.5)."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from azure.enums import ADMIN_AGENTS_GROUP, AccessRole, PrincipalKind
from azure.models import RoleAssignment
from azure.rules.access import ACCESS_FAMILIES, Access, resellers_of
from customers.enums import SubscriptionStatus
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.accounts.models import Organization

ACCESS_ORDER = ("friendly_name", "pk")


def access_of(actor: Actor, subscription_id: UUID) -> Access:
    """Return who has access to an Azure subscription that the actor may see.

    Its customer, its billing owner and the resellers that serve the customer see it, and a former billing owner as
    long as its people have access. Raises: Subscription.DoesNotExist.
    """
    rows = Subscription.objects.visible_to(actor).filter(product_family__in=ACCESS_FAMILIES)
    access = access_to(rows.get(pk=subscription_id).entitlement)
    own = {access.subscription.customer_id, access.owner.pk, access.subscription.reseller_id}
    if actor.organization_id not in own and not access.has(actor.organization_id):
        raise Subscription.DoesNotExist
    return access


def access_to(entitlement_id: UUID) -> Access:
    """Return who has access to what a customer has, whoever is billed for it. Raises: Subscription.DoesNotExist."""
    found = accesses_to([entitlement_id])
    if not found:
        raise Subscription.DoesNotExist
    return found[0]


def accesses_to(entitlements: Sequence[UUID]) -> list[Access]:
    """Return who has access to each of these, in the same order (three queries for all of them)."""
    rows = Subscription.objects.filter(Q(pk__in=entitlements) | Q(entitlement_id__in=entitlements))
    current, first = {}, {}
    for row in rows.select_related("billing_owner__organization", "customer__organization"):
        if row.status != SubscriptionStatus.TRANSFERRED:
            current[row.entitlement] = row
        if row.transferred_from_id is None:
            first[row.entitlement] = row
    known = [one for one in entitlements if one in current and one in first]
    assignments = _assignments([first[one] for one in known])
    resellers = resellers_of({(current[one].billing_owner_id, current[one].customer_id) for one in known})
    return [
        Access(
            current[one],
            first[one].billing_owner.organization,
            tuple(assignments[one]),
            resellers[current[one].billing_owner_id, current[one].customer_id],
        )
        for one in known
    ]


def _assignments(first_rows: Iterable[Subscription]) -> dict[UUID, list[RoleAssignment]]:
    """Return what holds today; what came with the subscription has no row of its own until somebody removes it."""
    found: dict[UUID, list[RoleAssignment]] = {
        row.entitlement: [default_assignment(row, row.billing_owner.organization)] for row in first_rows
    }
    rows = RoleAssignment.objects.filter(entitlement_id__in=found).select_related("organization", "user", "group")
    for assignment in rows.order_by("-is_default", "given_at", "pk"):
        if assignment.is_default:
            found[assignment.entitlement_id].clear()
        if assignment.removed_at is None:
            found[assignment.entitlement_id].append(assignment)
    return found


def default_assignment(first: Subscription, owner: Organization) -> RoleAssignment:
    """Return the assignment that a new subscription comes with: the partner's admin agents own it (A4)."""
    return RoleAssignment(
        pk=first.entitlement,
        entitlement_id=first.entitlement,
        customer_id=first.customer_id,
        organization=owner,
        principal_kind=PrincipalKind.GROUP,
        principal_name=ADMIN_AGENTS_GROUP,
        role=AccessRole.OWNER,
        is_default=True,
        given_at=first.created_at,
    )


def azure_subscriptions_of(actor: Actor, customer_id: UUID) -> QuerySet[Subscription]:
    """Return a customer's Azure subscriptions that the actor is billed for, resells or has itself."""
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id, product_family__in=ACCESS_FAMILIES)
    return rows.exclude(status__in=[SubscriptionStatus.TRANSFERRED, SubscriptionStatus.DELETED])


def ended_assignments(entitlement_id: UUID) -> QuerySet[RoleAssignment]:
    """Return what was taken away, the latest first."""
    rows = RoleAssignment.objects.filter(entitlement_id=entitlement_id, removed_at__isnull=False)
    return rows.select_related("organization", "user").order_by("-removed_at", "-pk")
