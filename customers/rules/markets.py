"""Where a partner may sell (R8, A8)."""

import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from customers.markets import REGISTRATION_NUMBER_COUNTRIES
from customers.models import MarketCountry
from portal.accounts.models import Partner
from portal.core.countries import country_name
from portal.core.errors import InvalidInput, Refusal


class OutsideMarket(Refusal):
    code = "customer-outside-market"


class CountryNotPlaceable(InvalidInput):
    """The day is past, the change changes nothing, or another one is planned already."""

    code = "country-not-placeable"


def check_can_place(
    newest: MarketCountry | None, *, market: str, currency: str, valid_from: datetime.date, on: datetime.date
) -> None:
    """A change holds from a day to come, after every other one of the country. Raises: CountryNotPlaceable."""
    if valid_from <= on:
        raise CountryNotPlaceable(_("Choose a day to come: what holds today has been relied on."), field="valid_from")
    if newest is not None and newest.valid_from >= valid_from:
        raise CountryNotPlaceable(_("Another change from that day on, or later, is planned."), field="valid_from")
    if newest is not None and (newest.market_id, newest.currency) == (market, currency) and not newest.valid_until:
        raise CountryNotPlaceable(_("The country is there already, with this currency."), field="market")


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
