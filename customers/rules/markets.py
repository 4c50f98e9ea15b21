"""Where a partner may sell (R8, A8)."""

import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from customers.markets import REGISTRATION_NUMBER_COUNTRIES
from customers.models import MarketCountry
from portal.accounts.models import Partner
from portal.core.countries import country_name
from portal.core.errors import Refusal


class OutsideMarket(Refusal):
    code = "customer-outside-market"


def market_of(country: str, *, on: datetime.date) -> MarketCountry | None:
    """Return the country's place in a market on a day, or ``None`` where nobody may sell."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    return MarketCountry.objects.filter(holds, country=country, valid_from__lte=on).order_by("-valid_from").first()


def check_same_market(partner: Partner, country: str, *, on: datetime.date) -> None:
    """A partner sells in the countries of its own market only.

    Source: requirements R8, A8; portal reference, section 10. Raises: OutsideMarket.
    """
    place = market_of(country, on=on)
    if place is None or place.market_id != partner.market:
        raise OutsideMarket(
            _("%(partner)s cannot sell to customers in %(country)s: the country is outside its market.")
            % {"partner": partner.organization.name, "country": country_name(country)},
            who=_("a partner located in that market"),
            next_step=_("Check the country on the customer's tenant; it decides, not the address."),
        )


def needs_registration_number(country: str) -> bool:
    """Say whether a new customer there must give a registration number and a phone number (section 10)."""
    return country in REGISTRATION_NUMBER_COUNTRIES
