"""The demo publishers' site at every start: who it is at the portal, and where customers and webhooks find it."""

from django.conf import settings

from marketplace.demo_catalog import SIGNATURE, TIDVATTEN
from marketplace.models import Offer, Publisher
from portal.api.tokens.audiences import PUBLISHER_RESOURCE
from portal.local.demo import apps
from portal.local.publisher_site.store import Site, Store

PATH = "/demo-publisher/"  # as in portal/local/urls.py


def start() -> None:
    """Give the site its credentials, and let the demo's offers lead to where the portal stands this time.

    Addresses that a publisher has set by hand to something else stay.
    """
    store = Store.of_this_run()
    for publisher in Publisher.objects.filter(code__in=(SIGNATURE, TIDVATTEN)).select_related("organization"):
        if store is not None:
            store.write_site(_site(publisher))
        for offer in Offer.objects.filter(publisher=publisher):
            offer.landing_page_url = _moved(offer.landing_page_url)
            offer.webhook_url = _moved(offer.webhook_url)
            offer.save(update_fields=["landing_page_url", "webhook_url"])


def _site(publisher: Publisher) -> Site:
    client_id = apps.app_id(publisher.pk)
    return Site(
        name=publisher.code,
        title=publisher.organization.name,
        tenant_id=str(publisher.pk),
        client_id=str(client_id),
        client_secret=apps.secret_text(client_id),
        resource=PUBLISHER_RESOURCE,
    )


def _moved(url: str) -> str:
    """Return an address of the demo publishers' site as it is at this start, any other unchanged."""
    _before, path, rest = url.partition(PATH)
    return f"{settings.DEMO_PUBLISHER_URL}/{rest}" if path else url
