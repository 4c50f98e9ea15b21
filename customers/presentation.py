"""How a subscription reads on pages, of customers and of other apps."""

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import BillingFrequency, SubscriptionStatus, Term
from customers.models import Subscription
from customers.queries import SubscriptionLine
from portal.core.dates import date_format
from portal.core.money import money_text

TONES = {
    SubscriptionStatus.PENDING: "warning",
    SubscriptionStatus.ACTIVE: "success",
    SubscriptionStatus.SUSPENDED: "error",
    SubscriptionStatus.EXPIRED: "neutral",
    SubscriptionStatus.DISABLED: "neutral",
    SubscriptionStatus.DELETED: "neutral",
    SubscriptionStatus.TRANSFERRED: "neutral",
}


def status_text(subscription: Subscription | SubscriptionLine) -> str:
    """Return the state as the original words it: "Auto renews on {date}" (reference 1.6)."""
    status = SubscriptionStatus(subscription.status)
    if status != SubscriptionStatus.ACTIVE or subscription.ends_on is None:
        return str(status.label)
    text = _("Auto renews on %(date)s") if subscription.auto_renew else _("Expires on %(date)s")
    return text % {"date": date_format(subscription.ends_on, "SHORT_DATE_FORMAT")}


def moved_text(
    *,
    after: str | None = None,
    moved_at: datetime.datetime | None = None,
    before: str | None = None,
    came_at: datetime.datetime | None = None,
) -> str:
    """Say to which partner a subscription went, or from which it came (T13)."""
    if after and moved_at is not None:
        return _("Moved to %(partner)s on %(date)s") % {"partner": after, "date": _day(moved_at)}
    if before and came_at is not None:
        return _("Came from %(partner)s on %(date)s") % {"partner": before, "date": _day(came_at)}
    return ""


def _day(moment: datetime.datetime) -> str:
    return str(date_format(localtime(moment), "SHORT_DATE_FORMAT"))


def quantity_text(subscription: Subscription | SubscriptionLine) -> str:
    """Return "{n} licenses" or "Usage-based" (reference 1.6)."""
    if subscription.billing_frequency == BillingFrequency.USAGE:
        return _("Usage-based")
    return licenses_text(subscription.quantity)


def licenses_text(count: int) -> str:
    """Return "1,200 licenses"."""
    return ngettext("%(count)s license", "%(count)s licenses", count) % {
        "count": number_format(count, force_grouping=True)
    }


def day(value: datetime.date) -> str:
    return date_format(value, "DATE_FORMAT")


def moment(value: datetime.datetime) -> str:
    """Return a moment in UTC, in which all windows are told."""
    return _("%(moment)s (UTC)") % {"moment": date_format(value.astimezone(datetime.UTC), "DATETIME_FORMAT")}


_PER_LICENSE: dict[str, Any] = {
    BillingFrequency.MONTHLY: lambda: _("%(price)s per license and month"),
    BillingFrequency.ANNUAL: lambda: _("%(price)s per license and year"),
    BillingFrequency.UPFRONT: lambda: _("%(price)s per license for the whole term"),
    BillingFrequency.ONE_TIME: lambda: _("%(price)s per license, once"),
}
_FLAT: dict[str, Any] = {
    BillingFrequency.MONTHLY: lambda: _("%(price)s per month"),
    BillingFrequency.ANNUAL: lambda: _("%(price)s per year"),
    BillingFrequency.UPFRONT: lambda: _("%(price)s for the whole term"),
    BillingFrequency.ONE_TIME: lambda: _("%(price)s, once"),
}


def unit_price_text(amount: Decimal, currency: str, frequency: str, *, is_per_seat: bool) -> str:
    """Return "€12.00 per license and month"."""
    words = _PER_LICENSE if is_per_seat else _FLAT
    return str(words[frequency]()) % {"price": money_text(amount, currency)}


def term_text(term: str, frequency: str) -> str:
    """Return "1 year, billed monthly" in the words of both lists."""
    billed = str(BillingFrequency(frequency).label)
    return _("%(term)s · billed: %(frequency)s") % {"term": Term(term).label, "frequency": billed}


def catalogues(customer_id: UUID, *, current: str) -> list[dict[str, Any]]:
    """Return the catalogues of a customer as tabs for components/tabs.html (setting CATALOGUES)."""
    return [
        {"label": label, "url": reverse(name, args=[customer_id]), "selected": name == current}
        for name, label in settings.CATALOGUES
    ]
