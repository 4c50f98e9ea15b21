"""The catalogue of a customer, the offer page, cart, review and order, over HTTP (M1, M5, section 7.2)."""

import html
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from marketplace.enums import CartStatus
from marketplace.models import Cart, CartLine, ExclusivePartner, Order, SaaSSubscription
from portal.accounts.enums import Role
from tests.customers.factories import make_relationship
from tests.factories import make_member
from tests.marketplace.factories import (
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_offer,
    make_plan,
    make_purchase,
)

pytestmark = pytest.mark.django_db
BUYERS = (Role.ADMIN_AGENT, Role.SALES_AGENT)
OTHERS = (Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.GLOBAL_ADMIN, Role.USER_MANAGEMENT_ADMIN)


@pytest.fixture
def relationship():
    return make_buying_relationship()


@pytest.fixture
def agent(relationship, client_for):
    return client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))


def url(name, *args):
    return reverse(f"marketplace:{name}", args=args)


def text(response):
    """What a reader sees: tags left out, white space as one space."""
    shown = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown)))


def put_into_cart(client, relationship, plan, **more):
    data = {"plan": plan.pk, "price": "P1M:monthly", "quantity": 12, "friendly_name": "Ferndale notes"} | more
    return client.post(url("offer", relationship.customer_id, plan.offer_id), data)


def confirmed(relationship, **more):
    """What the review form sends for the person's only cart."""
    cart = Cart.objects.get(customer_id=relationship.customer_id, status=CartStatus.OPEN)
    number = relationship.partner.locations.get().partner_id_number
    return {"cart": cart.pk, "total": "120.00", "credited": number, "attested": "on"} | more


# --- from the catalogue to the order -------------------------------------------------------------------------------
@pytest.mark.parametrize("role", BUYERS)
def test_agents_buy_an_offer_for_a_customer(role, relationship, client_for):
    client = client_for(make_member(relationship.partner.organization, role))
    plan = make_plan()
    assert plan.offer.name in text(client.get(url("catalogue", relationship.customer_id)))
    offer_page = text(client.get(url("offer", relationship.customer_id, plan.offer_id)))
    assert "€10.00 per license and month" in offer_page
    assert "Until 14 days after the order" in offer_page

    assert put_into_cart(client, relationship, plan).headers["Location"] == url("cart", relationship.customer_id)
    assert "€120.00" in text(client.get(url("cart", relationship.customer_id)))
    review = client.get(url("review", relationship.customer_id))
    assert review.status_code == 200
    assert "€120.00" in text(review)

    bought = client.post(url("review", relationship.customer_id), confirmed(relationship))
    order = Order.objects.get()
    assert bought.headers["Location"] == url("order", order.pk)
    assert order.total == Decimal("120.00")
    assert order.lines.get().quantity == 12
    page = client.get(url("order", order.pk))
    assert "Go to publisher's site" in text(page)
    assert "Action needed" in text(page)
    assert url("publisher_link", order.lines.get().subscription_id) in page.content.decode()


@pytest.mark.parametrize("role", OTHERS)
def test_others_do_not_get_a_cart(role, relationship, client_for):
    client = client_for(make_member(relationship.partner.organization, role))
    assert client.get(url("cart", relationship.customer_id)).status_code == 403
    assert client.post(url("review", relationship.customer_id)).status_code == 403
    if role in (Role.BILLING_ADMIN, Role.GLOBAL_ADMIN):  # they read prices
        plan = make_plan()
        page = client.get(url("offer", relationship.customer_id, plan.offer_id))
        assert "Add to cart" not in text(page)
        assert "Sales agent" in text(page)
        assert put_into_cart(client, relationship, plan).status_code == 403
    assert not CartLine.objects.exists()


def test_two_clicks_on_buy_make_one_order(agent, relationship):
    put_into_cart(agent, relationship, make_plan())
    data = confirmed(relationship)
    first, second = (agent.post(url("review", relationship.customer_id), data) for _click in range(2))
    assert first.headers["Location"] == second.headers["Location"] == url("order", Order.objects.get().pk)
    assert SaaSSubscription.objects.count() == 1


def test_nobody_pays_another_total_than_the_one_shown(agent, relationship):
    put_into_cart(agent, relationship, make_plan())
    number = relationship.partner.locations.get().partner_id_number
    response = agent.post(url("review", relationship.customer_id), confirmed(relationship, total="60.00"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "The price has changed" in page
    assert re.search(r'name="total"[^>]*value="120\.', page), "the next click confirms what is shown now"
    assert number in page
    assert not Order.objects.exists()


def test_the_cart_of_one_customer_is_not_bought_on_the_page_of_another(agent, relationship):
    other = make_buying_relationship(partner=relationship.partner.organization)
    put_into_cart(agent, relationship, make_plan())
    assert agent.post(url("review", other.customer_id), confirmed(relationship)).status_code == 404
    assert not Order.objects.exists()


def test_without_attestation_nothing_is_bought_and_the_choice_stays(agent, relationship):
    put_into_cart(agent, relationship, make_plan())
    response = agent.post(url("review", relationship.customer_id), confirmed(relationship, attested=""))
    assert response.status_code == 422
    assert not Order.objects.exists()
    assert "One entry needs your attention" in text(response)


def test_without_the_customer_agreement_the_review_leads_to_it(client_for):
    signed = make_buying_relationship()
    client = client_for(make_member(signed.partner.organization, Role.SALES_AGENT))
    put_into_cart(client, signed, make_plan())
    data = confirmed(signed)
    signed.customer.agreements.all().delete()
    type(signed).objects.filter(pk=signed.pk).update(has_agreement=False)
    page = client.get(url("review", signed.customer_id))
    assert reverse("customers:account", args=[signed.customer_id]) in page.content.decode()
    assert "has not signed the customer agreement" in text(page)
    assert client.post(url("review", signed.customer_id), data).status_code == 403
    assert not Order.objects.exists()


def test_a_provider_names_the_reseller_that_serves_the_customer(client_for):
    provider, reseller = make_indirect_buying_relationship()
    client = client_for(make_member(provider.partner.organization, Role.ADMIN_AGENT))
    put_into_cart(client, provider, make_plan())
    page = client.get(url("review", provider.customer_id))
    number = reseller.partner.locations.get().partner_id_number
    assert re.search(rf'<option value="{number}"\s+selected', page.content.decode())
    client.post(url("review", provider.customer_id), confirmed(provider, credited=number))
    order = Order.objects.get()
    assert (order.reseller_id, order.partner_on_record) == (reseller.partner_id, number)
    assert reseller.partner.organization.name in text(client.get(url("order", order.pk)))


def test_an_indirect_reseller_reads_why_it_does_not_buy(client_for):
    _provider, reseller = make_indirect_buying_relationship()
    client = client_for(make_member(reseller.partner.organization, Role.ADMIN_AGENT))
    plan = make_plan()
    assert "does not buy for a customer itself" in text(client.get(url("catalogue", reseller.customer_id)))
    assert put_into_cart(client, reseller, plan).status_code == 403
    assert "Add to cart" not in text(client.get(url("offer", reseller.customer_id, plan.offer_id)))


# --- offer and cart ------------------------------------------------------------------------------------------------
def test_a_quantity_outside_the_plan_s_limits_is_refused_and_kept(agent, relationship):
    plan = make_plan(min_quantity=5, max_quantity=20)
    response = put_into_cart(agent, relationship, plan, quantity=21)
    assert response.status_code == 422
    assert not CartLine.objects.exists()
    assert 'value="21"' in response.content.decode()
    assert 'value="Ferndale notes"' in response.content.decode()


def test_a_line_is_changed_and_removed(agent, relationship):
    put_into_cart(agent, relationship, make_plan())
    line = CartLine.objects.get()
    agent.post(url("change_line", line.pk), {"quantity": 20, "friendly_name": "All of them"})
    line.refresh_from_db()
    assert (line.quantity, line.friendly_name) == (20, "All of them")
    wrong = agent.post(url("change_line", line.pk), {"quantity": 0, "friendly_name": "All of them"})
    assert wrong.status_code == 422
    assert 'value="0"' in wrong.content.decode()
    agent.post(url("remove_line", line.pk))
    assert "The cart is empty" in text(agent.get(url("cart", relationship.customer_id)))


def test_an_empty_cart_is_not_reviewed(agent, relationship):
    assert agent.get(url("review", relationship.customer_id)).headers["Location"].endswith("/cart/")


def test_nobody_sees_the_cart_or_the_order_of_others(agent, relationship, client_for):
    put_into_cart(agent, relationship, make_plan())
    line, purchase = CartLine.objects.get(), make_purchase(relationship)
    colleague = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    stranger = client_for(make_member(make_buying_relationship().partner.organization, Role.ADMIN_AGENT))
    order_url = url("order", purchase.subscription.order_id)
    assert colleague.post(url("remove_line", line.pk)).status_code == 404
    assert colleague.get(order_url).status_code == 200
    assert stranger.get(order_url).status_code == 404
    assert stranger.get(url("catalogue", relationship.customer_id)).status_code == 404
    assert CartLine.objects.exists()


# --- catalogue -----------------------------------------------------------------------------------------------------
def test_the_catalogue_shows_what_can_be_bought_and_on_demand_why_the_rest_cannot(agent, relationship):
    make_plan(make_offer(name="Can be bought"))
    exclusive = make_offer(name="For the chosen", is_exclusive=True)
    make_plan(exclusive)
    make_plan(make_offer(name="Only in Japan"), countries=["JP"])
    make_plan(make_offer(name="Direct only", is_sold_by_partners=False))
    make_plan(make_offer(name="Without a price"), price=None)
    make_plan(make_offer(name="Metered only"), is_per_seat=False, needs_azure_plan=True)
    once = make_plan(make_offer(name="Once only", is_once_per_customer=True))
    make_purchase(relationship, once)
    make_plan(make_offer(name="A draft", status="draft"))

    page = text(agent.get(url("catalogue", relationship.customer_id)))
    refused = ("For the chosen", "Only in Japan", "Direct only", "Without a price", "Metered only", "Once only")
    assert "Can be bought" in page
    assert not [name for name in refused if name in page]

    page = text(agent.get(url("catalogue", relationship.customer_id), {"refused": "yes"}))
    assert all(name in page for name in refused)
    assert "A draft" not in page
    for reason in (
        "chosen partners only",
        "Not sold in France",
        "Not sold through partners",
        "No price in EUR",
        "active Azure plan",
    ):
        assert reason in page
    assert "can have it once only" in page

    ExclusivePartner.objects.create(offer=exclusive, partner=relationship.partner)
    assert "For the chosen" in text(agent.get(url("catalogue", relationship.customer_id)))


def test_the_catalogue_is_searched_and_filtered(agent, relationship):
    make_plan(make_offer(name="Tidewater", category="analytics", summary="Charts for harbors"), trial_days=30)
    make_plan(make_offer(name="Signature", category="security"))

    def found(**query):
        page = text(agent.get(url("catalogue", relationship.customer_id), query))
        return ("Tidewater" in page, "Signature" in page)

    assert found() == (True, True)
    assert found(q="harb") == (True, False)
    assert found(trial="yes") == (True, False)
    assert found(term="P1Y") == (True, True)
    assert found(term="P3Y") == (False, False)
    assert found(exclusive="yes") == (False, False)
    page = text(agent.get(url("catalogue", relationship.customer_id), {"category": "security"}))
    assert "Tidewater" not in page


def test_the_catalogue_costs_the_same_for_many_offers(agent, relationship, django_assert_max_num_queries):
    make_plan()
    agent.get(url("catalogue", relationship.customer_id))
    with django_assert_max_num_queries(30) as one:
        agent.get(url("catalogue", relationship.customer_id))
    count = len(one)
    for _number in range(12):
        make_plan()
    agent.get(url("catalogue", relationship.customer_id))
    with django_assert_max_num_queries(count):
        agent.get(url("catalogue", relationship.customer_id))


def test_a_customer_that_has_no_relationship_any_more_has_no_catalogue(agent):
    assert agent.get(url("catalogue", make_relationship().customer_id)).status_code == 404
