"""The demo publishers at every start: where customers and webhooks find their site this time."""

from uuid import UUID

from django.conf import settings

from marketplace.demo_catalog import SIGNATURE, TIDVATTEN
from marketplace.models import Offer, Publisher

PATH = "/demo-publisher/"  # as in portal/local/urls.py


def start() -> list[tuple[str, str, UUID]]:
    """Let the demo's offers lead to where the portal stands; return name, title and organization of each publisher.

    Addresses that somebody has set to another place stay.
    """
    publishers = Publisher.objects.filter(code__in=(SIGNATURE, TIDVATTEN)).select_related("organization")
    for offer in Offer.objects.filter(publisher__in=publishers):
        offer.landing_page_url = _moved(offer.landing_page_url)
        offer.webhook_url = _moved(offer.webhook_url)
        offer.save(update_fields=["landing_page_url", "webhook_url"])
    return [(one.code, one.organization.name, one.pk) for one in publishers]


def _moved(url: str) -> str:
    """Return an address of the demo publishers' site as it is at this start, any other unchanged."""
    _before, path, rest = url.partition(PATH)
    return f"{settings.DEMO_PUBLISHER_URL}/{rest}" if path else url
