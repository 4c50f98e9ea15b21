"""Whose people and groups can be chosen for access to an Azure subscription (A4, A5; decision 0044)."""

from uuid import UUID

from azure.rules.access import Access
from customers.models import ResellerRelationship
from portal.accounts.actor import Actor


def shows_people_of(access: Access, *, actor: Actor) -> set[UUID]:
    """Return the organizations whose people the actor can choose by name: its own, and customers it administers.

    Of all others it sees no person, and of their groups those alone that they offer.
    """
    customer_id = access.subscription.customer_id
    administers = ResellerRelationship.objects.active().filter(
        partner_id=actor.organization_id, customer_id=customer_id, has_admin_rights=True
    )
    return {actor.organization_id, customer_id} if administers.exists() else {actor.organization_id}
