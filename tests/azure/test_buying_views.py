"""The pages on which first-party products are found, reviewed and bought (sections 1.6, 1.7 and 1.10)."""

import re

import pytest
from django.utils import timezone

from customers.models import Subscription
from portal.accounts.enums import Role
from tests.azure.factories import LICENSE, PLAN, UNDER_PLAN, buy, make_customer_of, make_prices
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


def test_a_product_is_chosen_reviewed_and_bought_without_javascript(client_for, relationship):
    client = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))
    url = f"{products_url(relationship)}order/"
    shown = client.get(url, LICENSE | {"product": LICENSE["product_id"], "sku": LICENSE["sku_id"]})
    answers = values_of(shown) | {"way": "P1Y:monthly", "quantity": "4", "attested": "on", "friendly_name": "Shop"}
    answers["credited"] = relationship.partner.locations.get().partner_id_number

    wrong = client.post(url, answers | {"quantity": "0", "step": "review"})
    assert wrong.status_code == 422
    review = client.post(url, answers | {"step": "review"})
    assert "€40.00" in review.content.decode()
    assert not Subscription.objects.exists()
    confirmed = answers | values_of(review) | {"step": "buy"}
    assert confirmed["total"].startswith("40")
    stale = client.post(url, confirmed | {"total": "39"})
    assert stale.status_code == 409
    first, second = client.post(url, confirmed), client.post(url, confirmed)
    assert first.url == second.url
    subscription = Subscription.objects.get()
    assert (subscription.quantity, subscription.friendly_name) == (4, "Shop")
    details = client.get(first.url).content.decode()
    assert "€40.00" in details
    assert "Subscription purchased" in details

    changed = client.post(url, answers | {"step": "change"}).content.decode()
    assert 'value="review"' in changed
    assert 'value="Shop"' in changed


def test_what_cannot_be_ordered_says_why_instead_of_a_form(client_for, relationship):
    client = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    page = client.get(f"{products_url(relationship)}order/", {"product": "azure-subscription", "sku": "usage"})
    assert "has no active Azure plan" in page.content.decode()
    assert 'value="review"' not in page.content.decode()
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
