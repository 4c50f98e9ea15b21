"""Access to Azure subscriptions: given, taken, left alone by transfers, and told to all three (A4, A5; section 9.5)."""

import uuid

import pytest
from django.urls import reverse

from azure.enums import ADMIN_AGENTS_GROUP, AccessRole, AzureEvent, PrincipalKind
from azure.models import RoleAssignment
from azure.queries.access import access_of, access_to
from azure.rules import access as rules
from azure.workflow.access import Grant, give_access, take_access
from customers.enums import ProductFamily, RelationshipKind, SubscriptionStatus
from customers.models import Subscription
from portal.accounts.enums import Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from portal.notifications.models import ActionItem
from tests.customers.factories import make_partnership, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member
from tests.transfers.factories import USAGE

pytestmark = pytest.mark.django_db


def azure_of(relationship, **fields):
    return make_subscription(
        relationship, product_family=ProductFamily.AZURE_SUBSCRIPTION, friendly_name="Production", **USAGE, **fields
    )


def agent_of(relationship, *roles):
    return make_actor(relationship.partner.organization, *(roles or (Role.ADMIN_AGENT,)))


def admin_of(relationship):
    return make_actor(relationship.customer.organization, Role.CUSTOMER_ADMIN)


def grant(organization, role=AccessRole.READER, **fields):
    defaults = {"principal_kind": PrincipalKind.GROUP, "principal_name": "Operators"}
    return Grant(organization_id=organization.pk, role=role, **defaults | fields)


def give(subscription, wanted, actor):
    return give_access(entitlement_id=subscription.entitlement, grant=wanted, actor=actor, now=NOON)


def take(subscription, assignment_id, actor):
    return take_access(entitlement_id=subscription.entitlement, assignment_id=assignment_id, actor=actor, now=NOON)


def moved_to(subscription, relationship):
    """The row of the new billing owner, as a transfer leaves it."""
    Subscription.objects.filter(pk=subscription.pk).update(status=SubscriptionStatus.TRANSFERRED, transferred_at=NOON)
    subscription.refresh_from_db()
    return azure_of(relationship, entitlement_id=subscription.entitlement, transferred_from=subscription)


def test_a_new_subscription_is_the_partners_and_the_customer_has_nothing():
    relationship = make_relationship()
    found = access_to(azure_of(relationship).pk)

    [only] = found.assignments
    assert (only.organization_id, only.principal_name, only.role) == (
        relationship.partner_id,
        ADMIN_AGENTS_GROUP,
        "owner",
    )
    assert not found.has(relationship.customer_id)


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
def test_of_a_partner_only_admin_agents_give_and_take(role):
    relationship = make_relationship()
    subscription, actor = azure_of(relationship), agent_of(relationship, role)
    wanted = grant(relationship.partner.organization)
    if role == Role.ADMIN_AGENT:
        row = give(subscription, wanted, actor)
        take(subscription, row.pk, actor)
        kinds = AuditEvent.objects.filter(subject_type="azure-access").values_list("event_type", flat=True)
        assert sorted(kinds) == [AzureEvent.ACCESS_GIVEN, AzureEvent.ACCESS_TAKEN]
    else:
        with pytest.raises(PermissionDenied):
            give(subscription, wanted, actor)
        with pytest.raises(PermissionDenied):
            take(subscription, subscription.pk, actor)
        assert not RoleAssignment.objects.exists()


def test_the_customer_becomes_owner_only_after_the_warning_was_read():
    relationship = make_relationship()
    subscription, actor = azure_of(relationship), agent_of(relationship)
    customer = relationship.customer.organization

    with pytest.raises(InvalidInput) as refused:
        give(subscription, grant(customer, AccessRole.OWNER), actor)
    assert refused.value.field == "has_read_warning"
    give(subscription, grant(customer, AccessRole.CONTRIBUTOR), actor)
    give(subscription, grant(customer, AccessRole.OWNER, has_read_warning=True), actor)

    assert access_to(subscription.pk).owns(customer.pk)


def test_rights_on_one_service_do_not_let_anybody_give_rights():
    relationship = make_relationship()
    subscription = azure_of(relationship)
    other = make_relationship(customer=relationship.customer)
    give(subscription, grant(other.partner.organization, AccessRole.OWNER, service="vm-1"), admin_of(relationship))

    with pytest.raises(rules.NotAnOwner) as refused:
        give(subscription, grant(relationship.customer.organization), agent_of(other))
    assert relationship.customer.organization.name in str(refused.value.who)


def test_the_same_role_is_given_once_however_it_is_written():
    relationship = make_relationship()
    subscription, actor = azure_of(relationship), agent_of(relationship)
    customer = relationship.customer.organization
    give(subscription, grant(customer), actor)

    with pytest.raises(rules.AccessGivenAlready):
        give(subscription, grant(customer, principal_name="OPERATORS"), actor)
    give(subscription, grant(customer, service="vm-1"), actor)


def test_the_last_owner_stays():
    relationship = make_relationship()
    subscription, actor = azure_of(relationship), agent_of(relationship)

    with pytest.raises(rules.LastOwner):
        take(subscription, subscription.pk, actor)
    give(subscription, grant(relationship.partner.organization, AccessRole.OWNER), actor)
    take(subscription, subscription.pk, actor)

    [left] = access_to(subscription.pk).assignments
    assert left.principal_name == "Operators"
    assert RoleAssignment.objects.get(is_default=True).removed_by_name == actor.name


def test_a_reseller_gets_access_in_two_steps():
    partnership = make_partnership()
    provider, reseller = partnership.provider.organization, partnership.reseller.organization
    relationship = make_relationship(partner=provider, kind=RelationshipKind.PROVIDER, counterpart=reseller)
    subscription, actor = azure_of(relationship), agent_of(relationship)

    with pytest.raises(rules.NoRelationshipYet):
        give(subscription, grant(reseller), actor)
    make_relationship(
        partner=reseller,
        customer=relationship.customer,
        kind=RelationshipKind.RESELLER,
        counterpart=provider,
    )
    give(subscription, grant(reseller, principal_name=ADMIN_AGENTS_GROUP), actor)

    assert access_to(subscription.pk).has(reseller.pk)
    assert not access_to(subscription.pk).former_partners


def test_a_transfer_moves_no_rights_and_the_customer_mends_that():
    before = make_relationship()
    after = make_relationship(customer=before.customer)
    old = azure_of(before)
    new = moved_to(old, after)
    source, target = before.partner.organization, after.partner.organization

    found = access_of(agent_of(after), new.pk)
    assert found.owner == target
    assert found.owner_has_none
    assert found.former_partners == [source]
    with pytest.raises(rules.NotAnOwner):
        give(new, grant(target), agent_of(after))
    assert access_of(agent_of(before), old.pk).has(source.pk), "the former partner has access and sees it"

    give(new, grant(target, AccessRole.OWNER, principal_name=ADMIN_AGENTS_GROUP), admin_of(before))
    take(new, old.pk, agent_of(after))

    found = access_of(agent_of(after), new.pk)
    assert not found.owner_has_none
    assert not found.former_partners
    with pytest.raises(Subscription.DoesNotExist):
        access_of(agent_of(before), old.pk)
    titles = ActionItem.objects.filter(organization_id=target.pk).values_list("title", flat=True)
    assert len(titles) == 1
    assert before.customer.organization.name in titles[0]["en"]


def test_others_see_nothing_and_a_stranger_cannot_be_chosen():
    relationship = make_relationship()
    subscription = azure_of(relationship)
    stranger = make_relationship()
    with pytest.raises(Subscription.DoesNotExist):
        access_of(agent_of(stranger), subscription.pk)
    with pytest.raises(rules.NoRelationshipYet):
        give(subscription, grant(stranger.partner.organization), agent_of(relationship))
    with pytest.raises(rules.NotAnOwner):
        give(subscription, grant(stranger.partner.organization), agent_of(stranger))
    with pytest.raises(Subscription.DoesNotExist):
        access_of(agent_of(relationship), make_subscription(relationship).pk)


def test_the_pages_give_and_take_for_partner_and_customer(client_for):
    relationship = make_relationship()
    subscription = azure_of(relationship)
    partner = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    customer = client_for(make_member(relationship.customer.organization, Role.CUSTOMER_ADMIN))
    page = reverse("azure:access", args=[subscription.pk])
    fields = {
        "organization": str(relationship.customer_id),
        "principal_kind": "user",
        "principal_name": "not an address",
        "role": "owner",
    }
    give_page = reverse("azure:give_access", args=[subscription.pk])
    assert partner.post(give_page, fields).status_code == 422
    refused = partner.post(give_page, fields | {"principal_name": "kim@customer.example"})
    assert refused.status_code == 422
    assert "billing owner pays" in refused.content.decode()
    assert (
        partner.post(give_page, fields | {"principal_name": "kim@customer.example", "has_read_warning": "on"}).headers[
            "Location"
        ]
        == page
    )
    for client, list_page in (
        (partner, reverse("azure:customer_access", args=[relationship.customer_id])),
        (customer, reverse("azure:my_access")),
    ):
        assert "kim@customer.example" in client.get(page).content.decode()
        assert "Production" in client.get(list_page).content.decode()
    row = RoleAssignment.objects.get(principal_kind="user")
    take_page = reverse("azure:take_access", args=[subscription.pk, row.pk])
    assert "loses the role" in customer.get(take_page).content.decode()
    assert customer.post(take_page).headers["Location"] == page
    assert customer.get(take_page).status_code == 404
    assert partner.get(reverse("azure:access", args=[uuid.uuid4()])).status_code == 404


def test_a_sales_agent_reads_why_it_cannot_give_access(client_for):
    relationship = make_relationship()
    subscription = azure_of(relationship)
    client = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))

    page = client.get(reverse("azure:access", args=[subscription.pk])).content.decode()

    assert "Admin agent" in page
    assert client.get(reverse("azure:give_access", args=[subscription.pk])).status_code == 403


def test_the_list_of_a_customer_costs_the_same_for_one_and_for_many(client_for, django_assert_max_num_queries):
    relationship = make_relationship()
    client = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    page = reverse("azure:customer_access", args=[relationship.customer_id])
    for number in range(30):
        azure_of(relationship, quantity=number + 1)
    with django_assert_max_num_queries(9):
        assert client.get(page).content.decode().count("Production") >= 30
