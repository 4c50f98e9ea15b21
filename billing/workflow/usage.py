"""Usage of Azure plans: take the records of a file, and charge a month to the owner of each day (A7)."""

import datetime
from typing import Any, BinaryIO

from babel.core import get_global
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing import usage_files
from billing.enums import PriceEvent
from billing.models import UsageImport
from billing.prices_announcements import announce
from billing.prices_files import UnreadableSheet, copy_to_temporary, open_sheet
from customers.terms import add_months
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.queue import enqueue_after_commit


@transaction.atomic
def import_usage(*, stream: BinaryIO, file_name: str, actor: Actor, now: datetime.datetime) -> UsageImport:
    """Keep the records of a file, each once: a second import of it changes nothing.

    The file goes to PostgreSQL as it comes (COPY); a row that cannot be used is kept with its reason and stops nothing.
    Raises: UnreadableSheet, PermissionDenied.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    sheet = open_sheet(stream, usage_files.COLUMNS, usage_files.REQUIRED)
    run = UsageImport.objects.create(
        file_name=file_name[-255:], started_by_id=actor.user_id, started_by_name=actor.name, created_at=now
    )
    with connection.cursor() as cursor:
        copy_to_temporary(cursor, "incoming", sheet)
        values = {
            "today": now.date(),
            "retail_from": settings.RETAIL_PRICE_FROM,
            "list_currency": usage_files.LIST_CURRENCY,
            "usage_import": run.pk,
            "most": settings.USAGE_WRONG_ROWS,
        }
        _find(cursor, sheet, values)
        _store(cursor, run, values)
        cursor.execute(f"DROP TABLE {', '.join(usage_files.TEMPORARY)}")
    if not run.row_count:
        raise UnreadableSheet(_("The file has no rows below its first line."), _("Choose another file."))
    run.save(update_fields=["row_count", "new_count", "changed_count", "same_count", "wrong_count"])
    _announce(run, actor=actor, now=now)
    enqueue_after_commit("billing.check_budgets")
    return run


def _find(cursor: Any, sheet: Any, values: dict[str, Any]) -> None:
    """Say of each row whose it is, what it costs and what is wrong with it."""
    cursor.execute(usage_files.owners_statement())
    cursor.execute("CREATE INDEX ON owners (entitlement)")
    cursor.execute("ANALYZE owners")
    _find_earning(cursor)
    cursor.execute(usage_files.read_statement(sheet), values)
    cursor.execute("ANALYZE read")
    for statement in (usage_files.PRICES, usage_files.TIERS, usage_files.RATES):
        cursor.execute(statement, values)
    cursor.execute("ANALYZE priced")
    cursor.execute(usage_files.FOUND)
    cursor.execute(usage_files.JUDGED, values)
    cursor.execute("CREATE INDEX ON judged (number)")
    cursor.execute("ANALYZE judged")
    cursor.execute("ANALYZE found")
    cursor.execute(usage_files.CHARGED)


def _find_earning(cursor: Any) -> None:
    cursor.execute(usage_files.earning_statement())
    cursor.execute("CREATE INDEX ON earning (entitlement)")
    cursor.execute("ANALYZE earning")


def _store(cursor: Any, run: UsageImport, values: dict[str, Any]) -> None:
    cursor.execute(f"WITH stored AS ({usage_files.STORE}) SELECT count(*) FILTER (WHERE is_new), count(*) FROM stored")  # noqa: S608 - a statement of ours
    run.new_count, stored = cursor.fetchone()
    run.changed_count = stored - run.new_count
    cursor.execute("SELECT EXISTS (SELECT FROM tiers)")
    if cursor.fetchone()[0]:
        cursor.execute(usage_files.BY_TIERS)
    cursor.execute("SELECT count(*), count(*) FILTER (WHERE reason <> '') FROM judged")
    run.row_count, run.wrong_count = cursor.fetchone()
    run.same_count = run.row_count - run.wrong_count - stored
    cursor.execute(usage_files.WRONG, values)


_CHARGE = """
    WITH due AS (
        SELECT subscription_id, billing_owner_id, customer_id, currency, date_trunc('month', day)::date AS month,
            sum(cost) AS cost, sum(cost * earned_percent) / 100 AS earned
        FROM billing_usagerecord WHERE charge_id IS NULL AND day < %(before)s
        GROUP BY subscription_id, billing_owner_id, customer_id, currency, month
    ), charged AS (
        INSERT INTO billing_charge (id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on,
            quantity, unit_price, amount, currency, reference, created_at)
        SELECT gen_random_uuid(), subscription_id, billing_owner_id, customer_id, side.kind, month,
            (month + interval '1 month')::date, 1, round(side.price, 4),
            round(side.price, coalesce(fraction.decimals, 2)),
            due.currency, %(reference)s, %(now)s
        FROM due
        LEFT JOIN unnest(%(currencies)s::text[], %(decimals)s::int[]) AS fraction (currency, decimals)
            ON fraction.currency = due.currency
        CROSS JOIN LATERAL (
            VALUES ('metered', due.cost), ('earned_credit', -due.earned)
        ) AS side (kind, price)
        WHERE side.kind = 'metered' OR round(side.price, 4) <> 0
        RETURNING id, subscription_id, kind, starts_on
    )
    UPDATE billing_usagerecord AS record SET charge_id = charged.id
    FROM charged
    WHERE charged.kind = 'metered' AND record.subscription_id = charged.subscription_id AND record.charge_id IS NULL
        AND record.day < %(before)s AND date_trunc('month', record.day)::date = charged.starts_on
"""


@transaction.atomic
def charge_usage(*, month: datetime.date, now: datetime.datetime) -> int:
    """Charge all usage up to the end of a month that no charge has yet; return how many records were charged.

    One charge per subscription and month, owed by whoever owned the days (decision 0031), and one below zero for the
    partner earned credit of the days on which a role earned it (decision 0047). Records that come late stand on a
    charge of the next run. A second run charges nothing.
    """
    end = add_months(month.replace(day=1), 1)
    decimals = {code: digits[0] for code, digits in get_global("currency_fractions").items() if code != "DEFAULT"}
    values: dict[str, Any] = {
        "before": end,
        "reference": f"usage:{month:%Y-%m}",
        "now": now,
        "currencies": list(decimals),
        "decimals": list(decimals.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('billing.charge_usage'))")
        _find_earning(cursor)
        cursor.execute(usage_files.UNEARNED, values)
        cursor.execute("DROP TABLE earning")
        cursor.execute(_CHARGE, values)
        return int(cursor.rowcount)


def _announce(run: UsageImport, *, actor: Actor, now: datetime.datetime) -> None:
    announce(
        PriceEvent.USAGE_IMPORTED,
        organization_ids=[actor.organization_id],
        subject=("usage-import", run.pk, run.file_name),
        actor=actor,
        now=now,
        details={
            "rows": run.row_count,
            "new": run.new_count,
            "changed": run.changed_count,
            "already here": run.same_count,
            "not imported": run.wrong_count,
        },
    )
