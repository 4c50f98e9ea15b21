"""What people change: marks on Action Center items, mail preferences, undelivered mails."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.models import User
from portal.accounts.permissions import Permission
from portal.accounts.workflow.profile import update_profile
from portal.core.errors import Refusal
from portal.core.queue import enqueue_after_commit
from portal.notifications import announcements, queries, rules
from portal.notifications.enums import ActionKind, EmailStatus, NotificationEvent
from portal.notifications.models import ActionItem, ActionItemMark, MailPreference, OutgoingEmail


@dataclass(frozen=True)
class BulkResult:
    """What became of each thing chosen. Unknown and foreign ids are neither: they do not exist for the person."""

    done: int = 0
    refusals: list[Refusal] = field(default_factory=list)


@transaction.atomic
def archive_items(*, item_ids: Iterable[UUID], actor: Actor, now: datetime.datetime) -> BulkResult:
    """Put items away for this person; mandatory actions stay, with the reason (section 11.2)."""
    items = list(ActionItem.objects.visible_to(actor).filter(pk__in=list(item_ids)).order_by("created_at", "pk"))
    chosen, refusals = [], []
    for item in items:
        try:
            rules.check_can_archive(item)
        except Refusal as refusal:
            refusals.append(refusal)
        else:
            chosen.append(item)
    _mark(chosen, actor=actor, archived_at=now, read_at=now)
    if chosen:
        _announce_items(NotificationEvent.ACTION_ITEMS_ARCHIVED, chosen, actor=actor, now=now)
    return BulkResult(done=len(chosen), refusals=refusals)


@transaction.atomic
def restore_items(*, item_ids: Iterable[UUID], actor: Actor, now: datetime.datetime) -> BulkResult:
    """Take items out of this person's archive."""
    items = list(ActionItem.objects.visible_to(actor).archived_by(actor.user_id).filter(pk__in=list(item_ids)))
    ActionItemMark.objects.filter(user_id=actor.user_id, item__in=items).update(archived_at=None)
    if items:
        _announce_items(NotificationEvent.ACTION_ITEMS_RESTORED, items, actor=actor, now=now)
    return BulkResult(done=len(items))


@transaction.atomic
def mark_items_read(*, item_ids: Iterable[UUID], actor: Actor, now: datetime.datetime) -> BulkResult:
    """Note that the person has seen the items. Nobody else's business, so it is not logged."""
    items = list(ActionItem.objects.visible_to(actor).filter(pk__in=list(item_ids)))
    _mark(items, actor=actor, read_at=now)
    return BulkResult(done=len(items))


def _mark(items: Iterable[ActionItem], *, actor: Actor, **times: datetime.datetime) -> None:
    ActionItemMark.objects.bulk_create(
        [ActionItemMark(item=item, user_id=actor.user_id, **times) for item in items],
        update_conflicts=True,
        unique_fields=["item", "user"],
        update_fields=list(times),
    )


def _announce_items(
    event_type: NotificationEvent, items: list[ActionItem], *, actor: Actor, now: datetime.datetime
) -> None:
    details = {"items": [{"id": str(item.pk), "title": item.title.get("en", "")} for item in items]}
    announcements.announce_own(event_type, actor=actor, now=now, details=details)


@transaction.atomic
def save_preferences(
    *,
    language: str,
    wanted: Mapping[tuple[str, str], bool],
    actor: Actor,
    now: datetime.datetime,
    topics: Mapping[str, bool] | None = None,
) -> None:
    """Store the language of a person's mails and pages, and which optional mails it wants, by (workspace, kind).

    ``topics``: what is mailed to those alone who ask for it.
    """
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.user_id)
    update_profile(
        user_id=user.pk, name=user.name, language=language, shortcuts_enabled=user.shortcuts_enabled, now=now
    )
    unwanted = queries.unwanted_mails(user.pk)
    still_unwanted = (unwanted - wanted.keys()) | {choice for choice, wants in wanted.items() if not wants}
    asked_for, topics = queries.topics_asked_for(user.pk), topics or {}
    then_asked_for = (asked_for - topics.keys()) | {topic for topic, wants in topics.items() if wants}
    if (still_unwanted, then_asked_for) == (unwanted, asked_for):
        return
    MailPreference.objects.filter(user=user, workspace__in=asked_for - then_asked_for).delete()
    chosen = {**wanted, **{(topic, str(ActionKind.TRANSACTIONAL)): True for topic in then_asked_for}}
    MailPreference.objects.bulk_create(
        [
            MailPreference(user=user, workspace=workspace, kind=kind, wants_mail=wants)
            for (workspace, kind), wants in chosen.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "workspace", "kind"],
        update_fields=["wants_mail"],
    )
    announcements.announce_own(
        NotificationEvent.MAIL_PREFERENCES_CHANGED,
        actor=actor,
        now=now,
        before={"switched_off": _words(unwanted), "asked_for": sorted(asked_for)},
        after={"switched_off": _words(still_unwanted), "asked_for": sorted(then_asked_for)},
    )


def _words(choices: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(f"{workspace}: {kind}" for workspace, kind in choices)


@transaction.atomic
def send_again(*, email_ids: Iterable[UUID], actor: Actor, now: datetime.datetime) -> BulkResult:
    """Send undelivered mails again because a person says so; the portal never does by itself (quality row 2).

    Raises: PermissionDenied.
    """
    actor.require(Permission.MAIL_RESEND)
    emails, refusals = _undelivered(email_ids, actor=actor)
    for email in emails:
        email.status = EmailStatus.WAITING
        email.attempts = 0
        email.next_attempt_at = now
        email.settled_at = None
        email.save(update_fields=["status", "attempts", "next_attempt_at", "settled_at"])
        announcements.announce_by_person(NotificationEvent.EMAIL_SENT_AGAIN, email, actor=actor, now=now)
    if emails:
        enqueue_after_commit("notifications.send_waiting")
    return BulkResult(done=len(emails), refusals=refusals)


@transaction.atomic
def settle(*, email_ids: Iterable[UUID], actor: Actor, now: datetime.datetime) -> BulkResult:
    """Leave undelivered mails as they are; they go from the list. Raises: PermissionDenied."""
    actor.require(Permission.MAIL_RESEND)
    emails, refusals = _undelivered(email_ids, actor=actor)
    for email in emails:
        email.settled_at = now
        email.save(update_fields=["settled_at"])
        announcements.announce_by_person(NotificationEvent.EMAIL_SETTLED, email, actor=actor, now=now)
    return BulkResult(done=len(emails), refusals=refusals)


def _undelivered(email_ids: Iterable[UUID], *, actor: Actor) -> tuple[list[OutgoingEmail], list[Refusal]]:
    """Lock the mails that the actor looks after and sort out those that somebody else has taken care of."""
    mine = queries.mails_looked_after(actor).filter(pk__in=list(email_ids)).order_by("pk")
    emails, refusals = [], []
    for email in mine.select_for_update(of=("self",), no_key=True):
        try:
            rules.check_is_undelivered(email)
        except Refusal as refusal:
            refusals.append(refusal)
        else:
            emails.append(email)
    return emails, refusals
