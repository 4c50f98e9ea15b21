"""The source's answer: what it sees, chooses and what that costs; accept, decline (6.4.4, X1, X3, rows 18, 38)."""

import datetime
import html
import re
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice
from customers.enums import (
    BillingFrequency,
    MoveRestriction,
    ProductFamily,
    ReservationScope,
    SubscriptionStatus,
)
from customers.models import Subscription
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from tests.billing.invoice_factories import make_invoice
from tests.customers.factories import make_subscription
from tests.factories import make_member, make_partner
from tests.transfers.factories import USAGE, make_world
from transfers import workflow
from transfers.enums import FaultMode, TransferStatus
from transfers.forms.choice import Choice, pack, unpack
from transfers.models import CommerceFault, Transfer
from transfers.queries.preflight import preflight

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
F = ProductFamily
PAGES = ("review", "confirm", "accept", "decline")


def path(transfer, page="review"):
    return reverse(f"transfers:{page}", args=[transfer.pk])


def text(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def hidden(page):
    """The hidden fields of the choice, as the browser would send them."""
    form = re.search(r'<form[^>]*id="(?:transfer-choice|accept-form)".*?</form>', page, re.DOTALL)[0]
    fields = dict(re.findall(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def ticked(page):
    boxes = re.findall(r'<input type="checkbox"\s+name="item"([^>]*)>', page)
    return {re.search(r'value="([^"]+)"', box)[1] for box in boxes if re.search(r"\bchecked\b", box)}


def row_of(page, name):
    """The row of the item with this name, as text."""
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    return plain(next(row for row in rows if f'dir="auto">{name}<' in row))


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def browser(world, client_for):
    return client_for(make_member(world.source))


def send(world, **changes):
    return world.send(now=timezone.now(), **changes)


def choose(browser, transfer, *items, **extra):
    """Tick these boxes on the review page and press a button."""
    fields = hidden(text(browser.get(path(transfer))))
    return fields | {"item": [str(item.pk) for item in items]} | extra


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
def test_only_roles_that_may_accept_open_the_answer(world, client_for, role):
    world.licenses()
    transfer = send(world)
    member = client_for(make_member(world.source, role))
    may = Permission.TRANSFER_ACCEPT in ROLE_PERMISSIONS[role]
    for page in PAGES:
        assert member.get(path(transfer, page)).status_code in ({200, 302} if may else {403}), page
        assert member.post(path(transfer, page)).status_code in ({200, 302, 409, 422} if may else {403}), page
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING


@pytest.mark.parametrize("page", [*PAGES, "review_summary", "plan_fault", "seen"])
def test_a_stranger_finds_nothing(world, client_for, page):
    stranger = client_for(make_member(make_partner()))
    transfer = send(world)
    for address in (path(transfer, page), reverse(f"transfers:{page}", args=[uuid.uuid4()])):
        assert stranger.post(address).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_the_target_is_led_to_the_request_and_told_why(world, client_for, page):
    item = world.licenses(friendly_name="Secret desk")
    transfer = send(world)
    target = client_for(make_member(world.target))
    for ask in (target.get, target.post):
        answer = ask(path(transfer, page), follow=True)
        assert answer.redirect_chain[0][0] == path(transfer, "detail")
        shown = text(answer)
        assert "Only the current partner can do this." in shown
        assert "Secret desk" not in shown
        assert str(item.pk) not in shown


def test_a_request_that_is_answered_is_not_reviewed_again(world, browser):
    transfer = world.accept(send(world), world.licenses(), now=timezone.now())
    for page in PAGES:
        shown = text(browser.get(path(transfer, page), follow=True))
        assert "This transfer is not pending any more: In progress." in shown


# --- what the page shows ---------------------------------------------------------------------------------------------
def test_the_page_names_the_request_its_note_and_its_points(world, browser):
    shown = plain(text(browser.get(path(send(world, note="As agreed", wishes=["Office for all"])))))
    for part in ("Review transfer request", "Before you proceed", "As agreed", "Office for all", "30 days left"):
        assert part in shown
    assert world.target.name in shown


def test_every_item_says_whether_it_can_move_and_if_not_why_who_and_how(world, browser):
    world.licenses(friendly_name="Desks")
    world.licenses(friendly_name="Trial seats", is_trial=True)
    world.licenses(friendly_name="Late payer", status=SubscriptionStatus.SUSPENDED)
    make_subscription(world.at_source, product_family=F.SOFTWARE, friendly_name="Server licence")
    world.reservation(friendly_name="Prepaid VM", billing_frequency=BillingFrequency.UPFRONT)
    world.azure_plan(at=world.at_target)
    page = text(browser.get(path(send(world))))

    assert "2 can move, 1 of them with a warning; 3 cannot." in plain(page)
    assert 'name="item"' not in row_of(page, "Trial seats")
    for name, reason in {
        "Trial seats": "A trial cannot be transferred. Who can: an admin agent of the current partner. Turn it into",
        "Late payer": "Only what is active can move; this is in the state: Suspended.",
        "Server licence": "Software subscriptions cannot be transferred.",
        "Prepaid VM": "It is prepaid: after the transfer it can be neither canceled nor exchanged",
    }.items():
        assert reason in row_of(page, name).replace(" .", ".")
    assert len(re.findall(r'type="checkbox"\s+name="item"', page)) == 2


def test_azure_items_stand_below_their_plan_with_what_follows_them(world, browser):
    shop = world.azure(friendly_name="Azure shop")
    world.reservation(friendly_name="VM of the shop", scope=ReservationScope.SINGLE, parent=shop)
    world.reservation(friendly_name="Shared VM")
    page = text(browser.get(path(send(world))))

    assert f"Azure plan: {shop.parent.friendly_name}" in page
    assert str(shop.parent_id) in page
    assert "VM of the shop" in row_of(page, "Azure shop")
    assert "1 item follows it" in plain(page)
    titles = re.findall(r'<h3[^>]*>\s*<span dir="auto">([^<]+)<', page)
    assert titles == [f"Azure plan: {shop.parent.friendly_name}", "Reservations"]


def test_a_marketplace_product_that_keeps_its_subscription_is_named(world, browser):
    shop = world.azure(friendly_name="Azure shop")
    restriction = MoveRestriction.SPECIAL_DISCOUNT
    make_subscription(
        world.at_source,
        product_family=F.THIRD_PARTY,
        friendly_name="Firewall",
        parent=shop,
        **USAGE,
        move_restriction=restriction,
    )
    shown = row_of(text(browser.get(path(send(world)))), "Azure shop")
    assert "A marketplace product inside it keeps it: Firewall is bought with a special discount." in shown


def test_what_the_target_wished_for_is_marked_by_id_and_by_name(world, browser):
    by_name, by_id = world.licenses(friendly_name="Front desk"), world.licenses(friendly_name="Back office")
    world.licenses(friendly_name="Warehouse", product_name="Exchange")
    page = text(browser.get(path(send(world, wishes=["front desk, 5 seats", str(by_id.pk)]))))
    assert "Wished for" in row_of(page, by_name.friendly_name)
    assert "Wished for" in row_of(page, by_id.friendly_name)
    assert "Wished for" not in row_of(page, "Warehouse")


def test_opening_the_page_changes_nothing_and_asks_the_browser_to_note_the_visit(world, browser):
    transfer = send(world)
    page = text(browser.get(path(transfer)))
    transfer.refresh_from_db()
    assert transfer.seen_at is None
    assert f'hx-post="{path(transfer, "seen")}"' in page

    assert browser.post(path(transfer, "seen")).status_code == 204
    transfer.refresh_from_db()
    assert transfer.seen_at


# --- choosing --------------------------------------------------------------------------------------------------------
def test_the_money_of_a_choice_is_the_sum_of_its_items(world, browser):
    one, two = world.licenses(unit_price=Decimal("10.00")), world.licenses(unit_price=Decimal("3.33"))
    transfer = send(world)
    found = preflight(transfer, today=timezone.now().date())
    assert set(found.movable) == {one.pk, two.pk}

    nothing = plain(text(browser.post(path(transfer, "review_summary"), choose(browser, transfer), **HTMX)))
    both = plain(text(browser.post(path(transfer, "review_summary"), choose(browser, transfer, one, two), **HTMX)))

    assert "0 items chosen" in nothing
    assert "2 items chosen" in both
    accepted = world.accept(transfer, one, two, now=timezone.now())
    assert f"€{sum(item.moved_amount for item in accepted.line_items.all()):.2f}" in both


def test_everything_that_can_move_is_chosen_by_one_button(world, browser):
    items = [world.licenses() for _number in range(3)]
    world.licenses(is_trial=True)
    transfer = send(world)
    page = text(browser.post(path(transfer), choose(browser, transfer, choose="everything")))
    assert "Choose everything that can move (3)" in plain(page)
    assert ticked(page) == {str(item.pk) for item in items}
    assert "3 items chosen" in plain(page)


def test_a_group_is_chosen_and_left_by_its_button_and_the_rest_is_kept(world, browser):
    office = world.licenses()
    shops = [world.azure(friendly_name=f"Azure {number}") for number in range(2)]
    Subscription.objects.filter(pk=shops[1].pk).update(parent=shops[0].parent)
    transfer, plan = send(world), shops[0].parent_id

    page = text(browser.post(path(transfer), choose(browser, transfer, office, choose=f"group:{plan}")))
    assert ticked(page) == {str(office.pk), *(str(shop.pk) for shop in shops)}
    fields = hidden(page) | {"item": sorted(ticked(page)), "choose": f"ungroup:{plan}"}
    assert ticked(text(browser.post(path(transfer), fields))) == {str(office.pk)}


def test_what_was_wished_for_is_added_by_one_button(world, browser):
    desk, other = world.licenses(friendly_name="Front desk"), world.licenses(friendly_name="Other")
    transfer = send(world, wishes=["Front desk"])
    page = text(browser.post(path(transfer), choose(browser, transfer, other, choose="wished")))
    assert ticked(page) == {str(desk.pk), str(other.pk)}


def test_the_choice_is_kept_over_the_pages_of_a_long_list(world, browser, monkeypatch):
    monkeypatch.setattr("transfers.views.review.PAGE_SIZE", 2)
    items = [world.licenses(friendly_name=f"Desk {number}") for number in range(5)]
    transfer = send(world)

    second = text(browser.post(path(transfer), choose(browser, transfer, items[1], page="2")))
    assert ticked(second) == set()
    assert "Page 2 of 3" in plain(second)
    third = text(browser.post(path(transfer), hidden(second) | {"item": str(items[2].pk), "page": "3"}))
    asked = text(browser.post(path(transfer, "confirm"), hidden(third) | {"item": str(items[4].pk)}))
    browser.post(path(transfer, "accept"), hidden(asked))

    chosen = Transfer.objects.get().line_items.values_list("subscription_id", flat=True)
    assert set(chosen) == {items[1].pk, items[2].pk, items[4].pk}


def test_everything_but_one_stays_everything_but_one_on_other_pages(world, browser, monkeypatch):
    monkeypatch.setattr("transfers.views.review.PAGE_SIZE", 2)
    items = [world.licenses(friendly_name=f"Desk {number}") for number in range(5)]
    transfer = send(world)
    first = text(browser.post(path(transfer), choose(browser, transfer, choose="everything")))
    asked = text(browser.post(path(transfer, "confirm"), hidden(first) | {"item": str(items[0].pk)}))
    browser.post(path(transfer, "accept"), hidden(asked))
    chosen = Transfer.objects.get().line_items.values_list("subscription_id", flat=True)
    assert set(chosen) == {item.pk for item in items} - {items[1].pk}


def test_a_choice_survives_its_fields_and_a_broken_text_is_no_choice():
    ids = [uuid.uuid4() for _number in range(5)]
    assert unpack(pack(ids)) == ids
    for broken in ("x", "AAAA", "ä", pack(ids)[:-3]):
        assert unpack(broken) == []
    choice = Choice(is_everything=True).without(ids[:2])
    assert choice.of(ids) == ids[2:]
    assert Choice().with_items(ids).without(ids[:1]).of(ids) == ids[1:]


def test_the_part_that_htmx_swaps_equals_the_one_in_the_page(world, browser):
    item = world.licenses()
    transfer = send(world)
    fields = choose(browser, transfer, item)
    part, page = (text(browser.post(path(transfer), fields, **headers)) for headers in (HTMX, {}))

    def without_token(content):
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", content)

    assert without_token(part).strip() in without_token(page)


@pytest.mark.parametrize("count", [1, 40])
def test_the_page_costs_the_same_queries_for_one_item_and_for_many(world, browser, count):
    for _number in range(count):
        world.licenses()
    transfer = send(world)
    browser.get(path(transfer))
    with CaptureQueriesContext(connection) as captured:
        browser.get(path(transfer))
    assert len(captured) <= 10


# --- accept ----------------------------------------------------------------------------------------------------------
def accept(browser, transfer, *items):
    asked = text(browser.post(path(transfer, "confirm"), choose(browser, transfer, *items)))
    return browser.post(path(transfer, "accept"), hidden(asked), follow=True)


def test_the_question_names_the_consequences(world, browser):
    shop = world.azure()
    world.reservation(scope=ReservationScope.SINGLE, parent=shop)
    prepaid = world.reservation(billing_frequency=BillingFrequency.UPFRONT)
    transfer = send(world)
    shown = plain(text(browser.post(path(transfer, "confirm"), choose(browser, transfer, shop, prepaid))))

    customer, target = world.customer.organization.name, world.target.name
    assert f"2 items of {customer} move to {target}." in shown
    assert "1 more goes along" in shown
    assert "Prepaid items can be neither canceled nor exchanged" in shown
    assert "Nobody can take this back." in shown
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING
    assert transfer.seen_at


def test_with_htmx_the_question_is_a_dialog_that_sends_the_same(world, browser):
    item = world.licenses()
    transfer = send(world)
    part = text(browser.post(path(transfer, "confirm"), choose(browser, transfer, item), **HTMX))
    assert "<dialog" in part
    answer = browser.post(path(transfer, "accept"), hidden(part), **HTMX)
    assert answer.headers["HX-Redirect"] == path(transfer, "detail")


def test_acceptance_moves_what_was_chosen_and_leads_to_the_progress(world, browser):
    item, _other = world.licenses(), world.licenses()
    transfer = send(world)
    answer = accept(browser, transfer, item)

    assert answer.redirect_chain[-1][0] == path(transfer, "detail")
    assert "Accepted. The chosen items are moving" in text(answer)
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.IN_PROGRESS
    assert [line.subscription_id for line in transfer.line_items.all()] == [item.pk]


def test_accepting_asks_for_a_fresh_sign_in(world, client_for):
    item = world.licenses()
    transfer = send(world)
    stale = client_for(make_member(world.source), fresh=False)
    asked = text(stale.post(path(transfer, "confirm"), choose(stale, transfer, item)))
    answer = stale.post(path(transfer, "accept"), hidden(asked))
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING


def test_nothing_chosen_is_said_on_the_page(world, browser):
    world.licenses()
    transfer = send(world)
    shown = text(browser.post(path(transfer, "confirm"), choose(browser, transfer)), 422)
    assert "No item is chosen." in shown
    assert 'id="transfer-choice"' in shown


def test_what_changed_meanwhile_leads_back_to_the_choice(world, browser):
    item, other = world.licenses(), world.licenses()
    transfer = send(world)
    asked = text(browser.post(path(transfer, "confirm"), choose(browser, transfer, item, other)))
    Subscription.objects.filter(pk=other.pk).update(status=SubscriptionStatus.SUSPENDED)

    shown = text(browser.post(path(transfer, "accept"), hidden(asked)), 409)

    assert "What can move has changed since you chose." in shown
    assert ticked(shown) == {str(item.pk)}
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING


def test_a_prerequisite_that_is_gone_is_said_and_the_choice_is_kept(world, browser):
    item = world.licenses()
    transfer = send(world)
    asked = text(browser.post(path(transfer, "confirm"), choose(browser, transfer, item)))
    world.target.partner.agreement_version = "2019-01"
    world.target.partner.save()

    shown = text(browser.post(path(transfer, "accept"), hidden(asked), **HTMX), 403)

    assert "The new partner has not signed the partner agreement in force." in shown
    assert ticked(shown) == {str(item.pk)}


def test_a_request_that_was_canceled_meanwhile_leads_to_its_page(world, browser):
    item = world.licenses()
    transfer = send(world)
    asked = text(browser.post(path(transfer, "confirm"), choose(browser, transfer, item)))
    workflow.cancel_transfer(transfer_id=transfer.pk, actor=world.target_agent(), now=timezone.now())
    answer = browser.post(path(transfer, "accept"), hidden(asked), follow=True)
    assert "This transfer is not pending any more: Canceled." in text(answer)


# --- decline ---------------------------------------------------------------------------------------------------------
def test_declining_needs_a_reason(world, browser):
    transfer = send(world)
    assert "Say in a few words why you decline." in text(
        browser.post(path(transfer, "decline"), {"common": "own-words"}), 422
    )
    text(browser.post(path(transfer, "decline"), {}), 422)
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING


def test_the_target_reads_the_common_reason_with_the_own_words(world, browser):
    transfer = send(world)
    answer = browser.post(path(transfer, "decline"), {"common": "open-invoices", "text": "Two of them."})
    assert answer.headers["Location"] == path(transfer, "detail")
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.DECLINED
    assert transfer.close_reason == "Invoices of the customer are still open. Two of them."
    assert transfer.seen_at


# --- sandbox ---------------------------------------------------------------------------------------------------------
def test_outside_the_sandbox_nothing_can_be_made_to_fail(world, browser):
    item = world.licenses()
    transfer = send(world)
    assert "In the sandbox" not in text(browser.get(path(transfer)))
    fault = {"subscription": str(item.pk), "mode": "fail_always", "amount": "1"}
    assert browser.post(path(transfer, "plan_fault"), fault).status_code == 404


def test_in_the_sandbox_an_item_is_told_to_fail_and_told_to_move_again(client_for):
    world = make_world(source_fields={"is_sandbox": True}, target_fields={"is_sandbox": True})
    item = world.licenses(friendly_name="Desk")
    transfer, browser = send(world), client_for(make_member(world.source))
    assert "In the sandbox" in text(browser.get(path(transfer)))
    fault = {"subscription": str(item.pk), "mode": "fail_times", "amount": "2"}

    part = text(browser.post(path(transfer, "plan_fault"), fault, **HTMX))
    planned = CommerceFault.objects.get()
    assert (planned.subscription_id, planned.mode, planned.amount) == (item.pk, FaultMode.FAIL_TIMES, 2)
    assert "Desk : Fail this many times, then succeed (2)" in plain(part)

    browser.post(path(transfer, "plan_fault"), fault | {"mode": ""})
    assert not CommerceFault.objects.exists()
    assert browser.post(path(transfer, "plan_fault"), fault | {"subscription": str(uuid.uuid4())}).status_code == 422


def test_a_helpdesk_agent_reads_who_may_review(world, client_for):
    shown = text(client_for(make_member(world.source, Role.HELPDESK_AGENT)).get(path(send(world))), 403)
    assert "Accept and decline transfers" in shown


def test_that_the_new_partner_owes_an_overdue_invoice_is_said_before_anything_is_chosen(world, client_for):
    transfer = world.send()
    agent = client_for(make_member(world.source, Role.ADMIN_AGENT))
    assert "overdue" not in text(agent.get(path(transfer)))
    make_invoice(world.at_target)
    Invoice.objects.update(issued_on=datetime.date(2026, 9, 1), due_on=datetime.date(2026, 10, 1))

    page = text(agent.get(path(transfer)))

    assert "The new partner has an overdue invoice of the programme" in page
    assert reverse("billing:invoices") + "?state=overdue" not in page  # the target's page, not the source's
