"""Drafts, statements and the list of what can move, through the API (T3, X3, T14)."""

import uuid

import pytest
from django.utils import timezone

from customers.enums import RelationshipKind, SubscriptionStatus
from portal.accounts.enums import OrganizationKind, Role
from tests.customers.factories import make_relationship
from tests.portal.api.factories import api_client
from tests.transfers.factories import make_world
from transfers import processing
from transfers.models import Transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A provider as new partner, and its reseller, who has the customer as well."""
    world = make_world(target=OrganizationKind.INDIRECT_PROVIDER)
    make_relationship(world.reseller, world.customer, counterpart=world.target, kind=RelationshipKind.RESELLER)
    return world


def home(world, rest):
    return f"/v1/customers/{world.customer.pk}/{rest}"


def wanted(world, **changes):
    return {
        "sourcePartnerTenantId": str(world.source.pk),
        "customerEmailId": "ledger@nordlys.example",
        "transferType": 3,
        "partnerOnRecord": world.reseller_number,
        "agreedItems": ["Office"],
        "note": "Please check",
    } | changes


def test_a_reseller_prepares_and_its_provider_sends(world):
    reseller, provider = api_client(world.reseller), api_client(world.target)
    made = reseller.send("POST", home(world, "transferdrafts"), wanted(world))
    assert made.status_code == 201, made.content
    draft = made.json()
    assert (draft["status"], draft["note"], draft["agreedItems"]) == ("Draft", "Please check", ["Office"])
    here = "/v1" + draft["links"]["self"]["uri"]
    assert provider.get(here).json() == reseller.get(here).json() == draft
    assert provider.get("/v1/transferdrafts").json()["items"] == [draft]
    assert api_client(world.source).get(here).json()["code"] == 900100
    assert provider.get("/v1/transfers").json()["totalCount"] == 0

    assert reseller.send("POST", f"{here}/send").json()["code"] == 900150
    sent = provider.send("POST", f"{here}/send")
    assert (sent.status_code, sent.json()["status"]) == (200, "Pending")
    assert provider.get(here).status_code == 404
    assert api_client(world.source).get(home(world, f"transfers/{draft['id']}")).json()["status"] == "Pending"


def test_either_of_them_throws_a_draft_away(world):
    for who in (world.reseller, world.target):
        draft = api_client(world.reseller).send("POST", home(world, "transferdrafts"), wanted(world)).json()
        here = home(world, f"transferdrafts/{draft['id']}")
        assert api_client(who, Role.HELPDESK_AGENT).send("DELETE", here).json()["code"] == 900150
        assert api_client(who).send("DELETE", here).status_code == 204
    assert not Transfer.objects.exists()


def test_what_cannot_be_prepared_is_refused(world):
    reseller, address = api_client(world.reseller), home(world, "transferdrafts")
    assert reseller.send("POST", address, wanted(world, partnerOnRecord="999")).status_code == 404
    assert reseller.send("POST", address, wanted(world, transferType=None)).json()["code"] == 3000
    assert api_client(world.source).send("POST", address, wanted(world)).status_code == 404
    assert reseller.get(home(world, f"transferdrafts/{uuid.uuid4()}")).json()["code"] == 900100


def test_a_statement_tells_each_side_what_moved():
    world = make_world()
    item = world.licenses()
    transfer = world.send(now=timezone.now())
    source, target = api_client(world.source), api_client(world.target)
    here = home(world, f"transfers/{transfer.pk}/statement")
    assert target.get(here).json()["totals"] == []
    world.accept(transfer, item, now=timezone.now())
    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)
    credited, charged = source.get(here).json(), target.get(here).json()
    assert (credited["side"], charged["side"]) == ("source", "target")
    assert credited["totals"] == charged["totals"]
    assert credited["totals"][0]["currencyCode"] == "EUR"
    assert api_client().get(here).json()["code"] == 900100


def test_what_could_move_is_listed_without_a_transfer():
    world = make_world()
    item, pending = world.licenses(), world.licenses(status=SubscriptionStatus.PENDING)
    found = api_client(world.source).get(home(world, "transfersEligibility?transferType=directToIndirect")).json()
    by_id = {one["id"]: one for one in found}
    assert by_id[str(item.pk)] == {"id": str(item.pk), "isEligible": True}
    assert by_id[str(pending.pk)]["reason"]
    assert api_client(world.target).get(home(world, "transferseligibility")).json() == []
    assert api_client().get(home(world, "transferseligibility")).status_code == 404
