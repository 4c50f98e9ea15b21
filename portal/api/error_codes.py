"""The one table from our refusals to the numbers of the original (reference 1.11).

A refusal that is missing here gets the number of its HTTP status; ``tests/portal/api/test_error_codes.py`` finds it.
An app whose codes are rows of a table of its own says their numbers itself (``Refusal.api_number``).
"""

from portal.core.errors import Refusal

# Refusal.code -> (number, HTTP status of the API)
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
    "partner-unknown": (3000, 404),
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
    "partner-agreement-not-signed": (900124, 403),
    # invitations, notes and imports
    "invitation-open-already": (2000, 400),
    "invitation-not-pending": (2000, 400),
    "invitation-link-unusable": (2000, 410),
    "mailbox-code-refused": (3000, 400),
    "not-customer-administrator": (900308, 403),
    "too-many-tags": (3000, 400),
    "tag-in-use": (2000, 400),
    "too-many-views": (3000, 400),
    "unreadable-file": (800002, 400),
    "import-not-waiting": (2000, 400),
    "nothing-to-import": (2000, 400),
    # partnerships
    "partnership-open-already": (2000, 400),
    "partnership-not-open": (2000, 400),
    "partnership-not-yours-to-answer": (900308, 403),
    "partnership-in-use": (2000, 400),
    "not-provider-and-reseller": (2071, 400),
    "no-active-partnership": (900154, 400),
    "not-a-direct-bill-partner": (800042, 400),
    "becoming-reseller-already": (800042, 400),
    "becoming-reseller-not-finished": (800042, 400),
    "not-becoming-reseller": (800042, 400),
    "customers-moved-already": (800042, 400),
    # catalog, purchases, subscriptions
    "subscription-not-found": (20003, 404),
    "subscription-ended": (2011, 400),
    "subscription-change-not-offered": (2006, 400),
    "subscription-status-not-reachable": (800040, 400),
    "subscription-active-already": (800041, 400),
    "quantity-out-of-range": (2002, 400),
    "subscription-not-activated": (800081, 400),
    "subscription-suspended": (800091, 400),
    "subscription-not-suspended": (800040, 400),
    "operation-in-progress": (900278, 409),
    "operation-finished": (900278, 409),
    "nothing-changes": (2000, 400),
    "cancellation-window-over": (900117, 400),
    "billing-frequency-not-offered": (800097, 400),
    "not-allowed-for-publisher": (900308, 403),
    "reseller-cannot-change": (900308, 403),
    "reseller-cannot-buy": (900308, 403),
    "no-reseller-relationship": (20002, 403),
    "azure-plan-missing": (900128, 400),
    "cart-empty": (800009, 400),
    "cart-ordered-already": (800065, 400),
    "offer-not-sold": (2091, 403),
    "offer-not-sold-by-partners": (2085, 403),
    "offer-not-sold-in-country": (800070, 400),
    "offer-exclusive": (2085, 403),
    "offer-bought-already": (800020, 403),
    "plan-not-sold": (800028, 403),
    "price-missing": (900143, 400),
    "price-changed": (800009, 400),
    "invoice-not-open": (900141, 409),
    "no-list-price": (900143, 400),
    "price-sheet-not-waiting": (2000, 400),
    "too-many-subscriptions": (800066, 403),
    "purchase-token-unusable": (2000, 400),
    "purchase-of-another-publisher": (900308, 403),
    "usage-refused": (2000, 400),
    "not-in-sandbox": (900127, 400),
    "sandbox-has-no-customer": (800042, 400),
    "sandbox-customers-limit": (800018, 400),
    "sandbox-subscriptions-limit": (800066, 403),
    "sandbox-seats-limit": (800067, 403),
    "offer-incomplete": (2000, 400),
    # apps
    "organization-has-no-api": (900308, 403),
    "too-many-apps": (2000, 400),
    "too-many-secrets": (2000, 400),
    "secret-revoked-already": (2000, 400),
    "redirect-address-unsafe": (3000, 400),
    "app-role-unknown": (3000, 400),
    "consent-impossible": (2000, 400),
    "app-of-other-organization": (900308, 403),
    "webhook-not-registered": (1000, 404),
    "webhook-registered-already": (2000, 409),
    "webhook-test-not-registered": (2000, 400),
    "webhook-event-unknown": (900126, 400),
    "outgoing-address-refused": (3000, 400),
    "refused": (800042, 400),
    # people: on pages only, so far
    "account-exists": (2000, 400),
    "admin-role-reserved": (900150, 403),
    "already-invited": (2000, 400),
    "already-member": (2000, 400),
    "invitation-closed": (2000, 410),
    "invitation-for-someone-else": (900308, 403),
    "last-admin": (2000, 400),
    "own-membership": (900308, 403),
    "unknown-role": (3000, 400),
    "user-active": (2000, 400),
    "user-inactive": (60002, 400),
    "not-a-partner": (800042, 400),
    "authenticator-app-exists": (2000, 400),
    "last-second-factor": (2000, 400),
    "no-second-factor": (2000, 400),
    "password-reset-closed": (2000, 410),
    "mail-not-undelivered": (2000, 400),
    "mandatory-cannot-be-archived": (2000, 400),
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
    return refusal.api_number or NUMBERS.get(refusal.code) or (of_status(refusal.http_status), refusal.http_status)


def of_code(code: str) -> tuple[int, int]:
    """Return number and HTTP status of a code in the table. Raises: KeyError."""
    return NUMBERS[code]


def of_status(status: int) -> int:
    """Return the number where only the HTTP status is known."""
    return BY_STATUS.get(status, 0)
