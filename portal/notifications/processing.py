"""Send what waits in the outbox, each mail at most once (quality rows 1 to 5, decision 0009).

Claim (commit) → hand over → confirm (commit), one mail after the other. A process killed in between leaves one mail
claimed; the sweeper marks it unconfirmed, and only a person sends it again.
"""

import datetime
from collections.abc import Callable

import structlog
from django.db import transaction

from portal.notifications import announcements, handover, rules
from portal.notifications.enums import EmailStatus, Undelivered
from portal.notifications.handover import MailServer
from portal.notifications.models import OutgoingEmail, OutgoingEmailQuerySet

Clock = Callable[[], datetime.datetime]

SERVER_IN_TROUBLE = frozenset({Undelivered.SERVER_AWAY, Undelivered.CUT_OFF})  # no use in trying the next mail now
BATCH_SIZE = 500
BATCH_TIME = datetime.timedelta(minutes=4)  # well below CELERY_TASK_SOFT_TIME_LIMIT

logger = structlog.get_logger(__name__)


def send_waiting(*, clock: Clock) -> bool:
    """Send the mails that are due, oldest first, over one connection; say whether more are left for another batch."""
    end = clock() + BATCH_TIME
    with MailServer() as server:
        for _number in range(BATCH_SIZE):
            now = clock()
            email = claim_next(now=now) if now < end else None
            if email is None:
                return now >= end
            with structlog.contextvars.bound_contextvars(request_id=handover.request_id_of(email)):
                if not _hand_over(server, email, clock=clock):
                    return False  # the server is away: the next sweep tries again
    return True


@transaction.atomic
def claim_next(*, now: datetime.datetime) -> OutgoingEmail | None:
    """Take the next due mail for this process alone. ``None`` when none is due, or the server seems to be sick.

    A server that keeps breaking off would turn the whole outbox into unconfirmed mails: it is given time.
    """
    cut_off = OutgoingEmail.objects.unconfirmed_since(now - rules.SUSPECT_FOR)
    if cut_off[: rules.SUSPECT_AFTER].count() == rules.SUSPECT_AFTER:
        return None
    due = OutgoingEmail.objects.due(now=now).order_by("next_attempt_at", "pk")
    email = due.select_for_update(of=("self",), skip_locked=True, no_key=True).first()
    if email is None:
        return None
    email.status = EmailStatus.SENDING
    email.started_at = now
    email.next_attempt_at = None
    email.attempts += 1
    email.save(update_fields=["status", "started_at", "next_attempt_at", "attempts"])
    return email


def _hand_over(server: MailServer, email: OutgoingEmail, *, clock: Clock) -> bool:
    """Hand over a claimed mail and note how that went; return whether the server can take another one."""
    secrets: dict[str, str] = {}
    try:
        secrets = handover.unsealed(email)
        handover.check_bounce(email)
        server.hand_over(handover.build_message(email, secrets))
    except handover.NotHandedOver as error:
        answer = handover.without_secrets(str(error), secrets)
        logger.warning("email_not_handed_over", email_id=str(email.pk), reason=str(error.reason), answer=answer)
        if isinstance(error, handover.NotNow):
            put_back(email=email, reason=error.reason, answer=answer, now=clock())
        else:
            lost = EmailStatus.FAILED if isinstance(error, handover.Never) else EmailStatus.UNCONFIRMED
            give_up(email=email, status=lost, reason=error.reason, answer=answer, now=clock())
        return error.reason not in SERVER_IN_TROUBLE
    confirm(email=email, now=clock())
    logger.info("email_sent", email_id=str(email.pk), event_type=email.event_type, event_id=str(email.event_id))
    return True


@transaction.atomic
def confirm(*, email: OutgoingEmail, now: datetime.datetime) -> None:
    """Note that the server has the mail, and forget its secrets.

    Also when the sweeper, or a person after it, was faster: what was sent stays sent, and goes out no second time.
    """
    claimed = OutgoingEmail.objects.filter(pk=email.pk, started_at=email.started_at).exclude(status=EmailStatus.SENT)
    claimed.update(
        status=EmailStatus.SENT,
        sent_at=now,
        next_attempt_at=None,
        sealed_secrets=None,
        settled_at=None,
        reason="",
        last_error="",
    )
    announcements.close_if_all_delivered(email.organization_id, now=now)


@transaction.atomic
def put_back(*, email: OutgoingEmail, reason: Undelivered, answer: str, now: datetime.datetime) -> None:
    """Let a refused mail wait for its next try; after 72 hours of tries it has failed."""
    waits_until = rules.next_attempt_at(attempts=email.attempts, email_id=email.pk, now=now)
    if waits_until is None:
        give_up(email=email, status=EmailStatus.FAILED, reason=reason, answer=answer, now=now)
        return
    _still_claimed(email).update(
        status=EmailStatus.WAITING, next_attempt_at=waits_until, reason=reason, last_error=answer
    )


@transaction.atomic
def give_up(
    *, email: OutgoingEmail, status: EmailStatus, reason: Undelivered, now: datetime.datetime, answer: str = ""
) -> None:
    """Mark a claimed mail failed or unconfirmed, and tell the people who can look after it."""
    organization = announcements.who_looks_after(email)
    outcome = {"status": status, "reason": reason, "last_error": answer}
    if _still_claimed(email).update(organization=organization, **outcome):
        announcements.announce_not_delivered(email, outcome=outcome, organization=organization, now=now)


def _still_claimed(email: OutgoingEmail) -> OutgoingEmailQuerySet:
    return OutgoingEmail.objects.filter(pk=email.pk, status=EmailStatus.SENDING, started_at=email.started_at)


def sweep(*, now: datetime.datetime) -> bool:
    """Mark hand-overs that nobody finished as unconfirmed; say whether mails are due."""
    abandoned = OutgoingEmail.objects.begun_before(now - rules.UNCONFIRMED_AFTER)
    for email in abandoned.order_by("started_at", "pk")[:BATCH_SIZE]:
        logger.warning("email_unconfirmed", email_id=str(email.pk))
        give_up(email=email, status=EmailStatus.UNCONFIRMED, reason=Undelivered.PROCESS_ENDED, now=now)
    return OutgoingEmail.objects.due(now=now).exists()
