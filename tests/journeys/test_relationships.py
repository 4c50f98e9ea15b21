"""Whole stories of a relationship request over HTTP: asked, mailed, opened, answered, told on both sides (R1-R10)."""

import datetime
import re

import pytest
from django.utils import timezone

from customers.enums import CustomerEvent, InvitationStatus
from customers.models import CustomerAgreement, RelationshipInvitation, ResellerRelationship
from customers.rules import market_of
from customers.workflow.invitations import expire_invitations
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.audit.models import AuditEventParty
from portal.notifications.models import OutgoingEmail
from tests.customers.factories import make_partnership
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


def test_a_sales_agent_asks_a_customer_accepts_and_both_logs_tell_it(client_for, customer):
    partner = make_partner()
    agent, (organization, marie) = client_for(make_member(partner, Role.SALES_AGENT)), customer
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


def test_a_helpdesk_agent_does_none_of_it(client_for):
    partner = make_partner(OrganizationKind.DIRECT_BILL)
    invitation, _link = ask(client_for(make_member(partner)))
    helpdesk = client_for(make_member(partner, Role.HELPDESK_AGENT))

    assert helpdesk.post(NEW, {"customer_label": "X"}).status_code == 403
    for step in ("message", "resend", "revoke"):
        assert helpdesk.post(f"{REQUESTS}{invitation.pk}/{step}/").status_code == 403
    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.PENDING
