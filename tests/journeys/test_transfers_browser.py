"""A transfer from the request to all three sides' records, in three windows of a real Chromium, with real servers."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from billing.enums import ChargeKind
from billing.models import Charge
from customers.enums import PendingOperation, SubscriptionStatus
from customers.models import Subscription
from portal.accounts.enums import Role
from portal.notifications.models import OutgoingEmail
from tests.factories import make_member
from tests.journeys.stage import PHONE, check_looks, log_of, open_mail, sign_in
from tests.transfers.factories import World, make_world
from transfers.enums import LineItemStatus, TransferEvent, TransferStatus
from transfers.invariants import breaches
from transfers.models import Transfer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DESK = {"width": 1280, "height": 900}
MAILBOX_OF_CUSTOMER = "post@werft.example"
STUBBORN, EASY, LEFT, BUSY = "Drawing office", "Reception", "Canteen", "Warehouse"
PAUSES = 90_000  # milliseconds: the item waits 5 and 10 seconds between its tries


@pytest.fixture
def world() -> World:
    """Two sandbox partners of one customer, which has three things that can move and one that cannot."""
    sandbox = {"is_sandbox": True}
    world = make_world(
        source_fields={**sandbox, "name": "Sandbox Ostsee"}, target_fields={**sandbox, "name": "Sandbox Belfort"}
    )
    for name in (STUBBORN, EASY, LEFT):
        world.licenses(friendly_name=name)
    world.licenses(friendly_name=BUSY, pending_operation=PendingOperation.RENEWAL)
    return world


def agent_of(open_browser, organization) -> Page:
    """A window in which an admin agent of the partner is signed in."""
    page = open_browser(locale="en", viewport=DESK)
    sign_in(page, make_member(organization, Role.ADMIN_AGENT).user)
    return page


def check_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    check_looks(page)
    page.set_viewport_size(DESK)


def ask(target: Page, world: World) -> None:
    """Open the customer's transfers, fill the form in while the checklist follows, and send."""
    target.goto(reverse("customers:list"))
    target.get_by_role("link", name=world.customer.organization.name).click()
    target.get_by_role("navigation").get_by_role("link", name="Transfers", exact=True).last.click()
    target.get_by_role("link", name="Add new request").click()
    checklist = target.locator("#checklist")
    expect(checklist).to_contain_text("The Microsoft ID of the current partner is not entered yet.")
    target.get_by_label("E-mail address of the customer").fill(MAILBOX_OF_CUSTOMER)
    target.get_by_label("Name of the current partner").fill(world.source.name)
    target.get_by_label("Microsoft ID of the current partner").fill(str(world.target.pk))
    target.get_by_label("Agreed items").fill(f"{STUBBORN}\n{EASY}")
    expect(checklist).to_contain_text("The current partner and the new partner are the same.")
    target.get_by_label("Microsoft ID of the current partner").fill(str(world.source.pk))
    target.get_by_label("Note to the current partner").fill("As agreed on the phone.")
    target.get_by_label("New-commerce license-based subscriptions").check()
    expect(checklist).to_contain_text("Everything is in place.")
    check_on_a_phone(target)
    target.get_by_role("button", name="Send transfer request").click()
    question = target.get_by_role("dialog")
    expect(question).to_contain_text("Once it accepts, your company is billed for everything that moves")
    question.get_by_role("button", name="Send", exact=True).click()
    expect(target.get_by_text("The transfer request is sent.")).to_be_visible()


def open_from_mail(page: Page, world: World, *, to: str) -> Page:
    """Follow the link of the mail that tells of the request, in the tab it opens."""
    mail = open_mail(page, re.compile(f"^Transfer request for {world.customer.organization.name}$"), to=to)
    with page.context.expect_page() as opened:
        mail.get_by_role("link").first.click()
    page.close()
    return opened.value


def review(source: Page) -> None:
    """See what can move and what cannot, and let one item fail twice."""
    source.get_by_role("link", name="Review", exact=True).click()
    form = source.locator("#transfer-choice")
    expect(form).to_contain_text("3 can move, 0 of them with a warning; 1 cannot.")
    blocked = form.locator("details").filter(has_text="Cannot move")
    blocked.locator("summary").click()
    expect(blocked.get_by_role("row").filter(has_text=BUSY)).to_contain_text("Something is still running on it")
    expect(form.get_by_role("checkbox", name=f"Move {BUSY}")).to_have_count(0)
    sandbox = source.locator("#review-sandbox")
    sandbox.get_by_label("Item").select_option(label=STUBBORN)
    sandbox.get_by_label("Times or seconds").fill("2")
    sandbox.get_by_role("button", name="Plan").click()
    expect(sandbox.get_by_role("listitem")).to_contain_text(f"{STUBBORN}: Fail this many times, then succeed (2)")
    check_on_a_phone(source)


def accept(source: Page) -> None:
    """Choose two of the three, read what follows, and accept."""
    form = source.locator("#transfer-choice")
    form.get_by_role("checkbox", name=f"Move {STUBBORN}").check()
    form.get_by_role("checkbox", name=f"Move {EASY}").check()
    expect(form.locator("#review-summary")).to_contain_text("2 items chosen")
    form.get_by_role("button", name="Accept and transfer").click()
    question = source.get_by_role("dialog")
    expect(question).to_contain_text("Nobody can take this back.")
    question.get_by_role("button", name="Accept and transfer").click()


def watch(source: Page) -> None:
    """See the failing item in words with its next try, without touching the page, and how it moves in the end."""
    row = source.locator("#transfer-live").get_by_role("row").filter(has_text=STUBBORN)
    expect(row).to_contain_text("The sandbox was told to let this item fail (try 1).", timeout=PAUSES)
    expect(row).to_contain_text("Next try:")
    expect(source.get_by_role("progressbar", name="Moving the items")).to_have_text("1 of 2 items")
    check_on_a_phone(source)
    expect(source.locator("#transfer-live")).to_contain_text("The transfer has ended: Completed.", timeout=PAUSES)
    source.get_by_role("link", name="Show the result").click()
    expect(source.get_by_role("row").filter(has_text=STUBBORN)).to_contain_text("Completed")


def check_records(world: World) -> dict[str, Subscription]:
    """Ownership, money, mails: what moved, and who was told. Returns what the target has now, by name."""
    transfer = Transfer.objects.get()
    assert (transfer.status, transfer.items_completed) == (TransferStatus.COMPLETED, 2)
    attempts = dict(transfer.line_items.values_list("friendly_name", "attempts"))
    assert attempts == {STUBBORN: 3, EASY: 1}
    assert set(transfer.line_items.values_list("status", flat=True)) == {LineItemStatus.COMPLETED}
    new = {row.friendly_name: row for row in Subscription.objects.filter(billing_owner_id=world.target.pk)}
    assert set(new) == {STUBBORN, EASY}
    old = Subscription.objects.filter(billing_owner_id=world.source.pk)
    assert set(old.filter(status=SubscriptionStatus.ACTIVE).values_list("friendly_name", flat=True)) == {LEFT, BUSY}
    credit = Charge.objects.filter(kind=ChargeKind.TRANSFER_CREDIT).values_list("amount", flat=True)
    charge = Charge.objects.filter(kind=ChargeKind.TRANSFER_CHARGE).values_list("amount", flat=True)
    assert len(charge) == 2
    assert sum(credit) == -sum(charge) < 0
    assert list(breaches()) == []
    return new


def check_mails(page: Page, world: World) -> None:
    """All three are told of the end, each once."""
    told = OutgoingEmail.objects.filter(event_type=TransferEvent.COMPLETED).values_list("recipient", flat=True)
    agents = {member.user.email for side in (world.source, world.target) for member in side.memberships.all()}
    assert sorted(told) == sorted({*agents, MAILBOX_OF_CUSTOMER})
    for recipient in told:
        open_mail(page, re.compile("^Transfer completed for "), to=recipient)
        expect(page.get_by_role("main")).to_contain_text(recipient)


def test_a_transfer_moves_in_three_windows(open_browser, world):
    target, source = agent_of(open_browser, world.target), agent_of(open_browser, world.source)
    ask(target, world)

    source = open_from_mail(source, world, to=world.source.memberships.get().user.email)
    expect(source).to_have_title(re.compile("Transfer request"))
    phone = open_browser(locale="en", viewport=PHONE, is_mobile=True, has_touch=True)
    sign_in(phone, make_member(world.customer.organization, Role.CUSTOMER_ADMIN).user)
    phone = open_from_mail(phone, world, to=MAILBOX_OF_CUSTOMER)
    expect(phone.get_by_role("main")).to_contain_text("Pending")
    expect(phone.get_by_role("main")).not_to_contain_text(STUBBORN)
    check_looks(phone)

    review(source)
    accept(source)
    watch(source)

    new = check_records(world)
    expect(source.get_by_role("row").filter(has_text=EASY)).to_contain_text("€")
    expect(source.get_by_text("Credited to you").first).to_be_visible()
    target.reload()
    arrived = target.get_by_role("row").filter(has_text=STUBBORN)
    expect(arrived).to_contain_text(str(new[STUBBORN].pk))
    expect(target.get_by_text("Charged to you").first).to_be_visible()
    phone.reload()
    for name in (STUBBORN, EASY):
        expect(phone.get_by_role("main")).to_contain_text(name)
    expect(phone.get_by_role("main")).not_to_contain_text("€")
    check_looks(phone)
    check_mails(phone, world)
    for side in (source, target):
        for told in ("Transfer requested", "Transfer accepted", "Transfer completed"):
            expect(log_of(side).get_by_text(told).first).to_be_visible()


def test_canceling_makes_accepting_impossible(open_browser, world):
    transfer = world.send()
    Transfer.objects.filter(pk=transfer.pk).update(customer_email=MAILBOX_OF_CUSTOMER)
    target, source = agent_of(open_browser, world.target), agent_of(open_browser, world.source)
    source.goto(reverse("transfers:review", args=[transfer.pk]))
    source.get_by_role("button", name=re.compile("^Choose everything that can move")).click()
    expect(source.locator("#review-summary")).to_contain_text("3 items chosen")
    source.get_by_role("button", name="Accept and transfer").click()
    question = source.get_by_role("dialog")
    expect(question).to_be_visible()

    target.goto(reverse("transfers:detail", args=[transfer.pk]))
    target.get_by_role("link", name="Cancel request").click()
    target.get_by_role("dialog").get_by_role("button", name="Cancel request").click()
    expect(target.get_by_role("main")).to_contain_text("Canceled")

    question.get_by_role("button", name="Accept and transfer").click()
    expect(source.get_by_text("This transfer is not pending any more: Canceled.")).to_be_visible()
    expect(source.get_by_role("link", name="Review", exact=True)).to_have_count(0)
    check_on_a_phone(source)
    transfer.refresh_from_db()
    assert (transfer.status, transfer.items_total) == (TransferStatus.CANCELED, 0)
    assert not Subscription.objects.filter(billing_owner_id=world.target.pk).exists()
