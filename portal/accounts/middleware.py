"""Middleware that knows people: session limits, the actor, the language, and deny by default."""

import time
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from portal.accounts import queries
from portal.accounts.access import access_of, check_access
from portal.core.errors import PermissionDenied
from portal.core.http import PortalRequest

GetResponse = Callable[[HttpRequest], HttpResponse]
SEEN_EVERY_SECONDS = 60


class SessionLimitsMiddleware:
    """End a session after 30 minutes idle and 12 hours in all (quality row 19)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            started = request.session.setdefault("started_at", now)
            seen = request.session.setdefault("seen_at", now)
            idle = now - seen > settings.SESSION_IDLE_SECONDS
            if idle or now - started > settings.SESSION_ABSOLUTE_SECONDS:
                logout(request)
                request.session["ended_because"] = "idle" if idle else "age"
            elif now - seen >= SEEN_EVERY_SECONDS:
                request.session["seen_at"] = now
        return self.get_response(request)


class ActorMiddleware:
    """Set ``request.actor`` and ``request.memberships`` afresh on every request (quality row 16)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        portal_request = cast(PortalRequest, request)
        portal_request.actor = None  # type: ignore[assignment]
        portal_request.memberships = []
        if request.user.is_authenticated:
            user = portal_request.user
            portal_request.memberships = queries.memberships_of(user)
            chosen = queries.choose_membership(portal_request.memberships, request.session.get("organization_id"))
            if chosen is not None:
                portal_request.actor = queries.make_actor(chosen, user)
        return self.get_response(request)


class LanguageMiddleware:
    """Speak the person's language; a stranger's comes from the language cookie or the browser (P9)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        language = user.language if user.is_authenticated else translation.get_language_from_request(request)
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response


class AccessMiddleware:
    """Deny by default: a view that does not say who may open it opens for nobody."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_args: object) -> HttpResponse | None:
        match = request.resolver_match
        access = access_of(view, match.url_name if match else None)
        if access is None:
            raise PermissionDenied(_("This page does not say who may open it, so nobody may."))
        if access.public:
            return None
        refused = check_access(request, access) if access.permission else None
        if refused is not None:
            return refused
        return None
