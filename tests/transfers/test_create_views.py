"""A new request: the customer, the form, its live checklist, the question, sent once (reference 6.4.2, 6.9)."""

import html
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import CustomerAgreement, ResellerRelationship
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Partner, Partnership
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from tests.customers.factories import make_relationship
from tests.factories import make_member
from tests.transfers.factories import make_world
from transfers import workflow
from transfers.enums import TransferStatus
from transfers.models import MAX_WISHES, Transfer

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
DIRECT, PROVIDER = OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def target(world, client_for):
    """The browser of an admin agent of the new partner."""
    return client_for(make_member(world.target))


def page_of(world, query=""):
    return f"/customers/{world.customer.pk}/transfers/new/{query}"


def entries(world, **changes):
    """What a person fills in."""
    values = {
        "customer_name": "Contoso",
        "customer_email": "contact@contoso.example",
        "customer_language": "fr",
        "source_partner_name": world.source.name,
        "source_tenant_id": str(world.source.pk),
        "wishes": "Office\n\n  Azure shop  \n",
        "note": "As agreed by phone",
    }
    if world.reseller:
        values["partner_on_record"] = world.reseller_number
    return values | changes


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def lines(response):
    """The checklist: label of each line -> its state."""
    found = re.search(r'<section class="section"\s+id="checklist".*?</section>', response.content.decode(), re.DOTALL)
    pairs = re.findall(r'<li>\s*<svg[^>]*aria-label="([^"]*)".*?<span[^>]*>\s*(.*?)\s*</span>', found[0], re.DOTALL)
    return {html.unescape(label): said for said, label in pairs}


def hidden(response):
    """What the question hands on: the entries, the id of the request to be."""
    pairs = re.findall(r'<input type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"', response.content.decode())
    values = {}
    for name, value in pairs:
        if name != "csrfmiddlewaretoken":
            values.setdefault(name, []).append(html.unescape(value))
    return values


def send(browser, world, **changes):
    """Fill in, answer the question, and return the answer of the last step."""
    question = browser.post(page_of(world), entries(world, step="ask", **changes))
    return browser.post(page_of(world), hidden(question) | {"step": "send"})


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[DIRECT]))
def test_only_who_may_create_opens_the_form(world, client_for, role):
    browser = client_for(make_member(world.target, role))
    may = Permission.TRANSFER_CREATE in ROLE_PERMISSIONS[role]

    for page in ("/transfers/new/", page_of(world)):
        assert browser.get(page).status_code == (200 if may else 403), page
    assert browser.post(page_of(world), entries(world)).status_code == (200 if may else 403)
    assert not Transfer.objects.exists()


def test_the_form_for_a_foreign_customer_does_not_exist(target):
    foreign = make_world()

    assert target.get(page_of(foreign)).status_code == 404
    assert target.post(page_of(foreign), entries(foreign, step="send", token=str(uuid.uuid4()))).status_code == 404


# --- which customer --------------------------------------------------------------------------------------------------
def test_a_new_request_starts_with_the_customer(world, target):
    other = make_relationship(world.target, name="Fabrikam")

    every, found = body(target.get("/transfers/new/")), body(target.get("/transfers/new/?q=Fabri"))

    assert page_of(world) in every
    assert f"/customers/{other.customer_id}/transfers/new/" in found
    assert page_of(world) not in found
    assert "No customer matches" in body(target.get("/transfers/new/?q=nobody"))
    assert target.get("/transfers/new/", **HTMX).content.strip().startswith(b'<section class="stack" id="choose-cust')


# --- the form --------------------------------------------------------------------------------------------------------
def test_the_form_starts_with_what_is_known_of_the_customer(world, target):
    organization = world.customer.organization
    organization.contact_email, organization.language = "it@contoso.example", "sv"
    organization.save()

    text = body(target.get(page_of(world)))

    assert f'value="{organization.name}"' in text
    assert 'value="it@contoso.example"' in text
    assert '<option value="sv" selected>' in text
    assert "PartnerID of the reseller" not in text
    assert "expires after 30 days" in text


def test_a_request_is_sent_after_the_question(world, target):
    answer = send(target, world, product_types=["license_based"])

    transfer = Transfer.objects.get()
    assert answer.headers["Location"] == f"/transfers/{transfer.pk}/"
    assert (transfer.status, transfer.product_types) == (TransferStatus.PENDING, ["license_based"])
    assert transfer.wishes == ["Office", "Azure shop"]
    assert (transfer.customer_email, transfer.customer_language) == ("contact@contoso.example", "fr")
    assert "The transfer request is sent." in body(target.get(answer.headers["Location"]))


def test_the_question_names_what_follows_and_changes_nothing(world, target):
    page = body(target.post(page_of(world), entries(world, step="ask")))
    dialog = target.post(page_of(world), entries(world, step="ask"), **HTMX)

    assert "contact@contoso.example" in page
    assert f"{world.source.name} gets a mail" in page
    assert "<dialog" in dialog.content.decode()
    assert "HX-Retarget" not in dialog.headers
    assert not Transfer.objects.exists()


def test_back_from_the_question_keeps_what_was_entered(world, target):
    question = target.post(page_of(world), entries(world, step="ask"))

    text = body(target.post(page_of(world), hidden(question) | {"step": "back"}))

    assert "As agreed by phone" in text
    assert "Azure shop" in text


def test_the_button_pressed_twice_sends_one_request(world, target):
    question = hidden(target.post(page_of(world), entries(world, step="ask"))) | {"step": "send"}

    answers = [target.post(page_of(world), question) for _number in range(2)]

    assert Transfer.objects.count() == 1
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert AuditEvent.objects.filter(event_type="create-transfer").count() == 1
    assert body(target.get(answers[0].headers["Location"])).count("The transfer request is sent.") == 1


def test_the_id_of_another_s_request_is_no_way_to_send_one(world, target, client_for):
    other = make_world()
    foreign = other.send()
    colleague = client_for(make_member(world.target))

    sent = send(target, world)

    for taken in (foreign.pk, Transfer.objects.exclude(pk=foreign.pk).get().pk):
        answer = colleague.post(page_of(world), entries(world, step="send", token=str(taken)))
        assert answer.status_code == 404
    assert sent.status_code == 302
    assert Transfer.objects.count() == 2


def test_sending_without_the_question_asks_it(world, target):
    for token in ({}, {"token": "nonsense"}):
        text = body(target.post(page_of(world), entries(world, step="send", **token)))
        assert "Send this request?" in text
    assert not Transfer.objects.exists()


WRONG = [
    ({"customer_name": ""}, "customer_name"),
    ({"customer_name": "x" * 201}, "customer_name"),
    ({"customer_email": "nobody"}, "customer_email"),
    ({"customer_email": ""}, "customer_email"),
    ({"customer_language": "tlh"}, "customer_language"),
    ({"source_partner_name": ""}, "source_partner_name"),
    ({"source_tenant_id": "4242"}, "source_tenant_id"),
    ({"source_tenant_id": ""}, "source_tenant_id"),
    ({"product_types": ["software"]}, "product_types"),
    ({"wishes": "\n".join(["wish"] * (MAX_WISHES + 1))}, "wishes"),
    ({"wishes": "short\n" + "x" * 201}, "wishes"),
    ({"note": "x" * 2001}, "note"),
]


@pytest.mark.parametrize(("change", "field"), WRONG, ids=[f"{field}-{n}" for n, (_c, field) in enumerate(WRONG)])
def test_bad_input_is_answered_at_its_field_and_kept(world, target, change, field):
    values = entries(world, step="ask") | change

    page, fragment = target.post(page_of(world), values), target.post(page_of(world), values, **HTMX)

    text = body(page, 422)
    assert f'id="id_{field}' in text
    assert 'class="error-summary"' in text
    assert re.search(rf'href="#id_{field}', text)
    assert "As agreed by phone" in text or field == "note"
    assert fragment.status_code == 422
    assert fragment.headers["HX-Retarget"] == "#new-transfer"
    assert b"<html" not in fragment.content
    assert not Transfer.objects.exists()


def test_the_line_of_the_list_that_is_too_long_is_named(world, target):
    text = body(target.post(page_of(world), entries(world, step="ask", wishes="one\ntwo\n" + "x" * 201)), 422)

    assert "Line 3 has more than 200 characters." in text


# --- the checklist ---------------------------------------------------------------------------------------------------
SOURCE_LINE = "The current partner is known and has this customer"
RELATIONSHIP = "The customer accepted the new partner's reseller relationship"
AGREEMENT = "The customer signed the customer agreement with the new partner"
OWN_AGREEMENT = "The new partner signed the partner agreement"
MARKET = "All are in one market and one cloud"
RECORD = "The partner on record is a reseller of the new partner"
PLAN = "The new partner has an active Azure plan for this customer"
CURRENCY = "Both partners are billed in one currency"
OTHERS = "No other request for this customer is open"
WISHES = "A list of agreed items is attached"
EMAIL = "The mails to the customer have an address"


def check(browser, world, **changes):
    return lines(browser.post(page_of(world), entries(world, step="check", **changes)))


def test_an_empty_form_says_what_is_still_missing(world, target):
    found = lines(target.get(page_of(world)))

    assert found[SOURCE_LINE] == found[EMAIL] == "Not met"
    assert found[CURRENCY] == found[OTHERS] == found[MARKET] == "Not known yet"
    assert found[RELATIONSHIP] == found[AGREEMENT] == found[OWN_AGREEMENT] == found[RECORD] == "Met"
    assert found[WISHES] == found[PLAN] == "To note"


def test_a_complete_form_is_all_green(world, target):
    world.azure_plan(at=world.at_target)

    assert set(check(target, world).values()) == {"Met"}


STATES = {
    "unknown partner": (lambda world: None, {"source_tenant_id": str(uuid.uuid4())}, {SOURCE_LINE: "Not met"}),
    "no id": (lambda world: None, {"source_tenant_id": ""}, {SOURCE_LINE: "Not met", CURRENCY: "Not known yet"}),
    "bad address": (lambda world: None, {"customer_email": "x"}, {EMAIL: "Not met"}),
    "no list": (lambda world: None, {"wishes": ""}, {WISHES: "To note"}),
    "no plan, all kinds": (lambda world: None, {}, {PLAN: "To note"}),
    "no plan, Azure asked for": (lambda world: None, {"product_types": ["azure_reservation"]}, {PLAN: "Not met"}),
    "no plan, licenses asked for": (lambda world: None, {"product_types": ["license_based"]}, {PLAN: "Met"}),
    "agreement of the customer": (
        lambda world: CustomerAgreement.objects.all().delete(),
        {},
        {AGREEMENT: "Not met"},
    ),
    "partner agreement": (
        lambda world: Partner.objects.filter(pk=world.target.pk).update(agreement_version="2020-01"),
        {},
        {OWN_AGREEMENT: "Not met"},
    ),
    "another market": (
        lambda world: Partner.objects.filter(pk=world.source.pk).update(market="canada"),
        {},
        {MARKET: "Not met"},
    ),
    "another currency": (
        lambda world: Partner.objects.filter(pk=world.source.pk).update(currency="SEK"),
        {},
        {CURRENCY: "To note"},
    ),
    "another request": (lambda world: world.send(), {}, {OTHERS: "To note"}),
    "the source has not this customer": (
        lambda world: ResellerRelationship.objects.filter(pk=world.at_source.pk).update(
            status="removed", removed_at=timezone.now()
        ),
        {},
        {SOURCE_LINE: "Not met"},
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_each_line_of_the_checklist_tells_its_own_state(world, target, name):
    prepare, changes, expected = STATES[name]
    prepare(world)

    found = check(target, world, **changes)

    assert {label: found[label] for label in expected} == expected


def test_a_source_that_is_the_own_company_is_refused_by_name(world, target):
    text = body(target.post(page_of(world), entries(world, step="check", source_tenant_id=str(world.target.pk))))

    assert "The current partner and the new partner are the same." in text


def test_each_finding_says_who_mends_it_and_where(world, target):
    CustomerAgreement.objects.all().delete()

    text = body(target.post(page_of(world), entries(world, step="check")))

    assert "The customer has not signed the customer agreement with the new partner." in text
    assert "Who can: the customer, or an agent of the new partner who attests it." in text
    assert f'<a href="/customers/{world.customer.pk}/account/">Record the agreement' in text


def test_what_the_checklist_forbids_is_not_sent(world, target):
    CustomerAgreement.objects.all().delete()
    token = str(uuid.uuid4())

    asked = target.post(page_of(world), entries(world, step="ask"))
    sent = target.post(page_of(world), entries(world, step="send", token=token))

    for answer in (asked, sent):
        text = body(answer, 403)
        assert "The customer has not signed the customer agreement with the new partner." in text
        assert "As agreed by phone" in text
    assert not Transfer.objects.exists()


def test_the_checklist_for_htmx_equals_that_of_the_page(world, target):
    values = entries(world, step="check")

    page, fragment = target.post(page_of(world), values), target.post(page_of(world), values, **HTMX)

    assert fragment.headers["HX-Retarget"] == "#checklist"
    squeezed = [re.sub(r"\s+", " ", answer.content.decode()).strip() for answer in (page, fragment)]
    assert squeezed[1] in squeezed[0]
    assert squeezed[1].startswith('<section class="section" id="checklist"')


def test_the_checklist_is_refreshed_while_the_form_is_incomplete(world, target):
    fragment = target.post(page_of(world), {"step": "check", "source_tenant_id": str(world.source.pk)}, **HTMX)

    assert fragment.status_code == 200
    assert lines(fragment)[SOURCE_LINE] == "Met"
    page = target.post(page_of(world), {"step": "check", "source_tenant_id": str(world.source.pk)})
    assert page.status_code == 422
    assert lines(page) == lines(fragment)


def test_the_form_costs_at_most_a_few_queries(world, target):
    target.get(page_of(world))
    with CaptureQueriesContext(connection) as captured:
        target.get(page_of(world))

    assert len(captured) <= 14


# --- indirect providers ----------------------------------------------------------------------------------------------
def test_a_provider_chooses_one_of_its_resellers(client_for):
    world = make_world(target=PROVIDER)
    stranger = make_world(target=PROVIDER)
    browser = client_for(make_member(world.target))

    text = body(browser.get(page_of(world)))

    assert f'<option value="{world.reseller_number}"' in text
    assert stranger.reseller_number not in text
    assert check(browser, world)[RECORD] == "Met"
    assert check(browser, world, partner_on_record=stranger.reseller_number)[RECORD] == "Not met"
    assert check(browser, world, partner_on_record="")[RECORD] == "Not met"
    send(browser, world)
    assert Transfer.objects.get().partner_on_record == world.reseller_number


def test_a_reseller_whose_partnership_ended_is_not_offered(client_for):
    world = make_world(target=PROVIDER)
    Partnership.objects.update(status="ended", ended_at=timezone.now())

    text = body(client_for(make_member(world.target)).get(page_of(world)))

    assert world.reseller_number not in text


# --- again, and back -------------------------------------------------------------------------------------------------
def test_send_again_starts_with_the_old_request(world, target):
    old = world.send(wishes=["Office"], note="First try", product_types=["license_based"], customer_email="a@b.example")
    workflow.cancel_transfer(transfer_id=old.pk, actor=world.target_agent(), now=old.sent_at)

    text = body(target.get(page_of(world, f"?again={old.pk}")))

    for value in ("First try", "Office", "a@b.example", str(world.source.pk), world.source.name):
        assert value in text
    assert re.search(r'value="license_based"[^>]*checked', text)


def test_send_again_is_for_ended_requests_of_the_own_company(world, target, client_for):
    old = world.send()
    source = client_for(make_member(world.source))

    assert target.get(page_of(world, f"?again={old.pk}")).status_code == 404  # it is open still
    workflow.cancel_transfer(transfer_id=old.pk, actor=world.target_agent(), now=old.sent_at)
    assert target.get(page_of(world, f"?again={old.pk}")).status_code == 200
    assert source.get(page_of(world, f"?again={old.pk}")).status_code == 404
    assert target.get(page_of(world, f"?again={uuid.uuid4()}")).status_code == 404
    assert target.get(page_of(world, "?again=nonsense")).status_code == 200


def test_reverse_starts_with_what_moved_and_asks_the_new_partner_for_it(world, target, client_for):
    moved = world.licenses(friendly_name="Moved by mistake")
    transfer = world.send()
    world.accept(transfer, moved)
    Transfer.objects.filter(pk=transfer.pk).update(status=TransferStatus.FAILED, finished_at=transfer.sent_at)
    source = client_for(make_member(world.source))

    text = body(source.get(page_of(world, f"?reverse={transfer.pk}")))

    assert str(world.target.pk) in text
    assert f'value="{world.target.name}"' in text
    assert target.get(page_of(world, f"?reverse={transfer.pk}")).status_code == 404


def test_helpdesk_cannot_send_by_hand(world, client_for):
    helpdesk = client_for(make_member(world.target, Role.HELPDESK_AGENT))

    answer = helpdesk.post(page_of(world), entries(world, step="send", token=str(uuid.uuid4())))

    assert answer.status_code == 403
    assert not Transfer.objects.exists()
