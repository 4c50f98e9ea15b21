"""Links from lists to customers and subscriptions: there for who may open the page, and only while it opens."""

import pytest
from django.urls import reverse

from customers.enums import ProductFamily, RelationshipStatus
from customers.links import customer_urls, subscription_url, subscription_urls
from portal.accounts.enums import Role
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db


def test_a_subscription_is_linked_to_the_page_of_its_family_for_who_may_see_it():
    relationship = make_relationship()
    row = make_subscription(relationship)
    agent = make_actor(relationship.partner.organization)
    billing_admin = make_actor(relationship.partner.organization, Role.BILLING_ADMIN)

    first_party = subscription_url(agent, row.pk, ProductFamily.LICENSE_BASED)
    assert first_party == reverse("azure:subscription", args=[row.pk])
    third_party = subscription_url(agent, row.pk, ProductFamily.THIRD_PARTY)
    assert third_party == reverse("marketplace:subscription", args=[row.pk])
    assert subscription_url(billing_admin, row.pk, ProductFamily.LICENSE_BASED) == ""


def test_subscriptions_are_linked_by_their_family_as_far_as_they_are_seen(django_assert_num_queries):
    relationship = make_relationship()
    first, third = make_subscription(relationship), make_subscription(relationship, product_family="third_party")
    of_others = make_subscription(make_relationship())
    agent = make_actor(relationship.partner.organization)

    with django_assert_num_queries(1):
        found = subscription_urls(agent, [first.pk, third.pk, of_others.pk, None])

    assert found == {
        first.pk: reverse("azure:subscription", args=[first.pk]),
        third.pk: reverse("marketplace:subscription", args=[third.pk]),
    }


def test_customers_are_linked_while_they_are_customers_in_one_query(django_assert_num_queries):
    relationship = make_relationship()
    ended = make_relationship(relationship.partner.organization, status=RelationshipStatus.REMOVED, removed_at=NOON)
    of_others = make_relationship()
    asked = [row.customer_id for row in (relationship, ended, of_others)]
    agent = make_actor(relationship.partner.organization)

    with django_assert_num_queries(1):
        found = customer_urls(agent, asked)

    assert found == {relationship.customer_id: reverse("customers:customer", args=[relationship.customer_id])}
    assert customer_urls(make_actor(relationship.partner.organization, Role.BILLING_ADMIN), asked) == {}


def test_what_was_imported_without_its_publisher_leads_to_the_list_of_its_customer(client_for):
    relationship = make_relationship()
    imported = make_subscription(relationship, product_family=ProductFamily.THIRD_PARTY)
    client = client_for(make_member(relationship.partner.organization))

    answer = client.get(reverse("marketplace:subscription", args=[imported.pk]))

    tab = f"{reverse('customers:subscriptions', args=[relationship.customer_id])}?tab=marketplace&status=all"
    assert answer.headers["Location"] == tab
    stranger = client_for(make_member(make_relationship().partner.organization))
    assert stranger.get(reverse("marketplace:subscription", args=[imported.pk])).status_code == 404
