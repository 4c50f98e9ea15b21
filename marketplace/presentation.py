"""How offers, prices and marketplace subscriptions read on pages (M2, reference sections 7.4 and 7.5)."""

import datetime
from collections.abc import Callable
from functools import lru_cache, partial

from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from customers.presentation import term_text, unit_price_text
from marketplace.enums import EndReason, FulfillmentStatus
from marketplace.models import SaaSSubscription
from marketplace.rules import Price
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization
from portal.core.listing import short_days
from portal.core.money import money_text

TONES = {
    FulfillmentStatus.PENDING: "warning",
    FulfillmentStatus.SUBSCRIBED: "success",
    FulfillmentStatus.SUSPENDED: "error",
    FulfillmentStatus.UNSUBSCRIBED: "neutral",
}


def status_of(saas: SaaSSubscription) -> dict[str, str]:
    """Return tone and words of a subscription's state: "Action needed", "Auto renews on …", "Updating" (7.4)."""
    row = saas.subscription
    label = status_words()(
        saas.status,
        end_reason=saas.end_reason,
        ends_on=row.ends_on,
        auto_renew=row.auto_renew,
        is_updating=bool(row.pending_operation),
    )
    return {"tone": status_tone(saas.status, is_updating=bool(row.pending_operation)), "label": label}


def status_tone(status: str, *, is_updating: bool) -> str:
    return "info" if status == FulfillmentStatus.SUBSCRIBED and is_updating else TONES[FulfillmentStatus(status)]


def status_words() -> Callable[..., str]:
    """Return what words a subscription's state in the language now spoken: a list says the same ones often."""
    renews, ends, day_text = _("Auto renews on %(date)s"), _("Ends on %(date)s"), short_days()

    def words(
        status: str, *, end_reason: str, ends_on: datetime.date | None, auto_renew: bool, is_updating: bool
    ) -> str:
        if status == FulfillmentStatus.PENDING:
            return _("Action needed")
        if status == FulfillmentStatus.UNSUBSCRIBED:
            return str(EndReason(end_reason).label)
        if status == FulfillmentStatus.SUSPENDED or ends_on is None:
            return str(FulfillmentStatus(status).label)
        if is_updating:
            return _("Updating: the publisher is asked")
        return (renews if auto_renew else ends) % {"date": day_text(ends_on)}

    return words


def quantity_of(saas: SaaSSubscription) -> str:
    """Return "12 licenses", or "Flat rate" where a plan counts none."""
    return quantity_text(saas.subscription.quantity) if saas.plan.is_per_seat else _("Flat rate")


def quantity_text(quantity: int) -> str:
    return quantity_words()(quantity)


def quantity_words() -> Callable[[int], str]:
    """Return what words a quantity in the language now spoken: lists say the same ones again and again."""
    return partial(_quantity, get_language())


@lru_cache(maxsize=2_000)
def _quantity(_language: str | None, quantity: int) -> str:
    return ngettext("%(count)s license", "%(count)s licenses", quantity) % {
        "count": number_format(quantity, force_grouping=True)
    }


def price_text(price: Price, *, is_per_seat: bool) -> str:
    """Return term, frequency and price of one way to buy a plan, and the margin that is in it."""
    parts = [
        term_text(price.term, price.billing_frequency),
        unit_price_text(price.unit_price, price.currency, price.billing_frequency, is_per_seat=is_per_seat),
    ]
    if price.margin_percent:
        facts = {
            "percent": number_format(price.margin_percent.normalize()),
            "list_price": money_text(price.list_price, price.currency),
        }
        parts.append(_("private offer: %(percent)s %% less than %(list_price)s") % facts)
    return " · ".join(parts)


def tenant_name(organization: Organization) -> str:
    """Name partners to a publisher; it knows customers by their tenant IDs alone."""
    return str(organization.pk) if organization.kind == OrganizationKind.CUSTOMER else organization.name
