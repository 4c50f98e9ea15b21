"""A partner's own tenant for Azure partner shared services (A2, section 9.7)."""

import datetime
from uuid import UUID

from django.db import transaction

from azure.announcements import announce_tenant
from azure.models import SharedServicesTenant
from azure.rules import tenants as rules
from customers.models import Customer
from customers.rules.buying import Buyer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission


@transaction.atomic
def keep_tenant(*, customer_id: UUID, actor: Actor, now: datetime.datetime) -> SharedServicesTenant:
    """Make a customer without anything in it the partner's own tenant for shared services, for good.

    Raises: PermissionDenied, Customer.DoesNotExist, rules.TenantKeptAlready, rules.TenantInUse.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    customer = Customer.objects.locked(customer_id)
    partner = Partner.objects.held(actor.organization_id)
    rules.check_can_keep(Buyer(partner, customer, now.date()))
    tenant = SharedServicesTenant.objects.create(customer=customer, partner=partner, created_at=now)
    announce_tenant(tenant, actor=actor, now=now)
    return tenant
