"""The sandbox plays the customer and the publisher: the workflows of both, by an actor that says so (P8).

The original cannot accept a relationship in its sandbox (portal reference, section 11.4); here nothing is left out.
"""

import datetime
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import CustomerAgreement, RelationshipInvitation, ResellerRelationship
from customers.rules import check_invitation_pending, check_is_sandbox
from customers.workflow import agreements, invitations, relationships
from customers.workflow.registration import Registration
from customers.workflow.sandbox import register_in_sandbox
from marketplace.models import Operation, SaaSSubscription
from marketplace.workflow import activation, operations
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization
from portal.accounts.permissions import Permission
from portal.accounts.queries import make_actor
from sandbox import queries, rules


@transaction.atomic
def accept_request(
    *,
    invitation_id: UUID,
    customer_id: UUID | None,
    registration: Registration | None,
    email: str,
    actor: Actor,
    now: datetime.datetime,
) -> ResellerRelationship:
    """Accept a relationship request as a customer of the sandbox, or as a new one that registers (R2).

    Raises: PermissionDenied, NotASandbox, RelationshipInvitation.DoesNotExist, Customer.DoesNotExist, and what
    register_in_sandbox and accept_invitation raise.
    """
    invitation = _own_request(invitation_id, actor, now)
    if registration is not None:
        played = register_in_sandbox(
            invitation_id=invitation_id, registration=registration, email=email, actor=actor, now=now
        )
    else:
        played = _customer(customer_id, actor)
    return invitations.accept_invitation(token_hash=_link(invitation), actor=played, now=now)


@transaction.atomic
def decline_request(
    *, invitation_id: UUID, customer_id: UUID | None, reason: str, actor: Actor, now: datetime.datetime
) -> RelationshipInvitation:
    """Decline a relationship request as a customer of the sandbox: the first one, unless it is named.

    Raises: PermissionDenied, NotASandbox, rules.NobodyToPlay, RelationshipInvitation.DoesNotExist,
    Customer.DoesNotExist, and what decline_invitation raises.
    """
    invitation = _own_request(invitation_id, actor, now)
    first = queries.customers(actor).values_list("pk", flat=True).first()
    played = _customer(customer_id or rules.check_somebody_to_play(first), actor)
    return invitations.decline_invitation(token_hash=_link(invitation), reason=reason, actor=played, now=now)


@transaction.atomic
def remove_relationship(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> list[ResellerRelationship]:
    """End a relationship as the customer wishes it; the partner's own role must allow removing it.

    Raises: PermissionDenied, NotASandbox, and what customers' remove_relationship raises.
    """
    check(actor)
    return relationships.remove_relationship(
        relationship_id=relationship_id, actor=replace(actor, is_played=True), now=now
    )


@transaction.atomic
def accept_agreement(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> CustomerAgreement:
    """Accept the customer agreement with the actor's partner as the customer (R7).

    Raises: PermissionDenied, NotASandbox, ResellerRelationship.DoesNotExist.
    """
    check(actor)
    relationship = ResellerRelationship.objects.visible_to(actor).active().get(pk=relationship_id)
    played = _customer(relationship.customer_id, actor)
    return agreements.accept_agreement(relationship_id=relationship.pk, actor=played, now=now)


@transaction.atomic
def activate(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """Activate a purchase as its publisher (M6).

    Raises: PermissionDenied, NotASandbox, SaaSSubscription.DoesNotExist, and what activate_subscription raises.
    """
    publisher = _publisher(subscription_id, actor)
    return activation.activate_subscription(subscription_id=subscription_id, actor=publisher, now=now)


@transaction.atomic
def decide(
    *, subscription_id: UUID, operation_id: UUID, succeeded: bool, actor: Actor, now: datetime.datetime
) -> Operation:
    """Confirm or refuse a change as the publisher (M7).

    Raises: PermissionDenied, NotASandbox, SaaSSubscription.DoesNotExist, and what decide_operation raises.
    """
    publisher = _publisher(subscription_id, actor)
    return operations.decide_operation(
        subscription_id=subscription_id, operation_id=operation_id, succeeded=succeeded, actor=publisher, now=now
    )


def check(actor: Actor) -> None:
    """Raises: PermissionDenied, customers.rules.NotASandbox."""
    actor.require(Permission.SANDBOX_PLAY)
    check_is_sandbox(actor)


def _own_request(invitation_id: UUID, actor: Actor, now: datetime.datetime) -> RelationshipInvitation:
    check(actor)
    invitation = RelationshipInvitation.objects.visible_to(actor).get(pk=invitation_id)
    check_invitation_pending(invitation, now=now)
    return invitation


def _link(invitation: RelationshipInvitation) -> str:
    """Return the hash of a link that works: the sandbox needs no token to open it."""
    links = invitation.links.filter(replaced_at__isnull=True)
    return links.order_by("-created_at", "pk").values_list("token_hash", flat=True)[0]


def _customer(customer_id: UUID | None, actor: Actor) -> Actor:
    """Return the administrator of a customer of the sandbox; one without people gets a name of its own."""
    customer = queries.customers(actor).get(pk=customer_id)
    member = (
        Membership.objects.active()
        .with_role(Role.CUSTOMER_ADMIN)
        .filter(organization_id=customer.pk)
        .select_related("user", "organization")
        .order_by("created_at", "pk")
        .first()
    )
    if member is not None:
        return replace(make_actor(member, member.user), is_played=True)
    return _nobody(customer.organization, Role.CUSTOMER_ADMIN, _("Customer administrator"), actor)


def _publisher(subscription_id: UUID, actor: Actor) -> Actor:
    """Return the publisher of a purchase of the actor's partner."""
    check(actor)
    own = SaaSSubscription.objects.visible_to(actor).select_related("publisher__organization")
    publisher = own.get(pk=subscription_id).publisher.organization
    return _nobody(publisher, Role.PUBLISHER_ADMIN, _("Publisher"), actor)


def _nobody(organization: Organization, role: Role, name: str, actor: Actor) -> Actor:
    """Return an actor that is no person: who plays it is known by the identifier."""
    return Actor(
        user_id=actor.user_id,
        name=name,
        email="",
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=OrganizationKind(organization.kind),
        roles=frozenset({role}),
        is_sandbox=True,
        app_id=actor.app_id,
        is_played=True,
    )
