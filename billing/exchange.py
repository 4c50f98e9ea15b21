"""Money in another currency, by the dated rates that the operator enters; nothing else converts (A8)."""

import datetime
from decimal import Decimal

from billing.models import ExchangeRate


def rate_on(source: str, target: str, day: datetime.date) -> Decimal | None:
    """Return how much of ``target`` one unit of ``source`` is on a day, or ``None`` where no rate says.

    A rate of the other direction is turned round; of both the newer one counts.
    """
    if source == target:
        return Decimal(1)
    pairs = ExchangeRate.objects.filter(
        base__in=(source, target), currency__in=(source, target), valid_from__lte=day
    ).order_by("-valid_from", "pk")
    found = sorted(pairs[:2], key=lambda rate: (-rate.valid_from.toordinal(), rate.base != source))
    if not found:
        return None
    newest = found[0]
    return newest.rate if newest.base == source else 1 / newest.rate
