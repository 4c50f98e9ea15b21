"""What makes a bundle, and why one cannot be sold to a customer (A13, decision 0048)."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bundles.enums import BundleState, BundleStatus
from bundles.models import Bundle, BundlePart, BundleVersion
from bundles.products import Chosen
from customers.enums import BillingFrequency
from customers.rules.buying import Buyer, ResellersDoNotBuy
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.core.errors import InvalidInput, Refusal

MAX_LINES = 15
MAX_BUNDLES = 1_000  # of one sale


class BundleNotForSale(Refusal):
    code = "bundle-not-for-sale"


class BundleWithdrawn(Refusal):
    code = "bundle-withdrawn"


class BundleChanged(Refusal):
    code = "bundle-changed"


class BundleProductRefused(Refusal):
    code = "bundle-product-refused"


class BundlePartLeft(Refusal):
    code = "bundle-part-left"


def check_may_define(actor: Actor) -> None:
    """Only who buys itself sells bundles. Raises: ResellersDoNotBuy."""
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        raise ResellersDoNotBuy(
            _("An indirect reseller does not buy for a customer itself, so it sells no bundles."),
            who=_("your indirect provider"),
            next_step=_("Ask your provider to define a bundle for your customers."),
        )


def check_products(chosen: Sequence[Chosen]) -> BillingFrequency:
    """Return how a bundle of these products is billed: as all its products are that are billed in cycles.

    Raises: InvalidInput.
    """
    if not chosen:
        raise InvalidInput(_("Add at least one product."), field="lines")
    if len(chosen) > MAX_LINES:
        raise InvalidInput(
            ngettext("A bundle holds %(most)d product.", "A bundle holds at most %(most)d products.", MAX_LINES)
            % {"most": MAX_LINES},
            field="lines",
        )
    if len({one.offered.catalog_item for one in chosen}) < len(chosen):
        raise InvalidInput(_("A product stands in the bundle twice. Raise its quantity instead."), field="lines")
    for one in chosen:
        check_quantity(one)
    rhythms = {one.offered.rhythm for one in chosen if one.offered.unit_price}
    if not rhythms:
        raise InvalidInput(
            _("Add a product that is billed in cycles: what is billed by usage has no part in the price of a bundle."),
            field="lines",
        )
    if len(rhythms) > 1:
        raise InvalidInput(
            _("The products of a bundle are billed alike: all by the month, or all by the year, or for the same term."),
            field="lines",
        )
    return BillingFrequency(next(iter(rhythms))[0])


def check_quantity(one: Chosen) -> None:
    """Raises: InvalidInput."""
    most = one.offered.maximum
    if not 1 <= one.quantity <= most:
        raise InvalidInput(
            ngettext(
                "%(product)s: between 1 and %(most)d license.", "%(product)s: between 1 and %(most)d licenses.", most
            )
            % {"product": one.offered.title, "most": most},
            field="lines",
        )


def check_days(valid_from: datetime.date, valid_until: datetime.date | None) -> None:
    """Raises: InvalidInput."""
    if valid_until is not None and valid_until <= valid_from:
        raise InvalidInput(_("This is before the first day."), field="valid_until")


def check_price(price: Decimal) -> None:
    """Raises: InvalidInput."""
    if price <= 0:
        raise InvalidInput(_("The price of a bundle is above zero."), field="price")


def check_active(bundle: Bundle) -> None:
    """Raises: BundleWithdrawn."""
    if bundle.status == BundleStatus.WITHDRAWN:
        raise BundleWithdrawn(
            _("This bundle is withdrawn."),
            next_step=_("Define a new one."),
            next_url=reverse("bundles:new"),
        )


def check_seen(version: BundleVersion, seen: UUID | None) -> None:
    """Nobody acts on another version than the one that was shown; ``None``: none was. Raises: BundleChanged."""
    if seen is not None and seen != version.pk:
        raise BundleChanged(
            _("The bundle has changed since you looked at it."), next_step=_("Read it once more, then go on.")
        )


def check_for_sale(version: BundleVersion, buyer: Buyer) -> None:
    """Why a bundle as a whole cannot be sold to a customer today. Raises: BundleNotForSale."""
    state = version.state_on(buyer.today)
    if state != BundleState.ON_SALE:
        raise BundleNotForSale(
            _("%(bundle)s: %(state)s.") % {"bundle": version.name, "state": state.label},
            who=_("whoever sets prices in your company"),
            next_step=_("Choose another bundle, or have its days changed."),
        )
    bundle = version.bundle
    if bundle.customer_id not in (None, buyer.customer.pk):
        raise BundleNotForSale(
            _("%(bundle)s is for another customer.") % {"bundle": version.name}, next_step=_("Choose another bundle.")
        )
    if version.currency != buyer.partner.currency:
        raise BundleNotForSale(
            _("%(bundle)s is priced in %(currency)s, and your company buys in another currency now.")
            % {"bundle": version.name, "currency": version.currency},
            who=_("whoever sets prices in your company"),
            next_step=_("Change the price of the bundle."),
        )


def check_cost(version: BundleVersion, cost: Decimal) -> None:
    """What costs nothing cannot share a price in proportion to its cost. Raises: BundleNotForSale."""
    if not cost:
        raise BundleNotForSale(
            _("The products of %(bundle)s cost nothing today, so that its price cannot be shared among them.")
            % {"bundle": version.name},
            who=_("whoever sets prices in your company"),
            next_step=_("Add a product that has a price."),
        )


def check_reseller(version: BundleVersion, reseller_id: UUID | None) -> None:
    """A bundle for the customers of one reseller is sold through that one. Raises: BundleNotForSale."""
    if version.bundle.reseller_id not in (None, reseller_id):
        raise BundleNotForSale(
            _("%(bundle)s is for customers of another indirect reseller.") % {"bundle": version.name},
            next_step=_("Credit the reseller that the bundle is for, or choose another bundle."),
        )


def check_count(quantity: int) -> None:
    """Raises: InvalidInput."""
    if not 1 <= quantity <= MAX_BUNDLES:
        raise InvalidInput(
            ngettext("Between 1 and %(most)d bundle.", "Between 1 and %(most)d bundles.", MAX_BUNDLES)
            % {"most": MAX_BUNDLES},
            field="quantity",
        )


def product_refused(title: str, refusal: Refusal) -> BundleProductRefused:
    """Return that a product stands in the way, with what the product's own rule says."""
    return BundleProductRefused(
        _("%(product)s: %(reason)s") % {"product": title, "reason": refusal},
        who=refusal.who,
        next_step=refusal.next_step,
        next_url=refusal.next_url,
    )


def check_part_stays(part: BundlePart) -> None:
    """Raises: BundlePartLeft."""
    if part.left_on is not None:
        raise BundlePartLeft(
            _("This product has left the bundle already."), next_step=_("Its prices are those of single products.")
        )


def check_leaving_day(left_on: datetime.date, *, today: datetime.date) -> None:
    """What is billed already is not billed anew. Raises: InvalidInput."""
    if left_on < today:
        raise InvalidInput(_("Choose today or a later day."), field="left_on")
