"""From request to completed transfer, on the level of the workflow (T1, T7, T8, T13)."""

import datetime
from decimal import Decimal

import pytest

from billing.enums import ChargeKind
from billing.models import Charge
from customers.enums import SubscriptionStatus
from customers.models import Subscription
from portal.audit.models import AuditEvent
from portal.notifications.models import OutgoingEmail
from tests.factories import NOON
from tests.transfers.factories import make_world
from transfers import processing
from transfers.enums import LineItemStatus, TransferEvent, TransferStatus
from transfers.models import Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_contradicts")]


def run(transfer: Transfer, *, now: datetime.datetime = NOON) -> Transfer:
    processing.process_transfer(transfer_id=transfer.pk, clock=lambda: now)
    transfer.refresh_from_db()
    return transfer


def test_accepting_moves_billing_ownership_and_leaves_the_old_identifier_linked():
    world = make_world()
    old = world.licenses(quantity=10)
    transfer = world.accept(world.send(), old)

    run(transfer)

    assert transfer.status == TransferStatus.COMPLETED
    old.refresh_from_db()
    new = Subscription.objects.get(transferred_from=old)
    assert old.status == SubscriptionStatus.TRANSFERRED
    assert (new.billing_owner_id, new.status) == (world.target.pk, SubscriptionStatus.ACTIVE)
    same = ["quantity", "unit_price", "currency", "term", "billing_frequency", "starts_on", "ends_on", "friendly_name"]
    assert [getattr(new, name) for name in same] == [getattr(old, name) for name in same]
    assert new.auto_renew is True
    assert new.entitlement == old.entitlement == old.pk
    assert new.order_id == transfer.order_id
    item = transfer.line_items.get()
    assert (item.status, item.new_subscription_id) == (LineItemStatus.COMPLETED, new.pk)


def test_source_is_credited_what_the_target_is_charged():
    world = make_world()
    start = NOON.date() - datetime.timedelta(days=10)
    old = world.licenses(quantity=10, starts_on=start, unit_price=Decimal("9.99"))

    run(world.accept(world.send(), old))

    credit, charge = (
        Charge.objects.get(kind=ChargeKind.TRANSFER_CREDIT),
        Charge.objects.get(kind=ChargeKind.TRANSFER_CHARGE),
    )
    assert credit.amount == -charge.amount == Decimal("-66.60")
    assert (credit.billing_owner_id, charge.billing_owner_id) == (world.source.pk, world.target.pk)


def test_mails_go_to_source_and_customer_then_to_all_three():
    world = make_world()
    agent = world.source_agent()
    transfer = world.send()
    created = OutgoingEmail.objects.filter(event_type=TransferEvent.CREATED).values_list("recipient", flat=True)
    assert sorted(created) == sorted([agent.email, "contact@customer.example"])

    world.licenses()
    run(world.accept(transfer))

    completed = OutgoingEmail.objects.filter(event_type=TransferEvent.COMPLETED)
    to = set(completed.values_list("recipient", flat=True))
    assert {agent.email, "contact@customer.example"} < to
    assert completed.get(recipient="contact@customer.example").language == "fr"


def test_both_partners_logs_tell_the_story():
    world = make_world()
    world.licenses()
    run(world.accept(world.send()))

    story = [TransferEvent.CREATED, TransferEvent.SUBMITTED, TransferEvent.COMPLETED]
    for organization in (world.source, world.target):
        seen = AuditEvent.objects.filter(parties__organization_id=organization.pk, subject_type="transfer")
        assert list(seen.order_by("pk").values_list("event_type", flat=True)) == story
