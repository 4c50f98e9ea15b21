"""Buying: from the cart to one order, however often Buy is clicked (M1); each reason against it (section 7.1)."""

import dataclasses
import datetime
from decimal import Decimal

import pytest

from billing.models import Charge
from customers import rules as customer_rules
from customers.enums import BillingFrequency, ProductFamily, RelationshipStatus, SubscriptionStatus, Term
from customers.models import Subscription
from marketplace import queries, rules
from marketplace.enums import FulfillmentStatus, MarketplaceEvent, OfferStatus
from marketplace.models import Cart, ExclusivePartner, Margin, Order, PlanAudience, SaaSSubscription
from marketplace.workflow import activation, purchases
from marketplace.workflow.purchases import Purchase, Review
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Partner
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import InvalidInput, PermissionDenied
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.customers.factories import make_agreement, make_indirect_relationships, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_partner
from tests.marketplace.factories import (
    make_active,
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_offer,
    make_order,
    make_plan,
    make_price,
    make_purchase,
)

pytestmark = pytest.mark.django_db
MONTHLY = (Term.MONTH, BillingFrequency.MONTHLY)


def seller(relationship, role=Role.SALES_AGENT):
    return make_actor(relationship.partner.organization, role)


def add(relationship, plan, actor=None, *, quantity=12, term=Term.MONTH, frequency=BillingFrequency.MONTHLY, now=NOON):
    return purchases.add_to_cart(
        customer_id=relationship.customer_id,
        purchase=Purchase(plan.pk, term, frequency, quantity),
        actor=actor or seller(relationship),
        now=now,
    )


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT])
def test_a_purchase_waits_for_its_publisher_and_costs_nothing_yet(role):
    relationship = make_buying_relationship()
    order = make_order(relationship, actor=seller(relationship, role))

    saas = SaaSSubscription.objects.get()
    subscription = saas.subscription
    assert (saas.status, subscription.status) == (FulfillmentStatus.PENDING, SubscriptionStatus.PENDING)
    assert (subscription.quantity, subscription.unit_price, subscription.currency) == (12, Decimal(10), "EUR")
    assert subscription.product_family == ProductFamily.THIRD_PARTY
    assert subscription.order_id == order.pk
    assert (subscription.starts_on, subscription.ends_on, saas.activated_at) == (None, None, None)
    assert saas.activate_by == NOON + datetime.timedelta(days=30)
    assert order.total == Decimal(120)
    assert not Charge.objects.exists()


def test_a_purchase_is_told_to_partner_customer_and_publisher_and_asks_to_be_set_up():
    saas = make_purchase()

    event = AuditEvent.objects.get(event_type=MarketplaceEvent.PURCHASED)
    parties = set(AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True))
    assert parties == {saas.partner_id, saas.subscription.customer_id, saas.publisher_id}
    item = ActionItem.objects.get(event_type=MarketplaceEvent.PURCHASED)
    assert (item.organization_id, item.roles, item.user_id) == (
        saas.partner_id,
        [Role.ADMIN_AGENT],
        saas.purchaser_object_id,
    )
    assert OutgoingEmail.objects.get().recipient == saas.purchaser_email


def test_the_mail_after_a_purchase_can_be_switched_off(settings):
    settings.MAIL_AFTER_PURCHASE = False
    make_purchase()
    assert not OutgoingEmail.objects.exists()


def test_two_clicks_on_buy_make_one_order():
    relationship, plan = make_buying_relationship(), make_plan()
    actor = seller(relationship)
    line = add(relationship, plan, actor)
    review = Review(is_attested=True)

    first = purchases.checkout(cart_id=line.cart_id, review=review, actor=actor, now=NOON)
    second = purchases.checkout(cart_id=line.cart_id, review=review, actor=actor, now=NOON)

    assert first == second
    assert Order.objects.count() == SaaSSubscription.objects.count() == 1


def test_a_new_cart_begins_after_an_order():
    relationship, plan = make_buying_relationship(), make_plan()
    actor = seller(relationship)
    make_order(relationship, plan, actor=actor)
    make_order(relationship, plan, actor=actor)
    assert Order.objects.count() == Cart.objects.count() == 2


def test_the_same_plan_and_term_again_replaces_the_line():
    relationship, plan = make_buying_relationship(), make_plan()
    actor = seller(relationship)
    add(relationship, plan, actor, quantity=3)
    line = add(relationship, plan, actor, quantity=5)
    assert [found.quantity for found in line.cart.lines.all()] == [5]


def test_lines_are_changed_and_taken_out_by_their_own_person_only():
    relationship, plan = make_buying_relationship(), make_plan()
    actor, colleague = seller(relationship), seller(relationship)
    line = add(relationship, plan, actor)
    with pytest.raises(type(line).DoesNotExist):
        purchases.remove_from_cart(line_id=line.pk, actor=colleague, now=NOON)

    purchases.change_cart_line(line_id=line.pk, quantity=7, friendly_name="Desk", actor=actor, now=NOON)
    line.refresh_from_db()
    assert (line.quantity, line.friendly_name) == (7, "Desk")

    purchases.remove_from_cart(line_id=line.pk, actor=actor, now=NOON)
    with pytest.raises(rules.CartEmpty):
        purchases.checkout(cart_id=line.cart_id, review=Review(is_attested=True), actor=actor, now=NOON)


def test_an_ordered_cart_does_not_change():
    relationship, plan = make_buying_relationship(), make_plan()
    actor = seller(relationship)
    line = add(relationship, plan, actor)
    purchases.checkout(cart_id=line.cart_id, review=Review(is_attested=True), actor=actor, now=NOON)
    with pytest.raises(rules.CartOrdered):
        purchases.remove_from_cart(line_id=line.pk, actor=actor, now=NOON)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN_AGENT, Role.SALES_AGENT)])
def test_other_roles_do_not_buy(role):
    relationship = make_buying_relationship()
    with pytest.raises(PermissionDenied):
        add(relationship, make_plan(), seller(relationship, role))


# --- why not: between partner and customer ---------------------------------------------------------------------------


def refused_both_ways(error, relationship, change, plan=None, *, actor=None):
    """Whatever is wrong is found when a line is added, and again when a cart made before is bought."""
    plan = plan or make_plan()
    actor = actor or seller(relationship)
    line = add(relationship, plan, actor)
    change(plan)
    with pytest.raises(error):
        add(relationship, plan, actor)
    review = Review(reseller_id=relationship.counterpart_id, is_attested=True)
    with pytest.raises(error) as refusal:
        purchases.checkout(cart_id=line.cart_id, review=review, actor=actor, now=NOON)
    assert not Order.objects.exists()
    return refusal.value


def test_not_without_a_relationship():
    relationship = make_buying_relationship()

    def remove(plan):
        relationship.status, relationship.removed_at = RelationshipStatus.REMOVED, NOON
        relationship.save()

    assert refused_both_ways(rules.NoRelationship, relationship, remove).next_url


def test_not_without_the_customer_agreement():
    relationship = make_relationship()
    with pytest.raises(customer_rules.AgreementNotSigned):
        add(relationship, make_plan())
    make_agreement(relationship)
    assert add(relationship, make_plan())


def test_not_without_the_partner_agreement_in_force():
    relationship = make_buying_relationship()

    def outdate(plan):
        Partner.objects.filter(pk=relationship.partner_id).update(agreement_version="2020-01")

    refused_both_ways(rules.PartnerAgreementNotSigned, relationship, outdate)


def test_not_outside_the_market():
    relationship = make_buying_relationship(country="CA")
    with pytest.raises(customer_rules.OutsideMarket):
        add(relationship, make_plan())


def test_an_indirect_reseller_does_not_buy_itself():
    _of_provider, of_reseller = make_indirect_relationships(has_agreement=True)
    with pytest.raises(rules.ResellersDoNotBuy):
        add(of_reseller, make_plan(), make_actor(of_reseller.partner.organization, Role.ADMIN_AGENT))


def test_a_stranger_does_not_buy_for_somebody_elses_customer():
    relationship = make_buying_relationship()
    with pytest.raises(rules.NoRelationship):
        add(relationship, make_plan(), make_actor(make_partner(), Role.ADMIN_AGENT))


# --- why not: the offer, the plan ------------------------------------------------------------------------------------


def set_offer(**values):
    def change(plan):
        for name, value in values.items():
            setattr(plan.offer, name, value)
        plan.offer.save()

    return change


def set_plan(**values):
    def change(plan):
        for name, value in values.items():
            setattr(plan, name, value)
        plan.save()

    return change


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (set_offer(status=OfferStatus.WITHDRAWN), rules.OfferNotSold),
        (set_offer(is_sold_by_partners=False), rules.NotSoldByPartners),
        (set_offer(is_exclusive=True), rules.ExclusiveOffer),
        (set_plan(is_stopped=True), rules.PlanNotSold),
        (set_plan(is_private=True), rules.PlanNotSold),
        (set_plan(countries=["SE", "NO"]), rules.NotSoldInCountry),
        (set_plan(needs_azure_plan=True), rules.AzurePlanMissing),
        (set_plan(min_quantity=13), InvalidInput),
        (set_plan(max_quantity=11), InvalidInput),
        (lambda plan: plan.prices.all().delete(), rules.PriceMissing),
        (lambda plan: plan.prices.update(is_offered=False), rules.PriceMissing),
        (lambda plan: plan.prices.update(currency="SEK"), rules.PriceMissing),
        (lambda plan: plan.prices.update(valid_from=NOON.date() + datetime.timedelta(days=1)), rules.PriceMissing),
    ],
)
def test_each_reason_against_an_offer_or_a_plan_is_told(change, error):
    refusal = refused_both_ways(error, make_buying_relationship(), change)
    assert str(refusal)


def test_an_exclusive_offer_is_sold_to_its_chosen_partner():
    relationship, plan = make_buying_relationship(), make_plan(make_offer(is_exclusive=True))
    ExclusivePartner.objects.create(offer=plan.offer, partner=relationship.partner)
    assert make_order(relationship, plan)


def test_a_private_plan_is_sold_to_its_audience_and_not_shown_to_others():
    relationship, plan = make_buying_relationship(), make_plan(is_private=True)
    buyer = rules.Buyer(relationship.partner, relationship.customer, NOON.date())
    assert queries.plan_choices(plan.offer, buyer) == []

    PlanAudience.objects.create(plan=plan, organization=relationship.customer.organization)
    assert [choice.plan for choice in queries.plan_choices(plan.offer, buyer)] == [plan]
    assert make_order(relationship, plan)


def test_a_metered_plan_is_sold_to_a_customer_with_an_azure_plan():
    relationship, plan = make_buying_relationship(), make_plan(needs_azure_plan=True)
    make_subscription(relationship, product_family=ProductFamily.AZURE_PLAN)
    assert make_order(relationship, plan)


def test_an_offer_sold_once_is_not_sold_again_while_it_lives():
    relationship, offer = make_buying_relationship(), make_offer(is_once_per_customer=True)
    make_active(relationship, make_plan(offer))
    with pytest.raises(rules.OnceOnly) as own:
        make_order(relationship, make_plan(offer))
    other = make_relationship(customer=relationship.customer, has_agreement=True)
    with pytest.raises(rules.OnceOnly) as foreign:
        make_order(other, make_plan(offer))
    assert own.value.next_url
    assert not foreign.value.next_url


def test_a_customer_has_three_hundred_subscriptions_at_most(monkeypatch):
    monkeypatch.setattr("customers.rules.buying.MAX_SUBSCRIPTIONS", 2)
    relationship, plan = make_buying_relationship(), make_plan()
    make_order(relationship, plan)
    make_order(relationship, plan)
    with pytest.raises(rules.TooManySubscriptions):
        make_order(relationship, plan)


def test_a_cart_holds_twenty_five_lines_at_most(monkeypatch):
    monkeypatch.setattr("customers.rules.buying.MAX_LINES", 1)
    relationship, plan = make_buying_relationship(), make_plan()
    actor = seller(relationship)
    add(relationship, plan, actor)
    with pytest.raises(InvalidInput):
        add(relationship, plan, actor, term=Term.YEAR)


# --- the review ------------------------------------------------------------------------------------------------------


def test_buying_needs_the_attestation():
    relationship = make_buying_relationship()
    actor = seller(relationship)
    line = add(relationship, make_plan(), actor)
    with pytest.raises(InvalidInput) as refusal:
        purchases.checkout(cart_id=line.cart_id, review=Review(), actor=actor, now=NOON)
    assert refusal.value.field == "attested"


def test_nobody_pays_another_total_than_the_one_shown():
    relationship, plan = make_buying_relationship(), make_plan()
    actor = seller(relationship)
    line = add(relationship, plan, actor)
    seen = queries.cart_view(actor, relationship.customer_id, today=NOON.date()).total
    make_price(plan, *MONTHLY, "11.00", valid_from=NOON.date())
    review = Review(is_attested=True, total=seen)
    with pytest.raises(rules.PriceChanged):
        purchases.checkout(cart_id=line.cart_id, review=review, actor=actor, now=NOON)
    shown = queries.cart_view(actor, relationship.customer_id, today=NOON.date()).total
    order = purchases.checkout(
        cart_id=line.cart_id, review=dataclasses.replace(review, total=shown), actor=actor, now=NOON
    )
    assert order.total == shown == Decimal(132)


@pytest.mark.parametrize(
    ("term", "frequency", "total"),
    [
        (Term.MONTH, BillingFrequency.MONTHLY, 120),
        (Term.YEAR, BillingFrequency.MONTHLY, 1440),
        (Term.YEAR, BillingFrequency.ANNUAL, 1200),
    ],
)
def test_the_total_of_an_order_is_its_whole_term(term, frequency, total):
    assert make_order(term=term, billing_frequency=frequency).total == total


def test_a_margin_lowers_the_price_between_its_days_for_its_partner():
    relationship, plan = make_buying_relationship(), make_plan()
    today = NOON.date()
    Margin.objects.create(plan=plan, partner=relationship.partner, percent=20, starts_on=today)
    Margin.objects.create(
        plan=plan, partner=relationship.partner, customer=relationship.customer, percent="33.33", starts_on=today
    )
    Margin.objects.create(
        plan=plan, partner=relationship.partner, percent=90, starts_on=datetime.date(2026, 1, 1), ends_on=today
    )
    order = make_order(relationship, plan)
    assert (order.lines.get().list_price, order.lines.get().unit_price) == (Decimal(10), Decimal("6.667"))
    assert make_order(plan=plan).lines.get().unit_price == Decimal(10)


def test_a_provider_names_its_reseller_which_is_credited():
    of_provider, of_reseller = make_indirect_buying_relationship()
    order = make_order(of_provider)
    subscription = Subscription.objects.get(order_id=order.pk)
    number = of_reseller.partner.locations.get().partner_id_number
    assert (subscription.reseller_id, subscription.partner_on_record) == (of_reseller.partner_id, number)


def test_a_provider_without_a_reseller_of_its_own_is_refused():
    of_provider, _of_reseller = make_indirect_buying_relationship()
    stranger = make_partner(OrganizationKind.INDIRECT_RESELLER)
    actor = seller(of_provider)
    line = add(of_provider, make_plan(), actor)
    for reseller_id in (None, stranger.pk):
        with pytest.raises(customer_rules.ResellerNotYours):
            purchases.checkout(
                cart_id=line.cart_id,
                review=Review(reseller_id=reseller_id, is_attested=True),
                actor=actor,
                now=NOON,
            )


def test_a_partner_id_of_somebody_else_is_refused():
    relationship = make_buying_relationship()
    actor = seller(relationship)
    line = add(relationship, make_plan(), actor)
    stranger = make_partner().partner.locations.get().partner_id_number
    with pytest.raises(InvalidInput) as refusal:
        purchases.checkout(
            cart_id=line.cart_id,
            review=Review(is_attested=True, partner_on_record=stranger),
            actor=actor,
            now=NOON,
        )
    assert refusal.value.field == "partner_id"


@pytest.mark.parametrize(("term", "hours"), [(Term.MONTH, 24), (Term.YEAR, 14 * 24)])
def test_the_window_to_cancel_is_the_offers_for_the_term(term, hours):
    saas = make_purchase(term=term)
    assert saas.subscription.cancelable_until == NOON + datetime.timedelta(hours=hours)


def test_the_catalogue_is_searched_by_words_without_accents_and_by_publisher():
    actor = make_actor(make_partner())
    offer = make_offer(name="Signature Azur", summary="Sign contracts in the browser")
    make_offer(name="Tidvatten", status=OfferStatus.DRAFT, published_at=None)
    make_plan(offer, countries=["FR"])

    def found(**narrowed):
        filters = queries.OfferFilter(**narrowed)
        return list(queries.offer_list(actor, filters, today=NOON.date()))

    for text in ("azur", "contr brow", offer.publisher.organization.name[:9], "SIGNÁTURE"):
        assert found(text=text) == [offer], text
    assert found(text="nothing such") == []
    assert found(text="tidvatten") == []
    assert found(country="FR") == [offer]
    assert found(country="SE") == []
    assert found(trial_only=True) == []


def test_a_trial_is_bought_as_such():
    saas = make_purchase(plan=make_plan(trial_days=30))
    assert saas.subscription.is_trial
    assert not Charge.objects.exists()
    link = activation.issue_purchase_token(
        subscription_id=saas.pk, actor=make_actor(saas.partner.organization), now=NOON
    )
    assert link.startswith("https://notes.example/start?token=")
