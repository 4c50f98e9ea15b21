"""Ordering first-party products: every family, every reason against it, however often Buy is clicked (A1, 1.10)."""

import datetime
import uuid
from decimal import Decimal

import pytest
from django.utils import translation

from azure.enums import AzureEvent
from azure.models import LicenseAddition, ProductTerm, SharedServicesTenant
from azure.rules import buying as rules
from azure.rules.offers import AzureOfferRefused
from azure.workflow.purchases import Review, buy_product
from billing.models import Charge
from customers.enums import ProductFamily, ReservationScope, SubscriptionStatus
from customers.models import Subscription
from customers.rules import buying
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import InvalidInput, PermissionDenied
from portal.notifications.models import OutgoingEmail
from tests.azure.factories import (
    LICENSE,
    PERPETUAL,
    PLAN,
    PREVIOUS,
    RESERVATION,
    SAVINGS,
    SHARED,
    SOFTWARE,
    UNDER_PLAN,
    buy,
    make_customer_of,
    make_prices,
    purchase_of,
)
from tests.customers.factories import (
    make_indirect_relationships,
    make_partnership,
    make_relationship,
    make_subscription,
)
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


def test_licenses_are_charged_at_once_for_the_first_cycle_and_can_be_taken_back_for_a_week():
    make_prices()
    relationship = make_customer_of()
    subscription = buy(relationship, LICENSE, quantity=12, friendly_name="Ferndale office")

    assert (subscription.product_family, subscription.status) == (ProductFamily.LICENSE_BASED, "active")
    assert (subscription.quantity, subscription.unit_price, subscription.currency) == (12, Decimal(10), "EUR")
    assert (subscription.starts_on, subscription.ends_on) == (TODAY, datetime.date(2027, 11, 20))
    assert subscription.auto_renew
    assert subscription.cancelable_until == NOON + datetime.timedelta(days=7)
    charge = Charge.objects.get()
    assert (charge.kind, charge.amount, charge.billing_owner_id) == ("new", Decimal(120), relationship.partner_id)
    assert (charge.starts_on, charge.ends_on) == (TODAY, datetime.date(2026, 12, 20))
    assert ProductTerm.objects.get().billed_until == datetime.date(2026, 12, 20)
    addition = LicenseAddition.objects.get()
    assert (addition.left, addition.reducible_until) == (12, subscription.cancelable_until)


def test_a_purchase_is_logged_for_partner_and_customer_and_mailed():
    make_prices()
    relationship = make_customer_of()
    admin = make_member(relationship.partner.organization, Role.ADMIN_AGENT)
    subscription = buy(relationship, LICENSE)

    event = AuditEvent.objects.get(event_type=AzureEvent.PURCHASED)
    parties = set(AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True))
    assert parties == {relationship.partner_id, relationship.customer_id}
    assert event.subject_id == str(subscription.pk)
    mail = OutgoingEmail.objects.get(recipient=admin.user.email)
    assert "Office Suite Standard" in mail.subject


@pytest.mark.parametrize(
    ("codes", "amount", "days", "until"),
    [(SOFTWARE, 1400, 365, 7), (PERPETUAL, 10000, 1, 30)],
    ids=["software", "perpetual"],
)
def test_software_is_paid_once_for_its_term_or_for_ever(codes, amount, days, until):
    make_prices()
    subscription = buy(make_customer_of(), codes, quantity=2)

    charge = Charge.objects.get()
    assert (charge.amount, (charge.ends_on - charge.starts_on).days) == (Decimal(amount), days)
    assert subscription.cancelable_until == NOON + datetime.timedelta(days=until)
    assert subscription.auto_renew == (codes is SOFTWARE)
    assert not LicenseAddition.objects.exists()


def test_azure_subscriptions_reservations_and_savings_plans_need_a_plan_first():
    make_prices()
    relationship = make_customer_of()
    for codes in (UNDER_PLAN, RESERVATION, SAVINGS):
        with pytest.raises(buying.AzurePlanMissing) as refused:
            buy(relationship, codes)
        assert refused.value.next_url.endswith("product=azure-plan&sku=usage")
    plan = buy(relationship, PLAN)
    below = buy(relationship, UNDER_PLAN, friendly_name="Shop")
    shared, single = buy(relationship, RESERVATION), buy(relationship, RESERVATION, scope_id=below.pk)
    savings = buy(relationship, SAVINGS)

    assert below.parent_id == plan.pk
    assert (shared.scope, shared.parent_id) == (ReservationScope.SHARED, None)
    assert (single.scope, single.parent_id) == (ReservationScope.SINGLE, below.pk)
    assert savings.cancelable_until is None
    assert set(Charge.objects.values_list("subscription_id", flat=True)) == {shared.pk, single.pk, savings.pk}
    with pytest.raises(InvalidInput):
        buy(relationship, RESERVATION, scope_id=plan.pk)


def test_what_the_portal_names_itself_is_stored_in_one_language():
    with translation.override("fr"):
        subscription = buy(make_customer_of(), PLAN)
    assert (subscription.product_name, subscription.friendly_name) == ("Azure plan", "Azure plan")


def test_a_customer_has_one_azure_plan_per_partner_and_reseller():
    relationship = make_customer_of()
    buy(relationship, PLAN)
    with pytest.raises(rules.PlanHeldAlready):
        buy(relationship, PLAN)
    assert buy(make_customer_of(customer=relationship.customer), PLAN)

    of_provider, _of_reseller = make_indirect_relationships(has_agreement=True)
    first = buy(of_provider, PLAN)
    other = make_partnership(provider=of_provider.partner.organization).reseller
    second = buy_product(
        customer_id=of_provider.customer_id,
        purchase=purchase_of(PLAN),
        review=Review(reseller_id=other.pk, is_attested=True),
        actor=make_actor(of_provider.partner.organization, Role.ADMIN_AGENT),
        now=NOON,
    )
    assert (first.reseller_id, second.reseller_id) == (of_provider.counterpart_id, other.pk)


def test_the_decision_table_decides_on_the_previous_offer_and_shared_services():
    relationship = make_customer_of()
    with pytest.raises(AzureOfferRefused) as refused:
        buy(relationship, PREVIOUS)
    assert refused.value.code == "azure-new-partner"
    assert refused.value.next_url.endswith("product=azure-plan&sku=usage")

    make_subscription(relationship, product_family=ProductFamily.AZURE_LEGACY, starts_on="2020-05-01", ends_on=None)
    previous = buy(relationship, PREVIOUS)
    assert (previous.product_family, previous.unit_price) == (ProductFamily.AZURE_LEGACY, None)
    assert not Charge.objects.exists()

    with pytest.raises(AzureOfferRefused) as refused:
        buy(relationship, SHARED)
    assert refused.value.code == "azure-shared-services-own-use"
    SharedServicesTenant.objects.create(customer=relationship.customer, partner=relationship.partner, created_at=NOON)
    assert buy(relationship, SHARED).product_family == ProductFamily.SHARED_SERVICES


def test_the_same_order_sent_again_is_one_order():
    make_prices()
    relationship = make_customer_of()
    order_id = uuid.uuid4()
    first, second = buy(relationship, LICENSE, order_id=order_id), buy(relationship, LICENSE, order_id=order_id)
    assert first.pk == second.pk
    assert Charge.objects.count() == 1
    with pytest.raises(InvalidInput):
        buy(make_customer_of(), LICENSE, order_id=order_id)


def test_each_reason_against_an_order_leaves_nothing_behind():
    make_prices()
    relationship = make_customer_of()
    helpdesk = make_actor(relationship.partner.organization, Role.HELPDESK_AGENT)
    reasons = [
        (rules.ProductNotSold, lambda: buy(relationship, LICENSE | {"sku_id": "9999"})),
        (InvalidInput, lambda: buy(relationship, LICENSE, quantity=0)),
        (InvalidInput, lambda: buy(relationship, LICENSE, term="P3Y")),
        (InvalidInput, lambda: buy(relationship, SAVINGS, quantity=2) if buy(relationship, PLAN) else None),
        (buying.NoRelationship, lambda: buy(make_relationship(status="removed", removed_at=NOON), LICENSE)),
        (
            PermissionDenied,
            lambda: buy(relationship, LICENSE, actor=helpdesk),
        ),
    ]
    for refusal, order in reasons:
        with pytest.raises(refusal):
            order()
    assert set(Subscription.objects.values_list("product_family", flat=True)) == {ProductFamily.AZURE_PLAN}
    assert not Charge.objects.exists()


def test_the_price_is_that_of_the_list_of_the_day():
    make_prices()
    make_prices(month=datetime.date(2026, 12, 1))
    relationship = make_customer_of()
    assert buy(relationship, LICENSE).status == SubscriptionStatus.ACTIVE
    with pytest.raises(rules.ProductNotSold):
        buy(relationship, LICENSE, now=NOON.replace(month=10))
