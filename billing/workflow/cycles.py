"""Billing cycles charged some thousands in one transaction, by set-based SQL (quality row 32).

Each batch takes what is due and nobody else holds, so a run that is killed leaves whole batches behind and the next one
goes on from there. Each app that sells in cycles has a table of what runs: ``subscription_id`` and, in
``billed_until``, the day up to which charges exist.
"""

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from billing.workflow.charges import charge_many
from customers.terms import CYCLE_SQL, cycle_end_sql

BATCH = 5_000

_WHOLE = cycle_end_sql("due.starts_on", cycle="due.cycle", term=("due.term_starts_on", "due.term_ends_on"))
# Cycles inside a term: the next one begins where the charges so far end.
_CYCLES = f"""
WITH due AS MATERIALIZED (
    SELECT owned.id, runs.billed_until AS starts_on, owned.starts_on AS term_starts_on, owned.ends_on AS term_ends_on,
        {CYCLE_SQL.format("owned")} AS cycle
    FROM {{runs}} AS runs
    JOIN customers_subscription AS owned ON owned.id = runs.subscription_id
    WHERE {{due}} AND runs.billed_until <= %(today)s AND owned.ends_on > runs.billed_until
    ORDER BY runs.billed_until, runs.subscription_id
    LIMIT %(batch)s
    FOR NO KEY UPDATE OF owned, runs SKIP LOCKED
), next AS MATERIALIZED (
    SELECT due.id, due.starts_on, least(due.term_ends_on, whole.ends_on) AS ends_on,
        whole.ends_on - due.starts_on AS whole_days
    FROM due CROSS JOIN LATERAL (SELECT {_WHOLE} AS ends_on) AS whole
)
UPDATE {{runs}} AS runs SET billed_until = next.ends_on
FROM next WHERE runs.subscription_id = next.id
RETURNING runs.subscription_id, next.starts_on, next.ends_on, next.whole_days
"""  # noqa: S608 - made of constants

_LATER = """
    SELECT owned.id AS subscription_id, 'cycle' AS kind, charged.starts_on, charged.ends_on, owned.quantity,
        owned.unit_price, '' AS reference, charged.whole_days
    FROM unnest(%s::uuid[], %s::date[], %s::date[], %s::int[]) AS charged (id, starts_on, ends_on, whole_days)
    JOIN customers_subscription AS owned ON owned.id = charged.id
"""

_FIRST = """
    SELECT owned.id AS subscription_id, 'renewal' AS kind, owned.starts_on, runs.billed_until AS ends_on,
        owned.quantity, owned.unit_price, '' AS reference
    FROM unnest(%s::uuid[]) AS renewed (id)
    JOIN customers_subscription AS owned ON owned.id = renewed.id
    JOIN {runs} AS runs ON runs.subscription_id = renewed.id
"""


def charge_cycles(*, runs: str, due: str, now: datetime.datetime, batch: int = BATCH) -> int:
    """Charge every billing cycle that has begun; return how many.

    ``runs`` is the table; ``due`` a condition of ours on its rows (``runs``) and their subscriptions (``owned``).
    """
    statement, total = _CYCLES.format(runs=runs, due=due), 0
    while charged := _charge_batch(statement, now=now, batch=batch):
        total += charged
    return total


@transaction.atomic
def _charge_batch(statement: str, *, now: datetime.datetime, batch: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"today": now.date(), "batch": batch})
        rows = cursor.fetchall()
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        charge_many(select=_LATER, params=columns, now=now, has_whole_days=True)
    return len(rows)


def charge_renewed(*, runs: str, ids: Sequence[UUID], now: datetime.datetime) -> None:
    """Charge the first cycle of terms that have just begun anew."""
    charge_many(select=_FIRST.format(runs=runs), params=[list(ids)], now=now)
