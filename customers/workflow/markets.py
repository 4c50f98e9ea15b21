"""Which country belongs to which market, from which day on (A8, R8)."""

import datetime

from django.db import transaction

from customers import rules
from customers.market_announcements import announce_country
from customers.models import Market, MarketCountry
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission


@transaction.atomic
def place_country(
    *, country: str, market: str, currency: str, valid_from: datetime.date, actor: Actor, now: datetime.datetime
) -> MarketCountry:
    """Put a country into a market, or give its partners another currency, from a day to come. The operator does.

    What holds until then stays as it is: rows end, they are never changed.
    Raises: PermissionDenied, CountryNotPlaceable.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    list(Market.objects.select_for_update(of=("self",), no_key=True).order_by("pk"))  # one change at a time
    rows = MarketCountry.objects.filter(country=country).order_by("-valid_from")
    newest = rows.first()
    rules.check_can_place(newest, market=market, currency=currency, valid_from=valid_from, on=now.date())
    if newest is not None and (newest.valid_until is None or newest.valid_until > valid_from):
        newest.valid_until = valid_from
        newest.save(update_fields=["valid_until"])
    place = MarketCountry.objects.create(country=country, market_id=market, currency=currency, valid_from=valid_from)
    announce_country(place, former=newest, actor=actor, now=now)
    return place
