"""Transfers and what they need, each with a valid default: two partners that share a customer, ready to move."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from customers.enums import BillingFrequency, ProductFamily, RelationshipKind, ReservationScope, Term
from customers.models import Customer, ResellerRelationship, Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization
from tests.customers.factories import (
    make_agreement,
    make_customer,
    make_partnership,
    make_relationship,
    make_subscription,
)
from tests.factories import NOON, make_actor, make_partner
from transfers import workflow
from transfers.models import Transfer

F = ProductFamily
USAGE = {"term": Term.NONE, "billing_frequency": BillingFrequency.USAGE, "auto_renew": False, "ends_on": None}


@dataclass
class World:
    """Two partners with one customer: the source has something, the target may ask for it."""

    customer: Customer
    source: Organization
    target: Organization
    at_source: ResellerRelationship
    at_target: ResellerRelationship
    reseller: Organization | None = None

    def source_agent(self, *roles: Role) -> Actor:
        return make_actor(self.source, *roles)

    def target_agent(self, *roles: Role) -> Actor:
        return make_actor(self.target, *roles)

    @property
    def reseller_number(self) -> str:
        return self.reseller.partner.locations.get().partner_id_number if self.reseller else ""

    def request(self, **changes: Any) -> workflow.Request:
        fields = {
            "customer_id": self.customer.pk,
            "source_tenant_id": self.source.pk,
            "customer_name": self.customer.organization.name,
            "customer_email": "contact@customer.example",
            "customer_language": "fr",
            "source_partner_name": self.source.name,
            "partner_on_record": self.reseller_number,
        }
        return workflow.Request(**fields | changes)

    def send(self, *, now: datetime.datetime = NOON, **changes: Any) -> Transfer:
        return workflow.create_transfer(request=self.request(**changes), actor=self.target_agent(), now=now)

    def accept(self, transfer: Transfer, *subscriptions: Subscription, now: datetime.datetime = NOON) -> Transfer:
        ids = [subscription.pk for subscription in subscriptions] or None
        return workflow.accept_transfer(
            transfer_id=transfer.pk, subscription_ids=ids, actor=self.source_agent(), now=now
        )

    def licenses(self, **fields: Any) -> Subscription:
        return make_subscription(self.at_source, **{"unit_price": Decimal("11.70"), "currency": "EUR"} | fields)

    def azure_plan(self, *, at: ResellerRelationship | None = None, **fields: Any) -> Subscription:
        return make_subscription(at or self.at_source, product_family=F.AZURE_PLAN, **USAGE | fields)

    def azure(self, **fields: Any) -> Subscription:
        """An Azure subscription below a plan at the source; the target has a plan too."""
        if not Subscription.objects.filter(product_family=F.AZURE_PLAN, billing_owner_id=self.target.pk).exists():
            self.azure_plan(at=self.at_target)
        defaults = {"product_family": F.AZURE_SUBSCRIPTION, "parent": self.azure_plan(), "friendly_name": "Azure shop"}
        return make_subscription(self.at_source, **USAGE | defaults | fields)

    def reservation(self, **fields: Any) -> Subscription:
        defaults = {
            "product_family": F.RESERVATION,
            "scope": ReservationScope.SHARED,
            "unit_price": Decimal("31.40"),
            "currency": "EUR",
            "term": Term.YEAR,
        }
        return make_subscription(self.at_source, **defaults | fields)


def make_world(
    source: str = OrganizationKind.DIRECT_BILL,
    target: str = OrganizationKind.DIRECT_BILL,
    *,
    source_fields: dict[str, Any] | None = None,
    target_fields: dict[str, Any] | None = None,
    country: str = "FR",
) -> World:
    """A customer of two partners of these kinds; an indirect provider as target has a reseller to name."""
    giver = make_partner(source, **(source_fields or {}))
    taker = make_partner(target, **(target_fields or {}))
    customer = make_customer(country=country, is_sandbox=giver.is_sandbox, cloud=giver.cloud)
    kinds = {OrganizationKind.INDIRECT_PROVIDER: RelationshipKind.PROVIDER}
    at_source = make_relationship(giver, customer, kind=kinds.get(source, ""))
    at_target = make_relationship(taker, customer, kind=kinds.get(target, ""))
    make_agreement(at_target)
    reseller = None
    if target == OrganizationKind.INDIRECT_PROVIDER:
        reseller = make_partnership(provider=taker).reseller.organization
    return World(customer, giver, taker, at_source, at_target, reseller)
