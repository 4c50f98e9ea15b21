"""Import uploaded files of usage in the background, each in one transaction: a kill leaves nothing half done."""

import datetime
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from billing.models import UsageImport
from billing.prices_files import UnreadableLine
from billing.workflow import usage as workflow
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership
from portal.accounts.permissions import Permission
from portal.accounts.queries import make_actor
from portal.core.csv_files import UnreadableFile
from portal.core.queue import enqueue_after_commit

LOST_AFTER = datetime.timedelta(seconds=30)
KEPT_SECONDS = 60  # what was told of an import is believed


@dataclass(frozen=True)
class Progress:
    """How far an import is: reading the file, judging its rows or storing them, and how much of that is done."""

    step: str
    done: int
    total: int


def process_file(*, run_id: UUID, clock: Callable[[], datetime.datetime] = timezone.now) -> None:
    """Import an uploaded file, or say why that cannot be. A second worker finds it taken and stops."""
    run = workflow.begin_import(run_id=run_id, now=clock())
    if run is None:
        return
    actor = operator(pk=run.started_by_id)
    if actor is None:  # they may no longer (row 16)
        _fail(run, "not-allowed", None, clock())
    elif run.tries > settings.USAGE_IMPORT_TRIES:
        _fail(run, "gave-up", actor, clock())
    else:
        _import(run, actor, clock)


def _import(run: UsageImport, actor: Actor, clock: Callable[[], datetime.datetime]) -> None:
    with tempfile.TemporaryFile() as stream:
        _fetch(run, stream)
        try:
            workflow.import_uploaded(run_id=run.pk, stream=stream, actor=actor, clock=clock, told=_Teller(run.pk))
        except UnreadableLine as error:
            _fail(run, "unreadable-line", actor, clock(), line=error.number)
        except UnreadableFile:
            _fail(run, "unreadable-file", actor, clock())
    caches["redis"].delete(_key(run.pk))


def _fetch(run: UsageImport, stream: IO[bytes]) -> None:
    """Write the file out: while it goes to PostgreSQL the connection can fetch nothing."""
    for content in workflow.content_of(run):
        stream.write(content)


def _fail(run: UsageImport, failure: str, actor: Actor | None, now: datetime.datetime, *, line: int = 0) -> None:
    workflow.fail_import(run_id=run.pk, failure=failure, line=line, actor=actor, now=now)


def operator(**person: object) -> Actor | None:
    """Return somebody of the programme who may import usage, chosen by fields of the user."""
    named = {f"user__{name}": value for name, value in person.items()}
    members = Membership.objects.active().filter(organization__kind=OrganizationKind.OPERATOR, **named)
    for member in members.select_related("user", "organization").order_by("pk"):
        actor = make_actor(member, member.user)
        if actor.may(Permission.PROGRAMME_OPERATE):
            return actor
    return None


@transaction.atomic
def resume_lost(*, now: datetime.datetime) -> None:
    """Queue the files again whose task was lost with its worker or its broker (quality rows 1 and 4)."""
    lost = UsageImport.objects.lost(since=now - LOST_AFTER).order_by("touched_at", "pk")
    for run_id in lost.values_list("pk", flat=True)[:100]:
        enqueue_after_commit(workflow.PROCESS, str(run_id))


# --- progress: a copy in Redis, because the transaction shows nothing of itself before its end -----------------------
class _Teller:
    """Leave what an import tells of itself where pages find it, a hundred times at most for each step."""

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        self.last: tuple[str, int] = ("", -1)

    def __call__(self, step: str, done: int, total: int) -> None:
        here = (step, 100 * done // max(total, 1))
        if here != self.last:
            self.last = here
            caches["redis"].set(_key(self.run_id), asdict(Progress(step, done, total)), KEPT_SECONDS)


def progress_of(run_id: UUID) -> Progress | None:
    """Return how far an import is; ``None`` if it has not begun, or Redis is away."""
    found = caches["redis"].get(_key(run_id))
    return Progress(**found) if found else None


def _key(run_id: UUID) -> str:
    return f"usage-import:{run_id}"
