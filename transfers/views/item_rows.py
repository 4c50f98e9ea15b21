"""What tables and files show of the items of a transfer, each party its own fields (T13, X3, wish W4)."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.core.money import money_text
from transfers.enums import LineItemStatus, Party
from transfers.models import TransferLineItem
from transfers.queries.details import Detail, Total
from transfers.queries.visibility import ITEM_FIELDS, shown_item
from transfers.reasons import GIVEN_UP, REASONS, kept_finding

ITEM_TONES = {
    LineItemStatus.NOT_STARTED: "neutral",
    LineItemStatus.IN_PROGRESS: "info",
    LineItemStatus.COMPLETED: "success",
    LineItemStatus.FAILED: "error",
}
# Columns of the file. A column of which the party may read nothing is left out.
_COLUMNS: tuple[tuple[Promise, str], ...] = (
    (gettext_lazy("Name"), "friendly_name"),
    (gettext_lazy("Product"), "product_name"),
    (gettext_lazy("Quantity"), "quantity"),
    (gettext_lazy("Status"), "status"),
    (gettext_lazy("Subscription ID at the current partner"), "subscription_id"),
    (gettext_lazy("New subscription ID"), "new_subscription_id"),
    (gettext_lazy("New order ID"), "order_id"),
    (gettext_lazy("First day of the billing cycle"), "cycle_starts_on"),
    (gettext_lazy("First day after the billing cycle"), "cycle_ends_on"),
    (gettext_lazy("Amount of the billing cycle"), "cycle_amount"),
    (gettext_lazy("Amount that moves"), "moved_amount"),
    (gettext_lazy("Currency"), "currency"),
    (gettext_lazy("Attempts"), "attempts"),
    (gettext_lazy("Last error"), "last_error"),
    (gettext_lazy("Completed"), "completed_at"),
)


def row_of(detail: Detail, item: TransferLineItem) -> dict[str, Any]:
    """Return what the table shows of an item; what the party may not read is empty."""
    fields = shown_item(item, detail.party)
    status = LineItemStatus(item.status)
    own_id = fields.get("subscription_id") if detail.party == Party.SOURCE else fields.get("new_subscription_id")
    return {
        "name": fields["friendly_name"],
        "product": fields["product_name"] if fields["product_name"] != fields["friendly_name"] else "",
        "quantity": fields.get("quantity"),
        "follows": item.parent_id is not None,
        "tone": ITEM_TONES[status],
        "status": status.label,
        "attempts": _attempts(fields),
        "error": error_text(fields, status),
        "next_try": fields.get("next_attempt_at") if fields.get("last_error") else None,
        "completed_at": fields["completed_at"],
        "ends_early_on": fields.get("ends_early_on"),
        "money": {} if status == LineItemStatus.FAILED else _statement(detail, fields),
        "subscription_id": own_id,
        "lineage_url": reverse("transfers:lineage", args=[own_id]) if own_id else "",
    }


def _attempts(fields: Mapping[str, Any]) -> str:
    """One try that went well is nothing to tell."""
    count = fields.get("attempts", 0)
    if count < 2 and not fields.get("last_error"):
        return ""
    return ngettext("%(count)s attempt", "%(count)s attempts", count) % {"count": count}


def error_text(fields: Mapping[str, Any], status: str) -> str:
    """Return the last error in words: the reason, what the back end said, and that it was given up."""
    code, params = fields.get("last_error", ""), fields.get("last_error_params", {})
    reason = REASONS.get(code)
    if reason is None:
        return str(code)
    message = kept_finding(code, params).message
    if detail := params.get("detail"):
        message = f"{message.rstrip('.')} ({detail})."
    is_over = status == LineItemStatus.FAILED and not reason.lasting
    return f"{message} {GIVEN_UP}" if is_over else message


def _statement(detail: Detail, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Word the money of one item: the cycle, the days of it that move, the amount for this side."""
    starts_on, ends_on = fields.get("cycle_starts_on"), fields.get("cycle_ends_on")
    accepted_at, moved = detail.transfer.accepted_at, fields.get("moved_amount")
    if starts_on is None or ends_on is None or accepted_at is None or moved is None:
        return {}
    return {
        "moved": money_text(moved, fields["currency"]),
        "amount": money_text(fields["cycle_amount"], fields["currency"]),
        "starts_on": starts_on,
        "last_day": ends_on - datetime.timedelta(days=1),
        "days": (ends_on - starts_on).days,
        "days_moved": (ends_on - accepted_at.date()).days if moved else 0,
    }


def total_rows(found: Iterable[Total]) -> list[dict[str, Any]]:
    """Word the sums of a transfer, one per currency because nothing is converted."""
    return [
        {
            "currency": total.currency,
            "items": total.items,
            "amount": money_text(total.amount, total.currency),
            "kept": money_text(total.kept, total.currency),
            "moved": money_text(total.moved, total.currency),
        }
        for total in found
    ]


def export_header(detail: Detail) -> list[str]:
    """Return the labels of the columns that the party may read."""
    return [str(label) for label, _field in _columns(detail.party)]


def export_rows(detail: Detail, items: Iterable[TransferLineItem]) -> Iterator[tuple[object, ...]]:
    """Yield the lines of the file."""
    columns = _columns(detail.party)
    for item in items:
        fields = shown_item(item, detail.party)
        fields["last_error"] = error_text(fields, item.status)
        fields["status"] = LineItemStatus(item.status).label
        fields["order_id"] = detail.fields.get("order_id") if fields.get("new_subscription_id") else None
        yield tuple(fields.get(name) for _label, name in columns)


def _columns(party: Party) -> list[tuple[Promise, str]]:
    readable = {name for name, parties in ITEM_FIELDS.items() if party in parties}
    if "new_subscription_id" in readable:
        readable.add("order_id")
    return [(label, name) for label, name in _COLUMNS if name in readable]


def moved_label(party: Party) -> str:
    """Return what the amount that moves is to a party."""
    return _("Credited to you") if party == Party.SOURCE else _("Charged to you")
