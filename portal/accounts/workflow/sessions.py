"""How sessions begin and end: sign-in, sign-out, running out, being ended from another device."""

import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import QuerySet

from portal.accounts.enums import AccountEvent
from portal.accounts.models import EmailChange, PasswordReset, User
from portal.accounts.sign_in import sessions
from portal.accounts.sign_in.announcements import announce
from portal.accounts.sign_in.devices import Device, Origin
from portal.audit.models import Outcome


@transaction.atomic
def note_sign_in(*, user_id: UUID, methods: list[str], origin: Origin, now: datetime.datetime) -> None:
    """Log that a person signed in, and how."""
    user = User.objects.get(pk=user_id)
    announce(AccountEvent.SIGNED_IN, user, now=now, details={"methods": methods, **origin.as_details()})


def note_failed_sign_in(*, email: str, method: str, origin: Origin, now: datetime.datetime) -> None:
    """Log a wrong password or code for the organisations of a known account.

    For an unknown one the same work is done for nobody and rolled back, so that the answer takes as long
    (quality row 20).
    """
    with transaction.atomic():
        user = User.objects.filter(email=email.strip().lower()).first()
        announce(
            AccountEvent.SIGN_IN_FAILED,
            user or User(email=email[:254]),
            now=now,
            by_person=False,
            outcome=Outcome.FAILED,
            details={"method": method, **origin.as_details()},
        )
        if user is None:
            transaction.set_rollback(True)


@transaction.atomic
def note_sign_out(*, user_id: UUID, session_key: str, origin: Origin, now: datetime.datetime) -> None:
    """Log that a person signed out; the caller ends the session itself."""
    UserSession.objects.filter(user_id=user_id, session_key=session_key).delete()
    announce(AccountEvent.SIGNED_OUT, User.objects.get(pk=user_id), now=now, details=origin.as_details())


@transaction.atomic
def session_ran_out(*, user_id: UUID, session_key: str, reason: str, now: datetime.datetime) -> None:
    """Log that a session ended by its idle or total limit; the caller ends the session itself."""
    UserSession.objects.filter(user_id=user_id, session_key=session_key).delete()
    user = User.objects.get(pk=user_id)
    announce(AccountEvent.SESSION_ENDED, user, now=now, by_person=False, details={"reason": reason})


@transaction.atomic
def end_session(*, user_id: UUID, session_id: int, now: datetime.datetime) -> bool:
    """End one session of the person; ``False`` if there is no such session (any more)."""
    session = UserSession.objects.filter(user_id=user_id, pk=session_id).first()
    if session is None:
        return False
    details = {"reason": sessions.ELSEWHERE, **_details(session)}
    _end(UserSession.objects.filter(pk=session.pk), reason=sessions.ELSEWHERE)
    announce(AccountEvent.SESSION_ENDED, User.objects.get(pk=user_id), now=now, details=details)
    return True


@transaction.atomic
def end_other_sessions(*, user_id: UUID, session_key: str, now: datetime.datetime) -> int:
    """End all sessions of the person but this one; return how many there were."""
    count = drop_other_sessions(user_id=user_id, session_key=session_key, reason=sessions.ELSEWHERE)
    if count:
        details = {"reason": sessions.ELSEWHERE, "count": count}
        announce(AccountEvent.SESSION_ENDED, User.objects.get(pk=user_id), now=now, details=details)
    return count


def drop_other_sessions(*, user_id: UUID, session_key: str, reason: str) -> int:
    """End all sessions of the person but this one, as part of another change that is logged."""
    return _end(UserSession.objects.filter(user_id=user_id).exclude(session_key=session_key), reason=reason)


def follow_new_key(*, user_id: UUID, old_key: str, new_key: str) -> None:
    """Keep a session in the list when Django gives it a new id (after a change of password)."""
    UserSession.objects.filter(user_id=user_id, session_key=old_key).update(session_key=new_key)


def clear_expired(*, now: datetime.datetime) -> None:
    """Delete the rows whose time is over: sessions, links for a new password or address, counters of tries."""
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.filter(last_seen_at__lt=now - sessions.LONGEST).delete()
    PasswordReset.objects.filter(expires_at__lt=now).delete()
    EmailChange.objects.filter(expires_at__lt=now).delete()
    with connection.cursor() as cursor:  # the table of the default cache (migration 0002), which empties only when full
        cursor.execute("DELETE FROM throttle WHERE expires < %s", [now])


def _end(ended: "QuerySet[UserSession]", *, reason: str) -> int:
    """Delete the rows now and the copies in Redis after the commit: a reader in between would copy the row again."""
    keys = list(ended.order_by("pk").values_list("session_key", flat=True))
    for key in keys:
        sessions.remember_reason(key, reason)
    Session.objects.filter(session_key__in=keys).delete()
    ended.filter(session_key__in=keys).delete()
    transaction.on_commit(lambda: _forget_copies(keys))
    return len(keys)


def _forget_copies(keys: list[str]) -> None:
    store: SessionBase = SessionStore()
    for key in keys:
        store.delete(key)


def _details(session: UserSession) -> dict[str, str]:
    return Origin(address=session.ip, device=Device.of(session.user_agent)).as_details()
