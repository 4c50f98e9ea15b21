"""The link to the publisher, and billing from activation on, never before (M5, M6)."""

import datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from billing.enums import ChargeKind
from billing.models import Charge
from customers.enums import BillingFrequency, SubscriptionStatus, Term
from marketplace import rules
from marketplace.enums import EndReason, FulfillmentStatus, MarketplaceEvent, Turn
from marketplace.models import PurchaseToken, SaaSSubscription
from marketplace.workflow import activation, endings
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.core.invariants import breaches
from portal.core.links import hash_token
from portal.notifications.models import ActionItem
from tests.factories import NOON, make_actor, make_organization
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_buying_relationship,
    make_offer,
    make_order,
    make_plan,
    make_publisher,
    make_purchase,
    publisher_of,
    reread,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
TODAY = NOON.date()


def issue(saas, actor=None, now=NOON):
    link = activation.issue_purchase_token(subscription_id=saas.pk, actor=actor or admin_of(saas), now=now)
    return parse_qs(urlsplit(link).query)["token"][0]


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT])
def test_the_link_names_the_purchase_for_a_day_and_only_its_hash_is_kept(role):
    saas = make_purchase()
    token = issue(saas, make_actor(saas.partner.organization, role))
    kept = PurchaseToken.objects.get()
    assert kept.token_hash == hash_token(token)
    assert kept.expires_at == NOON + DAY
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert reread(saas).link_opened_at == NOON


def test_the_token_joins_a_query_that_the_landing_page_has_already():
    saas = make_purchase(plan=make_plan(make_offer(landing_page_url="https://notes.example/start?from=portal")))
    link = activation.issue_purchase_token(subscription_id=saas.pk, actor=admin_of(saas), now=NOON)
    assert set(parse_qs(urlsplit(link).query)) == {"from", "token"}


def test_a_new_link_leaves_the_old_one_working_and_forgets_what_has_expired():
    saas = make_purchase()
    first = issue(saas)
    second = issue(saas, now=NOON + DAY / 2)
    for token in (first, second):
        activation.resolve_purchase_token(token=token, actor=publisher_of(saas), now=NOON + DAY / 2)
    issue(saas, now=NOON + DAY)
    assert not PurchaseToken.objects.filter(token_hash=hash_token(first)).exists()


def test_no_link_for_strangers_billing_admins_or_what_has_ended():
    saas = make_purchase()
    with pytest.raises(SaaSSubscription.DoesNotExist):
        issue(saas, admin_of(make_purchase()))
    with pytest.raises(PermissionDenied):
        issue(saas, make_actor(saas.partner.organization, Role.BILLING_ADMIN))
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=NOON)
    with pytest.raises(rules.SubscriptionEnded):
        issue(saas)


def test_resolving_tells_the_purchase_to_its_own_publisher_as_often_as_it_likes():
    saas = make_purchase()
    token = issue(saas)
    for minutes in (1, 2):
        now = NOON + datetime.timedelta(minutes=minutes)
        assert activation.resolve_purchase_token(token=token, actor=publisher_of(saas), now=now).pk == saas.pk
    assert reread(saas).resolved_at == NOON + datetime.timedelta(minutes=1)


def test_unknown_expired_and_foreign_tokens_are_refused():
    saas = make_purchase()
    token = issue(saas)
    stranger = make_actor(make_publisher().organization, Role.PUBLISHER_ADMIN)
    with pytest.raises(rules.TokenUnusable):
        activation.resolve_purchase_token(token="nonsense", actor=publisher_of(saas), now=NOON)
    with pytest.raises(rules.TokenUnusable):
        activation.resolve_purchase_token(token=token, actor=publisher_of(saas), now=NOON + DAY)
    with pytest.raises(rules.PurchaseOfAnotherPublisher):
        activation.resolve_purchase_token(token=token, actor=stranger, now=NOON)
    with pytest.raises(PermissionDenied):
        activation.resolve_purchase_token(token=token, actor=admin_of(saas), now=NOON)


@pytest.mark.parametrize(
    ("term", "frequency", "ends_on", "billed_until", "amount"),
    [
        (Term.MONTH, BillingFrequency.MONTHLY, (2026, 12, 23), (2026, 12, 23), 120),
        (Term.YEAR, BillingFrequency.MONTHLY, (2027, 11, 23), (2026, 12, 23), 120),
        (Term.YEAR, BillingFrequency.ANNUAL, (2027, 11, 23), (2027, 11, 23), 1200),
    ],
)
def test_term_and_charges_begin_on_the_day_of_activation(term, frequency, ends_on, billed_until, amount):
    saas = make_purchase(term=term, billing_frequency=frequency)
    later = NOON + 3 * DAY
    activation.activate_subscription(subscription_id=saas.pk, actor=publisher_of(saas), now=later)

    saas = reread(saas)
    subscription = saas.subscription
    assert (saas.status, subscription.status) == (FulfillmentStatus.SUBSCRIBED, SubscriptionStatus.ACTIVE)
    assert subscription.starts_on == later.date()
    assert subscription.ends_on == datetime.date(*ends_on)
    charge = Charge.objects.get()
    assert (charge.kind, charge.starts_on, charge.ends_on) == (
        ChargeKind.NEW,
        later.date(),
        datetime.date(*billed_until),
    )
    assert (charge.amount, charge.quantity, charge.billing_owner_id) == (Decimal(amount), 12, saas.partner_id)
    assert saas.billed_until == charge.ends_on
    assert not list(breaches())


def test_activating_twice_charges_once():
    saas = make_active()
    activation.activate_subscription(subscription_id=saas.pk, actor=publisher_of(saas), now=NOON + DAY)
    assert reread(saas).activated_at == NOON
    assert Charge.objects.count() == 1
    assert AuditEvent.objects.filter(event_type=MarketplaceEvent.ACTIVATED).count() == 1


def test_activation_completes_the_action_of_the_purchase():
    make_active()
    assert not ActionItem.objects.filter(event_type=MarketplaceEvent.PURCHASED, completed_at__isnull=True).exists()


def test_only_its_own_publisher_activates():
    saas = make_purchase()
    stranger = make_actor(make_publisher().organization, Role.PUBLISHER_ADMIN)
    with pytest.raises(SaaSSubscription.DoesNotExist):
        activation.activate_subscription(subscription_id=saas.pk, actor=stranger, now=NOON)
    for actor in (admin_of(saas), make_actor(make_organization(OrganizationKind.CUSTOMER), Role.CUSTOMER_ADMIN)):
        with pytest.raises(PermissionDenied):
            activation.activate_subscription(subscription_id=saas.pk, actor=actor, now=NOON)


def test_what_has_ended_is_not_activated():
    saas = make_purchase()
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=NOON)
    with pytest.raises(rules.SubscriptionEnded):
        activation.activate_subscription(subscription_id=saas.pk, actor=publisher_of(saas), now=NOON)
    assert not Charge.objects.exists()


def test_a_free_trial_starts_free_with_a_row_of_zero():
    saas = make_active(plan=make_plan(trial_days=30))
    charge = Charge.objects.get()
    assert (charge.amount, charge.unit_price, charge.reference) == (0, 0, "trial")
    assert saas.subscription.ends_on == charge.ends_on == TODAY + 30 * DAY
    assert saas.subscription.is_trial


def test_a_publisher_that_wants_it_is_told_of_activations():
    publisher = make_publisher(sends_subscribe=True)
    saas = make_active(plan=make_plan(make_offer(publisher)))
    assert [operation.action for operation in saas.operations.all()] == ["Subscribe"]


def test_a_purchase_that_nobody_activates_lapses_after_thirty_days_unbilled():
    saas = make_purchase()
    assert not endings.lapse_purchase(subscription_id=saas.pk, now=NOON + 30 * DAY - DAY / 24)
    assert endings.lapse_purchase(subscription_id=saas.pk, now=NOON + 30 * DAY)
    assert not endings.lapse_purchase(subscription_id=saas.pk, now=NOON + 31 * DAY)
    saas = reread(saas)
    assert (saas.status, saas.end_reason) == (FulfillmentStatus.UNSUBSCRIBED, EndReason.NOT_ACTIVATED)
    assert saas.subscription.status == SubscriptionStatus.DELETED
    assert not Charge.objects.exists()


def test_whose_turn_it_is():
    saas = make_purchase()
    assert rules.turn_of(saas, None) == Turn.PARTNER
    issue(saas)
    assert rules.turn_of(reread(saas), None) == Turn.PUBLISHER
    assert rules.turn_of(make_active(), None) == Turn.NOBODY


def test_an_order_of_several_lines_waits_line_by_line():
    relationship = make_buying_relationship()
    for order in (make_order(relationship), make_order(relationship)):
        assert order.lines.count() == 1
    first, _second = SaaSSubscription.objects.order_by("purchased_at", "pk")
    activation.activate_subscription(
        subscription_id=first.pk, actor=make_actor(first.publisher.organization, Role.PUBLISHER_ADMIN), now=NOON
    )
    assert SaaSSubscription.objects.filter(status=FulfillmentStatus.PENDING).count() == 1


def test_a_sandbox_activates_what_it_bought_itself_and_nobody_else_does():
    saas = make_purchase()
    with pytest.raises(rules.NotASandbox):
        activation.activate_in_sandbox(subscription_id=saas.pk, actor=admin_of(saas), now=NOON)
    saas.partner.organization.is_sandbox = True
    saas.partner.organization.save()
    activation.activate_in_sandbox(subscription_id=saas.pk, actor=admin_of(saas), now=NOON)
    assert reread(saas).status == FulfillmentStatus.SUBSCRIBED
    assert Charge.objects.count() == 1
