"""The publisher workspace: what each page shows and does, to its own publisher and to nobody else."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketplace.enums import CallStatus, MarketplaceEvent, OfferStatus
from marketplace.models import Offer, Plan, PlanPrice, Publisher, UsageRecord, WebhookCall
from marketplace.workflow import calls, changes
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.outgoing import Outcome
from tests.factories import make_member, make_organization
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_dimension,
    make_offer,
    make_plan,
    make_publisher,
    make_purchase,
)
from tests.portal.api.factories import make_app

pytestmark = pytest.mark.django_db
OFFER = {
    "code": "notes",
    "name": "Notes",
    "category": "collaboration",
    "refund": "full",
    "monthly_window_hours": "24",
    "longer_window_hours": "336",
    "is_sold_by_partners": "on",
}
PLAN = {
    "code": "team",
    "name": "Team",
    "is_per_seat": "on",
    "min_quantity": "1",
    "max_quantity": "50",
    "trial_days": "0",
}


@pytest.fixture
def publisher():
    return make_publisher()


@pytest.fixture
def browser(publisher, client_for):
    return client_for(make_member(publisher.organization, Role.PUBLISHER_ADMIN))


def events(*types):
    return list(AuditEvent.objects.filter(event_type__in=types).values_list("event_type", flat=True))


def test_a_new_publisher_drafts_prices_configures_publishes_and_withdraws_an_offer(client_for):
    organization = make_organization(OrganizationKind.PUBLISHER, domain="tidal-notes.example")
    app = make_app(organization).app
    make_purchase()  # somebody is billed in euro
    browser = client_for(make_member(organization, Role.PUBLISHER_ADMIN))

    browser.post(reverse("publisher:new_offer"), OFFER)
    offer = Offer.objects.get(code="notes")
    own = Publisher.objects.get(pk=organization.pk)
    assert (own.code, own.application_id) == ("tidal-notes", app.pk)
    browser.post(reverse("publisher:new_plan", args=[offer.pk]), PLAN | {"countries": "fr, de"})
    plan = Plan.objects.get(offer=offer)
    assert plan.countries == ["DE", "FR"]
    price = {"cycle": "P1M/monthly", "currency": "EUR", "unit_price": "9.50", "is_offered": "on"}
    browser.post(reverse("publisher:new_price", args=[plan.pk]), price | {"valid_from": timezone.now().date()})
    assert PlanPrice.objects.get(plan=plan).unit_price == Decimal("9.50")
    assert browser.post(reverse("publisher:publish", args=[offer.pk])).status_code == 409
    urls = {"landing_page_url": "https://notes.example/start", "webhook_url": "https://notes.example/hook"}
    browser.post(reverse("publisher:configuration", args=[offer.pk]), urls)
    browser.post(reverse("publisher:publish", args=[offer.pk]))
    assert Offer.objects.get(pk=offer.pk).status == OfferStatus.PUBLISHED
    browser.post(reverse("publisher:withdraw", args=[offer.pk]))
    assert Offer.objects.get(pk=offer.pk).status == OfferStatus.WITHDRAWN

    told = [
        MarketplaceEvent.OFFER_CREATED,
        MarketplaceEvent.OFFER_PLAN_ADDED,
        MarketplaceEvent.OFFER_PRICED,
        MarketplaceEvent.CONFIGURATION_CHANGED,
        MarketplaceEvent.OFFER_PUBLISHED,
        MarketplaceEvent.OFFER_WITHDRAWN,
    ]
    assert sorted(events(*told)) == sorted(told)


def test_texts_and_limits_change_and_the_log_tells_what(publisher, browser):
    plan = make_plan(make_offer(publisher, code="notes", name="Notes"))
    browser.post(reverse("publisher:edit_offer", args=[plan.offer_id]), OFFER | {"name": "Better notes"})
    browser.post(reverse("publisher:edit_plan", args=[plan.pk]), PLAN | {"name": plan.name, "is_stopped": "on"})

    plan.refresh_from_db()
    assert (plan.offer.name, plan.max_quantity, plan.is_stopped) == ("Better notes", 50, True)
    changed = AuditEvent.objects.get(event_type=MarketplaceEvent.OFFER_CHANGED)
    assert (changed.before, changed.after) == ({"name": "Notes"}, {"name": "Better notes"})
    limits = AuditEvent.objects.get(event_type=MarketplaceEvent.OFFER_PLAN_CHANGED)
    assert limits.after["most quantity"] == 50


def test_saving_what_is_there_already_tells_nobody(publisher, browser):
    offer = make_offer(publisher, name="Notes")
    browser.post(reverse("publisher:edit_offer", args=[offer.pk]), OFFER)
    assert events(MarketplaceEvent.OFFER_CHANGED) == []


REFUSED = {
    "a taken identifier": ("new_offer", {"code": "taken"}, "You have an offer with this identifier already."),
    "an identifier that no client could send": ("new_offer", {"code": "Ünïx"}, "An identifier has small letters"),
    "a private webhook": ("configuration", {"webhook_url": "https://192.168.0.4/hook"}, "lead to a public server"),
    "a webhook without encryption": ("configuration", {"webhook_url": "http://a.example/"}, "lead to a public server"),
    "a landing page with a fragment": ("configuration", {"landing_page_url": "https://a.example/#x"}, "has no “#”"),
    "limits the wrong way round": ("new_plan", {"min_quantity": "9", "max_quantity": "8"}, "not below the least"),
    "an unknown country": ("new_plan", {"countries": "QX"}, "No country has this code: QX."),
    "a price of yesterday": ("new_price", {"valid_from": "2020-01-01"}, "A price begins today at the earliest."),
    "more decimals than cents": ("new_price", {"unit_price": "1.005"}, "as many decimals"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_told_at_its_field(case, publisher, browser):
    name, fields, words = REFUSED[case]
    offer = make_offer(publisher, code="taken")
    plan = make_plan(offer)
    make_purchase(plan=plan)
    sent = {
        "new_offer": OFFER,
        "configuration": {"landing_page_url": offer.landing_page_url, "webhook_url": offer.webhook_url},
        "new_plan": PLAN,
        "new_price": {
            "cycle": "P1M/monthly",
            "currency": "EUR",
            "unit_price": "1.00",
            "valid_from": timezone.now().date(),
        },
    }[name]
    args = {"new_offer": [], "new_price": [plan.pk]}.get(name, [offer.pk])
    answer = browser.post(reverse(f"publisher:{name}", args=args), sent | fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_purchases_are_found_by_name_state_and_id_and_never_name_the_customer(publisher, browser):
    offer = make_offer(publisher)
    active, waiting = make_active(plan=make_plan(offer)), make_purchase(plan=make_plan(offer))
    foreign = make_active()

    def found(**query):
        page = browser.get(reverse("publisher:subscriptions"), query)
        text = page.content.decode()
        assert active.subscription.customer.organization.name not in text
        rows = (active, waiting, foreign)
        return {saas.pk for saas in rows if reverse("publisher:subscription", args=[saas.pk]) in text}

    assert found() == {active.pk, waiting.pk}
    assert found(state="Subscribed") == {active.pk}
    assert found(q=str(waiting.pk)) == {waiting.pk}
    assert found(q="ferndale") == {active.pk, waiting.pk}
    assert found(q="nothing like it") == set()
    assert found(q=str(foreign.pk)) == set()


def test_a_purchase_says_whose_turn_it_is(publisher, browser):
    saas = make_purchase(plan=make_plan(make_offer(publisher)))
    address = reverse("publisher:subscription", args=[saas.pk])
    assert "The partner&#x27;s turn" in browser.get(address).content.decode()
    active = make_active(plan=make_plan(make_offer(publisher)), now=timezone.now())
    changes.change_quantity(subscription_id=active.pk, quantity=15, actor=admin_of(active), now=timezone.now())
    page = browser.get(reverse("publisher:subscription", args=[active.pk])).content.decode()
    assert "Your turn: accept or refuse the change" in page
    assert "× 15" in page
    assert active.subscription.customer.organization.name not in page


def test_a_call_shows_every_try_and_is_sent_again(publisher, browser):
    saas = make_active(plan=make_plan(make_offer(publisher)), now=timezone.now())
    changes.change_quantity(subscription_id=saas.pk, quantity=15, actor=admin_of(saas), now=timezone.now())
    call = WebhookCall.objects.get()
    for status, error, text in ((None, "timed-out", ""), (422, "", "no such seat")):
        answer, now = Outcome(status, text, error, 12), timezone.now()
        calls.note_answer(
            call_id=call.pk, url="https://notes.example/hook", started_at=now, answer=answer, now=timezone.now()
        )
    assert "Refused by the publisher" in browser.get(reverse("publisher:calls")).content.decode()

    page = browser.get(reverse("publisher:call", args=[call.pk])).content.decode()
    for words in ("No answer in time", "no such seat", "ChangeQuantity"):
        assert words in page
    browser.post(reverse("publisher:repeat_call", args=[call.pk]))
    call.refresh_from_db()
    assert call.status == CallStatus.WAITING


def test_usage_and_the_app_for_calls(publisher, browser):
    plan = make_plan(make_offer(publisher), is_per_seat=False)
    saas, hour = make_active(plan=plan), timezone.now().replace(minute=0, second=0, microsecond=0)
    UsageRecord.objects.create(
        saas=saas,
        dimension=make_dimension(plan, name="Seals"),
        hour=hour,
        effective_at=hour,
        quantity=Decimal("20.5"),
        unit_price=1,
        received_at=hour + datetime.timedelta(minutes=2),
    )
    assert "20.5" in browser.get(reverse("publisher:usage")).content.decode()
    app = make_app(publisher.organization).app
    foreign = make_app().app
    for chosen, status in ((foreign, 422), (app, 302)):
        answer = browser.post(reverse("publisher:application"), {"application_id": str(chosen.pk)})
        assert answer.status_code == status
    publisher.refresh_from_db()
    assert publisher.application_id == app.pk


@pytest.mark.parametrize("page", ["offers", "subscriptions", "calls", "usage"])
def test_a_list_costs_the_same_whatever_its_length(page, publisher, browser):
    def more():
        plan = make_plan(make_offer(publisher), is_per_seat=False)
        saas = make_active(plan=plan, now=timezone.now())
        changes.set_auto_renew(subscription_id=saas.pk, auto_renew=False, actor=admin_of(saas), now=timezone.now())
        seats = make_active(plan=make_plan(plan.offer), now=timezone.now())
        changes.change_quantity(subscription_id=seats.pk, quantity=15, actor=admin_of(seats), now=timezone.now())
        hour = timezone.now()
        UsageRecord.objects.create(
            saas=saas,
            dimension=make_dimension(plan),
            hour=hour,
            effective_at=hour,
            quantity=1,
            unit_price=1,
            received_at=hour,
        )

    def cost():
        """What the list itself asks; the bell beside it is kept for some seconds."""
        with CaptureQueriesContext(connection) as asked:
            browser.get(reverse(f"publisher:{page}"))
        return sum("marketplace_" in query["sql"] for query in asked.captured_queries)

    more()
    few = cost()
    assert few > 0
    for _ in range(3):
        more()
    assert cost() == few
