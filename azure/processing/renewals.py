"""First-party terms that renew, some thousands in one transaction, by set-based SQL (quality row 32; section 8).

Each batch takes what is due and nobody else holds, so a run that is killed leaves whole batches behind and the next
one goes on from there. Each subscription gets its charge and its event.
"""

import datetime
from typing import Any

import structlog
from django.db import connection, transaction

from azure.announcements import SUBJECT
from azure.enums import AzureEvent
from azure.rules.families import LIFECYCLES
from billing import workflow as billing
from customers.terms import CYCLE_SQL, MONTHS_SQL, cycle_end_sql
from portal.audit import log
from portal.notifications import action_center
from portal.webhooks import deliveries

BATCH = 5_000

logger = structlog.get_logger(__name__)

# What the next term begins with: as planned if that is sold on its first day, else as before; without a price on the
# list the old one goes on. Each way to buy is looked up once, however many renew in it.
WAY = "way.{0} = facts.{0}"
FIRST = cycle_end_sql("counted.begins", cycle="counted.cycle", term=("counted.begins", "counted.ends_on"))
KEY = " AND ".join(WAY.format(name) for name in ("family", "country", "currency", "product_id", "sku_id", "begins"))
RENEW = f"""
WITH due AS MATERIALIZED (
    SELECT owned.id
    FROM azure_productterm AS runs
    JOIN customers_subscription AS owned ON owned.id = runs.subscription_id
    WHERE runs.ended_at IS NULL AND runs.billed_until <= %(today)s AND runs.billed_until >= owned.ends_on
        AND owned.ends_on <= %(today)s AND owned.status = 'active' AND owned.auto_renew
        AND owned.pending_operation = ''
    ORDER BY runs.billed_until, runs.subscription_id
    LIMIT %(batch)s
    FOR NO KEY UPDATE OF owned, runs SKIP LOCKED
), facts AS MATERIALIZED (
    SELECT owned.id, owned.ends_on AS begins, owned.product_family AS family, customer.country, owned.currency,
        split_part(owned.offer_id, ':', 1) AS product_id, split_part(owned.offer_id, ':', 2) AS sku_id,
        owned.offer_id, owned.quantity, owned.term, owned.billing_frequency, owned.unit_price,
        coalesce(runs.renewal_quantity, owned.quantity) AS next_quantity,
        runs.renewal_term, runs.renewal_frequency, runs.counted_from, runs.counted_months
    FROM due
    JOIN customers_subscription AS owned ON owned.id = due.id
    JOIN azure_productterm AS runs ON runs.subscription_id = due.id
    JOIN accounts_organization AS customer ON customer.id = owned.customer_id
), way AS MATERIALIZED (
    SELECT asked.*, listed.unit_price
    FROM (
        SELECT family, country, currency, product_id, sku_id, begins, term, billing_frequency FROM facts
        UNION SELECT family, country, currency, product_id, sku_id, begins, renewal_term, renewal_frequency
        FROM facts WHERE renewal_term <> ''
    ) AS asked
    CROSS JOIN LATERAL (
        SELECT list.id FROM billing_pricelist AS list
        WHERE list.family = asked.family AND list.country = asked.country AND list.currency = asked.currency
            AND list.month <= asked.begins
        ORDER BY list.month DESC LIMIT 1
    ) AS valid
    CROSS JOIN LATERAL (
        SELECT round(entry.unit_price, 4) AS unit_price FROM billing_pricelistentry AS entry
        WHERE entry.price_list_id = valid.id AND entry.product_id = asked.product_id AND entry.sku_id = asked.sku_id
            AND entry.segment = 'commercial' AND entry.term = asked.term
            AND entry.billing_frequency = asked.billing_frequency AND entry.meter_id = '' AND entry.tier_from = 0
            AND entry.starts_on <= asked.begins AND (entry.ends_on IS NULL OR entry.ends_on > asked.begins)
        ORDER BY entry.starts_on DESC, entry.id LIMIT 1
    ) AS listed
), chosen AS MATERIALIZED (
    SELECT facts.id, facts.begins, facts.family, facts.quantity AS old_quantity, facts.term AS old_term,
        facts.billing_frequency AS old_frequency, facts.next_quantity AS quantity, facts.counted_from,
        facts.counted_months, facts.offer_id, facts.product_id, facts.sku_id,
        coalesce(planned.term, facts.term) AS term,
        coalesce(planned.billing_frequency, facts.billing_frequency) AS billing_frequency,
        coalesce(planned.unit_price, current.unit_price, facts.unit_price) AS unit_price
    FROM facts
    LEFT JOIN way AS planned ON {KEY.replace("way.", "planned.")}
        AND planned.term = facts.renewal_term AND planned.billing_frequency = facts.renewal_frequency
    LEFT JOIN way AS current ON {KEY.replace("way.", "current.")}
        AND current.term = facts.term AND current.billing_frequency = facts.billing_frequency
), counted AS MATERIALIZED (
    SELECT chosen.*, chosen.counted_months + {MONTHS_SQL.format("chosen")} AS months,
        (chosen.counted_from + make_interval(months => chosen.counted_months + {MONTHS_SQL.format("chosen")}))::date
            AS ends_on,
        {CYCLE_SQL.format("chosen")} AS cycle, kind.days, kind.can_remove
    FROM chosen
    JOIN unnest(%(families)s::text[], %(days)s::int[], %(can_remove)s::bool[]) AS kind (family, days, can_remove)
        ON kind.family = chosen.family
), terms AS (
    UPDATE customers_subscription AS owned
    SET starts_on = counted.begins, ends_on = counted.ends_on, quantity = counted.quantity, term = counted.term,
        billing_frequency = counted.billing_frequency, unit_price = counted.unit_price, is_trial = false,
        cancelable_until = %(now)s + make_interval(days => counted.days),
        offer_id = CASE WHEN counted.term <> counted.old_term AND counted.sku_id <> ''
            THEN counted.product_id || ':' || counted.sku_id || ':' || counted.term ELSE owned.offer_id END
    FROM counted WHERE owned.id = counted.id
), runs AS (
    UPDATE azure_productterm AS runs
    SET counted_months = counted.months, renewal_quantity = NULL, renewal_term = '', renewal_frequency = '',
        reminded_days = NULL,
        billed_until = least(counted.ends_on, {FIRST})
    FROM counted WHERE runs.subscription_id = counted.id
), closed AS (
    UPDATE azure_licenseaddition AS addition SET "left" = 0
    FROM counted WHERE addition.subscription_id = counted.id AND addition."left" > 0
), opened AS (
    INSERT INTO azure_licenseaddition (id, subscription_id, quantity, "left", added_at, reducible_until)
    SELECT gen_random_uuid(), id, quantity, quantity, %(now)s, %(now)s + make_interval(days => days)
    FROM counted WHERE can_remove
)
SELECT id, begins, old_quantity, old_term, old_frequency FROM counted
"""  # noqa: S608 - made of constants

TOLD = """
    SELECT owned.id AS subject_id, owned.friendly_name AS subject_name, owned.customer_id,
        customer.name AS customer_name, customer.name_key AS customer_key,
        jsonb_strip_nulls(jsonb_build_object('ends', before.ends, 'quantity', before.quantity,
            'term', CASE WHEN before.term <> owned.term THEN before.term END,
            'billing frequency', CASE WHEN before.frequency <> owned.billing_frequency THEN before.frequency END
        )) AS before,
        jsonb_strip_nulls(jsonb_build_object('ends', owned.ends_on, 'quantity', owned.quantity,
            'term', CASE WHEN before.term <> owned.term THEN owned.term END,
            'billing frequency',
            CASE WHEN before.frequency <> owned.billing_frequency THEN owned.billing_frequency END
        )) AS after,
        jsonb_build_object('product', owned.product_name) AS details,
        array_remove(ARRAY[owned.customer_id, owned.billing_owner_id, owned.reseller_id], NULL) AS organization_ids
    FROM unnest(%(ids)s::uuid[], %(begins)s::date[], %(quantities)s::int[], %(terms)s::text[], %(frequencies)s::text[])
        AS before (id, ends, quantity, term, frequency)
    JOIN customers_subscription AS owned ON owned.id = before.id
    JOIN accounts_organization AS customer ON customer.id = owned.customer_id
"""


def renew_terms(*, now: datetime.datetime, batch: int = BATCH) -> int:
    """Renew every subscription whose term is over and that renews; return how many terms began.

    One that missed several terms while no worker ran gets them one after the other, each at the price of its day.
    """
    total = 0
    while renewed := _renew_batch(now, batch):
        total += renewed
    if total:
        logger.info("first_party_terms_renewed", count=total)
    return total


@transaction.atomic
def _renew_batch(now: datetime.datetime, batch: int) -> int:
    families: dict[str, list[Any]] = {
        "families": [str(family) for family in LIFECYCLES],
        "days": [lifecycle.window_days or None for lifecycle in LIFECYCLES.values()],
        "can_remove": [lifecycle.can_remove for lifecycle in LIFECYCLES.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(RENEW, {"today": now.date(), "now": now, "batch": batch, **families})
        rows = cursor.fetchall()
    if rows:
        ids, begins, quantities, terms, frequencies = (list(column) for column in zip(*rows, strict=True))
        billing.charge_renewed(runs="azure_productterm", ids=ids, now=now)
        known = {"begins": begins, "quantities": quantities, "terms": terms, "frequencies": frequencies}
        _announce({"ids": ids, **known}, now)
        action_center.complete_all(subject_type=SUBJECT, subject_ids=ids, event_type=AzureEvent.RENEWAL_NEAR, now=now)
    return len(rows)


def _announce(known: dict[str, list[Any]], now: datetime.datetime) -> None:
    """Log the renewals for everybody concerned, and queue deliveries where somebody listens."""
    events = log.record_selected(
        event_type=AzureEvent.RENEWED, subject_type=SUBJECT, select=TOLD, params=known, occurred_at=now
    )
    deliveries.queue_written(events, event_type=AzureEvent.RENEWED)
