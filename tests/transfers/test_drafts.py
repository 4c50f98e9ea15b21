"""Requests that a reseller prepares and its provider sends, and taking a pending one back (T3, T11; wish W14)."""

import html
import uuid

import pytest
from django.utils import timezone

from customers.enums import RelationshipKind
from customers.models import CustomerAgreement
from portal.accounts.enums import OrganizationKind, Role
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import make_actor, make_member
from tests.transfers.factories import make_world
from transfers import workflow
from transfers.enums import TransferStatus
from transfers.models import Transfer
from transfers.reasons import TransferRefused

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
TODAY = timezone.now()


@pytest.fixture
def world():
    """A provider as new partner, and its reseller, who has the customer as well."""
    world = make_world(target=OrganizationKind.INDIRECT_PROVIDER)
    make_relationship(world.reseller, world.customer, counterpart=world.target, kind=RelationshipKind.RESELLER)
    return world


@pytest.fixture
def reseller(world, client_for):
    return client_for(make_member(world.reseller))


@pytest.fixture
def provider(world, client_for):
    return client_for(make_member(world.target))


@pytest.fixture
def source(world, client_for):
    return client_for(make_member(world.source))


@pytest.fixture
def draft(world):
    request = world.request(wishes=["Office"], note="Please check")
    return workflow.prepare_draft(request=request, actor=make_actor(world.reseller), now=TODAY)


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def page(transfer, name):
    return f"/transfers/{transfer.pk}/{name}/"


def entries(world, **changes):
    return {
        "customer_name": "Contoso",
        "customer_email": "contact@contoso.example",
        "customer_language": "en",
        "source_partner_name": world.source.name,
        "source_tenant_id": str(world.source.pk),
        "partner_on_record": world.reseller_number,
    } | changes


# --- prepared by the reseller ----------------------------------------------------------------------------------------
def test_a_reseller_prepares_for_its_provider(world, reseller):
    address = f"/customers/{world.customer.pk}/transfers/new/"

    form = body(reseller.get(address))
    question = body(reseller.post(address, entries(world, step="ask")))
    answer = reseller.post(address, entries(world, step="send", token=str(uuid.uuid4())))

    draft = Transfer.objects.get()
    assert world.target.name in form
    assert "Hand over to the provider" in form
    assert f"{world.target.name} is told, checks the request and sends it, or deletes it." in question
    assert (draft.status, draft.target_partner_id, draft.reseller_id) == ("draft", world.target.pk, world.reseller.pk)
    assert answer.headers["Location"] == f"/transfers/{draft.pk}/"
    assert "The request is prepared." in body(reseller.get(f"/customers/{world.customer.pk}/transfers/"))


def test_a_reseller_offers_no_partner_id_but_its_own(world, reseller):
    other = make_partnership(world.target).reseller.organization
    number = other.partner.locations.get().partner_id_number

    assert number not in body(reseller.get(f"/customers/{world.customer.pk}/transfers/new/"))
    with pytest.raises(TransferRefused) as refused:
        workflow.prepare_draft(
            request=world.request(partner_on_record=number), actor=make_actor(world.reseller), now=TODAY
        )
    assert refused.value.code == "partner-on-record-not-reseller"


def test_the_draft_is_seen_by_reseller_and_provider_alone(world, draft, reseller, provider, source, client_for):
    customer = client_for(make_member(world.customer.organization, Role.CUSTOMER_ADMIN))

    for browser, word in ((reseller, "Prepared requests"), (provider, "by your indirect resellers, not sent yet")):
        assert word in body(browser.get(f"/customers/{world.customer.pk}/transfers/"))
        assert str(draft.pk) in body(browser.get("/transfers/"))
        assert browser.get(page(draft, "send")).status_code == 200
    assert str(draft.pk) not in body(source.get("/transfers/"))
    assert str(draft.pk) not in body(customer.get("/my-transfers/"))
    for name in ("send", "delete", "cancel"):
        assert source.get(page(draft, name)).status_code == 404
        assert source.post(page(draft, name)).status_code == 404
    assert customer.get(f"/my-transfers/{draft.pk}/").status_code == 404


def test_the_provider_s_list_asks_it_to_check_and_send(draft, provider, reseller):
    assert "Check and send" in body(provider.get("/transfers/?action=yes"))
    assert str(draft.pk) not in body(reseller.get("/transfers/?action=yes"))
    assert str(draft.pk) not in body(provider.get("/transfers/?direction=sent"))
    assert str(draft.pk) in body(provider.get("/transfers/?status=draft"))


# --- sent by the provider --------------------------------------------------------------------------------------------
def test_the_provider_sees_facts_and_checklist_and_sends(draft, provider):
    text = body(provider.get(page(draft, "send")))

    for value in ("Please check", "Office", str(draft.source_partner_id), draft.partner_on_record, "Prerequisites"):
        assert value in text
    answer = provider.post(page(draft, "send"))
    draft.refresh_from_db()
    assert draft.status == TransferStatus.PENDING
    assert answer.headers["Location"] == f"/transfers/{draft.pk}/"


def test_a_draft_that_does_not_hold_any_more_is_not_sent(draft, provider):
    CustomerAgreement.objects.all().delete()

    text = body(provider.post(page(draft, "send")), 403)

    assert "The customer has not signed the customer agreement with the new partner." in text
    draft.refresh_from_db()
    assert draft.status == TransferStatus.DRAFT


def test_the_reseller_reads_the_draft_but_cannot_send_it(draft, reseller):
    text = body(reseller.get(page(draft, "send")))

    assert "Waiting for your indirect provider" in text
    assert "Send transfer request" not in text
    assert reseller.post(page(draft, "send")).status_code == 403
    draft.refresh_from_db()
    assert draft.status == TransferStatus.DRAFT


def test_a_draft_sent_twice_is_one_request(draft, provider):
    provider.post(page(draft, "send"))

    answer = provider.post(page(draft, "send"))

    assert answer.status_code == 409
    assert "This request was sent already." in body(answer, 409)
    assert provider.get(page(draft, "send")).headers["Location"] == f"/transfers/{draft.pk}/"


def test_agents_who_only_read_cannot_touch_drafts(world, draft, client_for):
    for role in (Role.HELPDESK_AGENT, Role.SALES_AGENT):
        browser = client_for(make_member(world.target, role))
        for name in ("send", "delete", "cancel"):
            assert browser.get(page(draft, name)).status_code == 403
            assert browser.post(page(draft, name)).status_code == 403


# --- deleted ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["reseller", "provider"])
def test_either_deletes_a_draft_after_the_question(draft, who, request):
    browser = request.getfixturevalue(who)

    question = body(browser.get(page(draft, "delete")))
    dialog = browser.get(page(draft, "delete"), **HTMX).content.decode()

    assert "Delete this prepared request?" in question
    assert "<dialog" in dialog
    assert Transfer.objects.exists()
    assert browser.post(page(draft, "delete")).headers["Location"] == "/transfers/"
    assert not Transfer.objects.exists()


def test_the_source_has_no_part_in_drafts_even_after_they_were_sent(draft, provider, source):
    provider.post(page(draft, "send"))

    for name in ("send", "delete"):
        assert source.get(page(draft, name)).status_code == 404
        assert source.post(page(draft, name)).status_code == 404
    assert Transfer.objects.get().status == TransferStatus.PENDING


def test_what_was_sent_is_not_deleted(draft, provider):
    provider.post(page(draft, "send"))

    assert "This request was sent already." in body(provider.get(page(draft, "delete")))
    assert provider.post(page(draft, "delete")).status_code == 409
    assert Transfer.objects.exists()


# --- canceled --------------------------------------------------------------------------------------------------------
def test_the_target_cancels_after_the_question(world, provider):
    transfer = world.send(now=TODAY)

    question = body(provider.get(page(transfer, "cancel")))
    answer = provider.post(page(transfer, "cancel"), **HTMX)

    assert f"{world.source.name} can no longer accept it" in question
    assert answer.headers["HX-Redirect"] == f"/transfers/{transfer.pk}/"
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.CANCELED


def test_canceling_asks_for_a_fresh_sign_in(world, client_for):
    transfer = world.send(now=TODAY)
    stale = client_for(make_member(world.target), fresh=False)

    for answer in (stale.get(page(transfer, "cancel")), stale.post(page(transfer, "cancel"))):
        assert answer.headers["Location"].startswith("/account/reauthenticate/")
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING


@pytest.mark.parametrize("who", ["source", "reseller"])
def test_nobody_but_the_target_cancels(world, who, request):
    transfer = world.send(now=TODAY)
    browser = request.getfixturevalue(who)

    assert "Only the new partner can do this." in body(browser.get(page(transfer, "cancel")))
    assert browser.post(page(transfer, "cancel")).status_code == 403
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.PENDING


def test_what_was_accepted_cannot_be_canceled(world, provider):
    transfer = world.send(now=TODAY)
    world.accept(transfer, world.licenses(), now=TODAY)

    text = body(provider.post(page(transfer, "cancel")), 409)

    assert "This transfer is not pending any more: In progress." in text
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.IN_PROGRESS


def test_a_foreign_request_cannot_be_found_to_cancel(world, client_for):
    transfer = world.send(now=TODAY)
    stranger = client_for(make_member())

    for name in ("cancel", "send", "delete"):
        assert stranger.get(page(transfer, name)).status_code == 404
        assert stranger.post(page(transfer, name)).status_code == 404
