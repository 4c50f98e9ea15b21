"""A SaaS subscription from the cart to its end, in real Chromium, with the publisher's site as a real API client."""

import datetime
import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from billing.models import Charge
from customers.models import ResellerRelationship
from marketplace.enums import OperationStatus
from marketplace.models import Operation, Plan, SaaSSubscription
from portal.accounts.enums import Role
from portal.api.tokens.audiences import PUBLISHER_RESOURCE
from portal.local.publisher_site.store import Site, Store
from tests import live
from tests.factories import make_member, make_partner
from tests.journeys.stage import sign_in
from tests.marketplace.factories import make_active, make_buying_relationship, make_offer, make_plan, make_publisher
from tests.portal.api.factories import make_app, secret_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TELLING_TRIES = 100


@dataclass
class World:
    """Who takes part: a partner with its customer, and a publisher with a plan."""

    relationship: ResellerRelationship
    plan: Plan
    publisher_site: str

    def member(self, role: Role) -> Any:
        return make_member(self.relationship.partner.organization, role)


@pytest.fixture
def site(tmp_path):
    """granian and a Celery worker; the publisher's site answers on the same port."""
    variables = live.environment(
        DJANGO_SETTINGS_MODULE="tests.journeys.marketplace_settings",
        MAILBOX_DIR=str(tmp_path),
        DEMO_PUBLISHER_STORE=str(tmp_path / "publishers.sqlite3"),
        TEST_QUEUE=f"test-{uuid.uuid4()}",
    )
    # The worker's tokens are checked at the address of the web server, so it has to know that address.
    with live.Site(tmp_path, variables) as running:
        address = {"BASE_URL": f"http://127.0.0.1:{running.port}"}
        with live.worker(tmp_path, variables | address):
            yield running


@pytest.fixture
def world(site, tmp_path):
    publisher = make_publisher(code="tidal", name="Tidal Notes")
    secret = make_app(publisher.organization)
    publisher.application_id = secret.app_id
    publisher.save()
    Store(tmp_path / "publishers.sqlite3").write_site(
        Site(
            name="tidal",
            title="Tidal Notes",
            tenant_id=str(publisher.pk),
            client_id=str(secret.app_id),
            client_secret=secret_of(secret),
            resource=PUBLISHER_RESOURCE,
        )
    )
    here = f"http://127.0.0.1:{site.port}/demo-publisher/tidal"
    offer = make_offer(publisher, name="Tidal", landing_page_url=f"{here}/start", webhook_url=f"{here}/webhook")
    relationship = make_buying_relationship(partner=make_partner(name="Belfort Cloud"), name="Ferndale")
    return World(relationship, make_plan(offer, name="Team"), here)


def buy(agent, world):
    """Put 12 licenses into the cart, review and buy them; the confirmation stands open."""
    agent.goto(reverse("marketplace:catalogue", args=[world.relationship.customer_id]))
    agent.get_by_role("main").get_by_role("link", name="Tidal", exact=True).click()
    agent.get_by_label("Licenses").fill("12")
    agent.get_by_label("Friendly name").fill("Ferndale notes")
    agent.get_by_role("button", name="Add to cart").click()
    agent.get_by_role("link", name="Review").click()
    agent.get_by_role("checkbox").check()
    agent.get_by_role("button", name="Buy", exact=True).click()
    expect(agent.get_by_text("The order is placed.")).to_be_visible()


def go_to_publisher(agent):
    """Make the personal link and follow it into a window of its own."""
    agent.get_by_role("button", name="Go to publisher's site").click()
    with agent.context.expect_page() as opened:
        agent.get_by_role("link", name="Go to publisher's site").last.click()
    return opened.value


def activate(publisher):
    expect(publisher.get_by_role("heading", name="Welcome: set up what was bought for you")).to_be_visible()
    assert "token" not in publisher.url
    assert not Charge.objects.exists()
    publisher.get_by_role("button", name="Set up and activate").click()
    expect(publisher.get_by_text("Everything is set up. The subscription is active.")).to_be_visible()
    charge = Charge.objects.get()
    assert (charge.starts_on, charge.quantity) == (timezone.now().date(), 12)


def command(page, name):
    """Click a command of the page, and return the dialog that it opens."""
    page.get_by_role("main").get_by_role("link", name=name).first.click()
    return page.get_by_role("dialog")


def field(page, label):
    """Return a field of the details page, with its way to change it."""
    return page.locator("dl.key-values > div").filter(has=page.locator("dt", has_text=re.compile(f"^\\s*{label}\\s*$")))


def ask_an_admin_agent(agent, saas):
    """Read why a sales agent changes nothing, and leave the wish with the admin agents."""
    agent.goto(reverse("marketplace:subscription", args=[saas.pk]))
    expect(agent.locator("#role-refusal")).to_contain_text("Admin agent")
    expect(field(agent, "Quantity")).to_be_visible()
    expect(field(agent, "Quantity").get_by_role("link")).to_have_count(0)
    dialog = command(agent, "Ask an admin agent")
    dialog.get_by_label("Note to the admin agents").fill("Three more from Monday")
    dialog.get_by_role("button", name="Send").click()
    expect(agent.get_by_text("The admin agents of your company are asked.")).to_be_visible()


def wait_until_told(publisher, account):
    """Look at the publisher's site until the worker has told it of the change."""
    for _try in range(TELLING_TRIES):
        publisher.goto(account)
        if publisher.get_by_role("button", name="Accept").count() and Operation.objects.filter(
            accepts_itself_at__isnull=False
        ):
            return
        publisher.wait_for_timeout(200)
    raise AssertionError("the publisher was not told")


def raise_quantity(admin, publisher, world, saas):
    """Ask for 15 licenses, see the change wait for the publisher, let the publisher accept, see it done."""
    address = reverse("marketplace:subscription", args=[saas.pk])
    admin.goto(address)
    field(admin, "Quantity").get_by_role("link").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Licenses").fill("15")
    dialog.get_by_role("button", name="Submit").click()
    expect(admin.get_by_text("Tidal Notes is asked for the new quantity.")).to_be_visible()
    expect(admin.get_by_text("The publisher's turn").first).to_be_visible()
    wait_until_told(publisher, f"{world.publisher_site}/accounts/{saas.pk}/")
    assert Operation.objects.get().status == OperationStatus.IN_PROGRESS
    publisher.get_by_role("button", name="Accept").click()
    expect(publisher.get_by_text("The change is accepted.")).to_be_visible()
    admin.goto(address)
    expect(admin.get_by_text("The publisher's turn")).to_have_count(0)
    saas.subscription.refresh_from_db()
    assert saas.subscription.quantity == 15


def switch_auto_renew_off(admin, saas):
    dialog = command(admin, "Stop at the end of the term")
    dialog.get_by_role("button", name="Switch auto-renew off").click()
    expect(admin.get_by_text("Auto-renew is off.")).to_be_visible()
    saas.subscription.refresh_from_db()
    assert not saas.subscription.auto_renew


def cancel_in_time(admin):
    """Cancel inside the window: everything that was charged is given back."""
    dialog = command(admin, "Cancel subscription")
    dialog.get_by_role("button", name="Cancel subscription").click()
    expect(admin.get_by_text("The subscription is canceled.")).to_be_visible()
    assert sum(charge.amount for charge in Charge.objects.all()) == 0


def cancel_too_late(admin, world):
    """Another subscription whose window is over says until when it was possible, and stays."""
    late = make_active(world.relationship, world.plan, now=timezone.now() - datetime.timedelta(days=3))
    admin.goto(reverse("marketplace:subscription", args=[late.pk]))
    expect(admin.locator("main p", has_text="Was possible until").first).to_be_visible()
    expect(admin.get_by_role("main").get_by_role("link", name="Cancel subscription")).to_have_count(0)


def test_from_the_cart_to_the_end_with_a_publisher_that_has_its_say(open_browser, world):
    agent = open_browser(locale="en")
    sign_in(agent, world.member(Role.SALES_AGENT).user)
    buy(agent, world)
    publisher = go_to_publisher(agent)
    activate(publisher)
    saas = SaaSSubscription.objects.with_rows().get()
    ask_an_admin_agent(agent, saas)

    admin = open_browser(locale="en")
    sign_in(admin, world.member(Role.ADMIN_AGENT).user)
    admin.goto(reverse("action_center:overview"))
    expect(admin.get_by_text("asks for a change of").first).to_be_visible()
    raise_quantity(admin, publisher, world, saas)
    switch_auto_renew_off(admin, saas)
    cancel_in_time(admin)
    cancel_too_late(admin, world)
