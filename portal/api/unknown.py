"""Addresses under the API that nothing answers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from portal.accounts.access import public
from portal.api.errors import UnknownAddress, partner_error


@public("tells nothing but that there is nothing")
@csrf_exempt
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer the original's error body instead of a page."""
    return partner_error(UnknownAddress())
