"""Kill -9 at every commit point of a transfer: it ends by itself, once, and each mail goes out once (issue 3).

Each case forks a process that works on the transfer and kills itself just before, or just after, one of its commits.
The points are found by running once unharmed, so a new commit in the code is a new case. What a killed process leaves
is picked up by another one, as the sweep of the beat schedule does.
"""

import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from customers.enums import SubscriptionStatus
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.audit import processing as sealing
from portal.audit.models import AuditEvent
from portal.notifications import processing as mails
from portal.notifications.enums import EmailStatus
from portal.notifications.models import OutgoingEmail
from tests.portal.notifications.conftest import mail_server  # noqa: F401 - a fixture
from tests.portal.notifications.mail_server import TestMailServer
from tests.transfers.factories import World, make_world
from transfers import processing, workflow
from transfers.enums import TransferEvent, TransferStatus
from transfers.invariants import breaches
from transfers.models import Transfer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ITEMS = 5


class Points:
    """Counts the commits of a process by the function that asked for them, and kills it at one of them."""

    def __init__(self, kill_at: str = "") -> None:
        self.kill_at = kill_at
        self.passed: list[str] = []
        self._numbers: Counter[str] = Counter()

    def __enter__(self) -> "Points":
        commit = BaseDatabaseWrapper.commit

        def counted(wrapper: BaseDatabaseWrapper) -> None:
            name = self._name()
            self._reach(f"{name} before")
            commit(wrapper)
            self._reach(f"{name} after")

        BaseDatabaseWrapper.commit = counted
        return self

    def __exit__(self, *_: object) -> None:
        """Stays in place: the process ends."""

    def _name(self) -> str:
        """The function that opened the transaction: decorated with ``atomic``, or with a block of it inside."""
        frame = sys._getframe(2)
        while ".venv" in frame.f_code.co_filename:
            frame = frame.f_back
        if "contextlib" in frame.f_code.co_filename:
            function = frame.f_locals["func"].__qualname__
        else:
            function = frame.f_code.co_name
        self._numbers[function] += 1
        return f"{function} {self._numbers[function]}"

    def _reach(self, point: str) -> None:
        self.passed.append(point)
        if point == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def in_a_process(work: Callable[[], object], *, kill_at: str = "") -> list[str]:
    """Run the work in a process of its own; return the commit points it passed, or nothing if it was killed."""
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with Points(kill_at) as points:
                work()
            os.write(writing, "\n".join(points.passed).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answers:
        passed = answers.read().splitlines()
    _pid, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed == bool(kill_at), "the process failed" if not kill_at else f"{kill_at} was not reached"
    assert killed or os.waitstatus_to_exitcode(status) == 0
    return passed


def telling(points: list[str]) -> list[str]:
    """Of each function's commits the first and the last: the ones between (the third mail of six) are like these."""
    numbers = Counter(point.rsplit(" ", 2)[0] for point in points if point.endswith("before"))
    return [
        point
        for point in points
        for function, number, _side in [point.rsplit(" ", 2)]
        if int(number) in {1, numbers[function]}
    ]


def the_web_process(agent: Actor, transfer: Transfer) -> None:
    """The source accepts."""
    workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=None, actor=agent, now=timezone.now())


def the_workers(transfer: Transfer) -> None:
    """What tasks do: move items, send mails, seal the log."""
    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)
    mails.send_waiting(clock=timezone.now)
    sealing.seal_waiting()


def beat_until_quiet(transfer: Transfer) -> None:
    """What beat does again and again, with all that was queued before lost."""
    for _turn in range(2):
        processing.sweep(now=timezone.now())
        if Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.IN_PROGRESS).exists():
            processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)
        mails.sweep(now=timezone.now())
        mails.send_waiting(clock=timezone.now)
        sealing.seal_waiting()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Several batches in one transfer."""
    monkeypatch.setitem(processing.process_batch.__kwdefaults__, "size", 2)


def a_pending_request() -> tuple[World, Actor, Transfer]:
    """A request for some items that the source has not answered, its first mails sent."""
    world = make_world()
    agent = world.source_agent()
    for _number in range(ITEMS):
        world.licenses()
    transfer = world.send(now=timezone.now())
    mails.send_waiting(clock=timezone.now)
    return world, agent, transfer


def check_the_end(world: World, transfer: Transfer, mail_server: TestMailServer) -> None:  # noqa: F811
    transfer.refresh_from_db()
    assert (transfer.status, transfer.items_completed) == (TransferStatus.COMPLETED, ITEMS)
    moved = Subscription.objects.filter(billing_owner_id=world.target.pk, status=SubscriptionStatus.ACTIVE)
    assert moved.count() == ITEMS
    own = AuditEvent.objects.filter(subject_type="transfer", subject_id=str(transfer.pk))
    events = Counter(own.values_list("event_type", flat=True))
    assert events == {TransferEvent.CREATED: 1, TransferEvent.SUBMITTED: 1, TransferEvent.COMPLETED: 1}
    assert list(breaches()) == []
    seen = Counter((mail["Subject"], mail["To"]) for mail in mail_server.mails)
    assert set(seen.values()) == {1}, "a mail came twice"
    left = OutgoingEmail.objects.filter(event_id__in=own.values("public_id")).exclude(status=EmailStatus.SENT)
    # At most the one mail whose hand-over was cut off: it is never sent again by itself.
    assert set(left.values_list("status", flat=True)) <= {EmailStatus.SENDING, EmailStatus.UNCONFIRMED}
    assert left.count() <= 1


def test_every_commit_point_of_a_transfer_can_be_the_last(mail_server):  # noqa: F811 - the fixture
    world, agent, transfer = a_pending_request()
    in_the_web = in_a_process(lambda: the_web_process(agent, transfer))
    in_a_worker = in_a_process(lambda: the_workers(transfer))
    check_the_end(world, transfer, mail_server)
    names = {point.rsplit(" ", 2)[0] for point in in_the_web + in_a_worker}
    assert {"accept_transfer", "process_batch", "finish_transfer", "claim_next", "confirm"} <= names
    assert len(in_the_web) + len(in_a_worker) > 20

    for point in telling(in_the_web):
        world, agent, transfer = a_pending_request()
        in_a_process(lambda: the_web_process(agent, transfer), kill_at=point)  # noqa: B023 - called at once
        transfer.refresh_from_db()
        assert transfer.status == (TransferStatus.IN_PROGRESS if "after" in point else TransferStatus.PENDING), point
        if transfer.status == TransferStatus.PENDING:
            the_web_process(agent, transfer)
        beat_until_quiet(transfer)
        check_the_end(world, transfer, mail_server)

    for point in telling(in_a_worker):
        world, agent, transfer = a_pending_request()
        the_web_process(agent, transfer)
        in_a_process(lambda: the_workers(transfer), kill_at=point)  # noqa: B023 - called at once
        beat_until_quiet(transfer)
        check_the_end(world, transfer, mail_server)
