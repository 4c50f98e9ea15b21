"""What the review page shows of each item: its facts, what the rules say of it, its money, what follows it (X1, X3)."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from customers.enums import BillingFrequency, ProductFamily, ReservationScope, SubscriptionStatus, Term
from customers.models import Subscription
from customers.presentation import quantity_text
from portal.core.money import money_text
from transfers import statements
from transfers.enums import Level, ProductType
from transfers.forms.choice import Choice
from transfers.models import Transfer
from transfers.queries.preflight import CANNOT_MOVE, Chosen, Group, Preflight, PreflightPage, subscriptions
from transfers.reasons import Finding

SHORTEST_WISH = 3  # letters of a name that is looked for in the wish list
LEVEL_TONES = {Level.GREEN: "success", Level.AMBER: "warning", Level.RED: "error"}


class Wishes:
    """The target's wish list, to be searched for the items of the source."""

    def __init__(self, transfer: Transfer) -> None:
        self.text = "\n".join(transfer.wishes).casefold()

    def name(self, item_id: uuid.UUID, *names: str) -> bool:
        """Say whether the list names an item by its id, its friendly name or its product."""
        if not self.text:
            return False
        found = [name.casefold() for name in names if len(name) >= SHORTEST_WISH]
        return str(item_id) in self.text or any(name in self.text for name in found)


def group_rows(transfer: Transfer, found: Preflight, page: PreflightPage, choice: Choice) -> list[dict[str, Any]]:
    """Return the groups of a page with their rows; the subscriptions of the page in one query."""
    shown = page.item_ids
    following = [child.id for item_id in shown for child in found.following(item_id)]
    rows = subscriptions([*shown, *following])
    wishes = Wishes(transfer)
    return [
        {
            "key": group.key,
            "title": _title(group),
            "plan_id": group.plan_id,
            "is_licenses": group.kind == ProductType.LICENSE_BASED,
            "can_move": group.key != CANNOT_MOVE,
            "count": len(group.item_ids),
            "is_all_chosen": all(choice.has(item_id) for item_id in group.item_ids),
            "rows": [_row(rows[item_id], found, rows, choice, wishes) for item_id in ids if item_id in rows],
        }
        for group, ids in page.groups
    ]


def _title(group: Group) -> str:
    if group.key == CANNOT_MOVE:
        return _("Cannot move")
    if group.plan_id:
        return _("Azure plan: %(name)s") % {"name": group.plan_name}
    titles = {
        ProductType.AZURE_SUBSCRIPTION: _("Azure subscriptions"),
        ProductType.AZURE_RESERVATION: _("Reservations"),
        ProductType.AZURE_SAVINGS_PLAN: _("Savings plans"),
        ProductType.LICENSE_BASED: _("License-based subscriptions"),
    }
    return titles[group.kind] if group.kind else ""


def _row(
    subscription: Subscription,
    found: Preflight,
    rows: dict[uuid.UUID, Subscription],
    choice: Choice,
    wishes: Wishes,
) -> dict[str, Any]:
    level = found.level(subscription.pk)
    children = [rows[child.id] for child in found.following(subscription.pk) if child.id in rows]
    return {
        **_facts(subscription, found),
        "product": subscription.product_name if subscription.product_name != subscription.friendly_name else "",
        "quantity": quantity_text(subscription),
        "term": Term(subscription.term).label,
        "frequency": BillingFrequency(subscription.billing_frequency).label,
        "ends_on": subscription.ends_on,
        "auto_renew": subscription.auto_renew,
        "tone": LEVEL_TONES[level],
        "level": level.label,
        "can_move": level != Level.RED,
        "is_chosen": choice.has(subscription.pk),
        "is_wished": wishes.name(subscription.pk, subscription.friendly_name, subscription.product_name),
        "findings": [_finding(finding) for finding in found.findings[subscription.pk]],
        "following": [_facts(child, found) for child in children],
    }


def _facts(subscription: Subscription, found: Preflight) -> dict[str, Any]:
    statement = statements.item_statement(subscription, found.context.today)
    details = [str(SubscriptionStatus(subscription.status).label)]
    if subscription.scope:
        details.append(str(ReservationScope(subscription.scope).label))
    if subscription.product_family in (ProductFamily.AZURE_LEGACY, ProductFamily.THIRD_PARTY):
        details.append(str(ProductFamily(subscription.product_family).label))
    return {
        "id": subscription.pk,
        "name": subscription.friendly_name,
        "details": ", ".join(details),
        "credit": money_text(statement.moved, statement.currency) if statement.cycle else "",
        "days_moved": statement.days_moved if statement.moved else 0,
        "days": statement.cycle.days if statement.cycle else 0,
        "cycle_amount": money_text(statement.amount, statement.currency) if statement.cycle else "",
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "tone": "error" if finding.stops else "warning",
        "message": finding.message,
        "who": finding.who if finding.stops else "",  # nobody has to mend a warning
        "next_step": finding.next_step,
    }


def summary_of(sums: Chosen) -> dict[str, Any]:
    """Word what the choice comes to."""
    return {
        "items": sums.items,
        "following": sums.following,
        "totals": [money_text(amount, currency) for currency, amount in sums.totals.items()],
    }


def wished(transfer: Transfer, found: Preflight) -> list[uuid.UUID]:
    """Return the items that can move and that the wish list names."""
    wishes = Wishes(transfer)
    names: Iterable[tuple[uuid.UUID, Subscription]] = subscriptions(found.movable).items()
    return [item_id for item_id, row in names if wishes.name(item_id, row.friendly_name, row.product_name)]
