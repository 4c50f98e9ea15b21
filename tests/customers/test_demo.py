"""The customers of the demo world: what scripts and a first tour rely on (P10, contract)."""

import datetime
import json

import pytest
from django.core.management import call_command

from customers import demo as customers_demo
from customers import rules
from customers.demo import partners_of_customers
from customers.enums import CustomerEvent, InvitationStatus, ProductFamily, SubscriptionStatus
from customers.models import CustomerProfile, RelationshipInvitation, ResellerRelationship, Subscription
from customers.queries import STATES, state_of
from portal.accounts.enums import AccountEvent
from portal.accounts.models import Organization
from portal.audit.models import AuditEvent
from portal.local import demo
from portal.local.demo.organizations import CUSTOMERS, PARTNERS, organization_id
from portal.notifications.models import ActionItem, OutgoingEmail

NOW = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
BOTH = [organization_id("belfortcloud.example"), organization_id("fjallvind.example")]


@pytest.fixture(scope="module")
def loaded(rows_of_module):
    """The people with what happened to them, and their customers: for all tests here, none of which changes it."""
    with rows_of_module():
        demo.load(now=NOW)
        customers_demo.load(now=NOW)


@pytest.fixture
def world(loaded, db):
    """The same, and the right to read it."""


def test_three_customers_signed_with_both_first_partners_and_have_something_to_transfer(world):
    families = {ProductFamily.LICENSE_BASED, ProductFamily.AZURE_PLAN, ProductFamily.AZURE_SUBSCRIPTION}
    found = 0
    for customer_id, partners in partners_of_customers().items():
        signed = all(rules.has_signed_agreement(partner_id=one, customer_id=customer_id) for one in BOTH)
        for owner in BOTH:
            active = Subscription.objects.filter(
                customer_id=customer_id, billing_owner_id=owner, status=SubscriptionStatus.ACTIVE
            )
            has_families = families <= set(active.values_list("product_family", flat=True))
            found += set(BOTH) <= set(partners) and signed and has_families
    assert found >= 3


def test_every_product_family_and_most_states_occur(world):
    assert set(Subscription.objects.values_list("product_family", flat=True)) == set(ProductFamily) - {
        ProductFamily.THIRD_PARTY  # bought in the marketplace's part of the demo world
    }
    assert set(Subscription.objects.values_list("status", flat=True)) >= set(SubscriptionStatus) - {
        SubscriptionStatus.PENDING,  # only what is bought in the marketplace waits
        SubscriptionStatus.TRANSFERRED,
    }
    for subscription in Subscription.objects.select_related("customer"):
        row = ResellerRelationship.objects.active()
        assert row.filter(partner_id=subscription.billing_owner_id, customer_id=subscription.customer_id).exists()


def test_requests_are_there_in_every_state(world):
    states = {state_of(invitation, now=NOW) for invitation in RelationshipInvitation.objects.all()}

    assert states == set(STATES)
    first = organization_id("belfortcloud.example")
    own = RelationshipInvitation.objects.filter(partner_id=first)
    assert {state_of(invitation, now=NOW) for invitation in own} == set(STATES)
    assert not RelationshipInvitation.objects.filter(status=InvitationStatus.PENDING, expires_at__lte=NOW).exists()


def test_resellers_and_sandboxes_have_customers_of_their_own_kind(world):
    resellers = [partner.id for partner in PARTNERS if partner.provider]
    rows = ResellerRelationship.objects.active().select_related("partner__organization", "customer__organization")

    assert {row.partner_id for row in rows if row.kind == "reseller"} == set(resellers)
    for row in rows:
        partner, customer = row.partner.organization, row.customer.organization
        assert (partner.is_sandbox, partner.cloud) == (customer.is_sandbox, customer.cloud)


def test_logs_mails_and_action_center_are_filled_up_to_now(world):
    happened = set(AuditEvent.objects.values_list("event_type", flat=True))
    assert {
        CustomerEvent.RELATIONSHIP_ACCEPTED,
        CustomerEvent.INDIRECT_RELATIONSHIP_ACCEPTED,
        CustomerEvent.RELATIONSHIP_DECLINED,
        CustomerEvent.RELATIONSHIP_REQUEST_EXPIRED,
        CustomerEvent.RELATIONSHIP_REQUEST_REVOKED,
        CustomerEvent.RELATIONSHIP_QUESTION,
        CustomerEvent.AGREEMENT_CREATED,
        CustomerEvent.ADMIN_RIGHTS_REMOVED,
        CustomerEvent.CUSTOMER_TAGGED,
        AccountEvent.PARTNERSHIP_REQUESTED,
        AccountEvent.PARTNERSHIP_DECLINED,
    } <= happened
    assert OutgoingEmail.objects.filter(event_type=CustomerEvent.RELATIONSHIP_REQUEST_SENT).count() >= 10
    assert ActionItem.objects.filter(workspace="customers", organization_id=BOTH[0]).exists()
    assert not AuditEvent.objects.filter(occurred_at__gt=NOW).exists()
    assert CustomerProfile.objects.exclude(bill_to_name="").exists()
    assert ResellerRelationship.objects.filter(tags__len__gt=0).exists()


def test_the_whole_world_loads_and_scripts_read_whose_customer_each_one_is(world, capsys):
    call_command("demo_accounts", json=True)
    document = json.loads(capsys.readouterr().out)

    partners = {customer["domain"]: customer["partners"] for customer in document["customers"]}
    assert len(partners) == len(CUSTOMERS)
    assert {str(one) for one in BOTH} == set(partners["clinique-des-lilas.example"])
    assert partners["aldeia-texteis.example"] == []
    assert Organization.objects.count() > len(CUSTOMERS)
