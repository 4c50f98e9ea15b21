"""The lists of transfers: workspace, one customer, export, search by id (reference 6.4.1, wish W1)."""

import csv
import datetime
import html
import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from tests.factories import make_member, make_partner
from tests.transfers.factories import make_world
from transfers import workflow
from transfers.enums import TransferStatus
from transfers.models import Transfer

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
LIST = "/transfers/"
TODAY = timezone.now()


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def target(world, client_for):
    """The browser of an admin agent of the new partner."""
    return client_for(make_member(world.target))


@pytest.fixture
def source(world, client_for):
    return client_for(make_member(world.source))


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def ids(response):
    """The transfers a list links to, in order."""
    return re.findall(r'href="/transfers/([0-9a-f-]{36})/"', body(response))


def rows(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
def test_each_list_opens_for_the_roles_of_its_permission(world, client_for, role):
    browser, may = client_for(make_member(world.target, role)), ROLE_PERMISSIONS[role]
    pages = {
        LIST: Permission.TRANSFER_VIEW,
        f"/customers/{world.customer.pk}/transfers/": Permission.TRANSFER_VIEW,
        "/transfers/export.csv": Permission.CUSTOMER_EXPORT,
    }

    for page, permission in pages.items():
        assert browser.get(page).status_code == (200 if permission in may else 403), page


def test_who_may_not_send_is_told_why_and_who_can(world, client_for):
    helpdesk = client_for(make_member(world.target, Role.HELPDESK_AGENT))

    for page in (LIST, f"/customers/{world.customer.pk}/transfers/"):
        text = body(helpdesk.get(page))
        assert "Your role does not allow this: Create and cancel transfers." in text
        assert "Admin agent" in text


def test_a_foreign_customer_s_page_does_not_exist(target):
    foreign = make_world()

    assert target.get(f"/customers/{foreign.customer.pk}/transfers/").status_code == 404
    assert target.get(f"/customers/{uuid.uuid4()}/transfers/").status_code == 404


# --- what stands there -----------------------------------------------------------------------------------------------
def test_each_partner_sees_the_request_from_its_side(world, target, source):
    transfer = world.send(now=TODAY)

    sent, received = body(target.get(LIST)), body(source.get(LIST))

    assert str(transfer.pk) in sent
    assert str(transfer.pk) in received
    assert world.source.name in sent
    assert world.target.name in received
    assert "Review request" in received
    assert "Review request" not in sent
    assert "30 days left" in sent
    assert re.search(r">\s*Received\s*<", received)
    assert re.search(r">\s*Sent\s*<", sent)


def test_who_may_answer_is_led_to_the_review(world, source, client_for):
    transfer = world.send(now=TODAY)
    link = f'href="/transfers/{transfer.pk}/review/"'
    helpdesk = client_for(make_member(world.source, Role.HELPDESK_AGENT))

    for page in (LIST, f"/customers/{world.customer.pk}/transfers/"):
        assert link in body(source.get(page))
        assert link not in body(helpdesk.get(page))
        assert "Review request" in body(helpdesk.get(page))


def test_nobody_else_sees_it(world, client_for):
    world.send(now=TODAY)

    assert ids(client_for(make_member()).get(LIST)) == []


def test_the_customer_page_has_sent_and_received_apart(world, target, source):
    transfer = world.send(now=TODAY)
    page = f"/customers/{world.customer.pk}/transfers/"

    sent, received = body(target.get(page)), body(source.get(page))

    assert re.search(rf'id="sent-title".*{transfer.pk}.*id="received-title"', sent, re.DOTALL)
    assert "No other partner has asked for this customer." in sent
    assert re.search(rf'id="received-title".*{transfer.pk}', received, re.DOTALL)
    assert "No request was sent for this customer." in received
    for column in ("Transfer request ID", "Status", "Action required", "Request date", "Transfer date"):
        assert f'<th scope="col">{column}</th>' in sent
    assert "Access does not move." in sent


def test_the_customer_page_leads_to_the_rest_of_a_long_block(world, target):
    for _number in range(21):
        world.send(now=TODAY)
    page = target.get(f"/customers/{world.customer.pk}/transfers/")

    more = re.search(r'href="(/transfers/\?[^"]*)">All of them', body(page))[1]

    assert len(ids(page)) == 20
    assert len(ids(target.get(more))) == 21


def test_page_and_fragment_come_from_the_same_address(world, target):
    transfer = world.send(now=TODAY)

    for address in (LIST, f"/customers/{world.customer.pk}/transfers/"):
        page, fragment = target.get(address), target.get(address, **HTMX)
        assert ids(page) == ids(fragment) == [str(transfer.pk)]
        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        inside = re.sub(rb"\s+", b" ", fragment.content.strip())
        assert inside in re.sub(rb"\s+", b" ", page.content)


# --- filters ---------------------------------------------------------------------------------------------------------
def test_filters_leave_what_they_name(world, target, source):
    pending = world.send(now=TODAY, product_types=["license_based"])
    old = world.send(now=TODAY - datetime.timedelta(days=27))
    canceled = world.send(now=TODAY)
    workflow.cancel_transfer(transfer_id=canceled.pk, actor=world.target_agent(), now=TODAY)
    every = {str(pending.pk), str(old.pk), str(canceled.pk)}

    def left(query, browser=target):
        return set(ids(browser.get(f"{LIST}?{query}")))

    assert left("") == every
    assert left("status=canceled") == {str(canceled.pk)}
    assert left("direction=sent") == every
    assert left("direction=received") == set()
    assert left("direction=received", source) == every
    assert left("expiring=yes") == {str(old.pk)}
    assert left("action=yes") == set()
    assert left("action=no") == every
    assert left("action=yes", source) == {str(pending.pk), str(old.pk)}
    assert left("type=license_based") == every  # the others ask for all kinds
    assert left("type=azure_reservation") == {str(old.pk), str(canceled.pk)}
    assert left(f"customer={world.customer.pk}") == every
    assert left(f"customer={uuid.uuid4()}") == set()
    assert left("status=nonsense&customer=nonsense&cursor=") == every


def test_search_finds_customer_partner_and_ids(world, target):
    transfer = world.send(now=TODAY)
    other = make_world()
    workflow_other = other.send(now=TODAY)
    names = [world.customer.organization.name, world.source.name, str(world.customer.pk), str(world.source.pk)]

    for text in names:
        assert ids(target.get(LIST, {"q": text})) == [str(transfer.pk)], text
    assert ids(target.get(LIST, {"q": "nobody of this name"})) == []
    assert ids(target.get(LIST, {"q": str(workflow_other.pk)})) == []


def test_a_transfer_s_id_leads_straight_to_it(world, target):
    transfer = world.send(now=TODAY)

    assert target.get(LIST, {"q": str(transfer.pk)}).headers["Location"] == f"/transfers/{transfer.pk}/"
    assert target.get("/search/", {"q": str(transfer.pk)}).headers["Location"] == f"/transfers/{transfer.pk}/"


def test_the_universal_search_keeps_foreign_transfers_to_itself(world, client_for):
    transfer = world.send(now=TODAY)

    assert str(transfer.pk) not in re.findall(
        r'href="([^"]*)"', body(client_for(make_member()).get("/search/", {"q": str(transfer.pk)}))
    )


def test_chips_drop_one_filter_each(world, target):
    text = body(target.get(f"{LIST}?status=pending&direction=sent"))

    assert f'href="{LIST}?direction=sent"' in text
    assert f'href="{LIST}?status=pending"' in text
    assert "No transfer matches" in text


@pytest.mark.parametrize("sort", ["requested", "customer", "expires"])
def test_pages_hold_every_row_once_in_either_order(world, target, sort):
    for day in range(60):
        world.send(now=TODAY - datetime.timedelta(hours=day))

    for order in (sort, f"-{sort}"):
        seen, address = [], f"{LIST}?sort={order}"
        while address:
            page = target.get(address)
            seen += ids(page)
            found = re.search(r'rel="next"\s+href="([^"]+)"', body(page))
            address = found and found[1]
        assert len(seen) == len(set(seen)) == 60


def test_tiles_count_what_is_open_and_lead_to_it(world, target, source):
    world.send(now=TODAY)
    world.send(now=TODAY - datetime.timedelta(days=27))

    text = body(target.get(LIST))
    values = re.findall(r'<span class="tile__value">(\d+)</span>', text)
    assert values == ["0", "2", "0", "1"]
    assert re.findall(r'<span class="tile__value">(\d+)</span>', body(source.get(LIST))) == ["2", "0", "0", "1"]
    assert len(ids(source.get(f"{LIST}?direction=received&status=pending"))) == 2


def test_the_empty_list_says_what_will_stand_there(client_for):
    partner = make_partner()

    assert 'href="/transfers/new/"' in body(client_for(make_member(partner)).get(LIST))
    text = body(client_for(make_member(partner, Role.HELPDESK_AGENT)).get(LIST))
    assert "No transfer yet" in text
    assert not re.search(r'<a class="button button--primary" href="/transfers/new/"', text)


# --- export ----------------------------------------------------------------------------------------------------------
def test_the_export_holds_what_the_filters_leave(world, target):
    pending, canceled = world.send(now=TODAY), world.send(now=TODAY)
    workflow.cancel_transfer(transfer_id=canceled.pk, actor=world.target_agent(), now=TODAY)

    header, *found = rows(target.get("/transfers/export.csv?status=pending"))

    assert [row[0] for row in found] == [str(pending.pk)]
    assert found[0][header.index("Other partner")] == world.source.name
    assert found[0][header.index("Status")] == "Pending"
    assert len(rows(target.get("/transfers/export.csv"))) == 3


# --- cost ------------------------------------------------------------------------------------------------------------
def test_a_list_costs_the_same_for_one_row_and_for_twenty(world, target):
    def cost(address):
        target.get(address)
        with CaptureQueriesContext(connection) as captured:
            target.get(address)
        return len(captured)

    addresses = (LIST, f"/customers/{world.customer.pk}/transfers/")
    world.send(now=TODAY)
    one = [cost(address) for address in addresses]
    for _number in range(19):
        world.send(now=TODAY)
    assert Transfer.objects.count() == 20
    assert [cost(address) for address in addresses] == one
    assert one[0] <= 5
    assert one[1] <= 8


# --- navigation ------------------------------------------------------------------------------------------------------
def test_transfers_stand_between_subscriptions_and_admin_relationships(world, target):
    text = body(target.get(f"/customers/{world.customer.pk}/transfers/"))

    navigation = re.search(r'<nav class="side-nav".*?</nav>', text, re.DOTALL)[0]
    pages = re.findall(rf'href="/customers/{world.customer.pk}/([a-z-]+)/"', navigation)
    assert pages.index("subscriptions") < pages.index("transfers") < pages.index("admin-relationships")
    assert re.search(rf'href="/customers/{world.customer.pk}/transfers/"\s+aria-current="page"', navigation)


def test_the_states_of_the_filter_are_the_states_there_are(target):
    text = body(target.get(LIST))

    for status in TransferStatus:
        assert f'<option value="{status.value}"' in text
