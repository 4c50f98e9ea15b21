"""Delete one customer of a sandbox with all it has, as the original does there (API reference, section 3.1)."""

import datetime
from uuid import UUID

from django.db import transaction

from billing.workflow.sandbox import take_off_invoices
from customers.models import Customer, ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from sandbox import queries, rules
from sandbox.announcements import announce_customer_deleted
from sandbox.extent import Extent, extent_of_customer, outsiders
from sandbox.workflow.reset import Contents, contents_of, delete_rows
from sandbox.workflow.sandboxes import locked_sandbox


@transaction.atomic
def delete_customer(*, customer_id: UUID, actor: Actor, now: datetime.datetime) -> Contents:
    """Delete a customer of the actor's sandbox, for all partners in it; nothing of it must end first (P8, W31).

    Its people, subscriptions, charges, orders, transfers and cases go with it. Invoices lose its lines, and one of
    which nothing is left goes too. Events stay in the log.
    Raises: PermissionDenied, customers.rules.NotASandbox, ResellerRelationship.DoesNotExist, rules.SandboxShared.
    """
    actor.require(Permission.RELATIONSHIP_REMOVE)
    locked_sandbox(actor=actor, now=now)
    own = ResellerRelationship.objects.visible_to(actor).active().filter(customer__organization__is_sandbox=True)
    relationship = own.get(customer_id=customer_id)
    Customer.objects.locked(relationship.customer_id)
    extent = lost_with(customer_id, actor)
    rules.check_apart(outsiders(extent))
    contents = contents_of(extent)
    partner_ids = ResellerRelationship.objects.filter(customer_id=customer_id).values_list("partner_id", flat=True)
    told = list(partner_ids)
    organization = relationship.customer.organization
    take_off_invoices(customer_id=customer_id)
    delete_rows(extent)
    details = {name: count for name, count in contents.counts.items() if count and name != "customers"}
    announce_customer_deleted(organization, partner_ids=told, details=details, actor=actor, now=now)
    return contents


def lost_with(customer_id: UUID, actor: Actor) -> Extent:
    """Return what goes with a customer of the actor's sandbox."""
    return extent_of_customer(customer_id, queries.partner_ids(actor))
