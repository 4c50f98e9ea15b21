"""The one table from our refusals to the numbers of the original (reference 1.11).

A refusal that is missing here gets the number of its HTTP status; ``tests/portal/api/test_error_codes.py`` finds it.
"""

from portal.core.errors import Refusal

# Refusal.code -> (number, HTTP status of the API). A status of 0 keeps the refusal's own.
NUMBERS: dict[str, tuple[int, int]] = {
    # who calls
    "token-missing": (800001, 401),
    "token-refused": (400, 401),
    "token-audience-refused": (900420, 401),
    "token-for-other-api": (900308, 403),
    "app-only-not-supported": (900329, 403),
    "second-factor-required": (900309, 401),
    "sign-in-required": (800001, 401),
    "role-has-no-right": (900150, 403),
    "no-membership": (900308, 403),
    # what was sent
    "not-found": (1000, 404),
    "method-not-allowed": (900141, 405),
    "content-type-not-supported": (800002, 415),
    "unreadable-body": (800002, 400),
    "invalid-input": (3000, 400),
    "wrong-property": (3000, 400),
    "wrong-parameter": (2000, 400),
    "unknown-enum-value": (900126, 400),
    "bad-cursor": (2000, 400),
    "operation-not-supported": (800042, 400),
    "etag-stale": (2055, 412),
    "etag-missing": (2000, 400),
    "request-id-reused": (800002, 422),
    "request-in-progress": (900104, 409),
    "too-many-requests": (429, 429),
    "too-many-tries": (429, 429),
    "database-away": (900192, 503),
    # customers and relationships
    "partner-number-unknown": (800015, 404),
    "relationship-not-active": (20002, 403),
    "relationship-in-use": (2000, 400),
    "relationship-exists-already": (2000, 400),
    "customer-outside-market": (2000, 400),
    "partner-outside-market": (2030, 403),
    "partner-cannot-be-customer": (900118, 400),
    "domain-taken": (3000, 400),
    "reseller-cannot-add-customers": (800042, 400),
    "reseller-not-yours": (800016, 400),
    "sells-through-provider": (800042, 400),
    "qualification-not-allowed": (3000, 400),
    "unknown-partner": (2071, 400),
    "wrong-cloud": (900138, 403),
    "wrong-tenant": (2032, 403),
    # agreements
    "agreement-exists-already": (600061, 400),
    "customer-agreement-not-signed": (13605, 403),
    "agreement-current": (800042, 400),
    # subscriptions
    "subscription-not-found": (20003, 404),
}

BY_STATUS = {
    400: 2000,
    401: 400,
    403: 900308,
    404: 1000,
    405: 900141,
    409: 800042,
    413: 800002,
    414: 2000,
    415: 800002,
    422: 3000,
    429: 429,
    500: 800003,
    503: 900192,
}


def of(refusal: Refusal) -> tuple[int, int]:
    """Return the number of a refusal and the HTTP status the API answers it with."""
    number, status = NUMBERS.get(refusal.code, (0, 0))
    status = status or refusal.http_status
    return number or of_status(status), status


def of_status(status: int) -> int:
    """Return the number where only the HTTP status is known."""
    return BY_STATUS.get(status, 0)
