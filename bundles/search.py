"""What search finds of bundles: those of the company by part of their name (X9)."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from bundles.presentation import row_of
from bundles.queries.definitions import BundleFilter, bundles
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import LIMIT, Result

SHORTEST_TEXT = 2


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find the company's bundles whose name holds the text, for who may read prices."""
    if not actor.is_partner or not actor.may(Permission.PRICING_VIEW) or len(text) < SHORTEST_TEXT:
        return
    today = timezone.now().date()
    for version in bundles(actor, BundleFilter(text=text), today=today).order_by("name_key", "pk")[:LIMIT]:
        row = row_of(version, today=today)
        yield Result(
            label=row["name"],
            url=row["url"],
            kind=_("Bundles"),
            icon="price",
            description=f"{row['price']} · {row['state']}",
        )
