"""Azure subscriptions that use something, the files that say so, and what prices them."""

import datetime
import io
import uuid
from collections.abc import Mapping
from typing import Any

from billing.enums import IncentiveKind
from billing.models import ExchangeRate, IncentiveRule, PartnerCompetency, UsageImport
from billing.workflow import usage
from customers.enums import BillingFrequency, ProductFamily, RelationshipKind, SubscriptionStatus
from customers.models import Customer, ResellerRelationship, Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization
from tests.billing.price_factories import make_price, make_price_list
from tests.factories import NOON, make_actor, make_organization, make_partner

HEADER = (
    "SubscriptionId,EntitlementId,UsageDate,MeterId,MeterName,MeterCategory,MeterRegion,Unit,ResourceURI,Quantity,"
    "PublisherType"
)
METER = "meter-1"


def make_customer(partner: Organization, **fields: Any) -> Customer:
    """A customer of the partner."""
    customer = Customer.objects.create(organization=make_organization(**fields))
    ResellerRelationship.objects.create(
        partner=partner.partner,
        customer=customer,
        kind=RelationshipKind.DIRECT,
        customer_name=customer.organization.name,
        customer_domain=customer.organization.domain,
        customer_country=customer.organization.country,
        created_at=NOON,
    )
    return customer


def make_azure(partner: Organization | None = None, customer: Customer | None = None, **fields: Any) -> Subscription:
    """An Azure subscription of a partner's customer."""
    partner = partner or make_partner()
    defaults = {
        "customer": customer or make_customer(partner),
        "billing_owner": partner.partner,
        "product_family": ProductFamily.AZURE_SUBSCRIPTION,
        "product_name": "Azure subscription",
        "friendly_name": "Azure",
        "status": SubscriptionStatus.ACTIVE,
        "billing_frequency": BillingFrequency.USAGE,
        "created_at": NOON,
    }
    return Subscription.objects.create(**defaults | fields)


def make_meter(
    price: str = "0.50",
    *,
    family: str = ProductFamily.AZURE_PLAN,
    tiers: Mapping[int, str] | None = None,
    **fields: Any,
) -> None:
    """A meter on the rate card of October and November, in euro for France unless told otherwise.

    ``tiers``: prices of further tiers, by the units from which they hold.
    """
    named = {name: fields.pop(name) for name in ("country", "currency") if name in fields}
    for month in (datetime.date(2026, 10, 1), datetime.date(2026, 11, 1)):
        card = make_price_list(family, month=month, **named)
        for tier_from, tier_price in ({0: price} | dict(tiers or {})).items():
            make_price(
                card,
                **{
                    "tier_from": tier_from,
                    "product_id": "DZH1",
                    "sku_title": "Compute hours",
                    "term": "none",
                    "billing_frequency": BillingFrequency.USAGE,
                    "meter_id": METER,
                    "unit_price": tier_price,
                    "retail_price": tier_price,
                    **fields,
                },
            )


def make_rate(base: str, currency: str, rate: str, valid_from: datetime.date) -> ExchangeRate:
    """An exchange rate."""
    named = {"source": "Central bank", "entered_by_name": "Kim", "created_at": NOON}
    return ExchangeRate.objects.create(base=base, currency=currency, rate=rate, valid_from=valid_from, **named)


def row(subscription: Subscription | uuid.UUID, day: str, quantity: str = "10", **fields: str) -> str:
    """A row of a usage file."""
    entitlement = subscription.entitlement if isinstance(subscription, Subscription) else subscription
    values = {
        "meter": METER,
        "name": "Compute hours",
        "category": "Compute",
        "region": "West Europe",
        "unit": "1 Hour",
        "resource": "/vm/1",
        "publisher": "",
    } | fields
    first = ("", str(entitlement), day, values["meter"], values["name"], values["category"], values["region"])
    return ",".join((*first, values["unit"], values["resource"], quantity, values["publisher"]))


def make_operator() -> Actor:
    """Somebody who runs the programme."""
    return make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)


def import_rows(*rows: str, operator: Actor | None = None) -> UsageImport:
    """Import a file of these rows."""
    stream = io.BytesIO("\n".join([HEADER, *rows]).encode())
    return usage.import_usage(stream=stream, file_name="usage.csv", actor=operator or make_operator(), now=NOON)


def make_usage_import(**fields: Any) -> UsageImport:
    """A file of one row, which was not imported."""
    defaults = {"file_name": "usage.csv", "row_count": 1, "wrong_count": 1, "started_by_id": uuid.uuid4()}
    run = UsageImport.objects.create(**defaults | {"started_by_name": "Kim", "created_at": NOON} | fields)
    values = {"entitlement": None, "day": None, "meter_id": "m", "meter_name": "m", "quantity": 1, "resource": ""}
    run.rows.create(number=2, values=values, reason="wrong-day")
    return run


def make_rule(**fields: Any) -> IncentiveRule:
    """A rule for a competency of its own that holds without an end."""
    defaults = {
        "kind": IncentiveKind.INCENTIVE,
        "family": ProductFamily.AZURE_SUBSCRIPTION,
        "percent": 1,
        "competency": f"Competency {uuid.uuid4().hex[:8]}",
        "valid_from": datetime.date(2026, 1, 1),
    }
    return IncentiveRule.objects.create(**defaults | fields)


def make_competency(partner: Organization, **fields: Any) -> PartnerCompetency:
    """A competency that the partner holds without an end."""
    defaults = {
        "competency": "Silver Cloud Platform",
        "valid_from": datetime.date(2026, 1, 1),
        "recorded_by_name": "Kim",
        "created_at": NOON,
    }
    return PartnerCompetency.objects.create(partner_id=partner.pk, **defaults | fields)
