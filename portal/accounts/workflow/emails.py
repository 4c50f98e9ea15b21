"""How the address by which a person signs in changes: a wish, a link to the new address, its confirmation."""

import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.accounts.enums import AccountEvent
from portal.accounts.models import EmailChange, PasswordReset, User
from portal.accounts.sign_in.announcements import Mail, announce
from portal.accounts.sign_in.devices import Origin
from portal.accounts.sign_in.rules import EmailChangeClosed
from portal.core.http import absolute_url
from portal.core.links import hash_token, make_token
from portal.notifications.outbox import Recipient

TAKEN = "email-address-wanted"  # the template of the mail to whoever has the address already


@transaction.atomic
def request_email_change(*, user_id: UUID, email: str, origin: Origin, now: datetime.datetime) -> None:
    """Mail a link to the address a person wants to sign in by; nothing else changes yet.

    If somebody has that address already, that person is told instead. Row, log and number of mails are the same, so
    that nobody learns by this who has an account (quality row 20).
    """
    user = _locked(user_id)
    wanted = email.strip().lower()
    token = make_token()
    EmailChange.objects.update_or_create(
        user=user,
        defaults={
            "email": wanted,
            "token_hash": hash_token(token),
            "created_at": now,
            "expires_at": now + datetime.timedelta(minutes=settings.EMAIL_CHANGE_MINUTES),
        },
    )
    holder = User.objects.filter(email=wanted).first()
    link = absolute_url(settings.BASE_URL, "accounts:open_email_link", token)
    announce(
        AccountEvent.EMAIL_CHANGE_REQUESTED,
        user,
        now=now,
        details=origin.as_details(),
        mail=Mail(
            context={"minutes": settings.EMAIL_CHANGE_MINUTES, "address": origin.address},
            secrets=None if holder else {"link": link},
            recipients=[Recipient.of(holder) if holder else Recipient(wanted, user.name, user.language)],
            template=TAKEN if holder else "",
        ),
    )


def confirm_email_change(*, user_id: UUID, token: str, origin: Origin, now: datetime.datetime) -> User:
    """Let the person sign in by the new address from now on; the old one is told. The link works once.

    Raises: EmailChangeClosed; also if somebody else has taken the address meanwhile.
    """
    try:
        return _confirm(user_id=user_id, token=token, origin=origin, now=now)
    except IntegrityError as error:  # the address is unique; who has it is not told
        raise _closed() from error


@transaction.atomic
def _confirm(*, user_id: UUID, token: str, origin: Origin, now: datetime.datetime) -> User:
    user = _locked(user_id)
    change = EmailChange.objects.open(now).filter(user=user, token_hash=hash_token(token)).first()
    if change is None:
        raise _closed()
    former = Recipient.of(user)
    user.email = change.email
    user.save(update_fields=["email"])
    change.delete()
    PasswordReset.objects.filter(user=user).delete()  # their links went to the former address
    EmailAddress.objects.filter(user=user).delete()
    announce(
        AccountEvent.EMAIL_CHANGED,
        user,
        now=now,
        before={"email": former.email},
        after={"email": user.email},
        details=origin.as_details(),
        mail=Mail(
            context={
                "email": user.email,
                "former_email": former.email,
                "address": origin.address,
                "device": origin.device,
            },
            recipients=[former, Recipient.of(user)],
        ),
    )
    return user


def _locked(user_id: UUID) -> User:
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=user_id)


def _closed() -> EmailChangeClosed:
    return EmailChangeClosed(
        _("This link is no longer valid, or it is not for your account."), next_step=_("Ask for a new one.")
    )
