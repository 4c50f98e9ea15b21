"""The link to a publisher's landing page, and the token in it (M5, fulfillment reference, section 2)."""

import datetime
from urllib.parse import quote
from uuid import UUID

from django.utils.translation import gettext as _

from marketplace.models import Offer, PurchaseToken
from portal.core.errors import Refusal


class TokenUnusable(Refusal):
    """Unknown and expired tokens are answered alike."""

    code = "purchase-token-unusable"
    http_status = 400


class PurchaseOfAnotherPublisher(Refusal):
    code = "purchase-of-another-publisher"
    http_status = 403


def landing_link(offer: Offer, token: str) -> str:
    """Return the publisher's landing page with the token added to whatever query it has."""
    joint = "&" if "?" in offer.landing_page_url else "?"
    return f"{offer.landing_page_url}{joint}token={quote(token, safe='')}"


def check_token(token: PurchaseToken | None, *, publisher_id: UUID, now: datetime.datetime) -> PurchaseToken:
    """Return a token that still works for its own publisher. Raises: TokenUnusable, PurchaseOfAnotherPublisher."""
    if token is None or token.expires_at <= now:
        raise TokenUnusable(
            _("The token is unknown or has expired."),
            who=_("the partner who bought"),
            next_step=_("Open the publisher's site from the portal again: that makes a new one."),
        )
    if token.saas.publisher_id != publisher_id:
        raise PurchaseOfAnotherPublisher(_("This purchase belongs to another publisher."))
    return token
