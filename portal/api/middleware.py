"""What holds for every API request before and after its view, whatever becomes of it."""

import base64
import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from portal.api import paths

GetResponse = Callable[[HttpRequest], HttpResponse]
ID = re.compile(r"[\x21-\x7e]{1,128}")
LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
DEFAULT_LOCALE = "en-US"
SERVER_ID = "1"


class ApiMiddleware:
    """Read an API address as clients write it, forget cookies, and put the headers of section 1.4 on every answer.

    A browser's session never counts here, so a foreign page cannot make it act (no form token is asked for).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if paths.is_partner_api(request.path_info):
            headers = _partner_headers(request)
        elif paths.is_publisher_api(request.path_info):
            headers = _publisher_headers(request)
        else:
            return self.get_response(request)
        request.path_info = request.path = paths.canonical(request.path_info)
        request.META["PATH_INFO"] = request.path_info
        request.META.pop("HTTP_COOKIE", None)
        request.META["HTTP_ACCEPT_LANGUAGE"] = _locale(request)
        response = self.get_response(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response


def _partner_headers(request: HttpRequest) -> dict[str, str]:
    return {
        "MS-RequestId": _given(request, "MS-RequestId") or str(uuid.uuid4()),
        "MS-CorrelationId": _given(request, "MS-CorrelationId") or str(uuid.uuid4()),
        "MS-CV": _given(request, "MS-CV") or base64.b64encode(uuid.uuid4().bytes).decode().rstrip("=") + ".0",
        "MS-ServerId": SERVER_ID,
        "X-Locale": _locale(request),
    }


def _publisher_headers(request: HttpRequest) -> dict[str, str]:
    fresh = str(uuid.uuid4())  # sent back as both where neither was given (fulfillment reference 3.1)
    request_id, correlation_id = _given(request, "x-ms-requestid"), _given(request, "x-ms-correlationid")
    return {
        "x-ms-requestid": request_id or fresh,
        "x-ms-correlationid": correlation_id or fresh,
        "x-ms-activityid": str(uuid.uuid4()),
    }


def _given(request: HttpRequest, name: str) -> str:
    value = request.headers.get(name, "").strip()
    return value if ID.fullmatch(value) else ""


def _locale(request: HttpRequest) -> str:
    value = request.headers.get("X-Locale", "").strip()
    return value if LOCALE.fullmatch(value) else DEFAULT_LOCALE
