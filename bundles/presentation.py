"""How bundles read on pages and in files."""

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from bundles.enums import BundleState
from bundles.models import BundleVersion
from bundles.products import Offered
from customers.enums import BillingFrequency
from customers.presentation import term_text
from portal.core.money import money_text

TONES = {
    BundleState.ON_SALE: "success",
    BundleState.TO_COME: "info",
    BundleState.OVER: "neutral",
    BundleState.WITHDRAWN: "neutral",
}
_CYCLES: dict[str, Any] = {
    BillingFrequency.MONTHLY: lambda: _("%(price)s per month"),
    BillingFrequency.ANNUAL: lambda: _("%(price)s per year"),
    BillingFrequency.UPFRONT: lambda: _("%(price)s for the whole term"),
    BillingFrequency.ONE_TIME: lambda: _("%(price)s, once"),
}


def cycle_price_text(amount: Decimal, currency: str, frequency: str) -> str:
    """Return "€60.00 per month"."""
    return str(_CYCLES[frequency]()) % {"price": money_text(amount, currency)}


def audience_text(version: BundleVersion) -> str:
    """Return for whom a bundle is; needs its bundle with customer and reseller."""
    bundle = version.bundle
    if bundle.customer is not None:
        return bundle.customer.organization.name
    if bundle.reseller is not None:
        return _("Customers of %(reseller)s") % {"reseller": bundle.reseller.organization.name}
    return _("All customers")


def row_of(version: BundleVersion, *, today: datetime.date) -> dict[str, Any]:
    """Return a bundle as lists show it."""
    state = version.state_on(today)
    return {
        "id": version.bundle_id,
        "name": version.name,
        "url": reverse("bundles:bundle", args=[version.bundle_id]),
        "description": version.description,
        "audience": audience_text(version),
        "price": cycle_price_text(version.price, version.currency, version.billing_frequency),
        "state": state.label,
        "tone": TONES[state],
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "version": version.number,
        "changed_at": version.created_at,
    }


def way_text(offered: Offered, currency: str) -> str:
    """Return how an offered product is billed and what the partner pays: "1 year · billed: monthly · €10.00"."""
    billed = term_text(offered.term, offered.billing_frequency)
    if offered.billing_frequency == BillingFrequency.USAGE:
        return billed
    return f"{billed} · {money_text(offered.unit_price, currency)}"


def margin_of(price: Decimal, cost: Decimal, currency: str) -> dict[str, Any]:
    """Return what remains of a price after its cost, in money and percent."""
    percent = ((price - cost) * 100 / price).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP) if price else Decimal(0)
    return {
        "cost": money_text(cost, currency),
        "price": money_text(price, currency),
        "margin": money_text(price - cost, currency),
        "percent": _("%(percent)s %%") % {"percent": number_format(percent, decimal_pos=1)},
        "is_loss": cost > price,
    }
