"""Which party sees which field of a transfer and of its items, field by field (T13, quality row 17)."""

import pytest
from django.utils import timezone

from portal.accounts.enums import OrganizationKind
from tests.factories import make_actor
from tests.transfers.factories import make_world
from transfers import processing, queries
from transfers.enums import Party, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.queries.visibility import FIELDS, ITEM_FIELDS

pytestmark = pytest.mark.django_db
TODAY = timezone.now()
S, T, R, C = Party.SOURCE, Party.TARGET, Party.RESELLER, Party.CUSTOMER

# What each party must never see, written down a second time: a slip in the table turns one of these red.
SECRETS = {
    S: {"partner_on_record", "created_at", "created_by_name", "order_id"},
    T: {"seen_by_name", "accepted_by_name", "retry_until"},
    R: {"seen_by_name", "accepted_by_name", "retry_until"},
    C: {
        *("customer_email", "customer_language", "customer_name", "source_partner_name", "target_partner_email"),
        *("wishes", "note", "partner_on_record", "created_at", "created_by_name", "seen_at", "seen_by_name"),
        *("accepted_by_name", "retry_until", "closed_by_name", "close_reason", "order_id"),
        *("items_total", "items_completed", "items_failed"),
    },
}
BEFORE_THE_END = {"items_total", "items_completed", "items_failed", "order_id"}
MONEY = {"cycle_starts_on", "cycle_ends_on", "cycle_amount", "moved_amount", "currency"}
TRIES = {"attempts", "next_attempt_at", "last_error_params"}
ITEM_SECRETS = {
    S: {"new_subscription_id"},
    T: TRIES,
    R: TRIES | MONEY,
    C: TRIES
    | MONEY
    | {"position", "product_type", "quantity", "ends_early_on", "subscription_id", "new_subscription_id", "last_error"},
}


@pytest.fixture
def world():
    return make_world(target=OrganizationKind.INDIRECT_PROVIDER)


@pytest.fixture
def transfer(world):
    transfer = world.send(now=TODAY)
    world.accept(transfer, world.licenses(), world.licenses(), now=TODAY)
    return Transfer.objects.get(pk=transfer.pk)


def test_each_organization_is_the_party_it_is(world, transfer):
    organizations = {S: world.source, T: world.target, R: world.reseller, C: world.customer.organization}

    for party, organization in organizations.items():
        actor = make_actor(organization)
        assert queries.party_of(queries.transfer_of(actor, transfer.pk), actor) == party


def test_every_column_that_a_party_sees_is_a_column(transfer):
    names = {field.name for field in Transfer._meta.get_fields()} | {"customer_id"}
    assert set(FIELDS) <= names
    item = TransferLineItem.objects.first()
    assert all(hasattr(item, name) for name in ITEM_FIELDS)


@pytest.mark.parametrize("party", Party)
def test_no_party_sees_a_field_that_is_not_its_own(party, transfer):
    running = set(queries.shown(transfer, party))
    transfer.status = TransferStatus.COMPLETED
    ended = set(queries.shown(transfer, party))

    assert ended == set(FIELDS) - SECRETS[party]
    hidden = BEFORE_THE_END if party != S else set()
    assert running == ended - hidden


@pytest.mark.parametrize("party", Party)
def test_no_party_sees_a_field_of_an_item_that_is_not_its_own(party, transfer):
    item = TransferLineItem.objects.first()

    assert set(queries.shown_item(item, party)) == set(ITEM_FIELDS) - ITEM_SECRETS[party]


@pytest.mark.parametrize("status", TransferStatus)
@pytest.mark.parametrize("party", Party)
def test_only_the_source_sees_items_before_the_end(party, status, transfer):
    transfer.status = status
    has_ended = status in {"completed", "completed_with_errors", "failed"}
    TransferLineItem.objects.filter(position=0).update(
        status="failed", last_error="commerce-error", next_attempt_at=None
    )

    shown = queries.items_shown(transfer, party)

    if party == S:
        assert shown.count() == 2
    elif party == C:
        assert shown.count() == 0  # nothing has moved
    else:
        assert shown.count() == (2 if has_ended else 0)


def test_the_customer_sees_what_moved_once_it_has_ended(transfer):
    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)
    transfer.refresh_from_db()

    assert queries.items_shown(transfer, C).count() == 2
