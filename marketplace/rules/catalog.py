"""What a publisher may write into its catalogue."""

import datetime
import re
from decimal import Decimal

from django.utils.translation import gettext as _

from marketplace.models import Offer, Plan, Publisher
from marketplace.models.catalog import WIRE_ID
from portal.core.errors import InvalidInput
from portal.core.money import round_money

LARGEST_PRICE = Decimal(1_000_000_000)


def check_code(code: str) -> None:
    """Refuse an id that publishers' APIs could not carry. Raises: InvalidInput."""
    if not re.fullmatch(WIRE_ID, code):
        raise InvalidInput(
            _("An identifier has small letters, digits, “-” and “_”, 50 at most, and begins with a letter or digit."),
            field="code",
        )


def check_new_offer_code(publisher: Publisher, code: str) -> None:
    """Raises: InvalidInput."""
    check_code(code)
    if Offer.objects.filter(publisher=publisher, code=code).exists():
        raise InvalidInput(_("You have an offer with this identifier already."), field="code")


def check_new_plan_code(offer: Offer, code: str) -> None:
    """Raises: InvalidInput."""
    check_code(code)
    if Plan.objects.filter(offer=offer, code=code).exists():
        raise InvalidInput(_("The offer has a plan with this identifier already."), field="code")


def check_new_dimension_code(plan: Plan, code: str) -> None:
    """Raises: InvalidInput."""
    check_code(code)
    if plan.dimensions.filter(code=code).exists():
        raise InvalidInput(_("The plan meters something with this identifier already."), field="code")


def check_limits(*, is_per_seat: bool, min_quantity: int, max_quantity: int) -> None:
    """Raises: InvalidInput."""
    if not is_per_seat and (min_quantity, max_quantity) != (1, 1):
        raise InvalidInput(_("A flat rate is bought once: least and most are 1."), field="max_quantity")
    if min_quantity > max_quantity:
        raise InvalidInput(_("The most is not below the least."), field="max_quantity")


def check_price(*, unit_price: Decimal, currency: str, valid_from: datetime.date, today: datetime.date) -> None:
    """Prices of days that are over have been charged already. Raises: InvalidInput."""
    if valid_from < today:
        raise InvalidInput(_("A price begins today at the earliest."), field="valid_from")
    if not 0 <= unit_price < LARGEST_PRICE or round_money(unit_price, currency) != unit_price:
        raise InvalidInput(_("Give an amount with as many decimals as the currency has."), field="unit_price")
