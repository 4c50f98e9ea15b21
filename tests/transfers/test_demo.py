"""The demo world has a transfer in every state, and enough left to transfer (contract)."""

import datetime

from customers import demo as customers_demo
from portal.local import demo as people_demo
from tests.factories import NOON
from transfers import demo, queries, rules
from transfers.enums import TransferStatus
from transfers.invariants import breaches
from transfers.models import CommerceFault, Transfer

S = TransferStatus


def test_there_is_one_in_every_state_and_enough_left_to_transfer(db):
    people_demo.load(now=NOON)
    customers_demo.load(now=NOON)
    demo.load(now=NOON)

    states = {S.DRAFT, S.PENDING, S.IN_PROGRESS, S.COMPLETED, S.FAILED, S.CANCELED, S.DECLINED, S.EXPIRED}
    assert set(Transfer.objects.values_list("status", flat=True)) == states
    assert list(breaches()) == []
    assert not Transfer.objects.filter(created_at__gt=NOON).exists()

    running = Transfer.objects.get(status=S.IN_PROGRESS)
    assert (running.items_total, running.items_completed) == (2, 1)
    assert running.line_items.get(completed_at__isnull=True).next_attempt_at > NOON
    assert running.retry_until > NOON + datetime.timedelta(days=2)

    for transfer in Transfer.objects.filter(status=S.PENDING):
        context = queries.context_for(transfer, today=NOON.date())
        assert any(rules.can_move(one, context) for one in context.items.values())

    in_the_sandbox = Transfer.objects.get(status=S.PENDING, source_partner__organization__is_sandbox=True)
    assert CommerceFault.objects.get().subscription in queries.source_items(in_the_sandbox)
