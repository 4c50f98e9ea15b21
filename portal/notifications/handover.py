"""Hand one mail to the mail server, and say for certain, or not, whether the server took it (decision 0009)."""

import html
import json
import re
import smtplib
from collections.abc import Mapping
from email.utils import parseaddr
from types import TracebackType
from typing import Self

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from portal.accounts.models import Membership
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core import faults, sealing
from portal.notifications.enums import Undelivered
from portal.notifications.models import OutgoingEmail

ERROR_LENGTH = 500
SERVER_CLOSES = 421
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class NotHandedOver(Exception):
    """The mail did not go out, or perhaps did. ``str()`` is the server's answer, which may quote the mail."""

    def __init__(self, reason: Undelivered, answer: str = "") -> None:
        super().__init__(answer)
        self.reason = reason


class NotNow(NotHandedOver):
    """The server refused for now, or could not be reached: the mail is certainly not with it."""


class Never(NotHandedOver):
    """The mail cannot be sent as it is: the server refused for good, or it cannot be written as a message."""


class CutOff(NotHandedOver):
    """The connection broke while the server may have had the whole mail."""


def unsealed(email: OutgoingEmail) -> dict[str, str]:
    """Return the secrets of a mail by their placeholder. Raises: Never."""
    if email.sealed_secrets is None:
        return {}
    try:
        return {str(key): str(value) for key, value in json.loads(sealing.unseal(bytes(email.sealed_secrets))).items()}
    except InvalidToken:
        raise Never(Undelivered.UNREADABLE) from None


def without_secrets(answer: str, secrets: Mapping[str, str]) -> str:
    """Return a server's answer as it may be stored: on one line, cut, and not quoting a secret."""
    for placeholder, value in secrets.items():
        for form in (value, html.escape(value)):
            answer = answer.replace(form, placeholder)
    return _CONTROL.sub(" ", answer).strip()[:ERROR_LENGTH]


def request_id_of(email: OutgoingEmail) -> str:
    """Return the id of the request that the mail comes from; empty where it comes from none."""
    events = AuditEvent.objects.filter(public_id=email.event_id)
    return events.values_list("request_id", flat=True).first() or ""


def check_bounce(email: OutgoingEmail) -> None:
    """Refuse a mail that a sandbox wants to bounce (X6), unless it is for people of production. Raises: Never."""
    told = AuditEventParty.objects.filter(event__public_id=email.event_id).values("organization_id")
    if not faults.is_planned(faults.MAIL_BOUNCES, told):
        return
    production = Membership.objects.filter(organization_id__in=told, organization__is_sandbox=False)
    if not production.filter(user__email=email.recipient).exists():
        raise Never(Undelivered.REFUSED, f"550 {faults.TOLD}")


def build_message(email: OutgoingEmail, secrets: Mapping[str, str]) -> EmailMultiAlternatives:
    """Return the message as it goes out, its secrets in place, under the request id of the log."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    text, html_text = email.text, email.html
    for placeholder, value in secrets.items():
        text = text.replace(placeholder, value)
        html_text = html_text.replace(placeholder, html.escape(value))
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[email.recipient],
        headers={
            "Message-ID": f"<{email.pk}@{_own_domain()}>",
            "Content-Language": email.language,
            "Auto-Submitted": "auto-generated",
            "X-Portal-Event": email.event_type,
            "X-Portal-Event-Id": str(email.event_id),
            **({"X-Request-ID": request_id} if request_id else {}),
        },
    )
    message.attach_alternative(html_text, "text/html")
    return message


def _own_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


class MailServer:
    """One connection to the mail server, opened for the first mail and kept for the batch."""

    def __init__(self) -> None:
        self._backend = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def hand_over(self, message: EmailMultiAlternatives) -> None:
        """Return once the server has taken the mail. Raises: NotNow, Never, CutOff."""
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise NotNow(Undelivered.SERVER_AWAY, _words(error)) from None
        try:
            taken = self._backend.send_messages([message])
        except ValueError as error:  # a line break in a header, an address that is none: nothing went out
            raise Never(Undelivered.NO_MESSAGE, str(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise self._verdict(error) from None
        if not taken:
            raise Never(Undelivered.NO_MESSAGE)

    def _verdict(self, error: Exception) -> NotHandedOver:
        """Tell a refusal, which is certain, from a broken connection, which may not be."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            (code, answer), *_others = error.recipients.values()
            error = smtplib.SMTPResponseException(code, answer)
        if isinstance(error, smtplib.SMTPResponseException) and 400 <= error.smtp_code < 600:
            if error.smtp_code == SERVER_CLOSES:
                self._close()
                return NotNow(Undelivered.SERVER_AWAY, _words(error))
            kind = NotNow if error.smtp_code < 500 else Never
            return kind(Undelivered.REFUSED, _words(error))
        content_begun = getattr(self._backend, "content_begun", True)
        self._close()
        if content_begun:
            return CutOff(Undelivered.CUT_OFF, _words(error))
        return NotNow(Undelivered.SERVER_AWAY, _words(error))

    def _close(self) -> None:
        """Let the connection go; the next mail opens another."""
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            self._backend = get_connection()


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        words = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
        return f"{error.smtp_code} {words}"
    return str(error) or type(error).__name__
