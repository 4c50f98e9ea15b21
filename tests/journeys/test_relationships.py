"""Whole stories of a relationship request over HTTP: asked, mailed, opened, answered, told on both sides (R1-R10)."""

import datetime
import re

import pytest
from django.utils import timezone

from customers.enums import CustomerEvent, InvitationStatus
from customers.models import Customer, CustomerAgreement, RelationshipInvitation, ResellerRelationship
from customers.rules import market_of
from customers.workflow.invitations import expire_invitations
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.audit.models import AuditEventParty
from portal.notifications.models import OutgoingEmail
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import make_member, make_organization, make_partner
from tests.sign_in import path_of_link

pytestmark = pytest.mark.django_db
REQUESTS, NEW = "/customers/requests/", "/customers/requests/new/"


def ask(browser, **fields):
    """Create a request, mail it from the portal and return the request with the path of its link."""
    terms = {"customer_label": "Dupont", "language": "fr", "recipient_email": "marie@dupont.example"}
    message = browser.post(NEW, terms | fields).headers["Location"]
    form = browser.get(message).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    assert browser.post(message, typed).status_code == 302
    invitation = RelationshipInvitation.objects.latest("created_at")
    mails = OutgoingEmail.objects.filter(recipient="marie@dupont.example").order_by("-created_at")
    return invitation, path_of_link(mails[0])


def answer(browser, link, step, **fields):
    """Open the link as the customer and answer; returns the page that says what became of it."""
    page = browser.get(link, follow=True)
    base = page.redirect_chain[-1][0] if page.redirect_chain else link
    return browser.post(f"{base}{step}/", fields, follow=True)


def told(organization):
    parties = AuditEventParty.objects.filter(organization_id=organization.pk)
    return set(parties.values_list("event__event_type", flat=True))


@pytest.fixture
def customer(client_for):
    organization = make_organization(name="Dupont SARL")
    return organization, client_for(make_member(organization, Role.CUSTOMER_ADMIN))


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT])
def test_an_agent_asks_a_customer_accepts_and_both_logs_tell_it(role, client_for, customer):
    partner = make_partner()
    agent, (organization, marie) = client_for(make_member(partner, role)), customer
    _invitation, link = ask(agent)

    assert answer(marie, link, "accept", agree="on").status_code == 200

    assert "Dupont SARL" in agent.get("/customers/").content.decode()
    assert CustomerAgreement.objects.get().customer_id == organization.pk
    for side in (partner, organization):
        assert {CustomerEvent.RELATIONSHIP_ACCEPTED, CustomerEvent.AGREEMENT_CREATED} <= told(side)
    assert partner.name in marie.get("/customers/my-partners/").content.decode()
    assert answer(marie, link, "accept", agree="on").status_code != 200
    assert ResellerRelationship.objects.count() == 1


def test_a_provider_names_its_reseller_and_both_list_the_customer(client_for, customer):
    partnership = make_partnership()
    provider, reseller = (
        client_for(make_member(one.organization)) for one in (partnership.provider, partnership.reseller)
    )
    _invitation, link = ask(provider, counterpart=str(partnership.reseller_id))

    answer(customer[1], link, "accept", agree="on")

    for browser in (provider, reseller):
        assert "Dupont SARL" in browser.get("/customers/").content.decode()
    assert CustomerEvent.INDIRECT_RELATIONSHIP_ACCEPTED in told(partnership.reseller.organization)


def test_the_government_has_its_own_entrance_and_always_grants_rights(client_for):
    partner = make_partner(country="US", cloud=Cloud.US_GOVERNMENT)
    partner.partner.market = market_of("US", on=timezone.now().date()).market_id
    partner.partner.save()
    port = make_organization(country="US", cloud=Cloud.US_GOVERNMENT)
    _invitation, link = ask(client_for(make_member(partner)))
    assert "government" in link

    answer(client_for(make_member(port, Role.CUSTOMER_ADMIN)), link, "accept", agree="on")

    assert ResellerRelationship.objects.get().has_admin_rights


def test_a_customer_declines_with_a_reason_that_the_partner_reads(client_for, customer):
    agent = client_for(make_member(make_partner()))
    invitation, link = ask(agent)

    answer(customer[1], link, "decline", reason="We have one already")

    assert "We have one already" in agent.get(f"{REQUESTS}{invitation.pk}/").content.decode()
    assert not ResellerRelationship.objects.exists()


@pytest.mark.parametrize("ending", [InvitationStatus.REVOKED, InvitationStatus.EXPIRED])
def test_a_link_that_was_revoked_or_ran_out_opens_nothing(ending, client_for, customer):
    agent = client_for(make_member(make_partner()))
    invitation, link = ask(agent)
    if ending == InvitationStatus.REVOKED:
        agent.post(f"{REQUESTS}{invitation.pk}/revoke/")
    else:
        expire_invitations(now=timezone.now() + datetime.timedelta(days=31))

    page = customer[1].get(link, follow=True)

    assert page.status_code == 410
    assert not re.search("Dupont", page.content.decode().partition("<main")[2])
    invitation.refresh_from_db()
    assert invitation.status == ending


def test_a_sales_agent_sends_again_and_only_the_newest_link_works_until_it_is_taken_back(client_for, customer):
    agent = client_for(make_member(make_partner(), Role.SALES_AGENT))
    invitation, old = ask(agent)
    agent.post(f"{REQUESTS}{invitation.pk}/resend/")
    message = f"{REQUESTS}{invitation.pk}/message/"
    form = agent.get(message).context["form"]
    agent.post(message, {name: form[name].value() for name in form.fields})
    mails = OutgoingEmail.objects.filter(recipient="marie@dupont.example").order_by("-created_at")
    new = path_of_link(mails[0])

    assert customer[1].get(old, follow=True).status_code == 410
    assert customer[1].get(new, follow=True).status_code == 200
    agent.post(f"{REQUESTS}{invitation.pk}/revoke/")
    assert answer(customer[1], new, "accept", agree="on").status_code == 410
    assert not ResellerRelationship.objects.exists()


REFUSALS = {
    "wrong tenant": "This request is for another organization",
    "wrong cloud": "This request is for another cloud",
    "no administrator": "An administrator has to answer",
    "already a partner": "is your partner already",
    "a partner": "A partner cannot be a customer",
    "elsewhere": "This partner cannot serve your country",
}


@pytest.mark.parametrize("case", REFUSALS)
def test_whoever_cannot_accept_reads_why_on_a_page_of_its_own(case, client_for):
    partner = make_partner()
    agent = client_for(make_member(partner))
    terms = {"expected_domain": "somebody-else.example"} if case == "wrong tenant" else {}
    _invitation, link = ask(agent, language="en", **terms)
    fields = {"wrong cloud": {"cloud": Cloud.US_GOVERNMENT}, "elsewhere": {"country": "US"}}.get(case, {})
    organization = make_partner() if case == "a partner" else make_organization(**fields)
    if case == "already a partner":
        make_relationship(partner, Customer.objects.create(organization=organization))
    role = Role.ADMIN_AGENT if case == "a partner" else Role.CUSTOMER_ADMIN
    member = make_member(organization, role)
    visitor = client_for(member)
    if case == "no administrator":
        member.is_active, member.deactivated_at = False, timezone.now()
        member.save()

    page = visitor.get(link, follow=True)

    assert REFUSALS[case] in page.content.decode()
    assert "Accept</button>" not in page.content.decode()
    answered = answer(visitor, link, "accept", agree="on")
    assert REFUSALS[case] in answered.content.decode()
    assert ResellerRelationship.objects.count() == (case == "already a partner")


def test_a_person_of_two_organizations_answers_for_the_one_that_is_meant(client_for):
    _invitation, link = ask(client_for(make_member(make_partner())), language="en", expected_domain="meant.example")
    wrong = make_member(make_organization(name="Other"), Role.CUSTOMER_ADMIN)
    meant = make_member(make_organization(name="Meant", domain="meant.example"), Role.CUSTOMER_ADMIN, user=wrong.user)
    visitor = client_for(wrong)
    page = visitor.get(link, follow=True)
    assert "Answer for another of your organizations" in page.content.decode()
    base = page.redirect_chain[-1][0]
    assert visitor.post(f"{base}answer-for/", {"organization_id": make_organization().pk}).status_code == 404

    page = visitor.post(f"{base}answer-for/", {"organization_id": meant.organization_id}, follow=True)
    assert "You answer for Meant." in page.content.decode()
    visitor.post(f"{base}accept/", {"agree": "on"})

    assert ResellerRelationship.objects.get().customer_id == meant.organization_id


@pytest.mark.parametrize("entrance", ["admin-center", "government"])
def test_a_guesser_is_stopped_in_the_look_of_the_entrance(entrance, client):
    guesses = [client.get(f"/{entrance}/invitation/{number:043d}/") for number in range(21)]

    assert {page.status_code for page in guesses[:20]} == {410}
    assert guesses[20].status_code == 429
    assert guesses[20].headers["Retry-After"]
    assert f"plain__card--{entrance.replace('-', '_')}" in guesses[20].content.decode()


def test_a_helpdesk_agent_does_none_of_it(client_for):
    partner = make_partner(OrganizationKind.DIRECT_BILL)
    invitation, _link = ask(client_for(make_member(partner)))
    helpdesk = client_for(make_member(partner, Role.HELPDESK_AGENT))

    assert helpdesk.post(NEW, {"customer_label": "X"}).status_code == 403
    for step in ("message", "resend", "revoke"):
        assert helpdesk.post(f"{REQUESTS}{invitation.pk}/{step}/").status_code == 403
    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.PENDING
