"""How an API call is declared and guarded.

A handler is a function that says with ``@api_requires(...)`` who may call it; ``endpoint(GET=..., POST=...)`` makes the
Django view of one address out of handlers. ``endpoint`` refuses a handler without the mark, so there is no API view
without a decision about access; the view carries an ``ApiAccess`` mark for ``AccessMiddleware``.

The order is always: token, throttle, person, permission, parameters, then the handler; changes go through
``repeats.once`` in between, so that the same MS-RequestId executes once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import register_converter
from django.utils import timezone

from portal.accounts.access import Access
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.api import errors, repeats, throttle
from portal.api.caller import Caller, identify
from portal.api.tokens import audiences
from portal.core.errors import Refusal

Handler = Callable[..., HttpResponse]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ApiRequest(HttpRequest):
    """An HttpRequest behind the guard, for the type checker."""

    caller: Caller
    actor: Actor


@dataclass(frozen=True)
class Operation:
    """The mark on a handler: who may call it, and what the OpenAPI document says of it.

    ``body`` and ``answer`` are types pydantic can describe; ``query`` names parameters of the address.
    """

    permission: Permission | None
    reason: str = ""
    person: bool = False  # app+user only
    body: Any = None
    answer: Any = None
    status: int = 200
    query: Mapping[str, str] | None = None
    tag: str = ""
    also: tuple[int, ...] = ()  # further statuses of success, which have no body


@dataclass(frozen=True)
class Style:
    """What differs between the APIs: whose tokens they take, and how they word a refusal."""

    name: str
    audiences: Callable[[], frozenset[str]]
    error: Callable[[Refusal], HttpResponse]


PARTNER_API = Style(name="partner", audiences=audiences.partner_audiences, error=errors.partner_error)


@dataclass(frozen=True)
class ApiAccess(Access):
    """The mark on an API view: open to all as far as sessions go, guarded by a bearer token inside."""

    public: bool = True
    reason: str = "an API call, guarded by its bearer token"
    operations: Mapping[str, Operation] | None = None
    style: Style = PARTNER_API


def api_requires(
    permission: Permission | None = None,
    *,
    reason: str = "",
    person: bool = False,
    body: Any = None,
    answer: Any = None,
    status: int = 200,
    query: Mapping[str, str] | None = None,
    tag: str = "",
    also: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Open a handler to callers whose roles have the permission; without one, ``reason`` says why none is needed."""
    if (permission is None) != bool(reason):
        raise TypeError("Say which permission the call needs, or else why it needs none.")
    operation = Operation(permission, reason, person, body, answer, status, query, tag, also)

    def mark(handler: Handler) -> Handler:
        handler.operation = operation  # type: ignore[attr-defined]
        return handler

    return mark


def endpoint(style: Style = PARTNER_API, **handlers: Handler) -> Callable[..., HttpResponseBase]:
    """Return the view of one address, answering each method by its handler. Raises: TypeError for an unmarked one."""
    operations = {}
    for method, handler in handlers.items():
        operation = getattr(handler, "operation", None)
        if not isinstance(operation, Operation):
            raise TypeError(f"{handler.__module__}.{handler.__qualname__} does not say who may call it.")
        operations[method] = operation

    def view(request: HttpRequest, **parameters: Any) -> HttpResponseBase:
        try:
            return _with_mfa_header(request, _serve(cast(ApiRequest, request), style, handlers, parameters))
        except Http404:
            return style.error(errors.UnknownAddress())
        except UnreadablePostError:  # the connection broke off
            return style.error(errors.UnreadableBody())
        except Refusal as refusal:
            return style.error(refusal)

    view.access = ApiAccess(operations=operations, style=style)  # type: ignore[attr-defined]
    view.handlers = handlers  # type: ignore[attr-defined]
    view.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie counts here (ApiMiddleware)
    return view


def _with_mfa_header(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say, to a caller that asks, whether a second factor stands behind it (reference 1.2)."""
    if request.headers.get("ValidateMfa", "").lower() == "true":
        caller = cast(ApiRequest, request).caller
        response.headers["isMfaCompliant"] = "true" if caller.has_second_factor else "false"
    return response


def _serve(
    request: ApiRequest, style: Style, handlers: Mapping[str, Handler], parameters: Mapping[str, Any]
) -> HttpResponse:
    handler = handlers.get("GET" if request.method == "HEAD" else str(request.method))
    if handler is None:
        raise errors.MethodNotAllowed(sorted(handlers))
    operation: Operation = handler.operation  # type: ignore[attr-defined]
    now = timezone.now()
    try:
        caller = identify(request.headers.get("Authorization", ""), accepted=style.audiences(), now=now)
    except Refusal:
        throttle.check_wrong_token(request)
        raise
    throttle.check_tenant(caller.tenant_id)
    request.caller, request.actor = caller, caller.actor
    if operation.person:
        caller.require_person()
    if operation.permission is not None:
        caller.actor.require(operation.permission)
    values = {name: _checked(name, value) for name, value in parameters.items()}
    if request.method in SAFE_METHODS:
        return handler(request, **values)
    if request.content_type == "multipart/form-data":  # its body has been read as a form by now
        raise errors.WrongContentType
    return repeats.once(request, caller, lambda: _answer(style, handler, request, values), now=now)


def _answer(style: Style, handler: Handler, request: ApiRequest, values: Mapping[str, Any]) -> HttpResponse:
    """Answer refusals here already: a refusal is an answer that the same request gets again."""
    try:
        return handler(request, **values)
    except Http404:
        return style.error(errors.UnknownAddress())
    except Refusal as refusal:
        return style.error(refusal)


@dataclass(frozen=True)
class Malformed:
    """What stands in an address in the place of a GUID."""

    text: str


class GuidConverter:
    """A GUID in an address, in either case. Anything else reaches the guard, which answers 400 as the original does."""

    regex = "[^/]+"

    def to_python(self, value: str) -> UUID | Malformed:
        try:
            return UUID(value)
        except ValueError:
            return Malformed(value)

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(GuidConverter, "guid")


def _checked(name: str, value: Any) -> Any:
    if isinstance(value, Malformed):
        raise errors.WrongParameter(name.replace("_", " "))
    return value
