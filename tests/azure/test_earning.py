"""Partner-earned credit by role: which days of an Azure subscription earn it, for whom (A3; decision 0047)."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from azure.enums import AccessRole, PrincipalKind
from azure.models import RoleAssignment
from azure.queries.access import access_to
from azure.workflow.access import Grant, give_access, take_access
from billing.enums import ChargeKind
from billing.models import Charge, UsageRecord
from billing.workflow import usage
from customers.enums import ProductFamily
from portal.accounts.enums import OrganizationKind, Role
from tests.billing.usage_factories import import_rows, make_azure, make_customer, make_meter, row
from tests.customers.factories import make_relationship
from tests.factories import make_actor, make_member, make_partner

pytestmark = pytest.mark.django_db

OCTOBER = datetime.date(2026, 10, 1)


def at(day: int, hour: int = 12) -> datetime.datetime:
    return datetime.datetime(2026, 10, day, hour, tzinfo=datetime.UTC)


def azure(partner=None, customer=None, **fields):
    return make_azure(partner, customer, created_at=datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC), **fields)


def customer_admin(subscription):
    return make_actor(subscription.customer.organization, Role.CUSTOMER_ADMIN)


def take_default(subscription, moment) -> None:
    """Take the role away with which the subscription came; the customer stays as an owner."""
    to_customer = give(subscription, subscription.customer.organization, moment, role=AccessRole.OWNER)
    assert to_customer.organization_id == subscription.customer_id
    take_access(
        entitlement_id=subscription.entitlement,
        assignment_id=subscription.entitlement,
        actor=customer_admin(subscription),
        now=moment,
    )


def give(subscription, organization, moment, *, role=AccessRole.CONTRIBUTOR, service="", name="Operators"):
    wanted = Grant(organization.pk, PrincipalKind.GROUP, name, role, service, has_read_warning=True)
    actor = customer_admin(subscription)
    return give_access(entitlement_id=subscription.entitlement, grant=wanted, actor=actor, now=moment)


def earned_days(subscription) -> list[int]:
    """Import ten units of each day of October, and return the days that earn credit."""
    import_rows(*(row(subscription, f"2026-10-{day:02}") for day in range(1, 32)))
    found = UsageRecord.objects.filter(earned_percent__gt=0).order_by("day")
    assert set(found.values_list("earned_percent", flat=True)) <= {Decimal(15)}
    return [record.day.day for record in found]


def test_a_role_lost_and_given_again_in_mid_month_earns_for_its_whole_days_alone():
    subscription = azure()
    make_meter("0.50")
    take_default(subscription, at(10))  # at noon: the 10th is not whole
    give(subscription, subscription.billing_owner.organization, at(20, 0))  # at midnight: the 20th is

    assert earned_days(subscription) == [*range(1, 10), *range(20, 32)]
    usage.charge_usage(month=OCTOBER, now=at(31))
    amounts = dict(Charge.objects.values_list("kind", "amount"))
    assert amounts == {ChargeKind.METERED: 155, ChargeKind.EARNED_CREDIT: Decimal("-15.75")}  # 21 days of 5, 15 %


def test_roles_that_follow_each_other_without_a_gap_are_one_time():
    subscription = azure()
    make_meter()
    give(subscription, subscription.billing_owner.organization, at(9))
    take_default(subscription, at(10))

    assert earned_days(subscription) == list(range(1, 32))


@pytest.mark.parametrize(
    ("role", "earns"), [(AccessRole.OWNER, True), (AccessRole.CONTRIBUTOR, True), (AccessRole.READER, False)]
)
def test_owner_and_contributor_earn_and_reader_does_not(role, earns):
    subscription = azure()
    make_meter()
    take_default(subscription, at(1, 0))
    give(subscription, subscription.billing_owner.organization, at(5, 0), role=role)

    assert earned_days(subscription) == (list(range(5, 32)) if earns else [])


def test_another_role_earns_from_the_day_of_the_table_on(settings):
    settings.EARNING_ROLES = (("reader", datetime.date(2026, 10, 12), datetime.date(2026, 10, 15)),)
    subscription = azure()
    make_meter()
    give(subscription, subscription.billing_owner.organization, at(1, 0), role=AccessRole.READER)

    assert earned_days(subscription) == [12, 13, 14]


def test_a_role_on_one_service_earns_for_that_service():
    subscription = azure()
    make_meter()
    take_default(subscription, at(1, 0))
    give(subscription, subscription.billing_owner.organization, at(1, 0), service="Storage")

    import_rows(row(subscription, "2026-10-02"), row(subscription, "2026-10-02", category="STORAGE", resource="/disk"))

    assert dict(UsageRecord.objects.values_list("category", "earned_percent")) == {"Compute": 0, "STORAGE": 15}


def test_the_provider_earns_by_the_role_of_the_reseller_it_sells_through():
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
    reseller, stranger = (make_partner(OrganizationKind.INDIRECT_RESELLER) for _number in range(2))
    customer = make_customer(provider)
    subscription = azure(provider, customer, reseller=reseller.partner)
    make_meter()
    take_default(subscription, at(1, 0))
    held = {
        "entitlement_id": subscription.entitlement,
        "customer": customer,
        "principal_kind": PrincipalKind.GROUP,
        "principal_name": "AdminAgents",
    }
    RoleAssignment.objects.create(**held, organization=stranger, role=AccessRole.OWNER, given_at=at(1, 0))
    RoleAssignment.objects.create(**held, organization=reseller, role=AccessRole.CONTRIBUTOR, given_at=at(30, 0))

    assert earned_days(subscription) == [30, 31]


def test_after_a_transfer_the_former_owners_role_earns_the_new_one_nothing():
    subscription = azure()
    make_meter()
    target = make_partner()
    type(subscription).objects.filter(pk=subscription.pk).update(status="transferred", transferred_at=at(15))
    other = azure(target, subscription.customer, entitlement_id=subscription.pk, transferred_from=subscription)
    subscription.refresh_from_db()

    assert earned_days(subscription) == list(range(1, 15))
    assert set(UsageRecord.objects.filter(day__day__gte=15).values_list("subscription", flat=True)) == {other.pk}


def test_a_role_taken_on_the_day_of_the_import_earns_nothing_when_the_month_is_closed():
    subscription = azure()
    make_meter("0.50")
    import_rows(row(subscription, "2026-10-10"), row(subscription, "2026-10-09"))
    take_default(subscription, at(10))

    usage.charge_usage(month=OCTOBER, now=at(31))

    assert dict(UsageRecord.objects.values_list("day__day", "earned_percent")) == {9: 15, 10: 0}
    assert Charge.objects.get(kind=ChargeKind.EARNED_CREDIT).amount == Decimal("-0.75")


def test_the_page_tells_the_billing_owner_alone_what_its_role_earns(client_for):
    relationship = make_relationship()
    subscription = azure(relationship.partner.organization, relationship.customer)
    agent = make_member(relationship.partner.organization, Role.ADMIN_AGENT)
    admin = make_member(relationship.customer.organization, Role.CUSTOMER_ADMIN)
    url = reverse("azure:access", args=[subscription.pk])

    assert "Earned: AdminAgents of" in client_for(agent).get(url).content.decode()
    assert "Partner-earned credit" not in client_for(admin).get(url).content.decode()
    give(subscription, relationship.customer.organization, at(1), role=AccessRole.OWNER)
    dialog = client_for(agent).get(reverse("azure:take_access", args=[subscription.pk, subscription.entitlement]))
    assert "the last role that earns" in dialog.content.decode()

    take_default_again = access_to(subscription.entitlement).assignments[0]
    take_access(
        entitlement_id=subscription.entitlement,
        assignment_id=take_default_again.pk,
        actor=customer_admin(subscription),
        now=at(2),
    )
    assert "Not earned: nobody" in client_for(agent).get(url).content.decode()


def test_the_previous_offer_says_that_it_earns_none(client_for):
    relationship = make_relationship()
    subscription = azure(
        relationship.partner.organization, relationship.customer, product_family=ProductFamily.AZURE_LEGACY
    )
    agent = make_member(relationship.partner.organization, Role.ADMIN_AGENT)

    page = client_for(agent).get(reverse("azure:access", args=[subscription.pk])).content.decode()

    assert "only usage under an Azure plan earns it" in page
