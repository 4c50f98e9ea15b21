"""At most ten tries per fifteen minutes, per account and per address (quality row 20; counters: decision 0007)."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import clean_client_ip
from allauth.core.internal.ratelimit import RateLimitUsage
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.accounts.access import public
from portal.accounts.sign_in.devices import Device, Origin
from portal.core.errors import Refusal
from portal.core.http import refusal_response

WINDOW_MINUTES = 15
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - a connection without an address, such as a socket file


class TooManyTries(Refusal):
    """Too many wrong answers from this address or for this account."""

    code = "too-many-tries"
    http_status = 429


@public("an error page")
def too_many_tries(request: HttpRequest) -> HttpResponse:
    """Answer 429 with the longest time there is to wait: how long exactly would tell what others tried."""
    refusal = TooManyTries(
        _("Too many tries"),
        next_step=_("To protect accounts, we stop after several wrong answers. Try again in %(minutes)s minutes.")
        % {"minutes": WINDOW_MINUTES},
    )
    response = refusal_response(request, refusal)
    response.headers["Retry-After"] = str(WINDOW_MINUTES * 60)
    return response


def consume(request: HttpRequest, action: str, *, key: str | None = None) -> RateLimitUsage:
    """Count one try of ``action`` (a row of ACCOUNT_RATE_LIMITS); its ``rollback()`` gives it back.

    Raises: ImmediateHttpResponse (the 429 page).
    """
    usage = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    if usage is None:
        raise ImmediateHttpResponse(too_many_tries(request))
    return usage


def client_address(request: HttpRequest) -> str:
    """Return the address tries are counted by: the connection's, or what our own proxies say in X-Forwarded-For.

    Only as many hops as TRUSTED_PROXY_COUNT are believed. A chain that is too short did not come through them.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    named = hops[-count] if 0 < count <= len(hops) else request.META.get("REMOTE_ADDR", "")
    return clean_client_ip(named) or UNKNOWN_ADDRESS


def origin_of(request: HttpRequest) -> Origin:
    """Return where the request comes from, for the log."""
    return Origin(address=client_address(request), device=Device.of(request.headers.get("User-Agent", "")))
