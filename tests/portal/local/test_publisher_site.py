"""The demo publishers' site: a client of the fulfillment API over real HTTP, and nothing else."""

import ast
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Charge
from marketplace import demo_sites, signing
from marketplace.enums import FulfillmentStatus, OperationStatus
from marketplace.models import Publisher, WebhookCall
from marketplace.workflow import activation, changes
from portal.accounts.models import Organization
from portal.api.tokens.audiences import PUBLISHER_RESOURCE
from portal.local import publisher_site
from portal.local.demo import apps, loading, publisher_sites
from portal.local.publisher_site import views
from portal.local.publisher_site.store import Habit, Site, Store
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_offer,
    make_plan,
    make_publisher,
    make_purchase,
    reread,
)
from tests.portal.api.factories import make_app, secret_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(settings, live_server, tmp_path):
    """The portal answers over HTTP, and the site has a file of its own."""
    settings.BASE_URL = live_server.url
    settings.DEMO_PUBLISHER_STORE = str(tmp_path / "publishers.sqlite3")
    return Store.of_this_run()


def site_of(publisher, store, habit=Habit.WAIT):
    secret = make_app(publisher.organization)
    publisher.application_id = secret.app_id
    publisher.save()
    site = Site(
        name=publisher.code,
        title=publisher.organization.name,
        tenant_id=str(publisher.pk),
        client_id=str(secret.app_id),
        client_secret=secret_of(secret),
        resource=PUBLISHER_RESOURCE,
        habit=habit,
    )
    store.write_site(site)
    return site


def plan_of(store, habit=Habit.WAIT):
    """A plan of a publisher whose offers lead to the demo site."""
    publisher = make_publisher()
    site_of(publisher, store, habit)
    here = f"http://testserver/demo-publisher/{publisher.code}"
    return make_plan(make_offer(publisher, landing_page_url=f"{here}/start", webhook_url=f"{here}/webhook"))


def tell(client, saas, *, publisher=None):
    """Send the waiting call as the worker does."""
    call = WebhookCall.objects.select_related("publisher").latest("created_at")
    token = signing.call_token(publisher or call.publisher, now=timezone.now())
    return client.post(
        reverse("publisher_site:webhook", args=[saas.publisher.code]),
        bytes(call.body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_whoever_follows_the_link_sees_what_was_bought_and_activates_it(client, store):
    saas = make_purchase(plan=plan_of(store), now=timezone.now())
    link = activation.issue_purchase_token(subscription_id=saas.pk, actor=admin_of(saas), now=timezone.now())

    landed = client.get(link.removeprefix("http://testserver"), follow=True)

    text = landed.content.decode()
    assert "Ferndale notes" in text
    assert "12" in text
    assert "token" not in landed.redirect_chain[-1][0]
    assert not Charge.objects.exists()
    page = client.post(reverse("publisher_site:activate", args=[saas.publisher.code, saas.pk]), follow=True)
    assert "The subscription is active" in page.content.decode()
    assert reread(saas).status == FulfillmentStatus.SUBSCRIBED
    assert Charge.objects.get().starts_on == timezone.now().date()
    home = client.get(reverse("publisher_site:home", args=[saas.publisher.code])).content.decode()
    assert "Ferndale notes" in home


DECIDED = {
    Habit.ACCEPT: OperationStatus.SUCCEEDED,
    Habit.REFUSE: OperationStatus.FAILED,
    Habit.WAIT: OperationStatus.IN_PROGRESS,
}


@pytest.mark.parametrize("habit", DECIDED)
def test_a_change_is_answered_as_the_habit_says(habit, client, store):
    saas = make_active(plan=plan_of(store, habit), now=timezone.now())
    operation = changes.change_quantity(subscription_id=saas.pk, quantity=15, actor=admin_of(saas), now=timezone.now())
    for _ in range(2):
        assert tell(client, saas).status_code == 200
    operation.refresh_from_db()
    assert operation.status == DECIDED[habit]
    assert [one.deliveries for one in store.messages(store.site(saas.publisher.code))] == [2]


@pytest.mark.parametrize(("answer", "quantity"), [("accept", 15), ("refuse", 12)])
def test_a_person_decides_by_hand(answer, quantity, client, store):
    saas = make_active(plan=plan_of(store), now=timezone.now())
    operation = changes.change_quantity(subscription_id=saas.pk, quantity=15, actor=admin_of(saas), now=timezone.now())
    page = client.get(reverse("publisher_site:account", args=[saas.publisher.code, saas.pk])).content.decode()
    assert "15 licenses" in page

    client.post(reverse("publisher_site:decide", args=[saas.publisher.code, saas.pk, operation.pk]), {"answer": answer})

    assert reread(saas).subscription.quantity == quantity


def test_a_broken_publisher_answers_an_error_and_a_hanging_one_only_late(client, store, monkeypatch):
    monkeypatch.setattr(views, "HANGS_SECONDS", 0)
    saas = make_active(plan=plan_of(store), now=timezone.now())
    changes.change_quantity(subscription_id=saas.pk, quantity=15, actor=admin_of(saas), now=timezone.now())
    for habit in (Habit.BREAK, Habit.HANG):
        client.post(reverse("publisher_site:choose_habit", args=[saas.publisher.code]), {"habit": habit})
        assert tell(client, saas).status_code == 503


def test_nobody_but_the_portal_tells_it_of_changes(client, store):
    saas = make_active(plan=plan_of(store, Habit.ACCEPT), now=timezone.now())
    changes.change_quantity(subscription_id=saas.pk, quantity=15, actor=admin_of(saas), now=timezone.now())
    other = make_publisher()

    assert tell(client, saas, publisher=other).status_code == 401
    unsigned = client.post(
        reverse("publisher_site:webhook", args=[saas.publisher.code]), b"{}", content_type="application/json"
    )

    assert unsigned.status_code == 401
    assert reread(saas).subscription.quantity == 12


def test_it_reads_all_its_purchases_and_no_others(client, store):
    saas, _foreign = make_active(plan=plan_of(store), now=timezone.now()), make_active(now=timezone.now())
    client.post(reverse("publisher_site:refresh", args=[saas.publisher.code]))
    assert [one["id"] for one in store.accounts(store.site(saas.publisher.code))] == [str(saas.pk)]


def test_a_link_that_is_no_good_is_told_in_words(client, store):
    publisher = plan_of(store).offer.publisher
    page = client.get(reverse("publisher_site:start", args=[publisher.code]) + "?token=nonsense")
    assert page.status_code == 502
    assert "The token is unknown or has expired" in page.content.decode()


def test_outside_the_embedded_run_there_is_no_such_site(client, settings):
    assert not settings.DEMO_PUBLISHER_STORE
    assert client.get("/demo-publisher/tidvatten/").status_code == 404


def test_it_reaches_the_portal_over_http_only():
    for path in Path(publisher_site.__file__).parent.glob("*.py"):
        named = {
            node.module
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("portal", "marketplace"))
        }
        own = {module for module in named if module.startswith("portal.local.publisher_site")}
        assert named - own <= {"portal.accounts.access"}, path.name


def test_every_start_of_the_demo_gives_it_credentials_and_moves_its_addresses(store, settings):
    loading.populate(now=timezone.now())
    organization = Organization.objects.get(domain="tidvatten.example")
    publisher = Publisher.objects.create(organization=organization, code="tidvatten")
    moved = make_offer(publisher, landing_page_url="http://old:1/demo-publisher/tidvatten/start")
    settings.DEMO_PUBLISHER_URL = "http://new:2/demo-publisher"

    publisher_sites.write(demo_sites.start())

    moved.refresh_from_db()
    assert moved.landing_page_url == "http://new:2/demo-publisher/tidvatten/start"
    assert moved.webhook_url == "https://notes.example/webhook"
    assert store.site("tidvatten").client_id == str(apps.app_id(organization.pk))
    assert views.Portal(store.site("tidvatten")).subscriptions() == []
