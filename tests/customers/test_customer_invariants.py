"""What the customer list repeats is what is true (decision 0020)."""

import pytest

from customers import invariants
from customers.models import ResellerRelationship, Tag
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Partnership
from tests.customers.factories import (
    make_agreement,
    make_indirect_relationships,
    make_relationship,
    make_subscription,
)
from tests.factories import NOON, make_partner

pytestmark = pytest.mark.django_db


def found():
    return sorted(invariants.breaches())


def test_healthy_relationships_break_nothing():
    of_provider, of_reseller = make_indirect_relationships(name="Łódź", domain="Lodz.example", tags=["VIP"])
    make_agreement(of_provider)
    of_reseller.has_agreement = True
    of_reseller.save()
    make_relationship(has_agreement=True)

    assert found() == []


@pytest.mark.parametrize("change", [{"customer_name": "x"}, {"customer_domain": "x"}, {"customer_country": "SE"}])
def test_a_copy_that_is_not_the_customers_is_found(change):
    row = make_relationship()
    ResellerRelationship.objects.filter(pk=row.pk).update(**change)

    assert found() == [f"Relationship that repeats another name, domain or country than its customer has: {row.pk}"]


def test_a_wrong_note_of_the_agreement_is_found_at_partner_and_reseller():
    of_provider, of_reseller = make_indirect_relationships()
    make_agreement(of_provider)
    direct = make_relationship(has_agreement=True)
    ResellerRelationship.objects.filter(pk=direct.pk).update(has_agreement=False)

    wrong = sorted([of_reseller.pk, direct.pk])
    assert found() == [f"Relationship that is wrong about the customer agreement: {pk}" for pk in wrong]


def test_a_tag_that_nobody_created_is_found():
    row = make_relationship(tags=["VIP"])
    Tag.objects.all().delete()

    assert found() == [f"Tag of a customer that its partner does not have: {row.pk}"]


def test_a_reseller_that_is_billed_or_has_a_customer_of_its_own_is_found():
    row = make_relationship(make_partner(OrganizationKind.INDIRECT_RESELLER))
    subscription = make_subscription(row)

    assert found() == [
        f"Indirect reseller that is billed for a subscription: {subscription.pk}",
        f"Indirect reseller with a customer in its own name: {row.pk}",
    ]


def test_a_reseller_s_customer_without_a_partnership_is_found():
    _of_provider, of_reseller = make_indirect_relationships()
    Partnership.objects.update(status=PartnershipStatus.ENDED, ended_at=NOON)

    assert found() == [f"Reseller with a customer through a provider that is not its partner: {of_reseller.pk}"]
