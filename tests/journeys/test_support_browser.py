"""A support case from both sides, a reseller who is sent to its provider, and a nomination, in a real Chromium."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from operators.models import ProviderNomination
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization
from support.enums import CaseStatus
from support.invariants import breaches
from support.models import SupportCase
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import make_member, make_partner
from tests.journeys.stage import PHONE, check_looks, open_mail, sign_in
from tests.operators.factories import make_candidate
from tests.support.factories import make_operator

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DESK = {"width": 1280, "height": 900}


def window(open_browser, member) -> Page:
    page = open_browser(locale="en", viewport=DESK)
    sign_in(page, member.user)
    return page


def check_everywhere(page: Page) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        check_looks(page)


def open_case(page: Page, customer_name: str, folder) -> None:
    """Find the customer's service requests, and open a case with a file."""
    page.goto(reverse("customers:list"))
    page.get_by_role("link", name=customer_name).click()
    page.get_by_role("navigation").get_by_role("link", name="Service requests").last.click()
    page.get_by_role("link", name="New case").click()
    check_everywhere(page)
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    page.get_by_label("Topic").select_option("subscriptions")
    page.get_by_label("Critical", exact=True).check()
    page.get_by_label("Title").fill("New licenses cannot sign in")
    page.get_by_label("What happens").fill("Since this morning nobody can sign in.")
    trace = folder / "trace.log"
    trace.write_text("09:41 token refused\n")
    page.get_by_label("Attachments").set_input_files(trace)
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_text("The operator was told.")).to_be_visible()
    check_everywhere(page)


def resolve(page: Page) -> None:
    """Ask for information in the side, and resolve after the answer."""
    page.get_by_role("link", name="Ask for information").click()
    side = page.get_by_role("dialog")
    side.get_by_role("textbox", name="Message").fill("Which tenant is it?")
    side.get_by_role("button", name="Ask for information").click()
    expect(page.get_by_text("The partner was asked.")).to_be_visible()
    check_everywhere(page)


def test_a_case_goes_there_and_back_until_it_is_resolved(open_browser, tmp_path):
    helpdesk = make_member(make_partner(name="Belfort Cloud"), Role.HELPDESK_AGENT)
    make_relationship(helpdesk.organization, name="Boulangerie Marchetti", has_admin_rights=True)
    clerk = make_operator(name="Willem Clerk")
    partner, operator = window(open_browser, helpdesk), window(open_browser, clerk)

    open_case(partner, "Boulangerie Marchetti", tmp_path)
    case = SupportCase.objects.get()
    mail = open_mail(operator, re.compile(case.reference), to=clerk.user.email)
    expect(mail.get_by_text("Since this morning nobody can sign in.")).to_be_visible()
    operator.goto(reverse("support:list"))
    operator.get_by_role("link", name="New licenses cannot sign in").click()
    with operator.expect_download() as download:
        operator.get_by_role("link", name="trace.log").click()
    assert download.value.path().read_text() == "09:41 token refused\n"
    resolve(operator)

    partner.reload()
    expect(partner.get_by_text("Your answer is needed")).to_be_visible()
    partner.get_by_role("textbox", name="Message").fill("contoso.example")
    partner.get_by_role("button", name="Send").click()
    expect(partner.get_by_text("Your message is sent.")).to_be_visible()
    operator.reload()
    operator.get_by_role("link", name="Resolve").click()
    operator.get_by_role("dialog").get_by_role("textbox", name="Message").fill("The licenses work now.")
    operator.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    expect(operator.get_by_text("The case is resolved. The partner was told.")).to_be_visible()
    case.refresh_from_db()
    assert case.status == CaseStatus.RESOLVED
    assert list(breaches()) == []


def test_a_reseller_is_stopped_and_told_whom_to_ask(open_browser):
    provider = make_partner(
        OrganizationKind.INDIRECT_PROVIDER, name="Rheingold", contact_email="care@rheingold.example"
    )
    reseller = make_partnership(provider).reseller.organization
    page = window(open_browser, make_member(reseller, Role.ADMIN_AGENT))

    page.goto(reverse("support:new"))

    expect(page.get_by_text("Indirect resellers get support from their indirect provider.")).to_be_visible()
    expect(page.get_by_role("link", name="care@rheingold.example")).to_be_visible()
    check_everywhere(page)
    assert not SupportCase.objects.exists()


def test_a_partner_is_nominated_and_the_operator_approves(open_browser):
    admin = make_member(make_candidate(name="Fjord Data"), Role.GLOBAL_ADMIN)
    partner, operator = window(open_browser, admin), window(open_browser, make_operator())

    partner.goto(reverse("accounts:settings"))
    partner.get_by_role("navigation").get_by_role("link", name="Indirect provider").last.click()
    partner.get_by_label("How will your company serve resellers?").fill("In three languages.")
    partner.get_by_label("Resellers you expect").fill("12")
    partner.get_by_label("We bill our resellers").check()
    check_everywhere(partner)
    partner.get_by_role("button", name="Send the request").click()
    expect(partner.get_by_text("Your request is with the programme operator.")).to_be_visible()

    for name in ("partners", "agreements", "markets", "offers", "nominations"):
        operator.goto(reverse(f"operators:{name}"))
        check_everywhere(operator)
    operator.get_by_role("link", name="Fjord Data").click()
    check_everywhere(operator)
    operator.get_by_role("link", name="Approve").click()
    operator.get_by_role("button", name="Approve").click()
    expect(operator.get_by_text("The partner is an indirect provider now.")).to_be_visible()
    assert Organization.objects.get(pk=admin.organization_id).kind == OrganizationKind.INDIRECT_PROVIDER
    assert ProviderNomination.objects.get().answered_at
    operator.goto(reverse("operators:partner", args=[admin.organization_id]))
    check_everywhere(operator)
    operator.goto(reverse("support:health"))
    check_everywhere(operator)
