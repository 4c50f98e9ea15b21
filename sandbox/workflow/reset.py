"""Begin anew: delete all that a sandbox holds, and nothing else (P8)."""

import datetime
from dataclasses import dataclass

from django.db import connection, transaction

from portal.accounts.actor import Actor
from sandbox import queries, rules
from sandbox.announcements import announce
from sandbox.enums import SandboxEvent
from sandbox.extent import Extent, extent_of, outsiders
from sandbox.models import SandboxFault
from sandbox.workflow.sandboxes import locked_sandbox

# What is counted for people, by what the log calls it.
COUNTED = {
    "customers": "customers.Customer",
    "subscriptions": "customers.Subscription",
    "transfers": "transfers.Transfer",
    "orders": "marketplace.Order",
    "relationship requests": "customers.RelationshipInvitation",
    "webhooks": "webhooks.WebhookRegistration",
}


@dataclass(frozen=True)
class Contents:
    """What a sandbox holds, by kind, and how many rows that makes in all."""

    counts: dict[str, int]
    row_count: int


def contents_of(extent: Extent) -> Contents:
    """Return what a reset would delete."""
    counts = {name: extent.count(label) for name, label in COUNTED.items()}
    return Contents(counts, sum(len(keys) for keys in extent.rows.values()))


@transaction.atomic
def reset_sandbox(*, actor: Actor, now: datetime.datetime) -> Contents:
    """Bring a sandbox back to its seed: its partners with their people and apps. Doing it again changes nothing.

    Events stay in the log, which is append-only; they keep names beside the identifiers of what is gone.
    Raises: PermissionDenied, customers.rules.NotASandbox, rules.SandboxShared.
    """
    sandbox = locked_sandbox(actor=actor, now=now)
    partner_ids = queries.partner_ids(actor)
    extent = extent_of(partner_ids)
    rules.check_apart(outsiders(extent))
    contents = contents_of(extent)
    delete_rows(extent)
    SandboxFault.objects.filter(sandbox=sandbox).delete()
    was_used = contents.row_count or sandbox.hours_ahead
    sandbox.hours_ahead, sandbox.jumped_at, sandbox.reset_at = 0, None, now
    sandbox.save(update_fields=["hours_ahead", "jumped_at", "reset_at"])
    if was_used:
        details = {name: count for name, count in contents.counts.items() if count}
        announce(SandboxEvent.RESET, sandbox, partner_ids=partner_ids, details=details, actor=actor, now=now)
    return contents


def delete_rows(extent: Extent) -> None:
    """Delete the rows in any order: foreign keys are checked at the end, here rather than at the commit."""
    with connection.cursor() as cursor:
        for model, keys in extent.rows.items():
            table, key = model._meta.db_table, model._meta.pk.column
            if keys:
                cursor.execute(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s)', [list(keys)])  # noqa: S608 - no input
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
