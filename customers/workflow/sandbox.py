"""What only a sandbox does to customers: play them, and give them something that can be moved (P8)."""

import datetime
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from customers import rules
from customers.enums import BillingFrequency, CustomerEvent, ProductFamily, SubscriptionStatus, Term
from customers.import_announcements import announce_rows
from customers.models import RelationshipInvitation, ResellerRelationship, Subscription
from customers.terms import end_of_term
from customers.workflow.registration import Registration, announce_registration, create_tenant
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.accounts.queries import make_actor
from portal.audit.log import Subject


@transaction.atomic
def register_in_sandbox(
    *, invitation_id: UUID, registration: Registration, email: str, actor: Actor, now: datetime.datetime
) -> Actor:
    """Register a customer that the sandbox plays, no mailbox proven; return its administrator as an actor.

    Raises: PermissionDenied, rules.NotASandbox, rules.InvitationNotPending, rules.OutsideMarket, rules.WrongTenant,
    InvalidInput.
    """
    actor.require(Permission.SANDBOX_PLAY)
    rules.check_is_sandbox(actor)
    invitation = RelationshipInvitation.objects.visible_to(actor).locked(invitation_id)
    rules.check_invitation_pending(invitation, now=now)
    rules.check_same_market(invitation.partner, registration.country, on=now.date())
    membership = create_tenant(invitation, registration, email=email, now=now)
    played = replace(make_actor(membership, membership.user), is_played=True)
    announce_registration(invitation, played, registration, now=now)
    return played


@dataclass(frozen=True)
class Sample:
    """A subscription to practice with."""

    name: str
    quantity: int
    family: ProductFamily = ProductFamily.LICENSE_BASED


@transaction.atomic
def add_sample(*, relationship_id: UUID, sample: Sample, actor: Actor, now: datetime.datetime) -> Subscription:
    """Give a sandbox customer a subscription that runs for a year from today, as an import would.

    Raises: PermissionDenied, rules.NotASandbox, ResellerRelationship.DoesNotExist, rules.SandboxSeats,
    rules.SandboxSubscriptions.
    """
    actor.require(Permission.SANDBOX_PLAY)
    rules.check_is_sandbox(actor)
    own = ResellerRelationship.objects.visible_to(actor).active().select_related("counterpart")
    relationship = own.locked(relationship_id)
    rules.check_sandbox_subscriptions(relationship.customer, more=1)
    rules.check_sandbox_seats(relationship.customer.organization, sample.quantity)
    is_usage = sample.family in (ProductFamily.AZURE_PLAN, ProductFamily.AZURE_SUBSCRIPTION)
    row = Subscription.objects.create(
        customer_id=relationship.customer_id,
        billing_owner_id=relationship.partner_id,
        product_family=sample.family,
        product_name=sample.name,
        friendly_name=sample.name,
        quantity=sample.quantity,
        status=SubscriptionStatus.ACTIVE,
        term=Term.NONE if is_usage else Term.YEAR,
        billing_frequency=BillingFrequency.USAGE if is_usage else BillingFrequency.MONTHLY,
        auto_renew=not is_usage,
        starts_on=now.date(),
        ends_on=None if is_usage else end_of_term(now.date(), Term.YEAR),
        created_at=now,
    )
    _announce(row, relationship, replace(actor, is_played=True), now)
    return row


def _announce(row: Subscription, relationship: ResellerRelationship, actor: Actor, now: datetime.datetime) -> None:
    subject = Subject(
        id=row.pk,
        name=row.friendly_name,
        organization_ids=[row.billing_owner_id, row.customer_id],
        customer_id=row.customer_id,
        customer_name=relationship.customer_name,
        after={"name": row.product_name, "quantity": row.quantity, "status": row.status},
    )
    announce_rows(CustomerEvent.SUBSCRIPTION_IMPORTED, "subscription", [subject], actor=actor, now=now)
