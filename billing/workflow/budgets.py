"""Budgets of customers: set, removed, and told of once per threshold and month."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from billing.enums import PriceEvent
from billing.models import Budget, BudgetAlert
from billing.prices_announcements import announce, announce_budget
from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission

# Thresholds that a month's usage has passed and nobody was told of; each is written once, whoever looks first.
_PASSED = """
    INSERT INTO billing_budgetalert (budget_id, month, threshold, spent, created_at)
    SELECT budget.id, %(month)s, threshold.percent, used.cost, %(now)s
    FROM billing_budget AS budget
    JOIN (
        SELECT billing_owner_id, customer_id, currency, sum(cost) AS cost FROM billing_usagerecord
        WHERE day >= %(month)s AND day < (%(month)s::date + interval '1 month')
        GROUP BY billing_owner_id, customer_id, currency
    ) AS used ON used.billing_owner_id = budget.partner_id AND used.customer_id = budget.customer_id
        AND used.currency = budget.currency
    CROSS JOIN LATERAL unnest(budget.thresholds) AS threshold (percent)
    WHERE used.cost >= budget.amount * threshold.percent / 100
    ON CONFLICT (budget_id, month, threshold) DO NOTHING
    RETURNING id
"""


@transaction.atomic
def set_budget(
    *, customer_id: UUID, amount: Decimal, thresholds: Sequence[int], actor: Actor, now: datetime.datetime
) -> Budget:
    """Set what a customer's usage may cost in a month; a new amount starts the alerts of this month afresh.

    Raises: PermissionDenied, ResellerRelationship.DoesNotExist.
    """
    actor.require(Permission.PRICING_MANAGE)
    relationship = ResellerRelationship.objects.visible_to(actor).active().get(customer_id=customer_id)
    partner = Partner.objects.locked(actor.organization_id)
    budget, _is_new = Budget.objects.update_or_create(
        partner=partner,
        customer_id=customer_id,
        defaults={
            "amount": amount,
            "currency": partner.currency,
            "thresholds": sorted(set(thresholds)),
            "set_by_name": actor.name,
            "created_at": now,
        },
    )
    budget.alerts.filter(month=now.date().replace(day=1)).delete()
    _announce(PriceEvent.BUDGET_SET, budget, relationship.customer_name, actor=actor, now=now)
    return budget


@transaction.atomic
def remove_budget(*, customer_id: UUID, actor: Actor, now: datetime.datetime) -> None:
    """Let a customer have no budget any more.

    Raises: PermissionDenied, Budget.DoesNotExist.
    """
    actor.require(Permission.PRICING_MANAGE)
    found = Budget.objects.visible_to(actor).select_for_update(of=("self",))
    budget = found.select_related("customer__organization").get(customer_id=customer_id)
    name = budget.customer.organization.name
    _announce(PriceEvent.BUDGET_REMOVED, budget, name, actor=actor, now=now)
    budget.delete()


@transaction.atomic
def check_budgets(*, now: datetime.datetime) -> int:
    """Tell partners of budgets whose thresholds this month's usage has passed, each once; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PASSED, {"month": now.date().replace(day=1), "now": now})
        new = [row[0] for row in cursor.fetchall()]
    alerts = BudgetAlert.objects.filter(pk__in=new).select_related("budget__customer__organization")
    told: dict[UUID, BudgetAlert] = {}
    for alert in alerts.order_by("threshold"):  # of several at once the highest is told
        told[alert.budget.pk] = alert
    for alert in told.values():
        announce_budget(alert, now=now)
    return len(told)


def _announce(event_type: PriceEvent, budget: Budget, name: str, *, actor: Actor, now: datetime.datetime) -> None:
    announce(
        event_type,
        organization_ids=[actor.organization_id],
        subject=("usage-budget", budget.pk, name),
        actor=actor,
        now=now,
        details={
            "budget": f"{budget.amount.normalize():f} {budget.currency}",
            "thresholds": ", ".join(f"{percent} %" for percent in budget.thresholds),
        },
    )
