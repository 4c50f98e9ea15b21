"""The Marketplace tab of a customer's Subscriptions page (M2, section 7.5; setting PRODUCT_TAB_TABLES)."""

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from marketplace.models import SaaSSubscription
from marketplace.views.rows import row_of
from portal.core.http import PortalRequest


def table(request: PortalRequest, subscriptions: Sequence[dict[str, Any]]) -> str:
    """Return the table of a page of rows; what came without its publisher stays as customers' page words it."""
    found = SaaSSubscription.objects.visible_to(request.actor).with_rows()
    known = {saas.pk: saas for saas in found.filter(pk__in=[row["id"] for row in subscriptions])}
    now = timezone.now()
    rows = [row_of(known[row["id"]], now=now) for row in subscriptions if row["id"] in known]
    others = [row for row in subscriptions if row["id"] not in known]
    context = {"rows": rows, "others": others, "shows_customer": False}
    return render_to_string("marketplace/_tab.html", context, request=request)
