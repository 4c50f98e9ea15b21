"""First-party subscriptions as partners see them (sections 1.6 and 1.7)."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from azure import prices
from azure.models import LicenseAddition, ProductTerm
from azure.prices import Way
from azure.rules import lifecycle as rules
from azure.rules import next_terms, refunds, resellers
from azure.rules.families import FIRST_PARTY, Lifecycle
from azure.rules.next_terms import NextTermPlan, planned
from azure.rules.refunds import GivenBack
from billing.models import Charge
from customers.enums import CURRENT_STATUSES
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.core.errors import Refusal, refusal_of

ROWS = ("customer__organization", "billing_owner__organization", "reseller__organization", "parent")


@dataclass(frozen=True)
class Detail:
    """All that the details page of a subscription shows, with each action and the reason against it (X5)."""

    subscription: Subscription
    lifecycle: Lifecycle
    refusals: dict[str, Refusal | None]  # action -> why not; None: possible
    windows: list[LicenseAddition]  # licenses that can still be taken back
    next_term: NextTermPlan  # what the next term begins with
    has_plans: bool  # something else than the running one has
    ways: tuple[Way, ...]  # in which today's price list sells it
    refund: GivenBack  # what canceling now would give back

    def may(self, action: str) -> bool:
        return self.refusals[action] is None


def subscription_detail(actor: Actor, subscription_id: UUID, *, now: datetime.datetime) -> Detail:
    """Return a subscription with what can be done with it. Raises: Http404."""
    row = subscription_of(actor, subscription_id)
    ways = prices.ways_for(row, now.date()) if rules.lifecycle_of(row).renews else ()
    open_ones = LicenseAddition.objects.filter(subscription=row, reducible_until__gt=now, left__gt=0)
    term = ProductTerm.objects.filter(subscription=row).first()
    has_plans = term is not None and term.has_plans
    return Detail(
        subscription=row,
        lifecycle=rules.lifecycle_of(row),
        refusals=_refusals(row, actor, ways=ways, has_plans=has_plans, now=now),
        windows=list(open_ones.order_by("reducible_until", "pk")),
        next_term=planned(row, term),
        has_plans=has_plans,
        ways=ways,
        refund=refunds.given_back(row, now=now),
    )


def _refusals(
    row: Subscription, actor: Actor, *, ways: Sequence[Way], has_plans: bool, now: datetime.datetime
) -> dict[str, Refusal | None]:
    """Ask for each action what its workflow function would ask, without doing it."""
    checks: dict[str, Callable[[], None]] = {
        "rename": lambda: None,
        "quantity": lambda: rules.check_counts(row),
        "reseller": lambda: resellers.check_can_change_reseller(row, actor),
        "term": lambda: next_terms.check_can_lengthen(row, ways),
        "billing_frequency": lambda: next_terms.check_can_change_frequency(row, ways),
        "next_term": lambda: next_terms.check_can_plan(row),
        "drop_next_term": lambda: next_terms.check_planned(has_plans=has_plans),
        "auto_renew": lambda: rules.check_can_switch_auto_renew(row),
        "suspend": lambda: rules.check_can_suspend(row),
        "reactivate": lambda: rules.check_can_reactivate(row),
        "cancel": lambda: _check_cancel(row, now=now),
    }
    return {action: _refusal(row, actor, check) for action, check in checks.items()}


def _check_cancel(row: Subscription, *, now: datetime.datetime) -> None:
    rules.check_can_cancel(row, now=now)
    refunds.check_cap(row, now=now)


def _refusal(row: Subscription, actor: Actor, check: Callable[[], None]) -> Refusal | None:
    return refusal_of(rules.check_may_change, row, actor) or refusal_of(check)


def subscription_of(actor: Actor, subscription_id: UUID) -> Subscription:
    """Return a first-party subscription that the actor may see, with what its page shows. Raises: Http404."""
    rows = Subscription.objects.visible_to(actor).filter(product_family__in=FIRST_PARTY)
    found = rows.select_related(*ROWS).filter(pk=subscription_id).first()
    if found is None:
        raise Http404
    return found


def charges_of(subscription: Subscription) -> QuerySet[Charge]:
    """Return what was charged and given back, the newest first."""
    rows = Charge.objects.filter(subscription=subscription).select_related("invoice_line__invoice")
    return rows.order_by("-created_at", "-pk")


def below(subscription: Subscription) -> QuerySet[Subscription]:
    """Return the Azure subscriptions under a plan, and the reservations of a single Azure subscription."""
    rows = Subscription.objects.filter(parent=subscription, billing_owner_id=subscription.billing_owner_id)
    return rows.filter(status__in=CURRENT_STATUSES).order_by("friendly_name", "pk")
