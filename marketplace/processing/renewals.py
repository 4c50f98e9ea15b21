"""Terms that renew and cycles that are charged, some thousands in one transaction, by set-based SQL (quality row 32).

Each batch takes what is due and nobody else holds, so a run that is killed leaves whole batches behind and the next
one goes on from there. The publisher is told of each renewal with exactly the words that ``wire.call`` would use.
"""

import datetime
from uuid import UUID

import structlog
from django.db import connection, transaction

from billing import workflow as billing
from customers.terms import CYCLE_SQL, MONTHS_SQL, cycle_end_sql
from marketplace.enums import MarketplaceEvent
from portal.audit import log
from portal.core.queue import enqueue_after_commit
from portal.webhooks import deliveries

BATCH = 5_000

logger = structlog.get_logger(__name__)

FIRST = cycle_end_sql("priced.starts_on", cycle="priced.cycle", term=("priced.starts_on", "priced.ends_on"))
# New term, new price, and where the term is counted from; a free trial becomes the first paid term.
RENEW = f"""
WITH due AS MATERIALIZED (
    SELECT owned.id
    FROM marketplace_saassubscription AS saas
    JOIN customers_subscription AS owned ON owned.id = saas.subscription_id
    WHERE saas.status = 'Subscribed' AND saas.billed_until <= %(today)s
        AND owned.auto_renew AND owned.ends_on <= %(today)s AND saas.billed_until >= owned.ends_on
        AND NOT EXISTS (
            SELECT FROM marketplace_operation AS operation
            WHERE operation.saas_id = owned.id AND operation.status = 'InProgress'
        )
    ORDER BY saas.billed_until, saas.subscription_id
    LIMIT %(batch)s
    FOR NO KEY UPDATE OF owned, saas SKIP LOCKED
), priced AS MATERIALIZED (
    SELECT owned.id, owned.ends_on AS starts_on, counted.since, counted.months,
        (counted.since + make_interval(months => counted.months))::date AS ends_on,
        coalesce(price.unit_price, saas.list_price) AS list_price,
        CASE WHEN price.unit_price IS NULL THEN owned.unit_price
            ELSE round(price.unit_price * (100 - coalesce(margin.percent, 0)) / 100, 4) END AS unit_price,
        {CYCLE_SQL.format("owned")} AS cycle
    FROM due
    JOIN customers_subscription AS owned ON owned.id = due.id
    JOIN marketplace_saassubscription AS saas ON saas.subscription_id = due.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN owned.is_trial THEN owned.ends_on ELSE saas.counted_from END AS since,
            CASE WHEN owned.is_trial THEN 0 ELSE saas.counted_months END + {MONTHS_SQL.format("owned")} AS months
    ) AS counted
    LEFT JOIN LATERAL (
        SELECT listed.unit_price FROM marketplace_planprice AS listed
        WHERE listed.plan_id = saas.plan_id AND listed.term = owned.term
            AND listed.billing_frequency = owned.billing_frequency AND listed.currency = owned.currency
            AND listed.valid_from <= owned.ends_on
        ORDER BY listed.valid_from DESC LIMIT 1
    ) AS price ON true
    LEFT JOIN LATERAL (
        SELECT max(offered.percent) AS percent FROM marketplace_margin AS offered
        WHERE offered.plan_id = saas.plan_id AND offered.partner_id = owned.billing_owner_id
            AND (offered.customer_id IS NULL OR offered.customer_id = owned.customer_id)
            AND offered.starts_on <= owned.ends_on AND (offered.ends_on IS NULL OR offered.ends_on > owned.ends_on)
    ) AS margin ON true
), terms AS (
    UPDATE customers_subscription AS owned
    SET starts_on = priced.starts_on, ends_on = priced.ends_on, unit_price = priced.unit_price, is_trial = false
    FROM priced WHERE owned.id = priced.id
    RETURNING owned.id
), fulfillment AS (
    UPDATE marketplace_saassubscription AS saas
    SET counted_from = priced.since, counted_months = priced.months, list_price = priced.list_price,
        billed_until = least(priced.ends_on, {FIRST}),
        ends_on = priced.ends_on, reminded_days = NULL
    FROM priced WHERE saas.subscription_id = priced.id
    RETURNING saas.subscription_id AS id, saas.publisher_id
)
SELECT fulfillment.id, fulfillment.publisher_id FROM fulfillment JOIN terms ON terms.id = fulfillment.id
"""  # noqa: S608 - made of constants

OPERATIONS = """
INSERT INTO marketplace_operation (id, saas_id, activity_id, action, source, status, plan_id, quantity, asked_by_name,
    created_at, finished_at, error_code, error_message)
SELECT gen_random_uuid(), owned.id, gen_random_uuid(), 'Renew', 'Azure', 'Succeeded', saas.plan_id, owned.quantity, '',
    %(now)s, %(now)s, '', ''
FROM unnest(%(ids)s::uuid[]) AS renewed (id)
JOIN customers_subscription AS owned ON owned.id = renewed.id
JOIN marketplace_saassubscription AS saas ON saas.subscription_id = renewed.id
RETURNING id
"""

# The body of wire.call in SQL; tests/marketplace/test_renewals.py holds the two side by side.
MOMENT = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '0Z'"""
CALLS = f"""
INSERT INTO marketplace_webhookcall (id, operation_id, publisher_id, body, status, attempts, created_at,
    next_attempt_at)
SELECT gen_random_uuid(), operation.id, saas.publisher_id, convert_to(rtrim(json_strip_nulls(json_build_object(
        'id', operation.id, 'activityId', operation.activity_id, 'subscriptionId', owned.id, 'offerId', offer.code,
        'publisherId', publisher.code, 'planId', plan.code,
        'quantity', CASE WHEN plan.is_per_seat THEN operation.quantity END, 'action', operation.action,
        'timeStamp', {MOMENT.format("operation.created_at")}, 'status', operation.status,
        'operationRequestSource', operation.source, 'subscription', json_build_object(
            'id', owned.id, 'publisherId', publisher.code, 'offerId', offer.code, 'name', owned.friendly_name,
            'saasSubscriptionStatus', saas.status,
            'beneficiary', json_build_object('emailId', nullif(saas.beneficiary_email, ''),
                'objectId', saas.beneficiary_object_id, 'tenantId', owned.customer_id),
            'purchaser', json_build_object('emailId', nullif(saas.purchaser_email, ''),
                'objectId', saas.purchaser_object_id, 'tenantId', owned.billing_owner_id),
            'planId', plan.code, 'quantity', CASE WHEN plan.is_per_seat THEN owned.quantity END,
            'term', json_build_object('startDate', to_char(owned.starts_on, 'YYYY-MM-DD"T00:00:00Z"'),
                'endDate', to_char(owned.ends_on - 1, 'YYYY-MM-DD"T00:00:00Z"'), 'termUnit', owned.term,
                'chargeDuration', nullif(CASE owned.billing_frequency WHEN 'monthly' THEN 'P1M'
                    WHEN 'annual' THEN 'P1Y' END, owned.term)),
            'autoRenew', owned.auto_renew, 'isTest', buyer.is_sandbox, 'isFreeTrial', owned.is_trial,
            'allowedCustomerOperations', CASE WHEN saas.publisher_may_change THEN '["Delete","Update","Read"]'::json
                ELSE '["Read"]'::json END,
            'sandboxType', CASE WHEN buyer.is_sandbox THEN 'Csp' ELSE 'None' END,
            'created', {MOMENT.format("saas.purchased_at")}, 'lastModified', '0001-01-01T00:00:00',
            'sessionMode', 'None')
    ))::text, '}}') || '}},"purchaseToken":null}}', 'UTF8'), 'waiting', 0, operation.created_at,
    operation.created_at
FROM unnest(%(operations)s::uuid[]) AS told (id)
JOIN marketplace_operation AS operation ON operation.id = told.id
JOIN marketplace_saassubscription AS saas ON saas.subscription_id = operation.saas_id
JOIN customers_subscription AS owned ON owned.id = saas.subscription_id
JOIN marketplace_plan AS plan ON plan.id = saas.plan_id
JOIN marketplace_offer AS offer ON offer.id = plan.offer_id
JOIN marketplace_publisher AS publisher ON publisher.organization_id = saas.publisher_id
JOIN accounts_organization AS buyer ON buyer.id = owned.billing_owner_id
WHERE offer.webhook_url <> ''
"""  # noqa: S608 - made of constants

TOLD = """
    SELECT owned.id AS subject_id, owned.friendly_name AS subject_name, owned.customer_id,
        organization.name AS customer_name, organization.name_key AS customer_key,
        NULL::jsonb AS before, jsonb_build_object('ends', owned.ends_on) AS after, '{}'::jsonb AS details,
        array_remove(ARRAY[owned.customer_id, owned.billing_owner_id, owned.reseller_id, saas.publisher_id], NULL)
            AS organization_ids
    FROM unnest(%(ids)s::uuid[]) AS renewed (id)
    JOIN customers_subscription AS owned ON owned.id = renewed.id
    JOIN marketplace_saassubscription AS saas ON saas.subscription_id = renewed.id
    JOIN accounts_organization AS organization ON organization.id = owned.customer_id
"""


def renew_terms(*, now: datetime.datetime, batch: int = BATCH) -> int:
    """Renew every subscription whose term is over and that renews; return how many terms began.

    One that missed several terms while no worker ran gets them one after the other, each at the price of its day.
    """
    total = 0
    while renewed := _renew_batch(now, batch):
        total += renewed
    if total:
        logger.info("subscriptions_renewed", count=total)
    return total


@transaction.atomic
def _renew_batch(now: datetime.datetime, batch: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(RENEW, {"today": now.date(), "batch": batch})
        rows = cursor.fetchall()
        ids = [row[0] for row in rows]
        if not ids:
            return 0
        billing.charge_renewed(runs="marketplace_saassubscription", ids=ids, now=now)
        cursor.execute(OPERATIONS, {"now": now, "ids": ids})
        cursor.execute(CALLS, {"operations": [row[0] for row in cursor.fetchall()]})
    _announce(ids, now)
    for publisher_id in sorted({publisher_id for _id, publisher_id in rows}):
        enqueue_after_commit("marketplace.call_publisher", str(publisher_id))
    return len(ids)


def _announce(ids: list[UUID], now: datetime.datetime) -> None:
    """Log the renewals for everybody concerned, and queue deliveries where somebody listens."""
    events = log.record_selected(
        event_type=MarketplaceEvent.RENEWED,
        subject_type="marketplace-subscription",
        select=TOLD,
        params={"ids": ids},
        occurred_at=now,
    )
    deliveries.queue_written(events, event_type=MarketplaceEvent.RENEWED)
