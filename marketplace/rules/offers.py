"""When an offer can be sold, and which addresses it may have (fulfillment reference, section 6)."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from marketplace.models import Offer, PlanPrice
from portal.core import outgoing
from portal.core.errors import InvalidInput, Refusal


class OfferIncomplete(Refusal):
    code = "offer-incomplete"


def check_configuration(*, landing_page_url: str, webhook_url: str) -> None:
    """Refuse addresses that cannot be used. Not inside a transaction: the webhook's name is looked up.

    Only browsers open the landing page, so it is not called from here; the webhook is.
    Raises: InvalidInput, outgoing.AddressRefused.
    """
    if landing_page_url:
        parts = urlsplit(landing_page_url)
        schemes = ("https", "http") if settings.OUTGOING_LOOPBACK else ("https",)
        is_usable = parts.scheme in schemes and parts.hostname and "#" not in landing_page_url
        if not is_usable or any(letter.isspace() for letter in landing_page_url):
            raise InvalidInput(_("The landing page begins with https:// and has no “#”."), field="landing_page_url")
    if webhook_url:
        outgoing.check_address(webhook_url, field="webhook_url")


def check_complete(*, landing_page_url: str, webhook_url: str) -> None:
    """What is sold needs a place to set it up, and somebody to tell of changes. Raises: OfferIncomplete."""
    if not landing_page_url or not webhook_url:
        raise OfferIncomplete(
            _("An offer that is sold has a landing page and a webhook."),
            next_step=_("Give both addresses, or withdraw the offer first."),
        )


def check_publishable(offer: Offer) -> None:
    """Raises: OfferIncomplete."""
    check_complete(landing_page_url=offer.landing_page_url, webhook_url=offer.webhook_url)
    if not PlanPrice.objects.filter(plan__offer=offer, plan__is_stopped=False, is_offered=True).exists():
        raise OfferIncomplete(_("The offer has no plan with a price."), next_step=_("Add a plan and its prices first."))
