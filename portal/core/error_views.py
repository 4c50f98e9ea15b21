"""The pages for what went wrong before or outside a view: always in the shell, never a bare 500 (quality row 10)."""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from portal.accounts.access import public

logger = structlog.get_logger(__name__)
RETRY_AFTER_SECONDS = 10


@public("an error page")
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


@public("an error page")
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


@public("an error page")
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form came from an old or foreign page, and how to go on."""
    return render(request, "errors/403.html", {"csrf": True}, status=403)


@public("an error page")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


@public("an error page")
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database is away, 500 for a bug. Neither page reads the database or the session."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("database_away", path=request.path, error=str(error))
        page = HttpResponse(render_to_string("errors/503.html"), status=503)
        page.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return page
    return HttpResponse(render_to_string("errors/500.html"), status=500)
