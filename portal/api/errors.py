"""Refusals of the API itself, and the body every one of them gets (reference 1.11)."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.api import error_codes, paths
from portal.core.errors import InvalidInput, Refusal

SOURCE = "PartnerPortal"
JSON = "application/json; charset=utf-8"
LONGEST_DESCRIPTION = 1024


class UnknownAddress(Refusal):
    """The API has nothing at this address, or nothing the caller may see."""

    code = "not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("There is nothing at this address, or nothing you may see."))


class MethodNotAllowed(Refusal):
    """The address does not answer this method."""

    code = "method-not-allowed"
    http_status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(_("This address answers %(methods)s only.") % {"methods": ", ".join(allowed)})
        self.allowed = allowed


class WrongContentType(Refusal):
    """The body is not JSON."""

    code = "content-type-not-supported"
    http_status = 415

    def __init__(self) -> None:
        super().__init__(_("Send the body as application/json."))


class UnreadableBody(InvalidInput):
    """The body is no JSON, or not the kind of JSON that is asked for."""

    code = "unreadable-body"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(_("The body of the request cannot be read as JSON."))


class WrongProperty(InvalidInput):
    """A property of the body is missing, or its value cannot be used."""

    code = "wrong-property"
    http_status = 400

    def __init__(self, name: str) -> None:
        super().__init__(_("The property %(name)s is missing or has a wrong value.") % {"name": name}, field=name)


class WrongParameter(InvalidInput):
    """A parameter of the address is missing, or its value cannot be used."""

    code = "wrong-parameter"
    http_status = 400

    def __init__(self, name: str) -> None:
        super().__init__(_("The parameter %(name)s is missing or has a wrong value.") % {"name": name}, field=name)


class UnknownEnumValue(InvalidInput):
    """A value is not one of those that exist."""

    code = "unknown-enum-value"
    http_status = 400

    def __init__(self, name: str) -> None:
        super().__init__(_("The value of %(name)s is not one of those that exist.") % {"name": name}, field=name)


class NotOffered(Refusal):
    """The original has this call; this portal does not offer it."""

    code = "operation-not-supported"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(_("This call is not offered here."))


class StaleETag(Refusal):
    """Somebody changed the resource after it was read."""

    code = "etag-stale"
    http_status = 412

    def __init__(self) -> None:
        super().__init__(
            _("The resource has changed since you read it."), next_step=_("Read it again and repeat the change.")
        )


class ETagMissing(Refusal):
    """The change needs the ETag of what was read."""

    code = "etag-missing"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(
            _("Send the header If-Match."), next_step=_("Its value is the etag among the attributes of the resource.")
        )


class RequestIdReused(Refusal):
    """The same MS-RequestId came with another request."""

    code = "request-id-reused"
    http_status = 422

    def __init__(self) -> None:
        super().__init__(
            _("This MS-RequestId was used for another request."),
            next_step=_("Keep the value when you repeat the same request; take a new one for every other."),
        )


class RequestInProgress(Refusal):
    """The first request with this MS-RequestId is still at work."""

    code = "request-in-progress"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            _("The same request is being worked on."), next_step=_("Repeat it in a moment for its answer.")
        )


class TooManyRequests(Refusal):
    """The tenant sent more requests than it may in a minute."""

    code = "too-many-requests"
    http_status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(_("Too many requests. Try again in %(seconds)s seconds.") % {"seconds": seconds})
        self.seconds = seconds


def body_of(refusal: Refusal) -> dict[str, Any]:
    """Return the original's error body."""
    number, _status = error_codes.of(refusal)
    text = " ".join(str(part) for part in (refusal.message, refusal.next_step) if part)
    return {
        "code": number,
        "description": text[:LONGEST_DESCRIPTION],
        "data": [part for part in (refusal.code, getattr(refusal, "field", None)) if part],
        "source": SOURCE,
    }


def partner_error(refusal: Refusal) -> HttpResponse:
    """Answer a refusal as the partner API does."""
    _number, status = error_codes.of(refusal)
    if isinstance(refusal, TooManyRequests):
        response = json_answer({"statusCode": 429, "message": str(refusal)}, status=429)
        response.headers["Retry-After"] = str(refusal.seconds)
        return response
    response = json_answer(body_of(refusal), status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "OAuth realm=urn:cpsvc:cpid:portal"
    if isinstance(refusal, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(refusal.allowed)
    return response


# Where no refusal says more: what was wrong with a request that never got as far as its view.
BARE_TEXTS = {
    400: gettext_lazy("The request cannot be read."),
    403: gettext_lazy("This is not open to you."),
    404: gettext_lazy("There is nothing at this address, or nothing you may see."),
    405: gettext_lazy("This address does not answer this method."),
    413: gettext_lazy("The request is too large."),
    414: gettext_lazy("The address is too long."),
    500: gettext_lazy("The portal met an error."),
    503: gettext_lazy("The portal cannot reach its database right now. Nothing you sent was stored."),
}
PUBLISHER_CODES = {400: "BadRequest", 403: "Forbidden", 404: "EntityNotFound"}


def bare_answer(path: str, status: int) -> HttpResponse | None:
    """Return an error in the form of the API at this address; ``None`` for an address of pages."""
    text = str(BARE_TEXTS.get(status, BARE_TEXTS[400]))
    if paths.is_partner_api(path):
        body = {"code": error_codes.of_status(status), "description": text, "data": [], "source": SOURCE}
        return json_answer(body, status=status)
    if paths.is_publisher_api(path):
        if status >= 500:
            return json_answer({"error": {"code": "UnexpectedError", "message": text}}, status=status)
        return json_answer({"code": PUBLISHER_CODES.get(status, "BadRequest"), "message": text}, status=status)
    return None


def json_answer(value: Any, *, status: int = 200) -> HttpResponse:
    """Return a JSON answer."""
    return HttpResponse(orjson.dumps(value), status=status, content_type=JSON)
