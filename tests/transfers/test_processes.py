"""Transfers in real processes: worker and web server killed with SIGKILL, Redis emptied; nothing lost or repeated."""

import subprocess
import sys
import time
import uuid
from collections import Counter

import pytest
import redis
from celery import current_app
from django.db import connection
from django.utils import timezone

from billing.models import Charge
from customers.enums import SubscriptionStatus
from customers.models import Subscription
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.notifications.enums import EmailStatus
from portal.notifications.models import OutgoingEmail
from tests import live
from tests.factories import make_member
from tests.portal.notifications.conftest import mail_server  # noqa: F401 - a fixture
from tests.transfers.factories import World, make_world
from transfers.enums import TransferEvent, TransferStatus
from transfers.invariants import breaches
from transfers.models import Transfer
from transfers.processing import BATCH_SIZE

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BATCHES = 4


class Group:
    """A process and its children in a group of their own, started again after each kill."""

    def __init__(self, command: list[str], variables: dict[str, str], folder) -> None:
        self._command, self._variables = command, variables
        self._log = folder / f"{uuid.uuid4()}.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                env=self._variables,
                cwd=live.PROJECT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9 all of it."""
        if self._process is not None:
            live.kill(self._process, group=True)

    @property
    def log(self) -> str:
        return self._log.read_text()


@pytest.fixture
def variables(mail_server):  # noqa: F811 - the fixture
    """What web server and worker of a test share: its database, its queue, its mail server."""
    return live.environment(
        DJANGO_SETTINGS_MODULE="tests.transfers.live_settings",
        EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
        TEST_QUEUE=f"test-{uuid.uuid4()}",
    )


@pytest.fixture
def worker(variables, tmp_path):
    """A Celery worker that is not yet started, and is gone after the test."""
    command = "-m celery -A portal worker --concurrency 1 --loglevel WARNING --without-gossip --without-mingle"
    worker = Group(command.split(), variables, tmp_path)
    yield worker
    worker.kill()


@pytest.fixture
def world(mail_server) -> World:  # noqa: F811 - the fixture
    return make_world()


def fill(world: World, count: int) -> None:
    """Give the customer so many subscriptions at the source, copies of one."""
    one = world.licenses()
    values = {field.attname: getattr(one, field.attname) for field in Subscription._meta.concrete_fields}
    copies = [Subscription(**values | {"id": uuid.uuid4()}) for _number in range(count - 1)]
    Subscription.objects.bulk_create(copies, batch_size=1000)


def wait(until, group: Group, *, tasks=(), queue: str = "") -> None:
    """Wait until something is true; meanwhile send the tasks every few seconds, as the beat schedule does."""
    end, asked = time.monotonic() + live.PATIENCE_SECONDS, 0.0
    while not until():
        assert time.monotonic() < end, f"It did not happen. The process says:\n{group.log}"
        if tasks and time.monotonic() - asked > 2:
            asked = time.monotonic()
            for task in tasks:
                current_app.send_task(task, queue=queue)
        time.sleep(0.05)


def completed(transfer: Transfer):
    return lambda: Transfer.objects.filter(pk=transfer.pk, status=TransferStatus.COMPLETED).exists()


def is_in_a_later_batch(transfer: Transfer) -> bool:
    """Say whether batches are done and another one has moved, with its charges, but is not committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction' AND query LIKE '%INTO billing_charge%'"
        )
        is_open = cursor.fetchone()[0] == 1
    return is_open and Transfer.objects.filter(pk=transfer.pk, items_completed__gte=BATCH_SIZE).exists()


def all_mails_are_out() -> bool:
    return not OutgoingEmail.objects.exclude(status=EmailStatus.SENT).exists()


def check_the_end(world: World, transfer: Transfer, items: int, mails: list) -> None:
    """Everything moved once, is paid once, was told once."""
    transfer.refresh_from_db()
    assert (transfer.status, transfer.items_completed, transfer.items_total) == (TransferStatus.COMPLETED, items, items)
    moved = Subscription.objects.filter(billing_owner_id=world.target.pk, status=SubscriptionStatus.ACTIVE)
    assert moved.count() == items
    assert Charge.objects.count() == 2 * items
    assert list(breaches()) == []
    own = AuditEvent.objects.filter(subject_type="transfer").values_list("event_type", flat=True)
    assert Counter(own) == {TransferEvent.CREATED: 1, TransferEvent.SUBMITTED: 1, TransferEvent.COMPLETED: 1}
    seen = Counter((mail["Subject"], mail["To"]) for mail in mails)
    assert set(seen.values()) == {1}, "a mail came twice"
    assert len(seen) == OutgoingEmail.objects.count(), "a mail did not come"


def test_a_worker_killed_in_the_middle_of_a_batch_leaves_nothing_half_done(world, worker, variables, mail_server):  # noqa: F811
    items = BATCHES * BATCH_SIZE
    fill(world, items)
    transfer = world.accept(world.send(now=timezone.now()), now=timezone.now())
    queue = variables["TEST_QUEUE"]
    current_app.send_task("transfers.process", args=[str(transfer.pk)], queue=queue)
    worker.start()
    wait(lambda: is_in_a_later_batch(transfer), worker)

    worker.kill()

    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.IN_PROGRESS
    done = transfer.items_completed
    assert 0 < done < items
    assert Subscription.objects.filter(billing_owner_id=world.target.pk).count() == done
    assert list(breaches()) == []
    worker.start()
    wait(completed(transfer), worker, tasks=["transfers.sweep"], queue=queue)
    wait(all_mails_are_out, worker, tasks=["notifications.sweep"], queue=queue)
    check_the_end(world, transfer, items, mail_server.mails)


def test_a_web_server_killed_after_accepting_and_an_emptied_redis_lose_nothing(
    world,
    worker,
    variables,
    mail_server,  # noqa: F811
    client_for,
    settings,
    tmp_path,
):
    fill(world, 3)
    transfer = world.send(now=timezone.now())
    accept_in_a_web_server(world, transfer, client_for, variables, tmp_path)
    assert Transfer.objects.get().status == TransferStatus.IN_PROGRESS
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()

    worker.start()
    queue = variables["TEST_QUEUE"]
    current_app.send_task("notifications.sweep", queue=queue)
    wait(lambda: mail_server.mails, worker)  # the worker works, and nobody has told it of the transfer
    assert Transfer.objects.get().items_completed == 0
    wait(completed(transfer), worker, tasks=["transfers.sweep"], queue=queue)
    wait(all_mails_are_out, worker, tasks=["notifications.sweep"], queue=queue)

    check_the_end(world, transfer, 3, mail_server.mails)


def accept_in_a_web_server(world: World, transfer: Transfer, client_for, variables, folder) -> None:
    """Accept everything over HTTP, and kill the server as soon as it has answered."""
    client = client_for(make_member(world.source, Role.ADMIN_AGENT))
    with live.Site(folder, variables) as site:
        cookies = {name: cookie.value for name, cookie in client.cookies.items()}
        page = site.ask(f"/transfers/{transfer.pk}/review/", headers={"Cookie": spelled(cookies)})
        assert page.status == 200, page.headers
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        cookies["csrftoken"] = page.headers["set-cookie"].split("csrftoken=")[1].split(";")[0]
        answer = site.ask(
            f"/transfers/{transfer.pk}/accept/",
            method="POST",
            headers={"Cookie": spelled(cookies), "Referer": f"http://127.0.0.1:{site.port}/"},
            form={"csrfmiddlewaretoken": token, "base": "everything", "count": "3"},
        )
        site.kill()
    assert answer.status == 302, answer.text[:2000]


def spelled(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
