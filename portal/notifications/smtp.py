"""Django's SMTP backend, and whether the content of a mail may have reached the server when a hand-over broke off."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class _NotesContent:
    """Remembers that the command before the content went out: from there on the server may have the mail."""

    content_begun = False

    def sendmail(self, *args: Any, **kwargs: Any) -> Any:
        self.content_begun = False
        return super().sendmail(*args, **kwargs)  # type: ignore[misc]

    def data(self, msg: Any) -> Any:
        self.content_begun = True
        return super().data(msg)  # type: ignore[misc]


class _PlainOrStartTls(_NotesContent, smtplib.SMTP):
    """SMTP, with STARTTLS where the settings ask for it."""


class _Tls(_NotesContent, smtplib.SMTP_SSL):
    """SMTP inside TLS."""


class EmailBackend(smtp.EmailBackend):
    """The backend that the outbox sends through."""

    @property
    def connection_class(self) -> Any:
        return _Tls if self.use_ssl else _PlainOrStartTls

    @property
    def content_begun(self) -> bool:
        """Say whether the server may have the latest mail although it never said so."""
        return bool(getattr(self.connection, "content_begun", False))
