"""How a subscription reads on pages, of customers and of other apps."""

import datetime

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import BillingFrequency, SubscriptionStatus
from customers.models import Subscription

TONES = {
    SubscriptionStatus.PENDING: "warning",
    SubscriptionStatus.ACTIVE: "success",
    SubscriptionStatus.SUSPENDED: "error",
    SubscriptionStatus.EXPIRED: "neutral",
    SubscriptionStatus.DISABLED: "neutral",
    SubscriptionStatus.DELETED: "neutral",
    SubscriptionStatus.TRANSFERRED: "neutral",
}


def status_text(subscription: Subscription) -> str:
    """Return the state as the original words it: "Auto renews on {date}" (reference 1.6)."""
    status = SubscriptionStatus(subscription.status)
    if status != SubscriptionStatus.ACTIVE or subscription.ends_on is None:
        return str(status.label)
    text = _("Auto renews on %(date)s") if subscription.auto_renew else _("Expires on %(date)s")
    return text % {"date": date_format(subscription.ends_on, "SHORT_DATE_FORMAT")}


def moved_text(subscription: Subscription) -> str:
    """Say to which partner a subscription went, or from which it came (T13); needs ``with_former_owners``."""
    after = getattr(subscription, "transferred_to", None)
    if after is not None and subscription.transferred_at is not None:
        facts = {"partner": after.billing_owner.organization.name, "date": _day(subscription.transferred_at)}
        return _("Moved to %(partner)s on %(date)s") % facts
    before = subscription.transferred_from
    if before is not None and before.transferred_at is not None:
        facts = {"partner": before.billing_owner.organization.name, "date": _day(before.transferred_at)}
        return _("Came from %(partner)s on %(date)s") % facts
    return ""


def _day(moment: datetime.datetime) -> str:
    return str(date_format(localtime(moment), "SHORT_DATE_FORMAT"))


def quantity_text(subscription: Subscription) -> str:
    """Return "{n} licenses" or "Usage-based" (reference 1.6)."""
    if subscription.billing_frequency == BillingFrequency.USAGE:
        return _("Usage-based")
    return ngettext("%(count)s license", "%(count)s licenses", subscription.quantity) % {
        "count": number_format(subscription.quantity, force_grouping=True)
    }
