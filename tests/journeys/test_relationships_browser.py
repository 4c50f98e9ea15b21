"""A relationship from the request to both logs, in a real Chromium, with real web server, worker and mail server."""

import contextlib
import re
import subprocess
import sys
import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.urls import reverse
from playwright.sync_api import Page, expect

from customers.models import CustomerAgreement, ResellerRelationship
from portal.accounts.enums import Role
from portal.local.ports import free_port
from tests import live
from tests.browser import PATIENCE, running_chromium
from tests.factories import PASSWORD, make_member, make_partner
from tests.sign_in import give_authenticator_app, totp_code

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 375, "height": 812}
MARIE, COMPANY = "marie@dupont.example", "Dupont & Fils SARL"
WORDS = "une phrase assez longue de Marie"


@contextlib.contextmanager
def mail_server(port, folder):
    command = [sys.executable, "-m", "portal.local.mail_server", "--port", str(port), "--folder", str(folder)]
    process = subprocess.Popen(command, cwd=live.PROJECT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def site(tmp_path):
    """The portal as people meet it: granian, a Celery worker, and a mail server whose mails the mailbox shows."""
    port, mails = free_port(), tmp_path / "mails"
    variables = live.environment(
        DJANGO_SETTINGS_MODULE="tests.journeys.live_settings",
        EMAIL_URL=f"smtp://127.0.0.1:{port}",
        MAILBOX_DIR=str(mails),
        TEST_QUEUE=f"test-{uuid.uuid4()}",
    )
    with mail_server(port, mails), live.worker(tmp_path, variables), live.Site(tmp_path, variables) as running:
        yield running


@pytest.fixture
def open_browser(site):
    """Return a function that opens a browser of its own; a fault or a refused script fails the test."""
    complaints = []

    def watch(page):
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
        page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)

    with running_chromium() as browser:

        def open_page(**options) -> Page:
            context = browser.new_context(base_url=f"http://127.0.0.1:{site.port}", **options)
            context.on("page", watch)
            context.set_default_timeout(PATIENCE)
            return context.new_page()

        yield open_page
        connections.close_all()  # those of the test: beside Playwright's loop Django keeps them apart
    assert complaints == []


def sign_in(page, user):
    secret = give_authenticator_app(user)
    page.goto("/account/login/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("^Home"))


def open_mail(page, subject):
    """Open the newest mail of this subject on the mailbox page, once it is there, and return its text."""
    mail = page.locator("#mail-rows").get_by_role("link", name=subject).first
    for _try in range(60):
        page.goto("/mailbox/")
        if mail.count():
            break
        page.wait_for_timeout(300)
    mail.click()
    return page.frame_locator("iframe")


def check_looks(page):
    """Assert that nothing scrolls sideways, that axe finds nothing, and that the page speaks French."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]] == []
    assert page.locator("html").get_attribute("lang") == "fr"


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
    check_looks(phone)
    phone.get_by_role("button", name="Envoyer le code").click()
    expect(phone.get_by_role("heading", name="Saisir le code")).to_be_visible()
    check_looks(phone)
    reader = phone.context.new_page()
    code = re.search(r"\b\d{6}\b", open_mail(reader, re.compile("code", re.I)).locator("body").inner_text())
    reader.close()
    phone.get_by_label("Code reçu par e-mail").fill(code[0])
    phone.get_by_role("button", name="Continuer").click()
    check_looks(phone)
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
    check_looks(phone)
    phone.get_by_role("button", name="Accepter").click()
    expect(phone.get_by_role("heading", name="Belfort Cloud est désormais votre partenaire")).to_be_visible()
    check_looks(phone)


def log_of(page):
    page.goto(reverse("audit:log"))
    return page.locator("main table")


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
    check_looks(phone)
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
    check_looks(phone)
    for told in ("Relation acceptée par le client", "Contrat client enregistré"):
        expect(log_of(phone).get_by_text(told).first).to_be_visible()
