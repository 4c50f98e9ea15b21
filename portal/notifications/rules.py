"""What may happen to a mail or an Action Center item, and when; the waits between tries (decision 0009)."""

import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from portal.core.errors import Refusal
from portal.notifications.enums import UNDELIVERED, ActionKind, EmailStatus
from portal.notifications.models import ActionItem, OutgoingEmail

RETRY_MINUTES = (1, 4, 10, 15, 30, 60, 120, 240, 480, 840, 840, 840, 840)  # 72 hours in all
JITTER = 0.1  # a wait is up to this part shorter or longer
UNCONFIRMED_AFTER = datetime.timedelta(minutes=5)  # longer than any hand-over: a few answers of EMAIL_TIMEOUT each
SUSPECT_AFTER = 3  # so many cut-off hand-overs …
SUSPECT_FOR = datetime.timedelta(minutes=10)  # … in so short a time: the server, not the mails


class MailNotUndelivered(Refusal):
    """The mail waits, is on its way or was sent."""

    code = "mail-not-undelivered"


class MandatoryCannotBeArchived(Refusal):
    """A mandatory action leaves the list only by being done."""

    code = "mandatory-cannot-be-archived"


def next_attempt_at(*, attempts: int, email_id: UUID, now: datetime.datetime) -> datetime.datetime | None:
    """Return when a refused mail is tried again; ``None`` after the last of 72 hours of tries.

    Each mail is a little early or late in its own way, so that mails refused together do not come back together.
    Source: our choice, decision 0009.
    """
    if attempts > len(RETRY_MINUTES):
        return None
    spread = 1 + JITTER * (email_id.int % 2001 - 1000) / 1000
    return now + datetime.timedelta(minutes=RETRY_MINUTES[attempts - 1]) * spread


def check_is_undelivered(email: OutgoingEmail) -> None:
    """Only a failed or unconfirmed mail is sent again or settled, by a person (quality row 2).

    Raises: MailNotUndelivered.
    """
    if email.status not in UNDELIVERED:
        raise MailNotUndelivered(
            _("This mail is no longer undelivered: %(status)s.") % {"status": EmailStatus(email.status).label},
            next_step=_("Reload the list to see what became of it."),
        )


def check_can_archive(item: ActionItem) -> None:
    """Mandatory actions cannot be archived before they are done (section 11.2 of the portal reference).

    Raises: MandatoryCannotBeArchived.
    """
    if is_locked(item):
        raise MandatoryCannotBeArchived(
            _("“%(title)s” is mandatory and cannot be archived.") % {"title": item.title_text},
            who=_("Nobody"),
            next_step=_("Do what it asks for: it then moves to the completed items by itself."),
            next_url=item.url,
        )


def is_locked(item: ActionItem) -> bool:
    """Say whether the item can only be done, not put away."""
    return item.kind == ActionKind.MANDATORY and item.completed_at is None
