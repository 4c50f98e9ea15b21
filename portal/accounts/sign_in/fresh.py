"""A fresh sign-in (five minutes) before a sensitive step (quality row 18), and the way back to that step."""

import json
import time
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import resolve, reverse

from portal.accounts.sign_in import sessions
from portal.core import sealing
from portal.core.http import redirect_to, way_back

WAITING = "waiting_for_fresh_sign_in"
LONGEST_BODY = 64 * 1024  # a longer form is not kept; the person comes back to its page instead
WAITS_SECONDS = 600


def is_fresh(request: HttpRequest) -> bool:
    """Say whether the person proved who it is within the last five minutes, at sign-in or since."""
    records = get_authentication_records(request, request.user)
    oldest = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(record["at"] > oldest for record in records)


def methods_used(request: HttpRequest) -> list[str]:
    """Return by which means the person has proved who it is in this session, in order."""
    records = get_authentication_records(request, request.user)
    return [record.get("type") or record.get("provider") or record["method"] for record in records]


def ask(request: HttpRequest) -> HttpResponse:
    """Send the person to prove who it is, and keep what it was about to do.

    Who has neither password nor second factor here (a provider's people) signs in again as a whole.
    """
    back = way_back(request)
    if not get_reauthentication_flows(request.user):
        sessions.start_over(request, sessions.FRESH)
        return redirect_to(request, _with_next(reverse(settings.LOGIN_URL), back))
    request.session.pop(WAITING, None)
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) <= LONGEST_BODY:
        waiting = {
            "path": request.path,
            "query": request.GET.urlencode(),
            "form": request.POST.urlencode(),
            "back": back,
            "at": time.time(),
        }
        request.session[WAITING] = sealing.seal(json.dumps(waiting).encode()).decode()
    return redirect_to(request, _with_next(reverse("account_reauthenticate"), back))


def resume(request: HttpRequest, back: str) -> HttpResponse:
    """Do what was asked before the fresh sign-in, or go back to where one was.

    A form that waited is handed to its view as if it had just been sent without htmx; the view checks all rights again.
    """
    waiting = _take_waiting(request)
    if waiting is None or waiting["back"] != back or waiting["at"] < time.time() - WAITS_SECONDS:
        return redirect_to(request, back)
    match = resolve(waiting["path"])
    request.path = request.path_info = waiting["path"]
    request.GET = QueryDict(waiting["query"])
    request.POST = QueryDict(waiting["form"])
    request.resolver_match = match
    return match.func(request, *match.args, **match.kwargs)  # type: ignore[no-any-return]


def _take_waiting(request: HttpRequest) -> dict[str, Any] | None:
    sealed = request.session.pop(WAITING, None)
    try:
        return json.loads(sealing.unseal(sealed.encode())) if sealed else None
    except InvalidToken:  # the key was changed in between
        return None


def _with_next(url: str, back: str) -> str:
    return f"{url}?{urlencode({'next': back})}"
