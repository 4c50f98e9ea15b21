"""How a marketplace subscription stands in a list: columns of section 7.5."""

import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.enums import BillingFrequency, Term
from marketplace import rules
from marketplace.enums import FulfillmentStatus
from marketplace.models import SaaSSubscription
from marketplace.presentation import moment, quantity_of, status_of


def row_of(saas: SaaSSubscription, *, now: datetime.datetime) -> dict[str, Any]:
    """Lay out a subscription, read by ``with_rows``, as a row of a list."""
    row = saas.subscription
    is_living = saas.status != FulfillmentStatus.UNSUBSCRIBED
    return {
        "id": saas.pk,
        "name": row.friendly_name,
        "product": saas.offer.name,
        "url": reverse("marketplace:subscription", args=[saas.pk]),
        "customer": row.customer.organization.name,
        "publisher": saas.publisher.organization.name,
        "plan": saas.plan.name,
        "quantity": quantity_of(saas),
        "status": status_of(saas),
        "needs_action": saas.status == FulfillmentStatus.PENDING,
        "is_living": is_living,
        "link_url": reverse("marketplace:publisher_link", args=[saas.pk]) if is_living else "",
        "term": Term(row.term).label,
        "ends_on": row.ends_on,
        "cancelable": _cancelable(saas, now),
        "frequency": BillingFrequency(row.billing_frequency).label,
        "auto_renew": _("On") if row.auto_renew else _("Off"),
        "reseller": row.reseller.organization.name if row.reseller else "",
        "partner_on_record": row.partner_on_record,
    }


def _cancelable(saas: SaaSSubscription, now: datetime.datetime) -> str:
    """Say until when a subscription can be canceled, while it can."""
    until = saas.subscription.cancelable_until
    if saas.status == FulfillmentStatus.PENDING:
        return _("Can be canceled until it is activated")
    if saas.status == FulfillmentStatus.UNSUBSCRIBED or until is None or not rules.is_in_window(saas, now=now):
        return ""
    return _("Can be canceled until %(until)s") % {"until": moment(until)}
