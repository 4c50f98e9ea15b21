"""Middleware that knows people: session limits, the actor, the language, and deny by default."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.accounts import queries
from portal.accounts.access import access_of, check_access
from portal.accounts.sign_in import sessions
from portal.accounts.sign_in.factors import has_to_set_up
from portal.accounts.sign_in.rules import SET_UP_PAGES
from portal.accounts.workflow import sessions as workflow
from portal.core.errors import PermissionDenied, Refusal
from portal.core.http import PortalRequest, redirect_to, refusal_response

GetResponse = Callable[[HttpRequest], HttpResponse]


class SessionLimitsMiddleware:
    """End a session after 30 minutes idle and 12 hours in all (quality row 19), and say why it ended."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._check(cast(PortalRequest, request))
        elif reason := sessions.stranger_reason(request):
            sessions.start_over(request, reason)
        return self.get_response(request)

    def _check(self, request: PortalRequest) -> None:
        now = timezone.now()
        reason = sessions.expiry_reason(request, now=now.timestamp())
        if reason is not None:
            workflow.session_ran_out(
                user_id=request.user.pk, session_key=str(request.session.session_key), reason=reason, now=now
            )
        elif not sessions.touch(request, now=now.timestamp()):
            reason = sessions.ELSEWHERE
        if reason is not None:
            sessions.start_over(request, reason)
            request.user = AnonymousUser()  # type: ignore[assignment]


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


class SecondFactorMiddleware:
    """Lead people of partners without a second factor to its set-up, whatever they asked for (quality row 18)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_args: object) -> HttpResponse | None:
        if not request.user.is_authenticated or not has_to_set_up(cast(PortalRequest, request)):
            return None
        view_name = request.resolver_match.view_name if request.resolver_match else ""
        access = access_of(view, view_name)
        if (access and access.public) or view_name in SET_UP_PAGES:
            return None
        return redirect_to(request, reverse("accounts:second_factor"))


class AccessMiddleware:
    """Deny by default: a view that does not say who may open it opens for nobody."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_args: object) -> HttpResponse | None:
        match = request.resolver_match
        access = access_of(view, match.view_name if match else None)
        try:
            if access is None:
                raise PermissionDenied(_("This page does not say who may open it, so nobody may."))
            return check_access(request, access)
        except Refusal as refusal:  # Django hands no exception of process_view to process_exception
            return refusal_response(request, refusal)
