"""The default commerce back end: billing ownership changes in PostgreSQL, hundreds of items in four statements.

Section 6.8 of the portal reference: new subscription and order identifiers at the target; term, end, quantity, price,
friendly name and auto-renew as they were; no new cancellation window; usage at the target's Azure plan; the previous
Azure offer becomes the Azure plan (A6). The old row stays with the source, linked both ways (T13, X8).
"""

import datetime
import uuid
from collections.abc import Sequence

from django.db import connection

from transfers.commerce import Moves
from transfers.models import Transfer
from transfers.rules.paths import keeps_previous_offer

# Identifiers first: the foreign key to the new subscriptions is checked at the commit, when they are there.
_COMPLETE = """
    UPDATE transfers_transferlineitem
    SET status = 'completed', new_subscription_id = gen_random_uuid(), completed_at = %(now)s, attempts = attempts + 1,
        last_error = '', last_error_params = '{}', next_attempt_at = NULL
    WHERE id = ANY (%(items)s)
"""
_LET_GO = """
    UPDATE customers_subscription AS old
    SET status = 'transferred', transferred_at = %(now)s, pending_operation = ''
    FROM transfers_transferlineitem AS item
    WHERE item.id = ANY (%(items)s) AND old.id = item.subscription_id
"""
_TAKE_OVER = """
    INSERT INTO customers_subscription (
        id, customer_id, billing_owner_id, reseller_id, partner_on_record, product_family, product_name, friendly_name,
        quantity, unit_price, currency, status, pending_operation, term, billing_frequency, auto_renew, starts_on,
        ends_on, is_trial, parent_id, scope, move_restriction, offer_id, order_id, entitlement_id, transferred_from_id,
        created_at
    )
    SELECT
        item.new_subscription_id, old.customer_id, %(target)s, %(reseller)s, %(partner_on_record)s,
        CASE WHEN converted.yes THEN 'azure_subscription' ELSE old.product_family END,
        CASE WHEN converted.yes THEN 'Azure subscription' ELSE old.product_name END, old.friendly_name,
        old.quantity, old.unit_price, old.currency, 'active', '', old.term,
        old.billing_frequency, old.auto_renew AND item.ends_early_on IS NULL, old.starts_on,
        coalesce(item.ends_early_on, old.ends_on), old.is_trial,
        coalesce(
            base.new_subscription_id,
            CASE WHEN converted.yes OR old.product_family = 'azure_subscription' THEN (
                SELECT plan.id FROM customers_subscription AS plan
                WHERE plan.customer_id = %(customer)s AND plan.billing_owner_id = %(target)s
                    AND plan.product_family = 'azure_plan' AND plan.status = 'active'
                ORDER BY (plan.reseller_id IS NOT DISTINCT FROM %(reseller)s) DESC, plan.created_at, plan.id
                LIMIT 1
            ) END
        ),
        old.scope, old.move_restriction,
        CASE WHEN converted.yes THEN 'azure-subscription:usage:none' ELSE old.offer_id END, %(order)s,
        coalesce(old.entitlement_id, old.id), old.id, %(now)s
    FROM transfers_transferlineitem AS item
    JOIN customers_subscription AS old ON old.id = item.subscription_id
    CROSS JOIN LATERAL (SELECT old.product_family = 'azure_legacy' AND NOT %(keeps_previous)s AS yes) AS converted
    LEFT JOIN transfers_transferlineitem AS base ON base.id = item.parent_id
    WHERE item.id = ANY (%(items)s)
"""
_CHARGE = """
    INSERT INTO billing_charge (
        id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on, quantity, unit_price, amount,
        currency, reference, created_at
    )
    SELECT
        gen_random_uuid(), side.subscription_id, side.owner_id, %(customer)s, side.kind, %(day)s, item.cycle_ends_on,
        item.quantity, old.unit_price, side.sign * item.moved_amount, item.currency, item.id::text, %(now)s
    FROM transfers_transferlineitem AS item
    JOIN customers_subscription AS old ON old.id = item.subscription_id
    CROSS JOIN LATERAL (
        VALUES
            (item.subscription_id, %(source)s::uuid, 'transfer_credit', -1),
            (item.new_subscription_id, %(target)s::uuid, 'transfer_charge', 1)
    ) AS side (subscription_id, owner_id, kind, sign)
    WHERE item.id = ANY (%(items)s) AND item.moved_amount > 0
"""


class Commerce:
    """Changes billing owners by SQL over whole batches. Either the batch moves or the database says why not."""

    def move(self, transfer: Transfer, item_ids: Sequence[uuid.UUID], *, now: datetime.datetime) -> Moves:
        """Move the items and write both sides' charges."""
        if not item_ids or transfer.accepted_at is None:
            return Moves()
        with connection.cursor() as cursor:
            values = {
                "items": list(item_ids),
                "now": now,
                "day": transfer.accepted_at.date(),
                "customer": transfer.customer_id,
                "source": transfer.source_partner_id,
                "target": transfer.target_partner_id,
                "reseller": transfer.reseller_id,
                "partner_on_record": transfer.partner_on_record,
                "order": transfer.order_id,
                "keeps_previous": keeps_previous_offer(transfer.source_partner, transfer.target_partner),
            }
            for statement in (_COMPLETE, _LET_GO, _TAKE_OVER, _CHARGE):
                cursor.execute(statement, values)
        return Moves(moved=item_ids)
