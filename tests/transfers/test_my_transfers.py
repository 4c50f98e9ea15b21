"""What a customer sees of its transfers: who, state and dates; no prices, no items before completion (T13, W11)."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from tests.factories import make_member
from tests.transfers.factories import make_world
from transfers import processing, workflow
from transfers.enums import TransferStatus

pytestmark = pytest.mark.django_db
TODAY = timezone.now()


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def customer(world, client_for):
    return client_for(make_member(world.customer.organization, Role.CUSTOMER_ADMIN))


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def test_the_customer_finds_its_transfers_from_its_partners(world, customer):
    transfer = world.send(now=TODAY)

    assert 'href="/my-transfers/"' in body(customer.get("/customers/my-partners/"))
    text = body(customer.get("/my-transfers/"))
    assert f'href="/my-transfers/{transfer.pk}/"' in text
    assert f"From {world.source.name} to {world.target.name}" in re.sub(r"\s+", " ", text)
    assert "Pending" in text


def test_the_page_says_what_changes_and_what_stays(world, customer):
    transfer = world.send(now=TODAY, note="Between partners", wishes=["Office wish"])

    text = body(customer.get(f"/my-transfers/{transfer.pk}/"))

    assert f"{world.target.name}, for everything that moves" in text
    assert f"{world.source.name} keeps the access it has and {world.target.name} gets none" in text
    assert f"ask {world.target.name} to cancel the request" in text
    for secret in ("Between partners", "Office wish", "contact@customer.example"):
        assert secret not in text


def test_items_appear_after_completion_and_prices_never(world, customer):
    item = world.licenses(friendly_name="Office of the shop")
    transfer = world.send(now=TODAY)
    world.accept(transfer, item, now=TODAY)
    address = f"/my-transfers/{transfer.pk}/"
    assert "Office of the shop" not in body(customer.get(address))

    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)

    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETED
    text = body(customer.get(address))
    assert "Office of the shop" in text
    assert f"{world.source.name} chooses it" not in text  # it has chosen
    assert "11.70" not in text
    assert str(item.pk) not in text


def test_each_end_reads_in_words(world, customer):
    canceled, declined = world.send(now=TODAY), world.send(now=TODAY)
    workflow.cancel_transfer(transfer_id=canceled.pk, actor=world.target_agent(), now=TODAY)
    workflow.decline_transfer(
        transfer_id=declined.pk, reason="Invoices are open", actor=world.source_agent(), now=TODAY
    )

    assert "Canceled" in body(customer.get(f"/my-transfers/{canceled.pk}/"))
    text = body(customer.get(f"/my-transfers/{declined.pk}/"))
    assert f"Declined by {world.source.name}" in text
    assert "What changes for you" not in text  # nothing does
    assert "Invoices are open" not in text


def test_foreign_transfers_do_not_exist(world, customer):
    foreign = make_world().send(now=TODAY)

    assert customer.get(f"/my-transfers/{foreign.pk}/").status_code == 404
    assert "No transfer concerns you" in body(customer.get("/my-transfers/"))


def test_partners_have_their_own_pages(world, client_for):
    transfer = world.send(now=TODAY)
    agent = client_for(make_member(world.target))

    assert agent.get("/my-transfers/").status_code == 403
    assert agent.get(f"/my-transfers/{transfer.pk}/").status_code == 403


def test_the_customer_cannot_open_the_partners_pages(world, customer):
    transfer = world.send(now=TODAY)

    for page in ("/transfers/", "/transfers/new/", f"/transfers/{transfer.pk}/", f"/transfers/{transfer.pk}/cancel/"):
        assert customer.get(page).status_code == 403


def test_search_leads_the_customer_to_its_page(world, customer):
    transfer = world.send(now=TODAY)

    assert customer.get("/search/", {"q": str(transfer.pk)}).headers["Location"] == f"/my-transfers/{transfer.pk}/"


def test_the_list_costs_the_same_for_one_and_for_twenty(world, customer):
    def cost():
        customer.get("/my-transfers/")
        with CaptureQueriesContext(connection) as captured:
            customer.get("/my-transfers/")
        return len(captured)

    world.send(now=TODAY)
    one = cost()
    for _number in range(19):
        world.send(now=TODAY)
    assert cost() == one <= 5


def test_the_reseller_of_the_new_partner_is_named(client_for):
    world = make_world(target=OrganizationKind.INDIRECT_PROVIDER)
    transfer = world.send(now=TODAY)
    customer = client_for(make_member(world.customer.organization, Role.CUSTOMER_ADMIN))

    assert world.reseller.name in body(customer.get(f"/my-transfers/{transfer.pk}/"))
