"""Groups and people are chosen for access to Azure subscriptions; who is shown to whom, what became of them (A4)."""

import re

import pytest
from django.urls import reverse

from azure.enums import ADMIN_AGENTS_GROUP, AccessRole, PrincipalKind
from azure.models import RoleAssignment
from azure.queries import principals as queries
from azure.queries.access import access_of, access_to
from azure.workflow.access import Grant, give_access
from customers.enums import RelationshipKind
from customers.models import ResellerRelationship
from portal.accounts.enums import Role
from portal.accounts.models import Membership, User
from portal.core.errors import InvalidInput
from portal.directory import workflow as directory
from tests.azure.test_access import admin_of, agent_of, azure_of
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import NOON, make_actor, make_member
from tests.portal.directory.factories import make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship():
    return make_relationship(has_admin_rights=True)


@pytest.fixture
def customer(relationship):
    return relationship.customer.organization


@pytest.fixture
def partner(relationship):
    return relationship.partner.organization


@pytest.fixture
def subscription(relationship):
    return azure_of(relationship)


def shown(subscription, actor, text=""):
    """What the actor can choose, by company."""
    found = queries.companies(access_of(actor, subscription.pk), actor=actor, text=text)
    return {company.organization.pk: {one.label for one in (*company.groups, *company.people)} for company in found}


def give(subscription, actor, key, role=AccessRole.READER):
    access = access_of(actor, subscription.pk)
    chosen = queries.principal_of(access, actor=actor, key=key)
    grant = Grant(chosen.organization.pk, chosen.kind, chosen.name, role, chosen=key)
    return give_access(entitlement_id=subscription.entitlement, grant=grant, actor=actor, now=NOON)


def deactivate(membership):
    Membership.objects.filter(pk=membership.pk).update(is_active=False, deactivated_at=NOON)


def test_a_partner_sees_of_its_customer_offered_groups_and_people_with_rights_alone(
    relationship, customer, partner, subscription
):
    make_group(customer, name="Operators", is_offered=True)
    make_group(customer, name="Board")
    make_group(partner, name="Night shift")
    make_member(customer, Role.CUSTOMER_ADMIN, name="Léa Client")
    deactivate(make_member(customer, Role.CUSTOMER_ADMIN, name="Gone Client"))
    colleague = make_member(partner, Role.SALES_AGENT, name="Own Colleague")
    actor = agent_of(relationship)

    found = shown(subscription, actor)
    assert found[customer.pk] == {"Operators", "Léa Client"}
    assert {"AdminAgents", "HelpdeskAgents", "Night shift", "Own Colleague"} <= found[partner.pk]
    assert shown(subscription, actor, "LEA")[customer.pk] == {"Léa Client"}
    assert shown(subscription, actor, colleague.user.email)[partner.pk] == {"Own Colleague"}

    ResellerRelationship.objects.filter(pk=relationship.pk).update(has_admin_rights=False)
    assert shown(subscription, actor)[customer.pk] == {"Operators"}


def test_a_customer_sees_of_its_partners_what_follows_a_role_and_what_they_offer(
    relationship, customer, partner, subscription
):
    make_group(partner, name="Azure desk", is_offered=True)
    make_group(partner, name="Night shift")
    make_group(customer, name="Board")
    actor = admin_of(relationship)

    found = shown(subscription, actor)
    assert found[partner.pk] == {"AdminAgents", "HelpdeskAgents", "Azure desk"}
    assert "Board" in found[customer.pk]
    assert make_relationship().partner_id not in found


def test_a_provider_sees_groups_of_a_reseller_once_it_serves_the_customer():
    partnership = make_partnership()
    provider, reseller = partnership.provider.organization, partnership.reseller.organization
    relationship = make_relationship(partner=provider, kind=RelationshipKind.PROVIDER, counterpart=reseller)
    subscription, actor = azure_of(relationship), agent_of(relationship)
    group = make_group(reseller, name="Reseller desk", is_offered=True)
    make_group(reseller, name="Inner circle")
    make_member(reseller, Role.ADMIN_AGENT, name="Rita Reseller")
    key = f"group:{group.pk}"
    assert reseller.pk not in shown(subscription, actor)
    assert queries.principal_of(access_to(subscription.pk), actor=actor, key=key) is None

    make_relationship(
        partner=reseller, customer=relationship.customer, kind=RelationshipKind.RESELLER, counterpart=provider
    )
    assert shown(subscription, actor)[reseller.pk] == {"AdminAgents", "HelpdeskAgents", "Reseller desk"}
    assert give(subscription, actor, key).group == group


def test_what_one_cannot_see_one_cannot_choose_by_its_key(relationship, customer, subscription):
    hidden, person = make_group(customer), make_member(customer, Role.CUSTOMER_ADMIN)
    stranger = make_member()
    actor, access = agent_of(relationship), access_to(subscription.pk)
    ResellerRelationship.objects.filter(pk=relationship.pk).update(has_admin_rights=False)
    keys = [f"group:{hidden.pk}", f"person:{person.pk}", f"person:{stranger.pk}", "group:x", "", "typed"]
    keys += [queries.built_in_key(customer.pk, ADMIN_AGENTS_GROUP), queries.built_in_key("x", ADMIN_AGENTS_GROUP)]
    keys += [queries.built_in_key(stranger.organization_id, ADMIN_AGENTS_GROUP)]
    for key in keys:
        assert queries.principal_of(access, actor=actor, key=key) is None, key
    forged = Grant(customer.pk, PrincipalKind.GROUP, hidden.name, AccessRole.READER, chosen=keys[0])
    with pytest.raises(InvalidInput):
        give_access(entitlement_id=subscription.entitlement, grant=forged, actor=actor, now=NOON)


def test_the_list_says_when_a_person_left_or_a_group_was_removed(
    relationship, customer, subscription, client_for, django_assert_num_queries
):
    person, group = make_member(customer, Role.CUSTOMER_ADMIN, email="lea@client.example"), make_group(customer)
    admin = admin_of(relationship)
    rows = [give(subscription, admin, f"person:{person.pk}"), give(subscription, admin, f"group:{group.pk}")]
    browser = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    page = reverse("azure:access", args=[subscription.pk])
    assert not queries.gone(access_to(subscription.pk).assignments)
    assert "No longer belongs" not in browser.get(page).text

    deactivate(person)
    directory.remove_group(group_id=group.pk, actor=make_actor(customer, Role.CUSTOMER_ADMIN), now=NOON)
    found = access_to(subscription.pk)
    with django_assert_num_queries(1):
        assert queries.gone(found.assignments) == {row.pk for row in rows}
    text = browser.get(page).text
    assert "No longer belongs to the company" in text
    assert "This group was removed" in text
    User.objects.filter(pk=person.user_id).update(email="lea.new@client.example")
    assert "lea.new@client.example" in browser.get(page).text


def test_one_searches_chooses_and_gives_on_a_page_without_scripts(relationship, customer, subscription, client_for):
    for number in range(9):
        make_member(customer, Role.CUSTOMER_ADMIN, name=f"Person {number}", email=f"p{number}@client.example")
    group = make_group(customer, name="Operators", is_offered=True)
    browser = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    page = reverse("azure:give_access", args=[subscription.pk])

    text = browser.get(page).text
    assert "More fit; search for a name." in text
    assert f'value="group:{group.pk}"' in text
    assert 'value="person:' in text
    searched = browser.post(page, {"find": "1", "q": "person 8", "principal": f"group:{group.pk}", "role": "owner"})
    assert searched.status_code == 200
    assert "Person 8" in searched.text
    assert "Person 7" not in searched.text
    assert re.search(rf'value="group:{group.pk}"\s+checked', searched.text), "what is marked stays"
    assert f"Chosen so far, of {customer.name}" in searched.text
    assert "entry needs your attention" not in searched.text
    assert not RoleAssignment.objects.exists()
    nothing = browser.post(page, {"find": "1", "q": "<b>nobody</b>"}).text
    assert "is named “&lt;b&gt;nobody&lt;/b&gt;”" in nothing

    key = re.search(r'value="(person:[0-9a-f-]+)"', searched.text)[1]
    assert browser.post(page, {"role": "reader"}).status_code == 422
    assert browser.post(page, {"role": "reader", "principal": "group:nonsense"}).status_code == 422
    typed = {"role": "reader", "principal": "typed", "principal_kind": "user"}
    wrong = browser.post(page, typed)
    assert wrong.context["form"].errors.keys() == {"organization", "principal_name"}
    assert browser.post(page, {"role": "reader", "principal": key}).status_code == 302
    row = RoleAssignment.objects.get()
    assert (row.user.email, row.principal_name, row.group) == ("p8@client.example", "p8@client.example", None)
    again = browser.post(page, {"role": "reader", "principal": key})
    assert "has this role already" in again.text
    assert "p8@client.example" in browser.get(reverse("azure:access", args=[subscription.pk])).text


def test_the_link_for_a_billing_owner_without_access_marks_its_admin_agents(relationship, partner, client_for):
    subscription = azure_of(relationship)
    browser = client_for(make_member(relationship.customer.organization, Role.CUSTOMER_ADMIN))

    page = reverse("azure:give_access", args=[subscription.pk]) + f"?organization={partner.pk}"

    key = queries.built_in_key(partner.pk, ADMIN_AGENTS_GROUP)
    assert re.search(rf'value="{key}"\s+checked', browser.get(page).text)
    assert "checked" in browser.get(page.replace(str(partner.pk), "nonsense")).text
