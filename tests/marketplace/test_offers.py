"""What publishers do with their offers, and what the database refuses whatever the code does."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from customers.enums import BillingFrequency, Term
from marketplace import rules
from marketplace.enums import MarketplaceEvent, OfferStatus
from marketplace.models import Cart, Offer, Operation, PlanPrice, Publisher, SaaSSubscription
from marketplace.workflow import offers
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import InvalidInput, PermissionDenied
from tests.factories import NOON, make_actor, make_partner
from tests.marketplace.factories import (
    make_active,
    make_buying_relationship,
    make_offer,
    make_plan,
    make_price,
    make_publisher,
    make_purchase,
    publisher_of,
)
from tests.portal.api.factories import make_app

pytestmark = pytest.mark.django_db
HTTPS = "https://new.example"


def owner(offer):
    return make_actor(offer.publisher.organization, Role.PUBLISHER_ADMIN)


def configure(offer, actor=None, **urls):
    wanted = {"landing_page_url": f"{HTTPS}/start", "webhook_url": f"{HTTPS}/hook"} | urls
    return offers.configure_offer(offer_id=offer.pk, actor=actor or owner(offer), now=NOON, **wanted)


def test_a_publisher_configures_its_own_offers_and_nobody_else_reads_of_it():
    offer = make_offer()
    for _ in range(2):
        configure(offer)
    offer.refresh_from_db()
    assert (offer.landing_page_url, offer.webhook_url) == (f"{HTTPS}/start", f"{HTTPS}/hook")
    event = AuditEvent.objects.get(event_type=MarketplaceEvent.CONFIGURATION_CHANGED)
    assert list(AuditEventParty.objects.values_list("organization_id", flat=True)) == [offer.publisher_id]
    assert event.after["webhook"] == f"{HTTPS}/hook"


def test_strangers_and_partners_configure_nothing():
    offer = make_offer()
    with pytest.raises(Offer.DoesNotExist):
        configure(offer, make_actor(make_publisher().organization, Role.PUBLISHER_ADMIN))
    with pytest.raises(PermissionDenied):
        configure(offer, make_actor(make_partner(), Role.ADMIN_AGENT))


def test_what_is_sold_keeps_its_addresses():
    with pytest.raises(rules.OfferIncomplete):
        configure(make_offer(), webhook_url="")


@pytest.mark.parametrize(
    "urls",
    [
        {"landing_page_url": "http://new.example/", "webhook_url": ""},
        {"landing_page_url": "https://new.example/#a", "webhook_url": ""},
        {"landing_page_url": "https://", "webhook_url": ""},
        {"landing_page_url": "", "webhook_url": "https://127.0.0.1/hook"},
        {"landing_page_url": "", "webhook_url": "http://new.example/hook"},
        {"landing_page_url": "", "webhook_url": "https://169.254.169.254/latest"},
    ],
)
def test_addresses_that_cannot_be_used_are_refused_at_registration(urls):
    with pytest.raises(InvalidInput) as refusal:
        rules.check_configuration(**urls)
    assert refusal.value.field in urls


def test_an_offer_is_published_once_it_is_complete_and_withdrawn_again():
    offer = make_offer(status=OfferStatus.DRAFT, published_at=None, webhook_url="")
    publish = {"offer_id": offer.pk, "actor": owner(offer), "now": NOON}
    with pytest.raises(rules.OfferIncomplete):
        offers.publish_offer(**publish)
    configure(offer)
    with pytest.raises(rules.OfferIncomplete):
        offers.publish_offer(**publish)
    make_plan(offer)
    for _ in range(2):
        offers.publish_offer(**publish)
    for _ in range(2):
        offers.withdraw_offer(**publish)
    offer.refresh_from_db()
    assert (offer.status, offer.published_at) == (OfferStatus.WITHDRAWN, NOON)
    told = [MarketplaceEvent.OFFER_PUBLISHED, MarketplaceEvent.OFFER_WITHDRAWN]
    assert sorted(AuditEvent.objects.filter(event_type__in=told).values_list("event_type", flat=True)) == sorted(told)


def test_a_publisher_chooses_one_of_its_own_apps():
    offer = make_offer()
    own, foreign = make_app(offer.publisher.organization), make_app()
    choose = {"sends_subscribe": True, "actor": owner(offer), "now": NOON}
    offers.choose_application(application_id=own.app_id, **choose)
    assert Publisher.objects.get(pk=offer.publisher_id).application_id == own.app_id
    with pytest.raises(type(foreign.app).DoesNotExist):
        offers.choose_application(application_id=foreign.app_id, **choose)


# --- the database ----------------------------------------------------------------------------------------------------


def _saas(**values):
    return lambda: SaaSSubscription.objects.filter(pk=make_active().pk).update(**values)


def _waiting(**values):
    return lambda: SaaSSubscription.objects.filter(pk=make_purchase().pk).update(**values)


def _twice_open_cart():
    relationship = make_buying_relationship()
    key = {"partner": relationship.partner, "customer": relationship.customer, "user_id": relationship.pk}
    for _ in range(2):
        Cart.objects.create(created_at=NOON, **key)


def _two_operations():
    saas = make_active()
    for _ in range(2):
        Operation.objects.create(
            saas=saas,
            action="ChangeQuantity",
            source="Azure",
            status="InProgress",
            plan=saas.plan,
            quantity=2,
            created_at=NOON,
            fails_at=NOON,
        )


REFUSED = {
    "saas_activated_when_active": _saas(activated_at=None),
    "saas_ended_at_iff_ended": _saas(status="Unsubscribed"),
    "saas_suspended_until_iff_suspended": _saas(suspended_at=NOON),
    "saas_billed_only_after_activation": _waiting(billed_until=NOON.date()),
    "cart_open_once_per_person": _twice_open_cart,
    "operation_one_at_a_time": _two_operations,
    "offer_published_only_when_configured": lambda: make_offer(webhook_url=""),
    "offer_webhook_usable": lambda: make_offer(webhook_url="https://x.example/#a"),
    "offer_code_fits_the_wire": lambda: make_offer(code="Größe"),
    "plan_flat_rate_is_one": lambda: make_plan(is_per_seat=False, min_quantity=2, max_quantity=2),
    "plan_quantities_in_order": lambda: make_plan(min_quantity=5, max_quantity=4),
    "plan_trial_days_known": lambda: make_plan(trial_days=14),
    "plan_price_frequency_of_term": lambda: make_price(make_plan(), Term.MONTH, BillingFrequency.ANNUAL, "1"),
    "plan_price_not_negative": lambda: make_price(make_plan(), Term.TWO_YEARS, BillingFrequency.ANNUAL, "-1"),
    "plan_price_once_a_day": lambda: make_price(make_plan(), Term.MONTH, BillingFrequency.MONTHLY, "1"),
}


@pytest.mark.parametrize("constraint", REFUSED)
def test_the_database_refuses(constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        REFUSED[constraint]()


def test_the_newest_price_that_has_begun_holds():
    plan = make_plan(price=None)
    for day, price in ((1, "1"), (10, "2"), (20, "3")):
        make_price(plan, Term.MONTH, BillingFrequency.MONTHLY, price, valid_from=datetime.date(2026, 11, day))
    found = {day: PlanPrice.objects.on(datetime.date(2026, 11, day)).get().unit_price for day in (1, 9, 10, 19, 20)}
    assert found == {1: Decimal(1), 9: Decimal(1), 10: Decimal(2), 19: Decimal(2), 20: Decimal(3)}
    assert not PlanPrice.objects.on(datetime.date(2026, 10, 31)).exists()


def test_publishers_see_their_own_subscriptions_only():
    saas, _other = make_active(), make_active()
    assert list(SaaSSubscription.objects.visible_to(publisher_of(saas))) == [saas]
