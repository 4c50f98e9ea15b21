"""The pages on which bundles are found, defined, changed, sold and looked up."""

import csv
import io
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from bundles.models import Bundle, BundleSale, BundleVersion
from customers.models import Subscription
from portal.accounts.enums import OrganizationKind, Role
from tests.azure.factories import make_customer_of, make_prices
from tests.bundles.factories import AZURE_PLAN, OFFICE, make_bundle, number_of, product_of, sell
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import make_member, make_partner
from tests.marketplace.factories import make_plan

pytestmark = pytest.mark.django_db
KEY = "CFQ7TTC0LDPB:0001:P1Y|monthly"
LIST, NEW = reverse("bundles:list"), reverse("bundles:new")


@pytest.fixture
def relationship():
    make_prices(month=timezone.now().date().replace(day=1))
    return make_customer_of()


@pytest.fixture
def partner(relationship):
    return relationship.partner.organization


@pytest.fixture
def admin(client_for, partner):
    return client_for(make_member(partner, Role.ADMIN_AGENT))


def filled(**fields):
    """What the form of a bundle is sent with."""
    own = {"name": "Office start", "price": "60.00", "valid_from": timezone.now().date().isoformat()}
    return own | {"item": [KEY], "count": ["5"]} | fields


def url(name, version, *args):
    return reverse(f"bundles:{name}", args=[*args, version.bundle_id])


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))


def test_a_product_is_found_added_and_taken_out_before_anything_is_saved(admin):
    found = admin.post(NEW, filled(q="office", find="yes", item=[], count=[]))
    assert [one["key"] for one in found.context["found"]] == [KEY]
    assert "Office start" in found.content.decode()  # what was typed stands there still

    added = admin.post(NEW, filled(add=KEY, item=[], count=[]), headers={"HX-Request": "true"})
    assert "<html" not in added.content.decode()
    assert [(line["key"], line["quantity"]) for line in added.context["lines"]] == [(KEY, 1)]
    worked_out = admin.post(NEW, filled(work_out="yes"))
    assert (worked_out.context["cost"], worked_out.context["margin"]["percent"]) == ("€50.00", "16.7 %")
    removed = admin.post(NEW, filled(remove=KEY))
    assert removed.context["lines"] == []
    assert not Bundle.objects.exists()


def test_a_bundle_is_defined_and_shown_with_its_margin(admin, partner):
    shown = admin.post(NEW, filled(terms="Twelve months."), follow=True)

    text = shown.content.decode()
    assert all(part in text for part in ("The bundle is defined.", "€60.00 per month", "€10.00", "16.7 %", "Twelve"))
    assert shown.context["entries"][0].title == "Bundle defined"
    assert [row["name"] for row in admin.get(LIST).context["rows"]] == ["Office start"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"item": [], "count": []}, "__all__"),
        ({"price": "0"}, "price"),
        ({"name": ""}, "name"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"customer": "stranger.example"}, "customer"),
        ({"count": ["none"]}, "__all__"),
    ],
)
def test_what_makes_no_bundle_is_told_at_its_field(admin, sent, field):
    page = admin.post(NEW, filled(**sent))

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not Bundle.objects.exists()


def test_a_change_is_a_version_and_the_old_one_can_be_read(admin, partner):
    version = make_bundle(partner, now=timezone.now())
    form = admin.get(url("change", version))
    assert form.context["margin"]["percent"] == "16.7 %"
    sent = filled(name="Office more", price="70", seen=hidden(form)["seen"])

    shown = admin.post(url("change", version), sent, follow=True)

    assert "Office more" in shown.content.decode()
    assert [one["number"] for one in shown.context["versions"]] == [2, 1]
    old = admin.get(url("bundle", version), {"version": "1"}).content.decode()
    assert "This is version 1" in old
    assert "€60.00" in old
    assert admin.post(url("change", version), sent).status_code == 409  # another version is sold by now


def test_a_bundle_is_withdrawn_after_a_question(admin, partner):
    version = make_bundle(partner, now=timezone.now())

    assert "cannot be brought back" in admin.get(url("withdraw", version)).content.decode()
    shown = admin.post(url("withdraw", version), follow=True)

    assert shown.context["bundle"]["state"] == "Withdrawn"
    assert shown.context["commands"] is None
    assert admin.post(url("withdraw", version)).status_code == 409


def test_the_list_is_searched_filtered_sorted_and_given_as_a_file(admin, partner):
    for name in ("Alpha", "Beta"):
        make_bundle(partner, name=name, now=timezone.now())
    own = make_relationship(partner, name="Bakery").customer_id
    make_bundle(partner, name="Gamma", customer_id=own, now=timezone.now())

    def names(**query):
        return [row["name"] for row in admin.get(LIST, query).context["rows"]]

    assert names() == ["Alpha", "Beta", "Gamma"]
    assert names(sort="-name") == ["Gamma", "Beta", "Alpha"]
    assert names(q="alp") == ["Alpha"]
    assert names(audience="customer", state="on_sale") == ["Gamma"]
    assert "No bundle matches" in admin.get(LIST, {"q": "nothing"}).content.decode()
    file = admin.get(reverse("bundles:export"), {"audience": "customer"}).getvalue().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(file))
    assert (row["Bundle"], row["For"], row["Price"], row["Sold"]) == ("Gamma", "Bakery", "60.00", "0")


def test_a_bundle_is_reviewed_and_sold_without_javascript(client_for, relationship, partner):
    client = client_for(make_member(partner, Role.SALES_AGENT))
    version = make_bundle(partner, OFFICE, product_of(make_plan(price="5.00")), AZURE_PLAN, now=timezone.now())
    choose, name = url("choose_customer", version), relationship.customer_name
    asked = client.post(choose, {"customer": relationship.customer_domain})
    assert asked.url == url("sell", version, relationship.customer_id)
    assert client.post(choose, {"customer": name.upper()}).url == asked.url
    make_relationship(partner, name=name)
    assert client.post(choose, {"customer": name}).status_code == 422

    review = client.get(asked.url)
    answers = hidden(review) | {"quantity": "2", "credited": number_of(partner), "attested": "on"}
    again = client.post(asked.url, answers | {"again": "yes"})
    assert "€120.00 per month" in again.content.decode()
    assert not Subscription.objects.exists()
    answers |= hidden(again)
    first, second = client.post(asked.url, answers), client.post(asked.url, answers)

    assert first.url == second.url
    assert BundleSale.objects.get().quantity == 2
    sold = client.get(first.url)
    assert [row["quantity"] for row in sold.context["rows"]] == [10, 4, 1]
    assert "Take out" not in sold.content.decode()
    assert "Office start" in client.get(reverse("bundles:customer", args=[relationship.customer_id])).content.decode()


def test_the_review_names_each_product_that_stands_in_the_way(admin, relationship, partner):
    plan = make_plan(price="5.00")
    version = make_bundle(partner, OFFICE, product_of(plan), now=timezone.now())
    plan.is_stopped = True
    plan.save()

    page = admin.get(url("sell", version, relationship.customer_id))

    assert page.context["can_be_sold"] is False
    assert [bool(row["why_not"]) for row in page.context["rows"]] == [False, True]
    sent = hidden(page) | {"quantity": "1", "credited": number_of(partner), "attested": "on"}
    refused = admin.post(url("sell", version, relationship.customer_id), sent)
    assert refused.status_code == 409
    assert plan.name in refused.content.decode()
    assert not Subscription.objects.exists()


def test_a_product_is_taken_out_after_a_question(admin, relationship, partner):
    sale = sell(make_bundle(partner, now=timezone.now()), relationship, now=timezone.now())
    page = reverse("bundles:take_out", args=[sale.pk, sale.parts.get().pk])

    assert "does not come back" in admin.get(page).content.decode()
    assert admin.post(page, {"left_on": "2020-01-01"}).status_code == 422
    shown = admin.post(page, {"left_on": timezone.now().date().isoformat()}, follow=True)

    assert "By itself from" in shown.content.decode()
    assert admin.post(page, {"left_on": timezone.now().date().isoformat()}).status_code == 409


@pytest.mark.parametrize(
    ("role", "sees", "defines", "sells", "sees_money"),
    [
        (Role.GLOBAL_ADMIN, True, True, False, True),
        (Role.BILLING_ADMIN, True, True, False, True),
        (Role.ADMIN_AGENT, True, True, True, True),
        (Role.SALES_AGENT, True, False, True, False),
        (Role.HELPDESK_AGENT, False, False, False, False),
    ],
)
def test_who_sees_defines_and_sells(client_for, relationship, partner, role, sees, defines, sells, sees_money):
    client = client_for(make_member(partner, role))
    version = make_bundle(partner, now=timezone.now())
    sale = sell(version, relationship, now=timezone.now())
    part = sale.parts.get().pk
    for address in (LIST, reverse("bundles:export"), url("bundle", version), reverse("bundles:sale", args=[sale.pk])):
        assert client.get(address).status_code == (200 if sees else 403)
    for address in (NEW, url("change", version), url("withdraw", version)):
        assert client.get(address).status_code == (200 if defines else 403)
    assert client.get(reverse("bundles:take_out", args=[sale.pk, part])).status_code == (200 if defines else 403)
    if sees:  # what was sold leads to its subscriptions, for who may see those
        links = (
            reverse("azure:subscription", args=[part])
            in client.get(reverse("bundles:sale", args=[sale.pk])).content.decode()
        )
        assert links == (role in (Role.ADMIN_AGENT, Role.SALES_AGENT))
    for address in (url("choose_customer", version), url("sell", version, relationship.customer_id)):
        assert client.get(address).status_code == (200 if sells else 403)
    if sees:
        shown = client.get(url("bundle", version))
        assert (shown.context["margin"] is not None) is sees_money
        assert ("€10.00" in shown.content.decode()) is sees_money


def test_a_strangers_bundle_is_not_there(client_for, relationship, partner):
    stranger = client_for(make_member(make_partner(), Role.ADMIN_AGENT))
    version = make_bundle(partner, now=timezone.now())
    sale = sell(version, relationship, now=timezone.now())

    for name in ("bundle", "change", "withdraw", "choose_customer"):
        assert stranger.get(url(name, version)).status_code == 404
    assert stranger.get(reverse("bundles:sale", args=[sale.pk])).status_code == 404
    assert stranger.get(url("sell", version, relationship.customer_id)).status_code == 404


def test_a_provider_names_a_reseller_and_a_reseller_is_told_to_ask_its_provider(client_for):
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
    reseller = make_partnership(provider).reseller
    make_prices(month=timezone.now().date().replace(day=1))
    client = client_for(make_member(provider, Role.ADMIN_AGENT))

    assert client.post(NEW, filled(reseller=str(reseller.pk))).status_code == 302
    assert BundleVersion.objects.get().bundle.reseller == reseller
    told = client_for(make_member(reseller.organization, Role.ADMIN_AGENT)).get(NEW)
    assert told.status_code == 403
    assert "Ask your provider" in told.content.decode()


@pytest.mark.parametrize(
    ("role", "finds"), [(Role.ADMIN_AGENT, True), (Role.BILLING_ADMIN, True), (Role.HELPDESK_AGENT, False)]
)
def test_search_finds_bundles_of_the_own_company_by_part_of_their_name(client_for, partner, role, finds):
    version = make_bundle(partner, now=timezone.now(), name="Ready office")
    make_bundle(make_partner(), now=timezone.now(), name="Office of another partner")
    client = client_for(make_member(partner, role))

    page = client.get("/search/", {"q": "OFFICE"}, headers={"HX-Request": "true"}).content.decode()

    assert (url("bundle", version) in page) == finds
    assert "another partner" not in page
