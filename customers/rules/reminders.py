"""When somebody is reminded that a term ends soon: 30 and 7 days before, of a short term once (section 7.8)."""

import datetime

from django.db.models import F, Q

REMINDERS = (30, 7)  # days before the end of the term
SHORT = datetime.timedelta(days=31)  # a term of one month is reminded of once only


def reminder_due(
    *,
    starts_on: datetime.date | None,
    ends_on: datetime.date | None,
    reminded_days: int | None,
    today: datetime.date,
) -> int | None:
    """Return which reminder is to be given today, or ``None``; ``reminded_days``: the one that was given last."""
    if starts_on is None or ends_on is None or ends_on <= today:
        return None
    fitting = REMINDERS if ends_on > starts_on + SHORT else REMINDERS[1:]
    due = min((days for days in fitting if (ends_on - today).days <= days), default=None)
    return due if due is not None and (reminded_days is None or reminded_days > due) else None


def to_remind(today: datetime.date) -> Q:
    """Return the condition of ``reminder_due`` for rows that have a ``subscription`` and ``reminded_days``."""
    month, week = (today + datetime.timedelta(days=days) for days in REMINDERS)
    this_week = Q(subscription__ends_on__lte=week) & (
        Q(reminded_days__isnull=True) | Q(reminded_days__gt=REMINDERS[-1])
    )
    this_month = Q(
        subscription__ends_on__lte=month,
        subscription__ends_on__gt=F("subscription__starts_on") + SHORT,
        reminded_days__isnull=True,
    )
    return Q(subscription__ends_on__gt=today) & (this_week | this_month)
