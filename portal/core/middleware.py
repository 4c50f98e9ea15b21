"""Middleware without knowledge of people: headers, malformed requests, refusals."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException

from portal.core.errors import Refusal
from portal.core.http import refusal_response

GetResponse = Callable[[HttpRequest], HttpResponse]


class SecurityHeadersMiddleware:
    """Add the headers Django has no setting for, and keep pages with data out of every cache (quality row 24)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Frame-Options", "DENY")
        return response


class MalformedRequestMiddleware:
    """Turn text no database can hold (NUL, broken UTF-8) into a 400 before any view meets it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> None:
        try:
            values = [request.path, *request.GET.values()]
            if request.method == "POST":
                values.extend(request.POST.values())
        except (UnicodeDecodeError, RawPostDataException) as error:
            raise BadRequest("The request cannot be read.") from error
        if any("\x00" in value or "\ufffd" in value for value in map(str, values)):
            raise BadRequest("The request holds characters that cannot be stored.")


class RefusalMiddleware:
    """Answer a refusal that no view caught: a page in the shell, or a message for htmx."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return refusal_response(request, exception)
        return None
