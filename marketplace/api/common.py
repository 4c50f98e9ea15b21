"""What all calls of publishers share: version, body, headers and the shapes of errors (sections 3.1 and 3.12)."""

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from marketplace.models import SaaSSubscription
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, Handler, Style, api_requires
from portal.api.errors import MethodNotAllowed, TooManyRequests, json_answer
from portal.api.tokens import audiences
from portal.core.errors import Refusal

VERSION = "2018-08-31"
RETRY_AFTER_SECONDS = "10"
BASE = "/api/saas/subscriptions"


class WireRefusal(Refusal):
    """A refusal with the body it has on the wire; parts that are empty are left out."""

    def __init__(
        self, http_status: int, message: object, *, code: str = "", target: str = "", body: Any = None
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        parts = {"code": code, "message": str(message), "target": target}
        self.body = body if body is not None else {name: part for name, part in parts.items() if part}


def publisher_error(refusal: Refusal) -> HttpResponse:
    """Answer a refusal as the publishers' APIs do: 403, not 401, for whatever is wrong with a token (section 3.12)."""
    if isinstance(refusal, WireRefusal):
        return json_answer(refusal.body, status=refusal.http_status)
    status = 403 if refusal.http_status == 401 else refusal.http_status
    status = 400 if status == 422 else status
    code = {403: "Forbidden", 404: "EntityNotFound", 409: "Conflict", 429: "TooManyRequests"}.get(status, "BadRequest")
    response = json_answer({"code": code, "message": str(refusal)}, status=status)
    if isinstance(refusal, TooManyRequests):
        response.headers["Retry-After"] = str(refusal.seconds)
    if isinstance(refusal, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(refusal.allowed)
    return response


PUBLISHER_API = Style(name="publisher", audiences=audiences.publisher_audiences, error=publisher_error)


def publisher_call(
    *, answer: Any = None, body: Any = None, status: int = 200, query: Mapping[str, str] | None = None
) -> Callable[[Handler], Handler]:
    """Open a handler to publishers' apps that name the version of the API; the rest is what the document says of it."""
    named = {"api-version": VERSION, **(query or {})}
    mark = api_requires(
        Permission.PUBLISHER_OFFER_MANAGE, answer=answer, body=body, status=status, query=named, tag="publishers"
    )

    def opened(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def checked(request: ApiRequest, **parameters: Any) -> HttpResponse:
            check_version(request)
            return handler(request, **parameters)

        return mark(checked)

    return opened


def check_version(request: ApiRequest) -> None:
    """Raises: WireRefusal, with the odd-cased body of the original."""
    version = parameter(request, "api-version")
    if version == VERSION:
        return
    code = "UnsupportedApiVersion" if version else "ApiVersionUnspecified"
    message = _("Name the API version %(version)s.") % {"version": VERSION}
    raise WireRefusal(400, message, body={"Error": {"Code": code, "Message": message}})


def parameter(request: ApiRequest, name: str) -> str:
    """Return a parameter of the address, whatever its case."""
    wanted = name.lower()
    return next((str(value) for key, value in request.GET.items() if key.lower() == wanted), "")


def json_body(request: ApiRequest) -> dict[str, Any]:
    """Return the body, an empty one as an empty object; no content type is asked for. Raises: WireRefusal."""
    try:
        body = orjson.loads(request.body) if request.body.strip() else {}
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise WireRefusal(400, _("The body is no JSON object."), code="BadArgument", target="body")
    return body


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a JSON answer with the ETag that the original has on what is read."""
    response = json_answer(value, status=status)
    response.headers["ETag"] = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    for name, text in (headers or {}).items():
        response.headers[name] = text
    return response


def nothing(*, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return an answer with an empty body."""
    response = HttpResponse(status=status)
    del response.headers["Content-Type"]
    response.headers["Content-Length"] = "0"
    for name, text in (headers or {}).items():
        response.headers[name] = text
    return response


def accepted(subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Return 202 with the three headers that lead to the operation (section 3.9)."""
    location = f"{settings.BASE_URL}{BASE}/{subscription_id}/operations/{operation_id}?api-version={VERSION}"
    return nothing(
        status=202,
        headers={
            "Operation-Location": location,
            "Operation-Id": str(operation_id),
            "Retry-After": RETRY_AFTER_SECONDS,
        },
    )


def own_subscription(request: ApiRequest, subscription_id: UUID) -> SaaSSubscription:
    """Return one of the publisher's own purchases: 404 for an unknown one, 403 for another publisher's.

    Raises: WireRefusal.
    """
    saas = SaaSSubscription.objects.with_rows().filter(pk=subscription_id).first()
    if saas is None:
        raise WireRefusal(404, _("There is no such subscription."), code="EntityNotFound", target="subscriptionId")
    if saas.publisher_id != request.actor.organization_id:
        raise WireRefusal(403, _("This subscription belongs to another publisher."), code="Forbidden")
    return saas
