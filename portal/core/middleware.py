"""Middleware without knowledge of people: headers, the request's log line and id, malformed requests, refusals."""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django_structlog.middlewares import RequestMiddleware

from portal.accounts.access import access_of
from portal.accounts.sign_in.throttle import client_address
from portal.core import error_views, health
from portal.core.errors import Refusal
from portal.core.http import refusal_response

GetResponse = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class SecurityHeadersMiddleware:
    """Add what Django's own middleware leaves out, and keep pages with data out of every cache (quality row 24).

    It stands outside SecurityMiddleware, so that what that one refuses carries the headers too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.headers = {
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-store",
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response


class ProbeMiddleware:
    """Answer /healthz, /readyz and /metrics at once: under any Host name, without session, without a log line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = health.PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


class RequestLogMiddleware(RequestMiddleware):
    """One log line per request, and one id from page to task to mail; the answer names it in X-Request-ID.

    An id that came with the request is kept if it looks like one: a proxy in front may have given it.
    """

    def prepare(self, request: HttpRequest) -> None:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.META["HTTP_X_REQUEST_ID"] = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        request.META["portal.started"] = time.monotonic()
        super().prepare(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response.headers["X-Request-ID"] = request.META["HTTP_X_REQUEST_ID"]
        milliseconds = round((time.monotonic() - request.META["portal.started"]) * 1000)
        structlog.contextvars.bind_contextvars(duration_ms=milliseconds)
        super().handle_response(request, response)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Name the address that sign-in counts tries by; what strangers write into X-Forwarded-For is not believed."""
        structlog.contextvars.bind_contextvars(ip=client_address(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Leave the query out of the log: it holds what people search for, and codes of the sign-in provider."""
        return f"{request.method} {request.path}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Name the person if the request has met one; never ask the database for it."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.pk is not None:
            structlog.contextvars.bind_contextvars(user_id=str(user.pk))

    def _process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if error_views.is_database_away(exception):  # the error view writes one line without a traceback
            request._raised_exception = exception  # type: ignore[attr-defined]
            return
        super()._process_exception(request, exception)


class MalformedRequestMiddleware:
    """Refuse what no page can use before any view meets it: too large, NUL, broken UTF-8, unknown methods."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return error_views.method_not_allowed(request, METHODS)
        query = request.META.get("QUERY_STRING", "")
        if len(request.path_info) + len(query) > settings.REQUEST_MAX_ADDRESS_LENGTH:
            return error_views.address_too_long(request)
        check_length(request, settings.LONG_UPLOAD_MAX_BYTES)
        if request.encoding and request.encoding.lower().replace("-", "") != "utf8":
            raise BadRequest("The request is not in UTF-8.")
        check_bytes(unquote_to_bytes(query.encode("latin-1", errors="replace")))
        check_texts([request.path_info, *request.COOKIES.values()])
        check_texts(value for name, value in request.META.items() if name.startswith("HTTP_"))
        check_address(request.META.get("HTTP_HX_CURRENT_URL", ""))
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., object] | None = None, *_: object) -> None:
        check_length(request, _limit(request, view))
        if request.method != "POST":
            return
        try:
            if request.content_type == "application/x-www-form-urlencoded":
                check_bytes(unquote_to_bytes(request.body.replace(b"+", b" ")))
            for name, values in request.POST.lists():
                check_texts([name, *values])
        except UnreadablePostError as error:
            raise BadRequest("The request broke off.") from error


def _limit(request: HttpRequest, view: Callable[..., object] | None) -> int:
    """Return how large the request may be; a form is read before the view asks who sends it: strangers send little."""
    access = access_of(view, None) if view else None
    actor = getattr(request, "actor", None)
    may_open = access and access.permission and actor and actor.may(access.permission)
    name = getattr(view, "takes_upload", "") if may_open else ""
    return int(getattr(settings, name or "REQUEST_MAX_BYTES"))


def check_length(request: HttpRequest, limit: int) -> None:
    """Refuse what is larger than a page needs, before anything of it is read. Raises: RequestDataTooBig."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdigit() and int(length) > limit:
        raise RequestDataTooBig("The request is larger than any page needs.")


def check_bytes(raw: bytes) -> None:
    """Refuse broken UTF-8. Raises: BadRequest."""
    try:
        check_texts([raw.decode()])
    except UnicodeDecodeError as error:
        raise BadRequest("The request is not in UTF-8.") from error


def check_texts(texts: Iterable[Any]) -> None:
    """Refuse NUL, which PostgreSQL cannot hold. Raises: BadRequest."""
    if any("\x00" in str(text) for text in texts):
        raise BadRequest("The request holds characters that cannot be stored.")


def check_address(address: str) -> None:
    """Refuse what cannot be taken apart as an address. Raises: BadRequest."""
    try:
        urlsplit(address)
    except ValueError as error:
        raise BadRequest("A header holds no address.") from error


class RefusalMiddleware:
    """Answer a refusal that no view caught: a page in the shell, or a message for htmx. Dress up a bare 405."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return error_views.method_not_allowed(request, response.headers["Allow"].split(", "))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return refusal_response(request, exception)
        return None
