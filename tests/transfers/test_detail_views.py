"""One transfer's page: who sees what of it in each state, its commands, its items, its money (6.4.3, T13, X3, X5)."""

import csv
import datetime
import html
import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from tests.factories import make_member, make_partner
from tests.transfers.factories import make_world
from transfers import processing, workflow
from transfers.enums import FaultMode, LineItemStatus, TransferStatus
from transfers.models import Transfer, TransferLineItem

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
PROVIDER = OrganizationKind.INDIRECT_PROVIDER


def path(transfer, page="detail"):
    return reverse(f"transfers:{page}", args=[transfer.pk])


def text(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def now():
    return timezone.now()


def process(transfer):
    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)
    transfer.refresh_from_db()
    return transfer


def fail_one(transfer):
    """Let the first open item fail for good, and end the transfer."""
    item = transfer.line_items.order_by("position").first()
    TransferLineItem.objects.filter(pk=item.pk).update(
        status=LineItemStatus.FAILED,
        next_attempt_at=None,
        attempts=9,
        last_error="commerce-error",
        last_error_params={"detail": "timeout 4711"},
    )
    item.subscription.pending_operation = ""
    item.subscription.save()
    Transfer.objects.filter(pk=transfer.pk).update(items_failed=1)
    return process(transfer)


@pytest.fixture
def world():
    return make_world(target=PROVIDER)


@pytest.fixture
def browsers(world, client_for):
    return {
        "source": client_for(make_member(world.source)),
        "target": client_for(make_member(world.target)),
        "reseller": client_for(make_member(world.reseller)),
    }


def sent(world, **changes):
    return world.send(now=now(), **changes)


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
def test_each_page_opens_for_the_roles_of_its_permission(client_for, role):
    world = make_world()
    item = world.licenses()
    transfer = process(world.accept(sent(world), item, now=now()))
    browser = client_for(make_member(world.source, role))
    allowed = ROLE_PERMISSIONS[role]

    for page in ("detail", "items", "statement"):
        expected = 200 if Permission.TRANSFER_VIEW in allowed else 403
        assert browser.get(path(transfer, page)).status_code == expected, page
    lineage = reverse("transfers:lineage", args=[item.pk])
    assert browser.get(lineage).status_code == (200 if Permission.TRANSFER_VIEW in allowed else 403)
    retry = browser.post(path(transfer, "retry"))
    assert retry.status_code == (409 if Permission.TRANSFER_CREATE in allowed else 403)


@pytest.mark.parametrize("page", ["detail", "live", "items", "statement"])
def test_a_foreign_transfer_is_answered_like_one_that_does_not_exist(world, client_for, page):
    stranger = client_for(make_member(make_partner()))
    transfer = sent(world)

    assert stranger.get(path(transfer, page)).status_code == 404
    assert stranger.get(reverse(f"transfers:{page}", args=[uuid.uuid4()])).status_code == 404
    assert stranger.post(path(transfer, "retry")).status_code == 404


def test_a_draft_is_seen_by_the_reseller_and_its_provider_but_not_by_the_source(world, browsers):
    transfer = sent(world)
    Transfer.objects.filter(pk=transfer.pk).update(status=TransferStatus.DRAFT, sent_at=None, expires_at=None)

    assert browsers["source"].get(path(transfer)).status_code == 404
    assert "Check and send" in text(browsers["target"].get(path(transfer)))
    assert "Draft" in text(browsers["reseller"].get(path(transfer)))


# --- facts and fields ------------------------------------------------------------------------------------------------
def test_the_page_shows_the_facts_of_a_pending_request_to_the_target(world, browsers):
    transfer = sent(world, wishes=["Office for all"], note="As agreed on Monday")
    shown = plain(text(browsers["target"].get(path(transfer))))

    for part in (
        str(transfer.pk),
        world.customer.organization.name,
        world.source.name,
        "Pending",
        "All kinds that can move",
        "30 days left",
        "Office for all",
        "As agreed on Monday",
        "contact@customer.example",
        transfer.partner_on_record,
        world.reseller.name,
        "Not yet",
    ):
        assert part in shown, part


def test_the_source_reads_neither_who_wrote_the_request_nor_the_customer_s_contact(world, browsers):
    shown = text(browsers["source"].get(path(sent(world, note="Please"))))

    assert "Please" in shown
    assert world.target.name in shown
    assert "Review request" in shown
    assert "contact@customer.example" not in shown
    assert "Written by" not in shown


def test_the_target_sees_when_the_source_opened_the_request_but_not_who(world, browsers):
    transfer = sent(world)
    browsers["source"].post(path(transfer, "seen"))
    transfer.refresh_from_db()

    assert transfer.seen_at
    assert transfer.seen_by_name
    assert transfer.seen_by_name in text(browsers["source"].get(path(transfer)))
    shown = text(browsers["target"].get(path(transfer)))
    assert "Not yet" not in plain(shown)
    assert transfer.seen_by_name not in shown


def test_only_the_source_s_visit_counts_and_a_get_does_not(world, browsers):
    transfer = sent(world)
    browsers["target"].post(path(transfer, "seen"))
    page = text(browsers["source"].get(path(transfer)))

    transfer.refresh_from_db()
    assert transfer.seen_at is None
    assert f'hx-post="{path(transfer, "seen")}"' in page
    assert f'hx-post="{path(transfer, "seen")}"' not in text(browsers["target"].get(path(transfer)))


def test_a_declined_request_says_when_and_why(world, browsers):
    transfer = sent(world)
    workflow.decline_transfer(transfer_id=transfer.pk, reason="Open invoices", actor=world.source_agent(), now=now())
    shown = text(browsers["target"].get(path(transfer)))
    assert "Declined" in shown
    assert "Open invoices" in shown
    assert "Nothing was moved" in shown


def test_a_request_that_ended_with_a_relationship_says_so_in_words(world, browsers):
    transfer = sent(world)
    workflow.close_without_relationship(
        partner_ids=[world.source.pk], customer_id=world.customer.pk, actor=None, now=now()
    )
    shown = text(browsers["target"].get(path(transfer)))
    assert "reseller relationship with one of the partners ended" in shown
    assert "relationship-removed" not in shown


# --- no items for the target before the end (T13) --------------------------------------------------------------------
@pytest.mark.parametrize("party", ["target", "reseller"])
def test_before_completion_the_target_s_side_learns_nothing_of_the_items(world, browsers, party):
    items = [world.licenses(friendly_name=f"Secret {number}", product_name="Hidden product") for number in range(7)]
    transfer = world.accept(sent(world), *items, now=now())

    for page in ("detail", "statement", "items"):
        response = browsers[party].get(path(transfer, page))
        shown = b"".join(response).decode() if response.streaming else text(response)
        assert "Secret" not in shown
        assert "Hidden product" not in shown
        assert not any(str(item.pk) in shown for item in items)
        assert not re.search(r"\b7\b items|of 7|>\s*7\s*<", shown)
    live = text(browsers[party].get(path(transfer, "live"), **HTMX))
    assert "Secret" not in live
    assert "<progress" not in live


def test_after_completion_each_side_sees_its_own_fields_of_an_item(world, browsers):
    item = world.licenses(friendly_name="Office plan")
    transfer = process(world.accept(sent(world), item, now=now()))
    new = transfer.line_items.get().new_subscription

    source, target, reseller = (text(browsers[party].get(path(transfer))) for party in ("source", "target", "reseller"))
    assert all("Office plan" in page for page in (source, target, reseller))
    assert str(item.pk) in source
    assert str(new.pk) not in source
    assert str(transfer.order_id) not in source
    assert str(new.pk) in target
    assert str(item.pk) not in target
    assert str(transfer.order_id) in target
    assert str(new.pk) in reseller
    assert str(item.pk) not in reseller
    assert "Credited to you" in source
    assert "Charged to you" in target
    assert "€" not in reseller


def test_a_failed_item_tells_the_reason_to_both_and_what_the_back_end_said_to_the_source(world, browsers):
    transfer = fail_one(world.accept(sent(world), world.licenses(), world.licenses(), now=now()))
    assert transfer.status == TransferStatus.COMPLETED_WITH_ERRORS

    source, target = (text(browsers[party].get(path(transfer))) for party in ("source", "target"))
    for shown in (source, target):
        assert "The commerce system could not move the item" in shown
        assert "It was tried for 72 hours." in shown
        assert "commerce-error" not in shown
    assert "timeout 4711" in source
    assert "9 attempts" in source
    assert "timeout 4711" not in target
    assert "9 attempts" not in target


# --- commands --------------------------------------------------------------------------------------------------------
def commands(page):
    """The commands of a page: label -> whether it can be used."""
    bar = re.search(r'<div class="command-bar.*?<form id="transfer-command"', page, re.DOTALL)
    if not bar:
        return {}
    found = re.findall(r'<(?:a|button)[^>]*class="command"([^>]*)>(.*?)</(?:a|button)>', bar[0], re.DOTALL)
    return {plain(label).strip(): "aria-disabled" not in attributes for attributes, label in found}


def test_each_party_is_offered_what_it_may_do(world, browsers):
    transfer = sent(world)
    offered = {party: commands(text(browser.get(path(transfer)))) for party, browser in browsers.items()}
    assert offered == {
        "source": {"Review": True, "Decline": True},
        "target": {"Cancel request": True},
        "reseller": {},
    }


def test_after_acceptance_cancel_stays_but_says_why_not(world, browsers):
    transfer = world.accept(sent(world), world.licenses(), now=now())
    page = text(browsers["target"].get(path(transfer)))
    assert commands(page) == {"Cancel request": False}
    assert "This transfer is not pending any more: In progress." in page


def test_a_role_without_the_right_reads_who_has_it(client_for):
    world = make_world()
    page = text(client_for(make_member(world.source, Role.HELPDESK_AGENT)).get(path(sent(world))))
    assert commands(page) == {"Review": False, "Decline": False}
    assert "Admin agent" in page


def test_after_the_end_there_is_a_way_to_try_again_to_ask_again_and_to_ask_back(world, browsers):
    transfer = fail_one(world.accept(sent(world), world.licenses(), world.licenses(), now=now()))
    source, target = (text(browsers[party].get(path(transfer))) for party in ("source", "target"))

    assert commands(source) == {"Try failed items again": True, "Reverse request": True}
    assert commands(target) == {"Try failed items again": True, "Send again": True}
    create = reverse("transfers:create", args=[world.customer.pk])
    assert f"{create}?reverse={transfer.pk}" in source
    assert f"{create}?again={transfer.pk}" in target


def test_trying_again_starts_the_failed_items_anew(world, browsers):
    transfer = fail_one(world.accept(sent(world), world.licenses(), now=now()))
    assert transfer.status == TransferStatus.FAILED

    answer = browsers["target"].post(path(transfer, "retry"))

    assert answer.headers["Location"] == path(transfer)
    transfer.refresh_from_db()
    assert (transfer.status, transfer.items_failed) == (TransferStatus.IN_PROGRESS, 0)


def test_trying_again_what_did_not_fail_is_refused_on_the_page(world, browsers):
    transfer = process(world.accept(sent(world), world.licenses(), now=now()))
    assert "Nothing of this transfer can be tried again" in text(browsers["source"].post(path(transfer, "retry")), 409)


# --- while it runs ---------------------------------------------------------------------------------------------------
def test_the_page_asks_how_far_it_is_only_while_it_runs(world, browsers):
    transfer = world.accept(sent(world), world.licenses(), now=now())
    for party in ("source", "target"):
        assert f'hx-get="{path(transfer, "live")}"' in text(browsers[party].get(path(transfer)))
    part = text(browsers["source"].get(path(transfer, "live"), **HTMX))
    assert "0 of 1 items" in part
    assert "hx-trigger" in part

    process(transfer)
    part = text(browsers["source"].get(path(transfer, "live"), **HTMX))
    assert "hx-trigger" not in part
    assert "data-announce" in part
    assert "The transfer has ended: Completed." in part
    assert f'hx-get="{path(transfer, "live")}"' not in text(browsers["source"].get(path(transfer)))


def test_what_is_swapped_while_it_runs_holds_nothing_that_could_have_the_focus(world, browsers):
    transfer = world.accept(sent(world), world.licenses(), now=now())
    part = text(browsers["source"].get(path(transfer, "live"), **HTMX))
    assert "<table" in part
    assert not re.search(r"<(a|button|input|select|h[1-6])\b", part)


def test_how_far_it_is_without_htmx_leads_to_the_page(world, browsers):
    transfer = world.accept(sent(world), world.licenses(), now=now())
    answer = browsers["source"].get(path(transfer, "live") + "?state=completed")
    assert answer.headers["Location"] == path(transfer) + "?state=completed"


def test_an_item_that_waits_shows_its_error_its_attempts_and_its_next_try(client_for):
    world = make_world(source_fields={"is_sandbox": True}, target_fields={"is_sandbox": True})
    item = world.licenses()
    workflow.plan_fault(
        subscription_id=item.pk, mode=FaultMode.FAIL_ALWAYS, amount=1, actor=world.source_agent(), now=now()
    )
    transfer = world.accept(sent(world), item, now=now())
    processing.process_batch(transfer_id=transfer.pk, now=now())

    shown = plain(text(client_for(make_member(world.source)).get(path(transfer))))
    assert "The sandbox was told to let this item fail (try 1)." in shown
    assert "1 attempt" in shown
    assert "Next try:" in shown


# --- items -----------------------------------------------------------------------------------------------------------
def test_items_are_shown_by_state_and_page_by_page(world, browsers):
    transfer = fail_one(
        world.accept(sent(world), *(world.licenses(friendly_name=f"Item {n:02}") for n in range(30)), now=now())
    )
    browser = browsers["source"]

    first = text(browser.get(path(transfer) + "?size=25"))
    assert len(re.findall(r'<th scope="row"', first)) == 25
    following = re.search(r'rel="next"\s+href="([^"]+)"', first)[1]
    assert len(re.findall(r'<th scope="row"', text(browser.get(following)))) == 5
    failed = text(browser.get(path(transfer) + "?state=failed"))
    assert len(re.findall(r'<th scope="row"', failed)) == 1
    tabs = re.search(r'<nav class="tabs".*?</nav>', failed, re.DOTALL)[0]
    assert re.findall(r"\((\d+)\)", tabs) == ["30", "29", "1"]


def test_the_part_that_htmx_swaps_equals_the_one_in_the_reloaded_page(world, browsers):
    transfer = process(world.accept(sent(world), world.licenses(), world.licenses(), now=now()))
    address = path(transfer) + "?state=completed&size=25"
    part = text(browsers["source"].get(address, **HTMX)).strip()
    assert part in text(browsers["source"].get(address))


@pytest.mark.parametrize("party", ["source", "target"])
def test_the_page_costs_the_same_queries_for_one_item_and_for_many(world, browsers, party):
    costs = {}
    for count in (1, 50, 200):
        made = make_world(target=PROVIDER)
        items = [made.licenses() for _number in range(count)]
        transfer = process(made.accept(sent(made), *items, now=now()))
        Transfer.objects.filter(pk=transfer.pk).update(
            source_partner_id=world.source.pk, target_partner_id=world.target.pk
        )
        browsers[party].get(path(transfer))
        with CaptureQueriesContext(connection) as captured:
            text(browsers[party].get(path(transfer)))
        costs[count] = sum("transfers_" in query["sql"] or "audit_" in query["sql"] for query in captured)
        assert len(captured) <= 8
        assert not any("COUNT(" in query["sql"] and "transferlineitem" in query["sql"] for query in captured)
    assert len(set(costs.values())) == 1


def rows_of(response):
    body = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_the_file_holds_for_each_side_its_own_columns(world, browsers):
    item = world.licenses()
    transfer = process(world.accept(sent(world), item, now=now()))
    new = transfer.line_items.get().new_subscription
    source, target, reseller = (
        rows_of(browsers[party].get(path(transfer, "items")))[0] for party in ("source", "target", "reseller")
    )

    assert source["Subscription ID at the current partner"] == str(item.pk)
    assert "New subscription ID" not in source
    assert (target["New subscription ID"], target["New order ID"]) == (str(new.pk), str(transfer.order_id))
    assert source["Amount that moves"] == target["Amount that moves"] != ""
    assert "Amount that moves" not in reseller


# --- money -----------------------------------------------------------------------------------------------------------
def test_the_statement_credits_one_side_what_it_charges_the_other(world, browsers):
    items = [world.licenses(starts_on=now().date() - datetime.timedelta(days=10)) for _number in range(3)]
    transfer = process(world.accept(sent(world), *items, now=now()))
    source, target = (plain(text(browsers[party].get(path(transfer, "statement")))) for party in ("source", "target"))

    total = sum(item.moved_amount for item in transfer.line_items.all())
    assert total > 0
    assert "Credited to you" in source
    assert f"€{total:.2f}" in source
    assert "Charged to you" in target
    assert f"€{total:.2f}" in target


def test_the_reseller_learns_nothing_of_the_money(world, browsers):
    transfer = process(world.accept(sent(world), world.licenses(), now=now()))
    assert "€" not in text(browsers["reseller"].get(path(transfer, "statement")))


def test_a_failed_item_is_not_in_the_statement(world, browsers):
    transfer = fail_one(world.accept(sent(world), world.licenses(), now=now()))
    assert "Nothing is credited" in text(browsers["source"].get(path(transfer, "statement")))


def test_the_timeline_tells_what_happened(world, browsers):
    transfer = process(world.accept(sent(world), world.licenses(), now=now()))
    shown = text(browsers["target"].get(path(transfer)))
    for event in ("Transfer requested", "Transfer accepted", "Transfer completed"):
        assert event in shown


def test_after_a_transfer_of_azure_both_partners_and_the_customer_read_that_rights_stayed(client_for):
    for has_azure in (True, False):
        world = make_world()
        item = world.azure() if has_azure else world.licenses()
        wanted = "azure_subscription" if has_azure else "license_based"
        transfer = process(world.accept(world.send(product_types=[wanted]), item))
        for organization, role, page in (
            (world.source, Role.ADMIN_AGENT, "detail"),
            (world.target, Role.ADMIN_AGENT, "detail"),
            (world.customer.organization, Role.CUSTOMER_ADMIN, "my_transfer"),
        ):
            shown = text(client_for(make_member(organization, role)).get(path(transfer, page)))
            assert ("See who has access" in shown) == has_azure
