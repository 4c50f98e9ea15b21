"""What a partner notes about its customers: bill-to data, qualification, permissions (section 1.9)."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction

from customers import rules
from customers.announcements import announce_customer
from customers.enums import CustomerEvent, Qualification
from customers.models import Customer, CustomerProfile, ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission


@dataclass(frozen=True)
class BillTo:
    """Whom the partner bills for a customer."""

    bill_to_name: str
    bill_to_address: str
    bill_to_first_name: str
    bill_to_last_name: str
    bill_to_email: str


@transaction.atomic
def update_bill_to(
    *, relationship_id: UUID, bill_to: BillTo, actor: Actor, now: datetime.datetime
) -> ResellerRelationship:
    """Change whom the actor's partner bills for its customer; the customer's other partners keep their own data.

    Raises: PermissionDenied, ResellerRelationship.DoesNotExist.
    """
    actor.require(Permission.CUSTOMER_UPDATE)
    relationship = ResellerRelationship.objects.visible_to(actor).active().locked(relationship_id)
    _change_profile(relationship, asdict(bill_to), CustomerEvent.BILLING_PROFILE_UPDATED, actor=actor, now=now)
    return relationship


@transaction.atomic
def set_customer_permissions(
    *,
    relationship_id: UUID,
    may_buy_reservations: bool,
    may_buy_savings_plans: bool,
    actor: Actor,
    now: datetime.datetime,
) -> ResellerRelationship:
    """Say what the customer may buy by itself on the partner's bill.

    Source: portal reference, section 1.9, "Customer permissions". Raises: PermissionDenied, DoesNotExist.
    """
    actor.require(Permission.CUSTOMER_SET_PERMISSIONS)
    relationship = ResellerRelationship.objects.visible_to(actor).active().locked(relationship_id)
    values = {"may_buy_reservations": may_buy_reservations, "may_buy_savings_plans": may_buy_savings_plans}
    _change_profile(relationship, values, CustomerEvent.CUSTOMER_PERMISSIONS_UPDATED, actor=actor, now=now)
    return relationship


def _change_profile(
    relationship: ResellerRelationship,
    values: Mapping[str, object],
    event_type: CustomerEvent,
    *,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    """Write what differs, under the lock of the relationship; nothing and nobody is told when nothing does."""
    profile, _created = CustomerProfile.objects.get_or_create(relationship=relationship)
    before = {name: getattr(profile, name) for name in values}
    changed = [name for name in values if before[name] != values[name]]
    if not changed:
        return
    for name in changed:
        setattr(profile, name, values[name])
    profile.save(update_fields=changed)
    announce_customer(
        event_type,
        relationship.customer,
        partner_ids=[relationship.partner_id],
        actor=actor,
        now=now,
        before={name: before[name] for name in changed},
        after={name: values[name] for name in changed},
    )


@transaction.atomic
def set_qualification(
    *, relationship_id: UUID, qualification: Qualification, actor: Actor, now: datetime.datetime
) -> Customer:
    """Say what the customer qualifies for; prices and offers follow it with every partner of the customer.

    Source: API reference, section 3.7. Raises: PermissionDenied, DoesNotExist, rules.QualificationNotAllowed.
    """
    actor.require(Permission.CUSTOMER_UPDATE)
    own = ResellerRelationship.objects.visible_to(actor).active()
    customer = Customer.objects.locked(own.get(pk=relationship_id).customer_id)  # first, as everywhere: decision 0012
    relationship = own.locked(relationship_id)
    if customer.qualification == qualification:
        return customer
    rules.check_can_qualify(customer, qualification)

    before = customer.qualification
    customer.qualification = qualification
    customer.save(update_fields=["qualification"])
    announce_customer(
        CustomerEvent.QUALIFICATION_UPDATED,
        customer,
        partner_ids=[relationship.partner_id],
        actor=actor,
        now=now,
        before={"qualification": before},
        after={"qualification": qualification},
    )
    return customer
