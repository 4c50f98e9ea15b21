"""The partners of a customer as the customer sees them."""

from uuid import UUID

from customers.models import CustomerAgreement, ResellerRelationship
from portal.accounts.actor import Actor


def partners_of_customer(actor: Actor) -> list[ResellerRelationship]:
    """Return the active relationships of the actor's customer organization, by partner (one query)."""
    rows = ResellerRelationship.objects.filter(customer_id=actor.organization_id).active()
    rows = rows.select_related("partner__organization", "counterpart__organization")
    return list(rows.order_by("partner__organization__name_key", "pk"))


def partner_of_customer(actor: Actor, relationship_id: UUID) -> ResellerRelationship | None:
    """Return one of them, or ``None`` for another customer's."""
    rows = ResellerRelationship.objects.filter(customer_id=actor.organization_id, pk=relationship_id)
    return rows.select_related("partner__organization").first()


def agreements_of_customer(actor: Actor) -> list[CustomerAgreement]:
    """Return what the actor's customer organization signed, newest first (one query)."""
    rows = CustomerAgreement.objects.filter(customer_id=actor.organization_id).select_related("partner__organization")
    return list(rows.order_by("-created_at", "-pk"))
