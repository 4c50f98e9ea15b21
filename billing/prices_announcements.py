"""Who is told what about prices, rates, usage and budgets: the log, webhooks, mails and Action Center."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.enums import PriceEvent
from billing.models import BudgetAlert
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.money import money_text, round_money
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

WORKSPACE = "billing"
TOLD_OF_BUDGETS = (Role.BILLING_ADMIN, Role.ADMIN_AGENT)


def announce(
    event_type: PriceEvent,
    *,
    organization_ids: Iterable[UUID],
    subject: tuple[str, UUID, str],
    actor: Actor | None,
    now: datetime.datetime,
    **facts: Mapping[str, Any],
) -> AuditEvent:
    """Write the log entry and the deliveries of one event; ``subject`` is its kind, identifier and name.

    ``facts`` are ``before``, ``after`` and ``details`` of the log.
    """
    kind, subject_id, name = subject
    event = log.record(
        event_type=event_type,
        organization_ids=organization_ids,
        subject_type=kind,
        subject_id=subject_id,
        subject_name=name,
        actor=actor,
        occurred_at=now,
        **facts,  # type: ignore[arg-type]
    )
    deliveries.queue(event)
    return event


def announce_budget(alert: BudgetAlert, *, now: datetime.datetime) -> None:
    """Tell a partner that a customer's usage passed a threshold of its budget: log, mail and Action Center."""
    budget = alert.budget
    name = budget.customer.organization.name
    event = announce(
        PriceEvent.BUDGET_REACHED,
        organization_ids=[budget.partner_id],
        subject=("usage-budget", budget.pk, name),
        actor=None,
        now=now,
        details={
            "budget": f"{budget.amount.normalize():f} {budget.currency}",
            "threshold": alert.threshold,
            "spent": f"{round_money(alert.spent, budget.currency)} {budget.currency}",
            "month": f"{alert.month:%Y-%m}",
        },
    )
    _tell(event, alert, name)


def _tell(event: AuditEvent, alert: BudgetAlert, name: str) -> None:
    budget = alert.budget
    address = reverse("pricing:customer_usage", args=[budget.customer_id])
    action_center.notify(
        event=event,
        organization_id=budget.partner_id,
        roles=TOLD_OF_BUDGETS,
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
        title=_("%(customer)s has used %(percent)s percent of its budget"),
        title_params={"customer": name, "percent": str(alert.threshold)},
        url=address,
    )
    outbox.queue_email(
        template=f"billing/{PriceEvent.BUDGET_REACHED}",
        event=event,
        recipients=[Recipient.of(person) for person in people_with_role(budget.partner_id, *TOLD_OF_BUDGETS)],
        context={
            "customer_name": name,
            "threshold": alert.threshold,
            "spent": money_text(round_money(alert.spent, budget.currency), budget.currency),
            "budget": money_text(budget.amount, budget.currency),
            "month": alert.month,
            "url": settings.BASE_URL + address,
        },
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
    )
