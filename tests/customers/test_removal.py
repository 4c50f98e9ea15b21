"""The end of a relationship: what stands in its way, who leaves with whom, who is told (R11, reference 4.9)."""

import threading
import uuid

import pytest
from django.db import connection, transaction

from customers import rules
from customers.enums import (
    CustomerEvent,
    ProductFamily,
    RelationshipKind,
    RelationshipStatus,
    SubscriptionStatus,
)
from customers.models import Customer, ResellerRelationship
from customers.workflow.relationships import remove_relationship, start_relationships
from portal.accounts.enums import Role
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.customers.factories import make_agreement, make_indirect_relationships, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
ACTIVE, REMOVED = RelationshipStatus.ACTIVE, RelationshipStatus.REMOVED


def remove(relationship, actor=None):
    actor = actor or make_actor(relationship.partner.organization)
    return remove_relationship(relationship_id=relationship.pk, actor=actor, now=NOON)


def status(relationship):
    return ResellerRelationship.objects.get(pk=relationship.pk).status


def page_of(relationship):
    return f"/customers/{relationship.customer_id}/account/remove/"


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
def test_who_removes(role):
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization, role)

    if actor.may(Permission.RELATIONSHIP_REMOVE):
        remove(relationship, actor)
    else:
        with pytest.raises(PermissionDenied):
            remove(relationship, actor)
    assert (status(relationship) == REMOVED) == (role in {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT})
    assert AuditEvent.objects.exists() == (status(relationship) == REMOVED)


def test_nobody_removes_another_partners_relationship():
    relationship = make_relationship()
    other = make_relationship(customer=relationship.customer)

    with pytest.raises(ResellerRelationship.DoesNotExist):
        remove(relationship, make_actor(other.partner.organization))
    remove(other)

    assert status(relationship) == ACTIVE


def test_rights_end_with_the_relationship_and_both_logs_tell_it_without_a_mail():
    relationship = make_relationship(has_admin_rights=True)

    remove(relationship)

    relationship.refresh_from_db()
    assert (relationship.removed_at, relationship.has_admin_rights) == (NOON, False)
    assert relationship.admin_rights_removed_at == NOON
    event = AuditEvent.objects.get()
    assert event.event_type == CustomerEvent.RELATIONSHIP_REMOVED
    assert set(event.parties.values_list("organization_id", flat=True)) == {
        relationship.partner_id,
        relationship.customer_id,
    }
    assert not OutgoingEmail.objects.exists()


def test_removing_twice_is_refused():
    relationship = make_relationship()
    remove(relationship)

    with pytest.raises(rules.RelationshipNotActive):
        remove(relationship)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("family", list(ProductFamily))
@pytest.mark.parametrize("state", list(SubscriptionStatus))
def test_only_what_runs_and_is_billed_to_the_partner_is_in_the_way(family, state):
    relationship = make_relationship()
    make_subscription(relationship, product_family=family, status=state)
    make_subscription(make_relationship(customer=relationship.customer))

    if state in {SubscriptionStatus.ACTIVE, SubscriptionStatus.PENDING}:
        with pytest.raises(rules.RelationshipInUse):
            remove(relationship)
    else:
        remove(relationship)


def test_every_blocker_is_named_with_its_count_and_its_place():
    relationship = make_relationship()
    for family in (ProductFamily.LICENSE_BASED, ProductFamily.AZURE_PLAN, ProductFamily.RESERVATION):
        make_subscription(relationship, product_family=family)
    make_subscription(relationship, product_family=ProductFamily.PERPETUAL_SOFTWARE)

    blockers = {blocker.code: blocker for blocker in rules.removal_blockers(relationship)}

    assert list(blockers) == ["active-subscriptions", "active-reservations", "active-software"]
    assert blockers["active-subscriptions"].message.startswith("2 active subscriptions")
    assert blockers["active-reservations"].url.endswith("/subscriptions/?tab=reservations")


def test_a_provider_takes_its_reseller_along_and_the_resellers_agents_are_told():
    of_provider, of_reseller = make_indirect_relationships()

    ended = remove(of_provider)

    assert [row.pk for row in ended] == [of_provider.pk, of_reseller.pk]
    assert (status(of_provider), status(of_reseller)) == (REMOVED, REMOVED)
    event = AuditEvent.objects.get()
    assert of_reseller.partner_id in event.parties.values_list("organization_id", flat=True)
    assert ActionItem.objects.get().organization_id == of_reseller.partner_id


def test_a_reseller_leaves_alone_and_the_provider_names_no_reseller_any_more():
    of_provider, of_reseller = make_indirect_relationships()

    remove(of_reseller)

    assert (status(of_provider), status(of_reseller)) == (ACTIVE, REMOVED)
    of_provider.refresh_from_db()
    assert (of_provider.kind, of_provider.counterpart) == (RelationshipKind.PROVIDER, None)
    assert ActionItem.objects.get().organization_id == of_provider.partner_id


def test_a_reseller_stays_while_a_subscription_is_credited_to_it():
    of_provider, of_reseller = make_indirect_relationships()
    make_subscription(of_provider, reseller_id=of_reseller.partner_id)

    with pytest.raises(rules.RelationshipInUse) as refused:
        remove(of_reseller)
    assert "credited to you" in str(refused.value)


def test_another_pair_of_the_same_customer_stays():
    of_provider, _of_reseller = make_indirect_relationships()
    stays = make_relationship(customer=of_provider.customer)

    remove(of_provider)

    assert status(stays) == ACTIVE


def test_a_new_relationship_starts_afresh_but_knows_the_agreement():
    relationship = make_relationship(tags=["VIP"], has_admin_rights=True)
    make_agreement(relationship)
    remove(relationship)

    with transaction.atomic():
        (again,) = start_relationships(
            customer_organization=relationship.customer.organization,
            partner=relationship.partner,
            reseller=None,
            has_admin_rights=False,
            now=NOON,
        )

    assert again.pk != relationship.pk
    assert (again.tags, again.has_admin_rights, again.has_agreement) == ([], False, True)


@pytest.mark.django_db(transaction=True)
def test_what_changes_a_customers_relationships_waits_for_what_changes_them_now():
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization)
    done = []

    def run():
        try:
            remove(relationship, actor)
            done.append(True)
        finally:
            connection.close()

    with transaction.atomic():
        Customer.objects.locked(relationship.customer_id)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(0.5)
        assert not done
    thread.join(60)

    assert done
    assert status(relationship) == REMOVED


@pytest.mark.django_db(transaction=True)
def test_two_removals_at_once_end_it_once():
    of_provider, of_reseller = make_indirect_relationships()
    actors = [make_actor(row.partner.organization) for row in (of_provider, of_reseller)]
    start, results = threading.Barrier(4), []

    def run(row, actor):
        start.wait()
        try:
            remove(row, actor)
            results.append("removed")
        except rules.RelationshipNotActive:
            results.append("refused")
        finally:
            connection.close()

    pairs = list(zip((of_provider, of_reseller), actors, strict=True)) * 2
    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(results) == 4
    assert (status(of_provider), status(of_reseller)) == (REMOVED, REMOVED)
    assert AuditEvent.objects.filter(event_type=CustomerEvent.RELATIONSHIP_REMOVED).count() == results.count("removed")
    assert results.count("removed") in {1, 2}


# --- the page --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("extra", [{}, HTMX])
def test_the_page_names_the_consequences_then_removes_and_leads_to_the_list(extra, client_for):
    of_provider, of_reseller = make_indirect_relationships(has_admin_rights=True)
    browser = client_for(make_member(of_provider.partner.organization))
    account = browser.get(f"/customers/{of_provider.customer_id}/account/").content.decode()
    assert page_of(of_provider) in account

    question = browser.get(page_of(of_provider), **extra).content.decode()
    answer = browser.post(page_of(of_provider), **extra)

    for text in ("administration rights", of_reseller.partner.organization.name, "no mail", 'type="submit"'):
        assert text in question
    assert answer.headers.get("Location") or answer.headers["HX-Redirect"] == "/customers/"
    assert "is removed" in browser.get("/customers/").content.decode()
    assert browser.get(page_of(of_provider)).status_code == 404


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_the_page_lists_what_must_end_first_with_links_and_no_button(extra, client_for):
    relationship = make_relationship()
    make_subscription(relationship, product_family=ProductFamily.RESERVATION)
    browser = client_for(make_member(relationship.partner.organization))

    shown = browser.get(page_of(relationship), **extra)
    refused = browser.post(page_of(relationship), **extra)

    assert (shown.status_code, refused.status_code) == (200, 409)
    for response in (shown, refused):
        page = response.content.decode()
        assert "1 Azure reservation is active. Cancel it." in page
        assert "/subscriptions/?tab=reservations" in page
        assert ">Remove</button>" not in page
    assert status(relationship) == ACTIVE


def test_those_who_may_not_read_why_and_are_refused(client_for):
    relationship = make_relationship()
    browser = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))

    account = browser.get(f"/customers/{relationship.customer_id}/account/").content.decode()

    assert page_of(relationship) not in account
    assert "Remove reseller relationship" in account
    assert browser.post(page_of(relationship)).status_code == 403
    assert browser.get(f"/customers/{uuid.uuid4()}/account/remove/").status_code in {403, 404}
    assert status(relationship) == ACTIVE
