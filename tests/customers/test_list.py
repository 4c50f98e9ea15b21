"""The customer list page: search, filters, order, pages, count, export, selection (R12, reference 1.4)."""

import csv
import html
import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import MAX_TAGS
from portal.accounts.enums import OrganizationKind, Role
from portal.core import pages
from tests.customers.factories import make_indirect_relationships, make_partnership, make_relationship, make_tag
from tests.factories import make_member, make_partner

pytestmark = pytest.mark.django_db
LIST = "/customers/"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def agent(partner, client_for):
    """An admin agent's browser."""
    return client_for(make_member(partner))


def shown(response):
    """The names in the list, in order."""
    assert response.status_code == 200
    return [html.unescape(name) for name in re.findall(r'<a id="c-[^>]*>([^<]*)</a>', response.content.decode())]


def exported(response):
    """The rows of an exported file, without its header."""
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


# --- the page --------------------------------------------------------------------------------------------------------
def test_the_list_shows_what_the_original_shows(partner, agent):
    row = make_relationship(partner, name="Contoso", domain="contoso.example", tags=["A", "B", "C"])

    body = agent.get(LIST).content.decode()

    for text in ("Contoso", str(row.customer_id), "contoso.example", "Cloud Reseller", ">A<", ">B<", "+1"):
        assert text in body
    assert ">C<" not in body
    assert f'href="/customers/{row.customer_id}/subscriptions/"' in body
    assert re.search(r'<th scope="col"\s+aria-sort="ascending"', body)


def test_page_and_fragment_come_from_the_same_address(partner, agent):
    make_relationship(partner, name="Contoso")

    page, fragment = agent.get(LIST), agent.get(LIST, **HTMX)

    assert shown(page) == shown(fragment) == ["Contoso"]
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert fragment.content.strip().startswith(b'<section class="stack"')
    assert "HX-Request" in page.headers["Vary"]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_open_the_list(role, client_for):
    kind = next(kind for kind in OrganizationKind if role in _roles_of(kind))
    member = make_member(make_partner(kind), role)
    may = role in {
        Role.GLOBAL_ADMIN,
        Role.ADMIN_AGENT,
        Role.SALES_AGENT,
        Role.HELPDESK_AGENT,
    }

    response = client_for(member).get(LIST)

    assert response.status_code == (200 if may else 403)


def _roles_of(kind):
    from portal.accounts.permissions import ROLES_BY_KIND

    return ROLES_BY_KIND[kind]


def test_strangers_are_sent_to_sign_in(client):
    assert client.get(LIST).status_code == 302


@pytest.mark.parametrize("count", [0, 1, 10, 60])
def test_a_page_costs_at_most_five_queries_however_long_it_is(partner, agent, count):
    for _number in range(count):
        make_relationship(partner)
    agent.get(LIST)
    with CaptureQueriesContext(connection) as captured:
        agent.get(LIST)
    assert len(captured) == 4
    with CaptureQueriesContext(connection) as captured:
        agent.get(LIST, {"q": "organization", "country": "FR", "sort": "-created"})
    assert len(captured) == 5


def test_a_providers_page_costs_the_same(client_for):
    of_provider, of_reseller = make_indirect_relationships()
    for row in (of_provider, of_reseller):
        browser = client_for(make_member(row.partner.organization))
        browser.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            browser.get(LIST, {"reseller": str(row.counterpart_id)})
        assert len(captured) == 4


def test_a_provider_sees_which_reseller_serves_a_customer(client_for):
    of_provider, of_reseller = make_indirect_relationships()
    for row in (of_provider, of_reseller):
        body = client_for(make_member(row.partner.organization)).get(LIST).content.decode()
        assert row.counterpart.organization.name in body
        assert row.get_kind_display() in body


def test_without_customers_the_page_says_what_to_do(partner, agent, client_for):
    link = re.compile(r'<a[^>]*class="button button--primary"[^>]*href="/customers/requests/new/"')
    for browser, may in ((agent, True), (client_for(make_member(partner, Role.HELPDESK_AGENT)), False)):
        body = browser.get(LIST).content.decode()
        assert "No customers yet" in body
        assert bool(link.search(body)) == may


def test_when_nothing_is_found_the_page_offers_to_clear_the_filters(partner, agent):
    make_relationship(partner)

    body = agent.get(LIST, {"q": "no such name"}).content.decode()

    assert "No customer matches" in body
    assert re.search(r'<a[^>]*href="/customers/"[^>]*>\s*Clear search and filters', body)


# --- search and filters ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("write", [str, lambda value: value.hex, lambda value: f" {{{str(value).upper()}}} "])
def test_a_microsoft_id_leads_straight_to_its_customer(partner, agent, write):
    row = make_relationship(partner)

    response = agent.get(LIST, {"q": write(row.customer_id)})

    assert response.status_code == 302
    assert response.headers["Location"] == f"/customers/{row.customer_id}/"
    assert agent.get(LIST, {"q": write(row.customer_id)}, **HTMX).headers["HX-Redirect"]


def test_a_foreign_microsoft_id_finds_nothing(partner, agent):
    for customer_id in (make_relationship().customer_id, uuid.uuid4()):
        assert shown(agent.get(LIST, {"q": str(customer_id)})) == []


def test_filters_and_order_live_in_the_address(partner, agent):
    make_relationship(partner, name="Aachen", country="DE", tags=["VIP"], has_agreement=True)
    make_relationship(partner, name="Zwolle", country="DE", tags=["VIP"], has_agreement=True)
    make_relationship(partner, name="Oslo", country="NO", tags=["VIP"], has_agreement=True)
    make_relationship(partner, name="Bonn", country="DE")
    query = {"country": "de", "tag": "VIP", "agreement": "yes", "sort": "-name"}

    response = agent.get(LIST, query)

    assert shown(response) == ["Zwolle", "Aachen"]
    body = response.content.decode()
    for chip in ("Country: Germany", "Tag: VIP", "Customer agreement signed: Yes"):
        assert chip in body
    assert "/customers/?tag=VIP&amp;agreement=yes&amp;sort=-name" in body  # the chip that drops the country


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "nonsense"},
        {"kind": "nonsense"},
        {"rights": "perhaps"},
        {"reseller": "nonsense"},
        {"agreement": "1"},
        {"count": "x"},
        {"unknown": "1"},
    ],
)
def test_a_value_that_does_not_exist_narrows_nothing(partner, agent, query):
    make_relationship(partner, name="Contoso")
    assert shown(agent.get(LIST, query)) == ["Contoso"]


@pytest.mark.parametrize("cursor", ["nonsense", "WyJuIiwxXQ", "é", "W10="])
def test_a_broken_place_in_the_list_is_refused(agent, cursor):
    assert agent.get(LIST, {"cursor": cursor}).status_code == 400


def test_the_list_is_paged_by_links(partner, agent, monkeypatch):
    for number in range(55):
        make_relationship(partner, name=f"Customer {number:02}")

    first = agent.get(LIST)
    link = html.unescape(re.search(r'rel="next"\s+href="([^"]*)"', first.content.decode())[1])
    second = agent.get(link)
    back = html.unescape(re.search(r'rel="prev"\s+href="([^"]*)"', second.content.decode())[1])

    assert len(shown(first)) == 50
    assert shown(second) == [f"Customer {number:02}" for number in range(50, 55)]
    assert shown(agent.get(back)) == shown(first)


def test_the_search_keeps_the_filters_and_the_filters_the_search(partner, agent):
    body = agent.get(LIST, {"q": "x", "country": "SE", "sort": "-name"}).content.decode()
    assert '<input type="hidden" name="country" value="SE">' in body

    panel = agent.get("/customers/filters/", {"q": "x", "country": "SE", "sort": "-name"}).content.decode()
    assert '<input type="hidden" name="q" value="x">' in panel
    assert '<input type="hidden" name="sort" value="-name">' in panel
    assert re.search(r'<option value="SE"\s+selected>Sweden</option>', panel)


def test_the_filters_of_a_provider_offer_its_resellers(client_for, monkeypatch):
    partnership = make_partnership()
    make_partnership(provider=partnership.provider.organization)
    browser = client_for(make_member(partnership.provider.organization))

    body = browser.get("/customers/filters/").content.decode()
    assert partnership.reseller.organization.name in body
    assert "Find an indirect reseller" not in body

    monkeypatch.setattr("customers.views.list.RESELLERS_OFFERED", 1)
    assert "Find an indirect reseller" in browser.get("/customers/filters/").content.decode()
    found = browser.get("/customers/filters/", {"named": partnership.reseller.organization.name}).content.decode()
    assert partnership.reseller.organization.name in found


def test_direct_partners_are_offered_no_resellers(agent):
    assert b'name="reseller"' not in agent.get("/customers/filters/").content


# --- count -----------------------------------------------------------------------------------------------------------
def test_the_number_of_customers_comes_after_the_page(partner, agent, monkeypatch):
    for country in ("SE", "SE", "FR"):
        make_relationship(partner, country=country)

    body = agent.get(LIST, {"country": "SE"}).content.decode()
    link = html.unescape(re.search(r'hx-get="(/customers/count/[^"]*)"', body)[1])
    assert "2 customers" not in body
    assert "2 customers" in agent.get(link, **HTMX).content.decode()

    redirect = agent.get(link)  # a click without JavaScript
    assert redirect.status_code == 302
    assert "2 customers" in agent.get(redirect.headers["Location"]).content.decode()

    monkeypatch.setattr("customers.queries.lists.COUNT_LIMIT", 1)
    monkeypatch.setattr("customers.views.list.COUNT_LIMIT", 1)
    assert "1+ customers" in agent.get(link, **HTMX).content.decode()
    assert pages.COUNT_LIMIT == 10_000


# --- export ----------------------------------------------------------------------------------------------------------
def test_the_export_holds_what_the_filters_leave_in_the_order_of_the_list(partner, agent, monkeypatch):
    monkeypatch.setattr("customers.queries.lists.EXPORT_BATCH", 2)
    for number in range(5):
        make_relationship(partner, name=f"Swede {number}", country="SE", tags=["A", "B"] if number else [])
    make_relationship(partner, name="Dane", country="DK")
    make_relationship(name="Foreign", country="SE")

    body = agent.get(LIST, {"country": "SE", "sort": "-name"}).content.decode()
    link = html.unescape(re.search(r'href="(/customers/export\.csv\?[^"]*)"', body)[1])
    header, *rows = exported(agent.get(link))

    assert header == ["Microsoft ID", "Company name", "Primary domain name", "Relationship", "Tags"]
    assert [row[1] for row in rows] == shown(agent.get(LIST, {"country": "SE", "sort": "-name"}))
    assert rows[0][3:] == ["Cloud Reseller", "A, B"]
    everything = exported(agent.get("/customers/export.csv"))
    assert len(everything) == 1 + 6
    assert "Foreign" not in {row[1] for row in everything}


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.GLOBAL_ADMIN])
def test_whoever_may_not_export_is_told_who_may(partner, client_for, role):
    make_relationship(partner)
    browser = client_for(make_member(partner, role))

    body = browser.get(LIST).content.decode()

    assert "/customers/export.csv" not in body
    assert re.search(r'aria-disabled="true"[^>]*aria-describedby="export-reason"', body)
    assert "Who can: Admin agent or Sales agent." in html.unescape(body)
    assert browser.get("/customers/export.csv").status_code == 403


def test_a_running_export_ends_when_the_role_is_taken(partner, client_for, monkeypatch):
    monkeypatch.setattr("customers.queries.lists.EXPORT_BATCH", 2)
    for _number in range(6):
        make_relationship(partner)
    member = make_member(partner)
    response = client_for(member).get("/customers/export.csv")
    stream = iter(response.streaming_content)
    next(stream)  # the header

    member.roles = [Role.BILLING_ADMIN]
    member.save()
    lines = b"".join(stream).decode().splitlines()

    assert len(lines) == 3
    assert "Your role does not allow this" in lines[-1]


# --- names that mean harm --------------------------------------------------------------------------------------------
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% now 'Y' %}{name}{0}",
    '=HYPERLINK("http://evil.example")',
    "שלום עולם",
    "evil\u202egpj.exe",
    "🙂" * 60,
    "x" * 200,
    "Łódź & Søn's “Bäckerei”",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_of_any_signs_is_text_and_nothing_else(partner, agent, name):
    row = make_relationship(partner, name=name, tags=[name[:50]])

    response = agent.get(LIST)
    assert shown(response) == [name]
    body = response.content.decode()
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    for path in ("subscriptions", "account", "admin-relationships", "activity"):
        page = agent.get(f"/customers/{row.customer_id}/{path}/")
        assert page.status_code == 200
        assert html.escape(name) in page.content.decode()
        assert "<script>alert" not in page.content.decode()
    (_header, line) = exported(agent.get("/customers/export.csv"))
    assert not line[1].startswith(("=", "+", "-", "@"))
    assert line[1].lstrip("'") == name


@pytest.mark.parametrize("text", [*NASTY, pytest.param("x" * 2_000, id="2000"), "%", "_"])
def test_a_search_of_any_signs_is_text_and_nothing_else(partner, agent, text):
    make_relationship(partner)

    response = agent.get(LIST, {"q": text})

    assert response.status_code == 200, response.status_code
    assert "<script>alert" not in response.content.decode()
    assert "<img src=x" not in response.content.decode()


# --- selection, tags -------------------------------------------------------------------------------------------------
def test_admin_agents_select_rows_and_others_read_why_they_cannot(partner, client_for):
    row = make_relationship(partner)
    admin = client_for(make_member(partner)).get(LIST).content.decode()
    sales = client_for(make_member(partner, Role.SALES_AGENT)).get(LIST).content.decode()

    assert f'value="{row.customer_id}"' in admin
    assert 'form="customer-selection"' in admin
    assert f'value="{row.customer_id}"' not in sales
    assert "Who can: Admin agent." in sales
    assert 'aria-describedby="assign-tags-reason"' in sales


def test_tags_are_assigned_to_the_selected_customers(partner, agent):
    first, second = make_relationship(partner, name="First"), make_relationship(partner, name="Second")
    make_tag(partner, "VIP")
    chosen = {"selected": [str(first.customer_id), str(second.customer_id)]}

    panel = agent.get("/customers/tags/assign/", chosen, **HTMX).content.decode()
    assert "2 customers" in panel
    assert "First" in panel

    response = agent.post("/customers/tags/assign/", {**chosen, "change": "add", "tags": ["VIP"], "name": "New"})
    assert response.headers["Location"] == LIST
    for row in (first, second):
        row.refresh_from_db()
        assert row.tags == ["New", "VIP"]
    assert "Tags of 2 customers changed." in agent.get(LIST).content.decode()


def test_every_selected_customer_gets_its_own_answer(partner, agent):
    full = make_relationship(partner, name="Full", tags=[f"T{number:03}" for number in range(MAX_TAGS)])
    has_it = make_relationship(partner, name="Has it", tags=["VIP"])
    plain = make_relationship(partner, name="Plain")
    make_tag(partner, "VIP")
    chosen = [str(row.customer_id) for row in (full, has_it, plain)]

    response = agent.post(
        "/customers/tags/assign/", {"selected": chosen, "change": "add", "tags": ["VIP"]}, follow=True
    )

    body = html.unescape(response.content.decode())
    assert "Tags of 1 customer changed." in body
    assert "No change for: Has it" in body
    assert "Full: A customer can have 150 tags at most." in body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"change": "add"}, "Check at least one tag"),
        ({"change": "add", "name": "a,b"}, "no comma"),
        ({"change": "add", "name": "x" * 51}, "at most 50"),
        ({"change": "add", "tags": ["Unknown"]}, "Unknown is not one of the available choices"),
        ({"tags": []}, "This field is required"),
    ],
)
def test_tags_that_cannot_be_assigned_come_back_with_the_input(partner, agent, data, message):
    row = make_relationship(partner)

    response = agent.post("/customers/tags/assign/", {"selected": [str(row.customer_id)], **data})

    assert response.status_code == 422
    assert message in html.unescape(response.content.decode())
    row.refresh_from_db()
    assert row.tags == []


@pytest.mark.parametrize("selected", [[], ["nonsense"], [str(uuid.uuid4())]])
def test_without_a_known_customer_there_is_nothing_to_assign(agent, selected):
    response = agent.get("/customers/tags/assign/", {"selected": selected})
    assert b"No customer is selected" in response.content
    assert agent.post("/customers/tags/assign/", {"selected": selected, "change": "set"}).status_code == 200


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "customers", ""])
def test_the_way_back_stays_in_the_portal(partner, agent, back):
    row = make_relationship(partner)
    response = agent.post(
        "/customers/tags/assign/", {"selected": [str(row.customer_id)], "change": "set", "back": back}
    )
    assert response.headers["Location"] == LIST


def test_the_way_back_is_where_one_came_from(partner, agent):
    row = make_relationship(partner)
    back = f"/customers/{row.customer_id}/account/"
    data = {"selected": [str(row.customer_id)], "change": "set", "back": back}
    assert agent.post("/customers/tags/assign/", data).headers["Location"] == back


def test_tags_are_created_and_deleted_on_their_own_page(partner, agent):
    assert agent.post("/customers/tags/", {"name": "VIP"}).status_code == 302
    assert b"VIP" in agent.get("/customers/tags/").content
    fragment = agent.post("/customers/tags/", {"name": "Second"}, **HTMX)
    assert fragment.status_code == 200
    assert fragment.content.strip().startswith(b'<div class="stack" id="tags">')
    assert agent.post("/customers/tags/", {"name": ""}).status_code == 422

    make_relationship(partner, tags=["VIP"])
    in_use = partner.partner.tags.get(name="VIP")
    refused = agent.post(f"/customers/tags/{in_use.pk}/delete/")
    assert refused.status_code == 409
    assert b"Customers have the tag VIP." in refused.content

    free = partner.partner.tags.get(name="Second")
    assert agent.post(f"/customers/tags/{free.pk}/delete/").status_code == 302
    assert agent.post(f"/customers/tags/{free.pk}/delete/").status_code == 404
    assert agent.post(f"/customers/tags/{make_tag(make_partner(), 'Foreign').pk}/delete/").status_code == 404


# --- saved views -----------------------------------------------------------------------------------------------------
def test_a_view_is_saved_opened_and_deleted(partner, agent):
    make_relationship(partner, name="Swede", country="SE")
    make_relationship(partner, name="Dane", country="DK")

    panel = agent.get("/customers/views/", {"country": "SE", "sort": "-name", "cursor": "x"}).content.decode()
    query = html.unescape(re.search(r'name="query" value="([^"]*)"', panel)[1])
    assert query == "country=SE&sort=-name"
    saved = agent.post("/customers/views/", {"name": "Sweden", "query": query})
    assert shown(agent.get(saved.headers["Location"])) == ["Swede"]

    view_id = re.search(r"/customers/views/([0-9a-f-]{36})/delete/", agent.get("/customers/views/").content.decode())[1]
    assert agent.post(f"/customers/views/{view_id}/delete/").status_code == 302
    assert b"You have not saved a view yet" in agent.get("/customers/views/").content
    assert agent.post(f"/customers/views/{view_id}/delete/").status_code == 404


def test_a_view_of_somebody_else_does_not_exist(partner, agent, client_for):
    agent.post("/customers/views/", {"name": "Mine", "query": ""})
    view = partner.partner.organization.memberships.first().user.saved_views.get()

    colleague = client_for(make_member(partner))

    assert b"Mine" not in colleague.get("/customers/views/").content
    assert colleague.post(f"/customers/views/{view.pk}/delete/").status_code == 404


def test_one_view_too_many_is_refused_with_the_reason(agent, monkeypatch):
    monkeypatch.setattr("customers.rules.SAVED_VIEWS", 1)
    agent.post("/customers/views/", {"name": "One", "query": ""})

    response = agent.post("/customers/views/", {"name": "Two", "query": ""})

    assert response.status_code == 422
    assert b"You can keep 1 views at most" in response.content


# --- switch ----------------------------------------------------------------------------------------------------------
def test_another_customer_is_found_while_typing(partner, agent):
    here = make_relationship(partner, name="Here")
    other = make_relationship(partner, name="Other bakery")
    make_relationship(name="Foreign bakery")

    page = agent.get(f"/customers/{here.customer_id}/account/").content.decode()
    address = html.unescape(re.search(r'hx-get="(/customers/switch/[^"]*)"', page)[1])
    found = agent.get(address, {"q": "baker", "page": "customers:account"}, **HTMX).content.decode()

    assert "page=customers%3Aaccount" in address or "page=customers:account" in address
    assert f'href="/customers/{other.customer_id}/account/"' in found
    assert "Foreign" not in found
    assert b"No customer matches" in agent.get("/customers/switch/", {"q": "nobody"}, **HTMX).content
    assert agent.get("/customers/switch/", {"q": "baker"}).headers["Location"] == f"{LIST}?q=baker"


def test_the_switch_leads_only_to_pages_the_role_may_open(partner, client_for):
    row = make_relationship(partner, name="Bakery")
    browser = client_for(make_member(partner, Role.GLOBAL_ADMIN))

    found = browser.get("/customers/switch/", {"q": "bakery", "page": "customers:subscriptions"}, **HTMX)

    assert reverse("customers:account", args=[row.customer_id]) in found.content.decode()
