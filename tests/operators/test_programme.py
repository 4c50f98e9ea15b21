"""The operator's workspace: partners, agreements, markets, offers, and nobody else in it."""

import csv
import datetime
import html
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import rules
from customers.models import MarketCountry
from customers.workflow import markets
from marketplace.enums import OfferStatus
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.core.search import find
from tests.customers.factories import make_relationship
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.marketplace.factories import make_plan
from tests.support.factories import make_case, make_operator

pytestmark = pytest.mark.django_db
PAGES = ("partners/", "partners/export.csv", "agreements/", "markets/", "markets/place/", "offers/", "nominations/")
TODAY = NOON.date()
DAY = datetime.timedelta(days=1)


@pytest.fixture
def member():
    return make_operator()


@pytest.fixture
def browser(member, client_for):
    return client_for(member)


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def names(response):
    return re.findall(r'<a href="/programme/partners/[0-9a-f-]{36}/" dir="auto">([^<]+)</a>', body(response))


def test_nobody_but_the_operator_opens_any_of_it(client_for, browser):
    partner = make_partner()
    others = [make_member(partner, *sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))]
    others += [make_member(make_organization(kind), *ROLES_BY_KIND[kind]) for kind in ("customer", "publisher")]
    for page in (*PAGES, f"partners/{partner.pk}/"):
        for other in others:
            assert client_for(other).get(f"/programme/{page}").status_code == 403, page
        assert browser.get(f"/programme/{page}").status_code == 200, page
    assert "/programme/partners/" in body(browser.get("/"))


def test_partners_are_found_and_narrowed(browser):
    belfort = make_partner(name="Belfort Cloud", domain="belfort.example")
    make_partner(OrganizationKind.INDIRECT_PROVIDER, name="Rheingold")
    make_partner(name="Costa Verde", agreement_signed=False)
    make_partner(name="Sandbox One", is_sandbox=True)
    number = belfort.partner.locations.get().partner_id_number

    assert len(names(browser.get("/programme/partners/"))) == 4
    for query, found in {
        "q=belfort": ["Belfort Cloud"],
        f"q={belfort.pk}": ["Belfort Cloud"],
        f"q={number}": ["Belfort Cloud"],
        "kind=indirect_provider": ["Rheingold"],
        "agreement=none": ["Costa Verde"],
        "sandbox=yes": ["Sandbox One"],
        "market=canada": [],
    }.items():
        assert names(browser.get(f"/programme/partners/?{query}")) == found, query
        assert names(browser.get(f"/programme/agreements/?{query}")) == found, query
    text = b"".join(browser.get("/programme/partners/export.csv?q=belfort").streaming_content).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["Name", "Belfort Cloud"]


def test_the_lists_cost_the_same_for_one_and_for_many(browser):
    def cost(page):
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/programme/{page}")
        return len(queries)

    make_plan()
    pages = ("partners/", "agreements/", "offers/")
    for page in pages:
        cost(page)
    few = [cost(page) for page in pages]
    for _ in range(5):
        make_partner()
        make_plan()
    assert [cost(page) for page in pages] == few


def test_one_partner_with_its_counts_people_and_signature(browser):
    partner = make_partner(name="Belfort Cloud")
    make_member(partner, Role.GLOBAL_ADMIN, name="Hélène Marchand")
    make_relationship(partner)
    make_case(partner)

    text = body(browser.get(f"/programme/partners/{partner.pk}/"))
    for shown in ("Belfort Cloud", "Hélène Marchand", "2026-01", "Ada Signer", str(partner.pk)):
        assert shown in text
    assert browser.get(f"/programme/partners/{make_organization().pk}/").status_code == 404
    assert f"/support/cases/?q={partner.pk}" in text
    assert "Belfort Cloud" in body(browser.get(f"/support/cases/?q={partner.pk}"))


def test_search_finds_partners_for_the_operator_alone(member):
    partner = make_partner(name="Belfort Cloud")

    def found(actor):
        return [one.url for group in find(actor, "belfort") for one in group.results]

    assert f"/programme/partners/{partner.pk}/" in found(actor_of(member, member.user))
    assert f"/programme/partners/{partner.pk}/" not in found(make_actor())


def test_offers_of_all_publishers_with_drafts(browser):
    one = make_plan().offer
    one.__class__.objects.filter(pk=one.pk).update(status=OfferStatus.DRAFT, published_at=None)
    two = make_plan().offer

    text = body(browser.get("/programme/offers/"))
    assert one.name in text
    assert two.name in text
    assert one.name in body(browser.get("/programme/offers/?status=draft"))
    assert one.name not in body(browser.get(f"/programme/offers/?q={two.name.split()[-1]}&status=published"))


# --- markets ---------------------------------------------------------------------------------------------------------
def place(actor, **values):
    wanted = {"country": "IS", "market": "canada", "currency": "CAD", "valid_from": TODAY + 10 * DAY}
    return markets.place_country(**wanted | values, actor=actor, now=NOON)


def test_a_country_moves_from_a_day_to_come_and_what_held_ends_there(member):
    operator = actor_of(member, member.user)
    place(operator)

    before, after = TODAY + 9 * DAY, TODAY + 10 * DAY
    assert rules.market_of("IS", on=before).market_id == "europe"
    assert (rules.market_of("IS", on=after).market_id, rules.market_of("IS", on=after).currency) == ("canada", "CAD")
    assert MarketCountry.objects.get(country="IS", market_id="europe").valid_until == after
    logged = AuditEvent.objects.get(event_type="market-country-placed")
    assert (logged.before["market"], logged.after["market"]) == ("europe", "canada")
    for wrong in (
        {"valid_from": TODAY},  # holds today
        {"valid_from": TODAY + 5 * DAY},  # before a planned change
        {"valid_from": TODAY + 20 * DAY},  # changes nothing
    ):
        with pytest.raises(rules.CountryNotPlaceable):
            place(operator, **wrong)
    assert place(operator, country="XX", market="europe", currency="EUR").pk
    with pytest.raises(PermissionDenied):
        place(make_actor(), country="NO")


def test_markets_show_their_countries_and_take_a_change(browser):
    assert "Europe" in body(browser.get("/programme/markets/"))
    text = body(browser.get("/programme/markets/?market=europe"))
    assert "Iceland" in text
    form = {"country": "IS", "market": "canada", "currency": "CAD", "valid_from": "2099-01-01"}
    assert body(browser.post("/programme/markets/place/", {**form, "currency": "dollar"}), 422)
    assert "Choose a day to come" in body(
        browser.post("/programme/markets/place/", {**form, "valid_from": "2020-01-01"}), 422
    )
    assert browser.post("/programme/markets/place/", form).headers["Location"] == "/programme/markets/?market=canada"
    assert "To come" in body(browser.get("/programme/markets/?market=canada"))
