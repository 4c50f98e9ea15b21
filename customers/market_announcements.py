"""Who is told of changes to markets: the log of the programme operator (A8)."""

import datetime
from uuid import UUID

from customers.enums import CustomerEvent
from customers.models import MarketCountry
from portal.accounts.actor import Actor
from portal.audit import log
from portal.webhooks import deliveries


def announce_country(
    place: MarketCountry, *, former: MarketCountry | None, actor: Actor, now: datetime.datetime
) -> None:
    """Log where a country belongs from a day on, and where it belonged."""
    operator_id: UUID = actor.organization_id
    event = log.record(
        event_type=CustomerEvent.COUNTRY_PLACED,
        organization_ids=[operator_id],
        subject_type="market-country",
        subject_id=place.country,
        subject_name=place.country,
        actor=actor,
        occurred_at=now,
        before={"market": former.market_id, "currency": former.currency} if former else None,
        after={"market": place.market_id, "currency": place.currency, "valid from": place.valid_from.isoformat()},
    )
    deliveries.queue(event)
