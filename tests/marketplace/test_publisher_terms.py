"""Whom a publisher sells to, on which terms, what it meters, and plans that activate themselves (section 7.1)."""

import datetime
import html
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Charge
from marketplace import rules
from marketplace.enums import FulfillmentStatus, MarketplaceEvent
from marketplace.invariants import breaches
from marketplace.models import Dimension, ExclusivePartner, Margin, PlanAudience, UsageRecord
from marketplace.rules import Buyer
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import PartnerLocation
from portal.audit.models import AuditEvent
from tests.factories import make_member, make_partner
from tests.marketplace.factories import (
    make_active,
    make_buying_relationship,
    make_dimension,
    make_offer,
    make_plan,
    make_publisher,
    make_purchase,
)

pytestmark = pytest.mark.django_db


def text(response):
    shown = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown)))


def url(name, *args):
    return reverse(f"publisher:{name}", args=args)


def number_of(organization):
    return PartnerLocation.objects.get(partner_id=organization.pk).partner_id_number


def confirm(browser, address):
    """Ask first, which changes nothing; then confirm."""
    before = AuditEvent.objects.count()
    asked = browser.get(address)
    assert asked.status_code == 200
    assert 'class="consequences"' in asked.content.decode()
    assert AuditEvent.objects.count() == before
    browser.post(address)
    assert AuditEvent.objects.count() > before


@pytest.fixture
def publisher():
    return make_publisher()


@pytest.fixture
def browser(publisher, client_for):
    return client_for(make_member(publisher.organization, Role.PUBLISHER_ADMIN))


@pytest.fixture
def today():
    return timezone.now().date()


@pytest.fixture
def relationship():
    return make_buying_relationship()


def test_a_private_plan_is_sold_to_named_tenants_alone(publisher, browser, relationship, today):
    plan = make_plan(make_offer(publisher), is_private=True)
    buyer = Buyer(relationship.partner, relationship.customer, today)
    with pytest.raises(rules.PlanNotSold):
        rules.check_plan_itself(plan, buyer)
    assert "no tenant is named" in text(browser.get(url("plan", plan.pk)))
    for unknown in ("4711", publisher.organization.pk):
        assert browser.post(url("new_audience", plan.pk), {"tenant": unknown}).status_code == 422
    browser.post(url("new_audience", plan.pk), {"tenant": relationship.customer_id})
    rules.check_plan_itself(plan, buyer)
    page = text(browser.get(url("plan", plan.pk)))
    assert str(relationship.customer_id) in page
    assert relationship.customer_name not in page, "publishers know customers by tenant ID"
    again = browser.post(url("new_audience", plan.pk), {"tenant": relationship.customer_id})
    assert "This tenant is named already" in text(again)
    confirm(browser, url("remove_audience", PlanAudience.objects.get().pk))
    assert not PlanAudience.objects.exists()
    logged = AuditEvent.objects.filter(event_type=MarketplaceEvent.OFFER_PLAN_CHANGED)
    assert [event.after.get("audience") for event in logged.order_by("pk")] == [str(relationship.customer_id), None]


def test_an_exclusive_offer_is_bought_by_named_partners_alone(publisher, browser, relationship, today):
    offer = make_plan(make_offer(publisher, is_exclusive=True)).offer
    buyer = Buyer(relationship.partner, relationship.customer, today)
    with pytest.raises(rules.ExclusiveOffer):
        rules.check_offer(offer, buyer)
    reseller = make_partner(OrganizationKind.INDIRECT_RESELLER, name="Fjord Services")
    refused = browser.post(url("new_exclusive_partner", offer.pk), {"partner_id": number_of(reseller)})
    assert "Fjord Services is an indirect reseller" in text(refused)
    own = {"partner_id": number_of(relationship.partner.organization)}
    browser.post(url("new_exclusive_partner", offer.pk), own)
    rules.check_offer(offer, buyer)
    assert relationship.partner.organization.name in text(browser.get(url("offer", offer.pk)))
    assert browser.post(url("new_exclusive_partner", offer.pk), own).status_code == 422
    confirm(browser, url("remove_exclusive_partner", ExclusivePartner.objects.get().pk))
    with pytest.raises(rules.ExclusiveOffer):
        rules.check_offer(offer, buyer)


def test_a_private_offer_lowers_the_price_between_two_days_and_is_ended(publisher, browser, relationship, today):
    plan = make_plan(make_offer(publisher))
    sent = {
        "partner_id": number_of(relationship.partner.organization),
        "percent": "20",
        "starts_on": today,
        "last_day": today + datetime.timedelta(days=9),
    }
    wrong = {
        "partner_id": "99999",
        "percent": "0",
        "starts_on": today - datetime.timedelta(days=1),
        "last_day": today - datetime.timedelta(days=1),
        "customer": relationship.partner_id,
    }
    for name, value in wrong.items():
        answer = browser.post(url("new_margin", plan.pk), sent | {name: value})
        assert (name, answer.status_code) == (name, 422)
        assert answer.context["form"].errors.keys() == {name}
    browser.post(url("new_margin", plan.pk), sent)
    assert browser.post(url("new_margin", plan.pk), sent).status_code == 422, "two hold on one day"
    margin = Margin.objects.get()
    assert margin.ends_on == today + datetime.timedelta(days=10)

    def price(day):
        buyer = Buyer(relationship.partner, relationship.customer, day)
        return rules.price_for(plan, buyer, term="P1M", billing_frequency="monthly").unit_price

    assert [price(day) for day in (today, margin.ends_on)] == [Decimal(8), Decimal(10)]
    assert "Holds today" in text(browser.get(url("plan", plan.pk)))
    confirm(browser, url("end_margin", margin.pk))
    assert [price(today + datetime.timedelta(days=days)) for days in (0, 1)] == [Decimal(8), Decimal(10)]
    later = {"starts_on": today + datetime.timedelta(days=5), "last_day": ""}
    browser.post(url("new_margin", plan.pk), sent | later)
    confirm(browser, url("end_margin", Margin.objects.exclude(pk=margin.pk).get().pk))
    assert list(Margin.objects.all()) == [margin], "what has not begun is taken back"


def test_usage_of_a_flat_rate_is_metered_priced_renamed_and_removed(publisher, browser, relationship):
    flat, seats = make_plan(make_offer(publisher), is_per_seat=False), make_plan(make_offer(publisher))
    sent = {"code": "calls", "name": "Calls", "unit": "1,000 calls", "included_monthly": "5"}
    assert "priced by license" in text(browser.post(url("new_dimension", seats.pk), sent))
    assert browser.post(url("new_dimension", flat.pk), sent | {"code": "Calls!"}).status_code == 422
    browser.post(url("new_dimension", flat.pk), sent)
    assert browser.post(url("new_dimension", flat.pk), sent).status_code == 422
    calls = Dimension.objects.get()
    browser.post(url("edit_dimension", calls.pk), sent | {"name": "Requests"})
    for amount in ("0.10", "0.12"):
        browser.post(url("price_dimension", calls.pk), {"currency": "EUR", "unit_price": amount})
    assert calls.prices.get().unit_price == Decimal("0.12")
    page = text(browser.get(url("plan", flat.pk)))
    assert "Requests" in page
    assert "€0.12" in page
    confirm(browser, url("remove_dimension", calls.pk))
    assert not Dimension.objects.exists()


def test_what_has_been_used_stays(publisher, browser):
    plan = make_plan(make_offer(publisher), is_per_seat=False)
    calls, saas, now = make_dimension(plan), make_active(plan=plan), timezone.now()
    UsageRecord.objects.create(
        saas=saas, dimension=calls, hour=now, effective_at=now, quantity=1, unit_price=1, received_at=now
    )
    asked = text(browser.get(url("remove_dimension", calls.pk)))
    assert "has been reported, so it stays" in asked
    assert "Its prices are removed" not in asked
    assert browser.post(url("remove_dimension", calls.pk)).status_code == 409
    assert Dimension.objects.exists()


def test_a_plan_that_activates_itself_is_billed_from_the_order_on(relationship):
    plan = make_plan(activates_itself=True)
    plan.offer.publisher.sends_subscribe = True
    plan.offer.publisher.save()
    saas = make_purchase(relationship, plan, now=timezone.now())
    assert saas.status == FulfillmentStatus.SUBSCRIBED
    assert Charge.objects.get().starts_on == timezone.now().date()
    assert [one.action for one in saas.operations.all()] == ["Subscribe"]
    assert not list(breaches())


def test_nobody_else_names_prices_or_ends_anything(publisher, client_for, relationship, today):
    plan = make_plan(make_offer(publisher), is_private=True)
    margin = Margin.objects.create(plan=plan, partner=relationship.partner, percent=10, starts_on=today)
    stranger = client_for(make_member(make_publisher().organization, Role.PUBLISHER_ADMIN))
    partner = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    pages = [url("new_audience", plan.pk), url("new_margin", plan.pk), url("new_dimension", plan.pk)]
    for page in (*pages, url("end_margin", margin.pk), url("new_exclusive_partner", plan.offer_id)):
        for send in ("get", "post"):
            assert getattr(stranger, send)(page, {}).status_code == 404
            assert getattr(partner, send)(page, {}).status_code == 403
    margin.refresh_from_db()
    assert margin.ends_on is None
