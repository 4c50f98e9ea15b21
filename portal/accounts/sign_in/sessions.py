"""Sessions: how long they last, when they were last used, and why they ended (quality row 19)."""

import datetime
import hashlib

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone

SEEN_EVERY_SECONDS = 60
LONGEST = datetime.timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)
ENDED_BECAUSE = "ended_because"  # in the session of the stranger one has become; the sign-in page shows it
UNSAVED = "unsaved"  # in the address of the sign-in page: a form came without a session

IDLE = "idle"
AGE = "age"
ELSEWHERE = "elsewhere"
PASSWORD = "password"  # noqa: S105 - a reason, not a secret
FACTOR_RESET = "factor-reset"
DEACTIVATED = "deactivated"
FRESH = "fresh"
SIGNED_OUT = "signed-out"


def expiry_reason(request: HttpRequest, *, now: float) -> str | None:
    """Return why this session has run out, ``None`` while it has not."""
    if now - request.session.get("seen_at", now) > settings.SESSION_IDLE_SECONDS:
        return IDLE
    if now - request.session.get("started_at", now) > settings.SESSION_ABSOLUTE_SECONDS:
        return AGE
    return None


def begin(request: HttpRequest, *, now: float) -> None:
    """Start the clocks of a session and put it into the list of the person's sessions."""
    request.session.set_expiry(0)  # the cookie ends with the browser, however one signed in
    request.session["started_at"] = request.session["seen_at"] = int(now)
    UserSession.objects.create_from_request(request)


def touch(request: HttpRequest, *, now: float) -> bool:
    """Note the activity, at most once a minute; ``False`` if the session was ended from somewhere else.

    Saving needs the row in PostgreSQL, so a copy in Redis that outlived its row dies here.
    """
    session = request.session
    if "started_at" not in session:
        begin(request, now=now)
        return True
    if now - session.get("seen_at", 0) < SEEN_EVERY_SECONDS:
        return True
    session["seen_at"] = int(now)
    try:
        session.save()
    except UpdateError:
        return False
    UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())
    return True


def start_over(request: HttpRequest, reason: str) -> None:
    """Become a stranger who is told why at the sign-in page."""
    request.session.flush()
    request.session[ENDED_BECAUSE] = reason


def stranger_reason(request: HttpRequest) -> str | None:
    """Return why somebody who comes with a session cookie is nobody: deactivated, or ended from somewhere else."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key or ENDED_BECAUSE in request.session:
        return None
    if SESSION_KEY in request.session:
        return DEACTIVATED
    return caches["default"].get(_reason_key(key)) if request.session.is_empty() else None


def remember_reason(session_key: str, reason: str) -> None:
    """Keep the reason for the browser that comes back with the ended session; by hash, for as long as it may come."""
    caches["default"].set(_reason_key(session_key), reason, settings.SESSION_ABSOLUTE_SECONDS)


def _reason_key(session_key: str) -> str:
    return f"session-ended:{hashlib.sha256(session_key.encode()).hexdigest()}"
