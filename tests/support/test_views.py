"""Pages of support: list, export, one customer, new case, one case, and who is sent to whom (A12)."""

import csv
import datetime
import html
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.enums import RelationshipKind
from portal.accounts.enums import OrganizationKind, Role
from portal.core.dates import date_format
from portal.core.search import find
from support.enums import CaseStatus, Severity
from support.models import SupportCase
from tests.customers.factories import make_indirect_relationships, make_partnership, make_relationship
from tests.factories import make_actor, make_member, make_organization, make_partner
from tests.support.factories import make_attachment, make_case, make_message, make_operator

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
LIST, NEW, ASK = "/support/cases/", "/support/cases/new/", "/support/whom-to-ask/"
FORM = {"topic": "billing", "severity": "moderate", "title": "Line too many", "text": "Line 12 is charged twice."}


@pytest.fixture
def member():
    return make_member()


@pytest.fixture
def browser(member, client_for):
    return client_for(member)


@pytest.fixture
def operator(client_for):
    return client_for(make_operator())


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def page_of(case, action=""):
    return f"/support/cases/{case.pk}/{action}"


def titles(response):
    return re.findall(r'<a href="/support/cases/[0-9a-f-]{36}/" dir="auto">([^<]+)</a>', body(response))


# --- list ------------------------------------------------------------------------------------------------------------
def test_the_list_holds_the_partner_s_own_cases_narrowed_by_filters(member, browser):
    own = member.organization
    one = make_case(own, title="Écran noir", severity=Severity.CRITICAL)
    two = make_case(own, title="Second", status=CaseStatus.CLOSED)
    relationship = make_relationship(own, name="Åkeri AB")
    three = make_case(own, title="Third", customer=relationship.customer)
    make_case(title="Somebody else's")

    assert set(titles(browser.get(LIST))) == {"Écran noir", "Second", "Third"}
    for query, found in {
        "status=closed": [two],
        "severity=critical": [one],
        "q=ecran": [one],
        "q=akeri": [three],
        f"customer={relationship.customer_id}": [three],
        "status=closed&severity=critical": [],
    }.items():
        assert titles(browser.get(f"{LIST}?{query}")) == [case.title for case in found], query
    assert browser.get(f"{LIST}?q=sr-{two.number}").headers["Location"] == page_of(two)
    fragment = body(browser.get(f"{LIST}?status=closed", **HTMX))
    assert fragment.lstrip().startswith('<section class="stack" id="case-list">')


def test_the_operator_sees_all_cases_with_their_partners_and_finds_its_own(operator, client_for):
    clerk = make_operator()
    case = make_case(make_partner(name="Belfort Cloud"), title="Mine", assigned_to=clerk.user)
    make_case(title="Free")

    assert set(titles(operator.get(LIST))) == {"Mine", "Free"}
    assert "Belfort Cloud" in body(operator.get(LIST))
    assert titles(client_for(clerk).get(f"{LIST}?assigned=mine")) == ["Mine"]
    assert titles(operator.get(f"{LIST}?assigned=nobody")) == ["Free"]
    assert titles(operator.get(f"{LIST}?q=belfort")) == ["Mine"]
    assert case.reference in body(operator.get(page_of(case)))


def test_the_list_costs_the_same_for_one_and_for_twenty_and_has_pages(member, browser):
    make_case(member.organization)

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get(LIST)
        return len(queries)

    cost()
    one = cost()
    for _ in range(55):
        make_case(member.organization, opened_by=member.user)
    assert cost() == one
    first = browser.get(LIST)
    assert len(titles(first)) == 50
    after = re.search(r'href="(/support/cases/\?cursor=[^"]+)"', body(first))[1]
    assert len(titles(browser.get(after))) == 6


def test_the_export_is_what_the_filters_leave(member, browser):
    make_case(member.organization, title="=1+1")
    make_case(member.organization, title="Closed", status=CaseStatus.CLOSED)

    text = b"".join(browser.get(f"{LIST}export.csv?status=open").streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header[:2] == ["Case", "Title"]
    assert [row[1] for row in rows] == ["'=1+1"]


def test_search_finds_a_case_by_its_number_and_only_for_those_who_see_it(member):
    case = make_case(member.organization)
    colleague, sales = make_actor(member.organization), make_actor(member.organization, Role.SALES_AGENT)
    stranger = make_actor()

    def found(actor, text):
        return [one.url for group in find(actor, text) for one in group.results if one.is_exact]

    for text in (str(case.number), case.reference, str(case.pk)):
        assert found(colleague, text) == [page_of(case)]
        assert found(sales, text) == found(stranger, text) == []


# --- one customer ----------------------------------------------------------------------------------------------------
def test_service_requests_stand_in_the_navigation_of_a_customer(member, browser):
    relationship = make_relationship(member.organization, has_admin_rights=True)
    make_case(member.organization, title="For it", customer=relationship.customer)
    make_case(member.organization, title="For us")
    page = f"/customers/{relationship.customer_id}/service-requests/"

    response = browser.get(page)

    assert titles(response) == ["For it"]
    assert f'href="{page}"' in body(response)
    assert f'href="{NEW}?customer={relationship.customer_id}"' in body(response)


def test_without_administration_rights_the_command_says_why(member, browser):
    relationship = make_relationship(member.organization)
    page = f"/customers/{relationship.customer_id}/service-requests/"
    assert "has not given administration rights" in body(browser.get(page))

    assert "has not given administration rights" in body(browser.get(f"{NEW}?customer={relationship.customer_id}"))
    sent = browser.post(f"{NEW}?customer={relationship.customer_id}", FORM | {"case_id": str(relationship.pk)})
    assert "has not given administration rights" in body(sent, 403)
    assert not SupportCase.objects.exists()


# --- who is sent to whom ---------------------------------------------------------------------------------------------
def test_a_customer_is_told_which_partner_to_ask_and_how(client_for):
    partner = make_partner(name="Belfort Cloud", contact_email="help@belfort.example", contact_phone="+33 1 23")
    relationship = make_relationship(partner)
    browser = client_for(make_member(relationship.customer.organization, Role.CUSTOMER_ADMIN))

    text = body(browser.get(ASK))
    for known in ("Belfort Cloud", "mailto:help@belfort.example", "+33 1 23"):
        assert known in text
    assert ASK in body(browser.get("/"))
    assert browser.get(NEW).status_code == browser.get(LIST).status_code == 403


def test_a_customer_of_the_indirect_model_asks_its_reseller_not_the_provider(client_for):
    of_provider, of_reseller = make_indirect_relationships()
    browser = client_for(make_member(of_provider.customer.organization, Role.CUSTOMER_ADMIN))

    text = body(browser.get(ASK))
    assert of_reseller.partner.organization.name in text
    assert of_provider.partner.organization.name not in text


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.HELPDESK_AGENT])
def test_an_indirect_reseller_is_stopped_everywhere_and_sent_to_its_provider(role, client_for):
    provider = make_partner(
        OrganizationKind.INDIRECT_PROVIDER, name="Rheingold", contact_email="care@rheingold.example"
    )
    partnership = make_partnership(provider)
    reseller = partnership.reseller.organization
    relationship = make_relationship(reseller, counterpart=provider, kind=RelationshipKind.RESELLER)
    browser = client_for(make_member(reseller, role))

    of_customer = f"/customers/{relationship.customer_id}/service-requests/"
    assert of_customer in browser.get(f"/customers/{relationship.customer_id}/account/").content.decode()
    assert "care@rheingold.example" in body(browser.get(of_customer))
    for page in (NEW, LIST):
        text = body(browser.get(page), 403)
        assert "Indirect resellers get support from their indirect provider." in text, page
        assert "care@rheingold.example" in text, page
    assert "care@rheingold.example" in body(browser.post(NEW, FORM), 403)
    assert "care@rheingold.example" in body(browser.get(ASK))
    assert not SupportCase.objects.exists()


def test_others_are_told_too(client_for):
    make_operator().organization.__class__.objects.filter(kind="operator").update(contact_email="office@p.example")
    publisher = make_member(make_organization(OrganizationKind.PUBLISHER), Role.PUBLISHER_ADMIN)
    lonely = make_member(make_partner(OrganizationKind.INDIRECT_RESELLER), Role.ADMIN_AGENT)
    alone = make_member(make_organization(), Role.CUSTOMER_ADMIN)
    sandbox = make_member(make_partner(is_sandbox=True))
    sales = make_member(make_partner(), Role.SALES_AGENT)
    helper = make_member(sales.organization, Role.HELPDESK_AGENT, name="Maëlle Helper")

    assert "office@p.example" in body(client_for(publisher).get(ASK))
    assert "You work with no indirect provider yet" in body(client_for(lonely).get(ASK))
    assert "You have no partner yet" in body(client_for(alone).get(ASK))
    assert "A sandbox account cannot open support cases." in body(client_for(sandbox).get(ASK))
    assert "A sandbox account cannot open support cases." in body(client_for(sandbox).get(LIST))
    assert helper.user.name in body(client_for(sales).get(ASK))


# --- a new case, one case --------------------------------------------------------------------------------------------
def test_a_case_with_files_is_opened_once_however_often_the_button_is_pressed(member, browser):
    case_id = re.search(r'name="case_id" value="([0-9a-f-]{36})"', body(browser.get(NEW)))[1]
    for _ in range(2):
        files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.png", b"\x89PNG\r\n\x1a\n0")]
        response = browser.post(NEW, FORM | {"case_id": case_id, "attachments": files})
        assert response.headers["Location"] == f"/support/cases/{case_id}/"
    case = SupportCase.objects.get()
    assert (case.partner_id, case.customer, case.opened_by) == (member.organization_id, None, member.user)
    assert case.attachments.count() == 2
    text = body(browser.get(page_of(case)))
    assert "a.txt" in text
    assert "With the operator" in text


def test_what_is_wrong_with_a_new_case_stands_at_its_field(browser):
    case_id = re.search(r'name="case_id" value="([0-9a-f-]{36})"', body(browser.get(NEW)))[1]
    wrong = FORM | {"case_id": case_id, "attachments": [SimpleUploadedFile("a.html", b"<b>")]}
    assert "cannot be attached" in body(browser.post(NEW, wrong), 422)
    assert body(browser.post(NEW, {"case_id": case_id}), 422).count("This field is required.") >= 4
    assert not SupportCase.objects.exists()


def test_a_file_is_saved_not_shown(member, browser, client_for):
    case = make_case(member.organization)
    file = make_attachment(case, name="räkning.pdf", content_type="application/pdf", content=b"%PDF-1")
    path = page_of(case, f"attachments/{file.pk}/")

    response = browser.get(path)

    assert response.content == b"%PDF-1"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client_for(make_member()).get(path).status_code == 404
    assert browser.get(page_of(make_case(member.organization), f"attachments/{file.pk}/")).status_code == 404


def test_both_sides_talk_and_the_page_offers_each_its_own(member, browser, operator):
    case = make_case(member.organization, opened_by=member.user)
    make_message(case, text="<script>alert(1)</script>")
    mine, theirs = browser.get(page_of(case)), operator.get(page_of(case))
    assert "<script>alert" not in mine.content.decode()
    assert ("/close/" in body(mine), "/resolve/" in body(mine)) == (True, False)
    assert ("/close/" in body(theirs), "/resolve/" in body(theirs)) == (False, True)

    for action, sent in (("ask", {"text": "Which?"}), ("assign", {"assignee": str(make_operator().user_id)})):
        assert f'action="{page_of(case, f"{action}/")}"' in body(operator.get(page_of(case, f"{action}/"), **HTMX))
        assert operator.post(page_of(case, f"{action}/"), sent).status_code == 302
    case.refresh_from_db()
    assert case.status == CaseStatus.WAITING
    assert "Your answer is needed" in body(browser.get(page_of(case)))
    assert browser.post(page_of(case, "answer/"), {"text": "Line 12"}).status_code == 302
    assert operator.post(page_of(case, "severity/"), {"severity": "critical"}).status_code == 302
    assert operator.post(page_of(case, "resolve/"), {"text": "Credited"}).status_code == 302
    assert "Reopen the case first" in body(browser.get(page_of(case)))
    assert "The case is resolved." in body(browser.post(page_of(case, "answer/"), {"text": "Thanks"}), 409)
    assert browser.post(page_of(case, "reopen/"), {"text": "No"}).status_code == 302
    assert browser.post(page_of(case, "close/"), **HTMX).headers["HX-Redirect"] == page_of(case)
    assert "The case is closed." in body(operator.post(page_of(case, "resolve/"), {"text": "x"}), 409)
    assert body(browser.post(page_of(make_case(member.organization), "answer/"), {}), 422)


def test_the_page_of_a_case_costs_the_same_for_one_and_for_many_messages(member, browser):
    case = make_case(member.organization, opened_by=member.user)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            browser.get(page_of(case))
        return len(queries)

    cost()
    one = cost()
    for _ in range(10):
        make_message(case)
        make_attachment(case)
    assert cost() == one


def test_a_case_says_what_becomes_of_it_and_what_was_changed(member, browser, operator):
    case = make_case(member.organization, opened_by=member.user)
    for path in ("close/", "severity/"):
        assert "Back to the case" not in body(browser.get(page_of(case, path)))
    stopped = body(browser.get(page_of(case, "reopen/")))
    assert "Back to the case" in stopped
    assert "What is still wrong?" not in stopped
    assert browser.get(page_of(case, "answer/")).headers["Location"] == page_of(case)
    assert "Your company itself" in body(browser.get(page_of(case)))
    assert "The partner itself" in body(operator.get(page_of(case)))
    assert "for 30 days" in body(browser.get(page_of(case, "close/")))
    assert "no way around it" in body(browser.get(page_of(case, "severity/")))
    same = browser.post(page_of(case, "severity/"), {"severity": case.severity})
    assert "has this severity already" in body(same, 409)
    assert browser.post(page_of(case, "severity/"), {"severity": "critical"}).status_code == 302
    assert f"From {case.get_severity_display()} to Critical" in body(browser.get(page_of(case)))
    olle = {"assignee": str(make_operator(name="Olle").user_id)}
    assert operator.post(page_of(case, "assign/"), olle).status_code == 302
    assert "Olle" in body(browser.get(page_of(case)))

    assert operator.post(page_of(case, "resolve/"), {"text": "Done"}).status_code == 302
    closes = timezone.now() + datetime.timedelta(days=14)
    assert f"Closes by itself on {date_format(closes)}" in body(browser.get(page_of(case)))
    assert browser.post(page_of(case, "close/")).status_code == 302
    reopens = timezone.now() + datetime.timedelta(days=30)
    assert f"Can be reopened until {date_format(reopens)}" in body(browser.get(page_of(case)))


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.html", b"<b>", "Attach one of these kinds"),
        ("fake.pdf", b"no pdf", "its content is not what its name says"),
        ("big.txt", b"x" * (3 * 1024 * 1024 + 1), "is larger than 3 MB. Make the picture smaller"),
    ],
    ids=["kind", "content", "size"],
)
def test_a_refused_file_says_what_to_do_with_it(member, browser, name, content, advice):
    case = make_case(member.organization, opened_by=member.user)
    sent = {"text": "See the file", "attachments": SimpleUploadedFile(name, content)}
    text = body(browser.post(page_of(case, "answer/"), sent), 422)
    assert advice in text
    assert "Choose your files again" in text
    assert "See the file" in text
    many = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(4)]
    assert "further message" in body(browser.post(page_of(case, "answer/"), sent | {"attachments": many}), 422)
    assert not case.attachments.exists()
