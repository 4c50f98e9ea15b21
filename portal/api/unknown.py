"""Addresses under the API that nothing answers: unknown ones, and calls of the original that are not offered here."""

import re

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from portal.accounts.access import public
from portal.api.errors import NotOffered, UnknownAddress, partner_error
from portal.core.errors import Refusal

# Calls of the original below /v1 that this portal has nothing for (API reference, sections 3.1, 4.1, 5.1 and 9): what
# belongs to a customer's directory, to products of before new commerce, and to companies that run control panels.
NOT_OFFERED = (
    "customers/*/users",
    "customers/*/directoryroles",
    "customers/*/subscribedskus",
    "customers/*/managedservices",
    "customers/*/migrations",
    "customers/*/applicationconsents",
    "customers/*/validationstatus",
    "customers/*/validations",
    "customers/*/orders/*/attachments",
    "customers/*/orders/*/attachment",
    "customers/*/subscriptions/*/upgrades",
    "customers/*/subscriptions/*/conversions",
    "customers/*/subscriptions/*/registrations",
    "customers/*/subscriptions/*/registrationstatus",
    "customers/*/subscriptions/*/supportcontact",
    "customers/*/subscriptions/*/azureentitlements",
    "customers/*/transfers/*/accept",
    "countryvalidationrules",
    "partnerrequests",
    "nonmfacompliantpartnerprincipals",
    "offers",
    "offercategories",
    "devicebatches",
    "analytics",
)
_PATTERN = re.compile(
    "(?:" + "|".join(re.escape(one).replace(r"\*", "[^/]+") for one in NOT_OFFERED) + ")(?:/.*)?", re.IGNORECASE
)


@public("tells nothing but that there is nothing")
@csrf_exempt
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer the original's error body instead of a page."""
    return partner_error(refusal_of(rest))


def refusal_of(rest: str) -> Refusal:
    """Return why nothing answers what stands after the version: not offered, or nothing there."""
    return NotOffered() if _PATTERN.fullmatch(rest) else UnknownAddress()
