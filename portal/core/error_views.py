"""The pages for what went wrong before or outside a view: always in the shell, never a bare 500 (quality row 10)."""

import sys
from collections.abc import Sequence

import structlog
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from portal.accounts.access import public
from portal.api.errors import bare_answer
from portal.core.errors import Refusal

logger = structlog.get_logger(__name__)
RETRY_AFTER_SECONDS = 10


class DatabaseAway(Refusal):
    """PostgreSQL cannot be reached; nothing was stored."""

    code = "database-away"
    http_status = 503


@public("an error page")
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that the request cannot be read, or that it is too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _page(request, "errors/413.html", 413)
    return _page(request, "errors/400.html", 400)


@public("an error page")
def address_too_long(request: HttpRequest) -> HttpResponse:
    """Say that the address cannot be used."""
    return _page(request, "errors/400.html", 414)


@public("an error page")
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that this is not the reader's to do."""
    return _page(request, "errors/403.html", 403)


@public("an error page")
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form came from an old or foreign page, and how to go on."""
    return _page(request, "errors/403.html", 403, csrf=True)


@public("an error page")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is nothing here, or nothing the reader may see: the same answer for both."""
    return _page(request, "errors/404.html", 404)


@public("an error page")
def method_not_allowed(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Say that the page does not answer this method, and which it does."""
    response = _page(request, "errors/405.html", 405)
    response.headers["Allow"] = ", ".join(allowed)
    return response


@public("an error page")
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database is away, 500 for a bug. Neither page reads the database or the session."""
    error = sys.exc_info()[1]
    _speak(request)
    if error is not None and is_database_away(error):
        logger.warning("database_away", path=request.path, error=str(error))
        response = bare_answer(request.path_info, 503) or _database_away(request)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
    if (answer := bare_answer(request.path_info, 500)) is not None:
        return answer
    if _wants_json(request):
        return JsonResponse({"code": "internal-error", "description": "The portal met an error."}, status=500)
    request_id = request.META.get("HTTP_X_REQUEST_ID", "")
    return HttpResponse(render_to_string("errors/500.html", {"request_id": request_id}), status=500)


def is_database_away(error: BaseException) -> bool:
    """Say whether this is the database being gone, and not a mistake in a query."""
    return isinstance(error, OperationalError | InterfaceError)


def _database_away(request: HttpRequest) -> HttpResponse:
    refusal = DatabaseAway(
        _("The portal cannot reach its database right now. Nothing you sent was stored."),
        next_step=_("Try again in a moment."),
    )
    if _wants_json(request):
        return JsonResponse({"code": refusal.code, "description": str(refusal)}, status=503)
    if request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers:
        fragment = HttpResponse(render_to_string("errors/_refusal.html", {"refusal": refusal}), status=503)
        fragment.headers["HX-Retarget"] = "#messages"
        fragment.headers["HX-Reswap"] = "innerHTML"
        return fragment
    return HttpResponse(render_to_string("errors/503.html"), status=503)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _page(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    _speak(request)
    if (answer := bare_answer(request.path_info, status)) is not None:
        return answer
    return render(request, template, context, status=status)


def _speak(request: HttpRequest) -> None:
    """Speak the browser's language where the request never got as far as its own: a thread keeps the last one's."""
    if not hasattr(request, "LANGUAGE_CODE"):
        translation.activate(translation.get_language_from_request(request))
