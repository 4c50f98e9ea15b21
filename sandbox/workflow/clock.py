"""Jump forward in time: everything in the sandbox grows older, and what is due then is done at once (X6).

The portal has one clock. Instead of a second one that every query would have to ask, the sandbox's own rows move back
by the jump (decision 0040).
"""

import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from portal.accounts.actor import Actor
from portal.core.queue import enqueue_after_commit
from sandbox import queries, rules
from sandbox.announcements import announce
from sandbox.enums import SandboxEvent
from sandbox.extent import Extent, extent_of, outsiders
from sandbox.models import Sandbox
from sandbox.workflow.sandboxes import locked_sandbox

# Accounts of people and the log live by the real calendar, and so do invoices, which are documents of a month.
REAL_TIME_APPS = frozenset({"account", "accounts", "api", "audit", "mfa", "socialaccount", "usersessions"})
REAL_TIME_MODELS = frozenset({"billing.Invoice"})
FAR = datetime.timedelta(days=36_525)  # further than any two rows are apart


@transaction.atomic
def jump(*, hours: int, actor: Actor, now: datetime.datetime) -> Sandbox:
    """Let the sandbox's clock jump forward by whole hours, and queue the work that finds what is due.

    Times move by the hours; dates without a time by whole days, once 24 hours have come together.
    Raises: PermissionDenied, customers.rules.NotASandbox, rules.WrongJump, rules.SandboxShared.
    """
    sandbox = locked_sandbox(actor=actor, now=now)
    rules.check_jump(hours)
    partner_ids = queries.partner_ids(actor)
    extent = extent_of(partner_ids)
    rules.check_apart(outsiders(extent))
    days = (sandbox.hours_ahead + hours) // 24 - sandbox.hours_ahead // 24
    _age(extent, datetime.timedelta(hours=hours), days)
    sandbox.hours_ahead += hours
    sandbox.jumped_at = now
    sandbox.save(update_fields=["hours_ahead", "jumped_at"])
    details = {"hours": hours, "hours in all": sandbox.hours_ahead}
    announce(SandboxEvent.CLOCK_JUMPED, sandbox, partner_ids=partner_ids, details=details, actor=actor, now=now)
    for task in settings.SANDBOX_DUE_TASKS:
        enqueue_after_commit(task)
    return sandbox


def _age(extent: Extent, by: datetime.timedelta, days: int) -> None:
    for model, keys in extent.rows.items():
        if not keys or model._meta.app_label in REAL_TIME_APPS or model._meta.label in REAL_TIME_MODELS:
            continue
        times, dates = _columns(model)
        _move(model, keys, dict.fromkeys(times, by) | dict.fromkeys(dates if days else (), datetime.timedelta(days)))


def _columns(model: type[models.Model]) -> tuple[list[str], list[str]]:
    """Return the columns that hold times, and those that hold dates; a month is a page of the calendar and stays."""
    dated = [column for column in model._meta.concrete_fields if isinstance(column, models.DateField)]
    found = [column for column in dated if column.name != "month"]
    times = [column.column for column in found if isinstance(column, models.DateTimeField)]
    return times, [column.column for column in found if column.column not in times]


def _move(model: type[models.Model], keys: set[object], moves: dict[str, datetime.timedelta]) -> None:
    """Move columns back, by way of another century: two rows of a unique constraint would meet on the direct way."""
    if not moves:
        return
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        for step in (dict.fromkeys(moves, FAR), {name: by - FAR for name, by in moves.items()}):
            sets = ", ".join(f'"{name}" = "{name}" - %s::interval' for name in step)
            statement = f'UPDATE "{table}" SET {sets} WHERE "{key}" = ANY(%s)'  # noqa: S608 - no input
            parameters: list[Any] = [*step.values(), list(keys)]
            cursor.execute(statement, parameters)
