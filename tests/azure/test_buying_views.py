"""The pages on which first-party products are found, reviewed and bought (sections 1.6, 1.7 and 1.10)."""

import re

import pytest
from django.utils import timezone

from billing.models import PriceListEntry
from customers.models import Subscription
from portal.accounts.enums import Role
from tests.azure.factories import LICENSE, PERPETUAL, PLAN, UNDER_PLAN, buy, make_customer_of, make_prices
from tests.customers.factories import make_indirect_relationships
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship():
    make_prices(month=timezone.now().date().replace(day=1))
    return make_customer_of()


def products_url(relationship):
    return f"/customers/{relationship.customer_id}/products/"


def values_of(page):
    """The hidden fields of a form as the browser would send them."""
    body = page.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body))


def test_the_catalogue_says_what_can_be_ordered_and_which_rule_is_against_the_rest(client_for, relationship):
    client = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))
    page = client.get(products_url(relationship)).content.decode()
    assert "Office Suite Standard" in page
    assert "€10.00 per license and month" in page
    assert "previous offer is closed to new partners" in page
    assert "Add an Azure plan instead." in page
    assert f"/customers/{relationship.customer_id}/marketplace/" in page

    found = client.get(products_url(relationship), {"q": "server", "family": "perpetual_software"}).content.decode()
    assert "Server 2025" in found
    assert "Office Suite Standard" not in found
    none = client.get(products_url(relationship), {"q": "nothing like it"}).content.decode()
    assert "No product matches" in none


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.GLOBAL_ADMIN])
def test_who_only_reads_prices_finds_no_link_that_is_closed_to_the_role(client_for, relationship, role):
    client = client_for(make_member(relationship.partner.organization, role))
    page = client.get(products_url(relationship)).content.decode()
    assert "Office Suite Standard" in page
    links = set(re.findall(r'(?:href|hx-get|action)="(/(?:customers|azure|pricing|billing)/[^"#]*)"', page))
    assert links
    assert dict.fromkeys(links, 200) == {link: client.get(link, follow=True).status_code for link in links}


def order_url(relationship):
    return f"{products_url(relationship)}order/"


def sent(codes, **fields):
    """What the row of a product sends."""
    return {"product": codes["product_id"], "sku": codes["sku_id"]} | fields


def test_products_are_selected_reviewed_and_bought_together_without_javascript(client_for, relationship):
    client = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))
    page = client.get(order_url(relationship), sent(LICENSE))
    answers = values_of(page) | {"way": "P1Y:monthly", "quantity": "4", "friendly_name": "Shop"}
    assert client.post(order_url(relationship), answers | {"quantity": "0"}).status_code == 422

    assert client.post(order_url(relationship), answers).url == products_url(relationship)
    for codes in (UNDER_PLAN, PLAN):
        refused = client.post(order_url(relationship), sent(codes))
        assert refused.status_code == (409 if codes == UNDER_PLAN else 302)  # what needs a plan comes after it
    added = client.post(order_url(relationship), sent(UNDER_PLAN, review="yes"))
    assert added.url == f"{products_url(relationship)}review/"
    assert not Subscription.objects.exists()

    review = client.get(added.url)
    assert [row["name"] for row in review.context["rows"]] == [
        "Office Suite Standard",
        "Azure plan",
        "Azure subscription",
    ]
    assert "€40.00" in review.content.decode()
    number = relationship.partner.locations.get().partner_id_number
    confirmed = values_of(review) | {"credited": number, "attested": "on"}
    assert confirmed["total"].startswith("40")
    assert client.post(added.url, confirmed | {"total": "39"}).status_code == 409
    assert client.post(added.url, confirmed | {"attested": ""}).status_code == 422
    first, second = client.post(added.url, confirmed), client.post(added.url, confirmed)
    assert first.url == second.url
    assert Subscription.objects.count() == 3
    bought = Subscription.objects.get(friendly_name="Shop")
    assert (bought.quantity, bought.partner_on_record) == (4, number)
    shown = client.get(first.url).content.decode()
    assert "The order is placed" in shown
    assert f"/azure/subscriptions/{bought.pk}/" in shown
    assert client.get(added.url).url == products_url(relationship)  # nothing is left in the cart


def test_the_cart_beside_the_products_is_changed_and_emptied(client_for, relationship):
    client = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))
    htmx = {"headers": {"HX-Request": "true"}}
    row = sent(LICENSE, way="P1Y:monthly", quantity="2")

    added = client.post(order_url(relationship), row, **htmx)
    assert (added.context["cart_total"], added.context["said"]) == ("€20.00", "Office Suite Standard is in the cart.")
    again = client.post(order_url(relationship), row | {"quantity": "3"}, **htmx)
    assert [line["quantity"] for line in again.context["cart_rows"]] == [3]
    wrong = client.post(order_url(relationship), row | {"quantity": "20000"}, **htmx)
    assert wrong.status_code == 422
    assert wrong.context["wrong"]

    change = f"{products_url(relationship)}cart/"
    key = again.context["cart_rows"][0]["key"]
    changed = client.post(change, {"key": key, "quantity": "5"}, **htmx)
    assert changed.context["cart_total"] == "€50.00"
    assert client.post(change, {"key": key, "quantity": "many"}, **htmx).status_code == 422
    assert client.post(change, {"key": key, "quantity": "99999"}, **htmx).status_code == 422
    assert client.post(change, {"key": key, "remove": "yes"}).status_code == 302
    empty = client.get(products_url(relationship))
    assert empty.context["cart_rows"] == []
    assert "The cart is empty" in empty.content.decode()


def test_a_cart_is_one_persons_and_one_refused_line_stops_all(client_for, relationship):
    buyer = make_member(relationship.partner.organization, Role.SALES_AGENT)
    client, colleague = client_for(buyer), client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))
    for codes, way in ((LICENSE, "P1Y:monthly"), (PERPETUAL, "none:one_time")):
        assert client.post(order_url(relationship), sent(codes, way=way, quantity="1")).status_code == 302
    assert colleague.get(products_url(relationship)).context["cart_rows"] == []

    review_url = f"{products_url(relationship)}review/"
    review = client.get(review_url)
    number = relationship.partner.locations.get().partner_id_number
    confirmed = values_of(review) | {"credited": number, "attested": "on"}
    assert colleague.post(review_url, confirmed).url == products_url(relationship)
    PriceListEntry.objects.filter(product_id=PERPETUAL["product_id"]).delete()
    refused = client.post(review_url, confirmed)
    assert refused.status_code == 409
    assert refused.context["can_be_bought"] is False
    assert not Subscription.objects.exists()


def test_what_cannot_be_ordered_says_why_instead_of_a_form(client_for, relationship):
    client = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    page = client.get(f"{products_url(relationship)}order/", {"product": "azure-subscription", "sku": "usage"})
    assert "has no active Azure plan" in page.content.decode()
    assert "Add to the cart" not in page.content.decode()
    unknown = client.get(f"{products_url(relationship)}order/", {"product": "NOTHING", "sku": "1"})
    assert unknown.status_code == 409


def test_azure_subscriptions_stand_under_their_plan_and_link_to_their_pages(client_for, relationship):
    plan = buy(relationship, PLAN, friendly_name="Plan of the mill")
    below = buy(relationship, UNDER_PLAN, friendly_name="Shop")
    client = client_for(make_member(relationship.partner.organization, Role.HELPDESK_AGENT))
    tab = client.get(f"/customers/{relationship.customer_id}/subscriptions/?tab=azure").content.decode()
    assert "Below Plan of the mill" in tab
    assert f"/azure/subscriptions/{below.pk}/" in tab
    details = client.get(f"/azure/subscriptions/{plan.pk}/").content.decode()
    assert f"/azure/subscriptions/{below.pk}/" in details


def test_a_reseller_sees_no_prices_of_its_provider_and_strangers_see_nothing(client_for, relationship):
    of_provider, of_reseller = make_indirect_relationships(has_agreement=True)
    subscription = buy(of_provider, LICENSE, now=timezone.now())
    url = f"/azure/subscriptions/{subscription.pk}/"
    assert "€10.00" in client_for(make_member(of_provider.partner.organization)).get(url).content.decode()
    reseller = client_for(make_member(of_reseller.partner.organization)).get(url).content.decode()
    assert "Office Suite Standard" in reseller
    assert "€" not in reseller
    assert client_for(make_member()).get(url).status_code == 404
