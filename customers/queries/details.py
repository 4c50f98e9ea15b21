"""One customer as its partner sees it."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from customers.enums import RelationshipKind
from customers.models import CustomerAgreement, CustomerProfile, ResellerRelationship
from customers.queries.lists import customers_of_partner
from portal.accounts.actor import Actor
from portal.core.statements import ModelStatement


@dataclass(frozen=True)
class CustomerDetail:
    """A customer as one of its partners sees it."""

    relationship: ResellerRelationship
    profile: CustomerProfile  # an empty one where the partner has noted nothing yet
    agreement: CustomerAgreement | None  # the newest; of a reseller's customer: with its provider


def customer_of(actor: Actor, customer_id: UUID) -> ResellerRelationship:
    """Return the active relationship of the actor's partner with a customer, in one query. Raises: Http404."""
    found = _CUSTOMER.objects(actor.organization_id, customer_id)
    if not found:
        raise Http404
    return found[0]


def _customer(partner_id: UUID, customer_id: UUID) -> QuerySet[ResellerRelationship]:
    return customers_of_partner(partner_id).filter(customer_id=customer_id)


_CUSTOMER = ModelStatement(
    _customer, "customer", "customer__organization", "counterpart", "counterpart__organization", "profile"
)


def customer_detail(actor: Actor, customer_id: UUID) -> CustomerDetail:
    """Return a customer with all its account page shows, in two queries. Raises: Http404."""
    relationship = customer_of(actor, customer_id)
    signed_with = relationship.partner_id
    if relationship.kind == RelationshipKind.RESELLER and relationship.counterpart_id:
        signed_with = relationship.counterpart_id
    agreements = _AGREEMENT.objects(signed_with, customer_id)
    return CustomerDetail(
        relationship=relationship,
        profile=getattr(relationship, "profile", None) or CustomerProfile(relationship=relationship),
        agreement=agreements[0] if agreements else None,
    )


def _newest_agreement(partner_id: UUID, customer_id: UUID) -> QuerySet[CustomerAgreement]:
    agreements = CustomerAgreement.objects.filter(partner_id=partner_id, customer_id=customer_id)
    return agreements.order_by("-created_at", "-pk")[:1]


_AGREEMENT = ModelStatement(_newest_agreement)
