"""How a password changes: by its owner, or by a link to the owner's mailbox."""

import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth import password_validation
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.enums import AccountEvent
from portal.accounts.models import PasswordReset, User
from portal.accounts.sign_in import sessions
from portal.accounts.sign_in.announcements import Mail, announce
from portal.accounts.sign_in.devices import Origin
from portal.accounts.sign_in.rules import PasswordResetClosed
from portal.accounts.workflow.sessions import drop_other_sessions
from portal.core.http import absolute_url
from portal.core.links import hash_token, make_token

NO_SESSION = ""  # every session counts as another one


def request_password_reset(*, email: str, origin: Origin, now: datetime.datetime) -> None:
    """Mail a link for choosing a new password to a known, active account.

    For an unknown address the same work is done for nobody and rolled back, so that the answer takes as long
    (quality row 20).
    """
    with transaction.atomic():
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        token = make_token()
        if user is not None:
            PasswordReset.objects.create(
                user=user,
                token_hash=hash_token(token),
                created_at=now,
                expires_at=now + datetime.timedelta(minutes=settings.PASSWORD_RESET_MINUTES),
            )
        announce(
            AccountEvent.PASSWORD_RESET_REQUESTED,
            user or User(email=email[:254], language=settings.LANGUAGE_CODE),
            now=now,
            by_person=False,
            details=origin.as_details(),
            mail=Mail(
                context={"minutes": settings.PASSWORD_RESET_MINUTES, "address": origin.address},
                secrets={"link": absolute_url(settings.BASE_URL, "account_reset_password_from_key", token)},
            ),
        )
        if user is None:
            transaction.set_rollback(True)


@transaction.atomic
def change_password(*, user_id: UUID, password: str, session_key: str, origin: Origin, now: datetime.datetime) -> User:
    """Give the person a new password and end all other sessions. Raises: ValidationError (too weak)."""
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user_id)
    _set_password(user, password, session_key=session_key, origin=origin, now=now, by="person")
    return user


@transaction.atomic
def reset_password(*, token: str, password: str, origin: Origin, now: datetime.datetime) -> User:
    """Give the owner of an open link a new password and end all sessions. The link works once.

    Raises: PasswordResetClosed, ValidationError (too weak).
    """
    reset = PasswordReset.objects.open(now).filter(token_hash=hash_token(token)).first()
    if reset is None:
        raise PasswordResetClosed(_("This link is no longer valid. Ask for a new one."))
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=reset.user_id)
    if not PasswordReset.objects.filter(pk=reset.pk).exists():  # a second click came first
        raise PasswordResetClosed(_("This link is no longer valid. Ask for a new one."))
    _set_password(user, password, session_key=NO_SESSION, origin=origin, now=now, by="link")
    return user


def _set_password(
    user: User, password: str, *, session_key: str, origin: Origin, now: datetime.datetime, by: str
) -> None:
    password_validation.validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    PasswordReset.objects.filter(user=user).delete()
    ended = drop_other_sessions(user_id=user.pk, session_key=session_key, reason=sessions.PASSWORD)
    announce(
        AccountEvent.PASSWORD_CHANGED,
        user,
        now=now,
        details={"by": by, "sessions_ended": ended, **origin.as_details()},
        mail=Mail(context={"address": origin.address, "device": origin.device}),
    )
