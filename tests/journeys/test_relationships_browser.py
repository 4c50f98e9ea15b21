"""A relationship from the request to both logs, in a real Chromium, with real web server, worker and mail server."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import CustomerAgreement, ResellerRelationship
from portal.accounts.enums import Role
from tests.factories import make_member, make_partner
from tests.journeys.stage import PHONE, check_looks, log_of, open_mail, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MARIE, COMPANY = "marie@dupont.example", "Dupont & Fils SARL"
WORDS = "une phrase assez longue de Marie"


def ask(agent):
    """Ask a customer that nobody knows yet, in French, and mail it from the portal."""
    agent.goto(reverse("customers:list"))
    agent.get_by_role("link", name="New relationship").first.click()
    agent.get_by_role("textbox", name="Customer", exact=True).fill(COMPANY)
    agent.get_by_label("Language of the message").select_option("fr")
    agent.get_by_label("E-mail address of the customer").fill(MARIE)
    agent.get_by_label("Ask for administration rights as well").check()
    agent.get_by_role("button", name="Next: message").click()
    agent.get_by_role("button", name="Send from the portal").click()
    expect(agent.get_by_text(f"The message is on its way to {MARIE}.")).to_be_visible()


def register(phone):
    """Prove the mailbox by the code in its mail and register the organization with its first administrator."""
    phone.get_by_role("link", name="Inscrire mon organisation").click()
    expect(phone.get_by_role("heading", name="Vérifier votre adresse e-mail")).to_be_visible()
    check_looks(phone, "fr")
    phone.get_by_role("button", name="Envoyer le code").click()
    expect(phone.get_by_role("heading", name="Saisir le code")).to_be_visible()
    check_looks(phone, "fr")
    reader = phone.context.new_page()
    code = re.search(r"\b\d{6}\b", open_mail(reader, re.compile("code", re.I)).locator("body").inner_text())
    reader.close()
    phone.get_by_label("Code reçu par e-mail").fill(code[0])
    phone.get_by_role("button", name="Continuer").click()
    check_looks(phone, "fr")
    phone.get_by_label("Adresse", exact=False).fill("4 rue du Four\n69005 Lyon")
    phone.get_by_label("Votre nom").fill("Marie Dupont")
    phone.get_by_label("Choisir un mot de passe").fill(WORDS)
    phone.get_by_role("button", name="S’inscrire").click()


def accept(phone):
    phone.get_by_role("button", name="Accepter").click()
    expect(phone.get_by_text("Cochez la case", exact=False).first).to_be_visible()
    phone.get_by_text("Lire le contrat client").click()
    expect(phone.get_by_text("1. Parties.")).to_be_visible()
    phone.get_by_label("Oui : j’ai lu le contrat client", exact=False).check()
    check_looks(phone, "fr")
    phone.get_by_role("button", name="Accepter").click()
    expect(phone.get_by_role("heading", name="Belfort Cloud est désormais votre partenaire")).to_be_visible()
    check_looks(phone, "fr")


def test_from_the_request_of_an_agent_to_both_activity_logs(open_browser):
    partner = make_partner(name="Belfort Cloud", country="FR")
    agent = open_browser(locale="en")
    sign_in(agent, make_member(partner, Role.ADMIN_AGENT).user)
    ask(agent)

    phone = open_browser(locale="fr", viewport=PHONE, is_mobile=True, has_touch=True)
    with phone.context.expect_page() as opened:
        open_mail(phone, re.compile("Belfort Cloud")).get_by_role("link").first.click()
    phone = opened.value
    expect(phone.get_by_role("heading", name="Belfort Cloud souhaite devenir votre partenaire")).to_be_visible()
    assert phone.url.endswith(reverse("admin_center:review"))  # no token that a Referer or a log would tell
    check_looks(phone, "fr")
    register(phone)
    expect(phone.get_by_text(f"Vous répondez au nom de {COMPANY}.")).to_be_visible()
    accept(phone)

    agent.goto(reverse("customers:list"))
    expect(agent.get_by_role("link", name=COMPANY)).to_be_visible()
    assert ResellerRelationship.objects.get().has_admin_rights
    assert CustomerAgreement.objects.get().email == MARIE
    for told in ("Reseller relationship requested", "Relationship accepted by customer", "Customer agreement recorded"):
        expect(log_of(agent).get_by_text(told).first).to_be_visible()

    phone.get_by_role("link", name="Mes partenaires").click()
    expect(phone).to_have_title(re.compile("^Mes partenaires"))
    expect(phone.get_by_role("main").get_by_text("Belfort Cloud").first).to_be_visible()
    check_looks(phone, "fr")
    for told in ("Relation acceptée par le client", "Contrat client enregistré"):
        expect(log_of(phone).get_by_text(told).first).to_be_visible()
