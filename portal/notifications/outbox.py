"""Queue mails in the transaction of the event they tell of; a task sends them afterwards (P7, decision 0009)."""

import html
import json
import re
import secrets as random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import sealing
from portal.core.queue import enqueue_after_commit
from portal.notifications.enums import OPTIONAL_KINDS, ActionKind, EmailStatus
from portal.notifications.models import MailPreference, OutgoingEmail

SUBJECT_LENGTH = 300
SHORTEST_CHECKED_SECRET = 8  # shorter ones may stand in an innocent text by chance
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


class SecretInPlainText(ValueError):
    """A secret stands readable in a mail that is about to be stored: the context holds it beside ``secrets``."""


@dataclass(frozen=True)
class Recipient:
    """Where a mail goes and in which language it speaks; only users of the portal have preferences."""

    email: str
    name: str = ""
    language: str = "en"
    is_user: bool = False

    @classmethod
    def of(cls, user: User) -> "Recipient":
        return cls(email=user.email, name=user.name, language=user.language, is_user=True)


def queue_email(
    *,
    template: str,
    event: AuditEvent,
    recipients: Iterable[Recipient],
    context: Mapping[str, Any],
    secrets: Mapping[str, str] | None = None,
    kind: ActionKind = ActionKind.MANDATORY,
    workspace: str = "",
) -> None:
    """Write one OutgoingEmail per recipient from ``emails/<template>/{subject.txt,body.txt,body.html}``.

    ``secrets`` are values such as a unique link. Templates write them as ``{{ secrets.name }}``; the stored text holds
    a placeholder in their place and the values stand encrypted beside it until the mail is sent (quality row 21).
    A mail of an optional ``kind`` of a ``workspace`` is not written for people who switched those off.

    Raises: SecretInPlainText.
    """
    wanted = {recipient.email.lower(): recipient for recipient in recipients}
    for address in _unwanted_by(wanted, kind=kind, workspace=workspace):
        del wanted[address]
    placeholders = {name: f"[[secret:{name}:{random.token_hex(8)}]]" for name in secrets or {}}
    emails = [
        _render(template, event, recipient, {**context, "secrets": placeholders}) for recipient in wanted.values()
    ]
    if secrets:
        sealed = {placeholders[name]: value for name, value in secrets.items()}
        for email in emails:
            _check_nothing_leaks(email, secrets.values())
            email.sealed_secrets = sealing.seal(json.dumps(sealed).encode())
    OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
    if emails:
        enqueue_after_commit("notifications.send_waiting")


def _unwanted_by(addresses: Iterable[str], *, kind: ActionKind, workspace: str) -> list[str]:
    """Return the addresses of the people who switched off this kind of mail; nobody can switch off the others."""
    if kind not in OPTIONAL_KINDS:
        return []
    refusals = MailPreference.objects.filter(workspace=workspace, kind=kind, wants_mail=False)
    return list(refusals.filter(user__email__in=list(addresses)).values_list("user__email", flat=True))


def _check_nothing_leaks(email: OutgoingEmail, values: Iterable[str]) -> None:
    for value in values:
        shown = (value, html.escape(value)) if len(value) >= SHORTEST_CHECKED_SECRET else ()
        if any(form in part for form in shown for part in (email.subject, email.text, email.html)):
            raise SecretInPlainText(f"A secret of the mail {email.event_type} stands in its text, not as placeholder.")


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
        subject = " ".join(_part(f"emails/{template}/subject.txt", values, escaped=False).split())
        values["subject"] = subject = subject[:SUBJECT_LENGTH]
        text = _part(f"emails/{template}/body.txt", values, escaped=False)
        html_text = _part(f"emails/{template}/body.html", values, escaped=True)
    return OutgoingEmail(
        event_id=event.public_id,
        event_type=event.event_type,
        recipient=recipient.email.lower(),
        recipient_name=recipient.name,
        language=language,
        subject=subject,
        text=_BLANK_LINES.sub("\n\n", text).strip() + "\n",
        html=html_text,
        status=EmailStatus.WAITING,
        created_at=event.occurred_at,
        next_attempt_at=event.occurred_at,
    )


def _part(name: str, values: Mapping[str, Any], *, escaped: bool) -> str:
    """Render one part; HTML escaping would show as "&amp;" in subject and text.

    Characters that turn the reading direction around are left out: inside somebody's name they could make a sentence
    of ours read as another one. Right-to-left names need none of them.
    """
    rendered: str = get_template(name).template.render(Context(dict(values), autoescape=escaped))  # type: ignore[attr-defined]
    return _DIRECTION_OVERRIDES.sub("", rendered)
