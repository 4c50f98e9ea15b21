"""The Marketplace tab of a customer's Subscriptions page (M2, section 7.5; setting PRODUCT_TAB_TABLES)."""

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from marketplace import queries
from marketplace.views.rows import list_rows
from portal.core.http import PortalRequest


def table(request: PortalRequest, subscriptions: Sequence[dict[str, Any]]) -> str:
    """Return the table of a page of rows; what came without its publisher stays as customers' page words it."""
    ids = [row["id"] for row in subscriptions]
    known = {row.pk: row for row in queries.chosen_rows(request.actor, ids)}
    context = {
        "rows": list_rows([known[pk] for pk in ids if pk in known], now=timezone.now()),
        "others": [row for row in subscriptions if row["id"] not in known],
    }
    return render_to_string("marketplace/_tab.html", context, request=request)
