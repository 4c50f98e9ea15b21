"""One customer as its partner sees it."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from customers.enums import RelationshipKind
from customers.models import CustomerAgreement, CustomerProfile, ResellerRelationship
from customers.queries.lists import customers_of
from portal.accounts.actor import Actor


@dataclass(frozen=True)
class CustomerDetail:
    """A customer as one of its partners sees it."""

    relationship: ResellerRelationship
    profile: CustomerProfile  # an empty one where the partner has noted nothing yet
    agreement: CustomerAgreement | None  # the newest; of a reseller's customer: with its provider


def customer_of(actor: Actor, customer_id: UUID) -> ResellerRelationship:
    """Return the active relationship of the actor's partner with a customer, in one query. Raises: Http404."""
    rows = customers_of(actor).filter(customer_id=customer_id)
    relationship = rows.select_related("customer__organization", "counterpart__organization", "profile").first()
    if relationship is None:
        raise Http404
    return relationship


def customer_detail(actor: Actor, customer_id: UUID) -> CustomerDetail:
    """Return a customer with all its account page shows, in two queries. Raises: Http404."""
    relationship = customer_of(actor, customer_id)
    signed_with = relationship.partner_id
    if relationship.kind == RelationshipKind.RESELLER and relationship.counterpart_id:
        signed_with = relationship.counterpart_id
    agreements = CustomerAgreement.objects.filter(partner_id=signed_with, customer_id=customer_id)
    return CustomerDetail(
        relationship=relationship,
        profile=getattr(relationship, "profile", None) or CustomerProfile(relationship=relationship),
        agreement=agreements.order_by("-created_at", "-pk").first(),
    )
