"""Queue mails in the transaction of the event they tell of; a task sends them afterwards (P7)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import sealing
from portal.core.queue import enqueue_after_commit
from portal.notifications.models import EmailStatus, OutgoingEmail


@dataclass(frozen=True)
class Recipient:
    """Where a mail goes and in which language it speaks."""

    email: str
    name: str = ""
    language: str = "en"

    @classmethod
    def of(cls, user: User) -> "Recipient":
        return cls(email=user.email, name=user.name, language=user.language)


def queue_email(
    *,
    template: str,
    event: AuditEvent,
    recipients: Iterable[Recipient],
    context: Mapping[str, Any],
    secrets: Mapping[str, str] | None = None,
) -> None:
    """Write one OutgoingEmail per recipient from ``emails/<template>/{subject.txt,body.txt,body.html}``.

    ``secrets`` are values such as a unique link. Templates write them as ``{{ secrets.name }}``; the stored text holds
    a placeholder in their place and the values stand encrypted beside it until the mail is sent (quality row 21).
    """
    placeholders = {name: placeholder(name) for name in secrets or {}}
    emails = [
        _render(template, event, recipient, {**context, "secrets": placeholders})
        for recipient in {recipient.email.lower(): recipient for recipient in recipients}.values()
    ]
    if secrets:
        for email in emails:
            email.sealed_secrets = sealing.seal(json.dumps(dict(secrets)).encode())
    OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
    if emails:
        enqueue_after_commit("notifications.send_waiting")


def placeholder(name: str) -> str:
    """Return the text that stands for a secret until the mail is handed over."""
    return f"[[secret:{name}]]"


def _render(template: str, event: AuditEvent, recipient: Recipient, context: Mapping[str, Any]) -> OutgoingEmail:
    language = recipient.language if recipient.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(language):
        values = {
            **context,
            "recipient": recipient,
            "language": language,
            "base_url": settings.BASE_URL,
            "product_name": settings.PRODUCT_NAME,
        }
        subject = render_to_string(f"emails/{template}/subject.txt", values)
        text = render_to_string(f"emails/{template}/body.txt", values)
        html = render_to_string(f"emails/{template}/body.html", values)
    return OutgoingEmail(
        event_id=event.public_id,
        event_type=event.event_type,
        recipient=recipient.email.lower(),
        recipient_name=recipient.name,
        language=language,
        subject=" ".join(subject.split())[:300],
        text=text.strip() + "\n",
        html=html,
        status=EmailStatus.WAITING,
        created_at=event.occurred_at,
        next_attempt_at=event.occurred_at,
    )
