"""In which order the milestones of Azure offers may lie, and what another day changes."""

import datetime
from itertools import pairwise

from django.utils.translation import gettext as _

from azure.enums import Milestone
from azure.rules.table import TABLE, Dates
from portal.core.dates import date_format
from portal.core.errors import InvalidInput

PHASES = (Milestone.PHASE_1, Milestone.PHASE_2, Milestone.PHASE_3)


def check_order(dates: Dates) -> None:
    """Phases follow each other; the first two have begun and keep a day. Raises: InvalidInput."""
    if dates[Milestone.PHASE_1] is None or dates[Milestone.PHASE_2] is None:
        raise InvalidInput(_("Phases 1 and 2 have begun: they keep a day."), field="starts_on")
    days = [day for phase in PHASES if (day := dates[phase]) is not None]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise InvalidInput(_("A phase begins after the phase before it."), field="starts_on")


def consequences(milestone: Milestone, day: datetime.date | None) -> list[str]:
    """Say what holds once a milestone lies on a day, or on none: the rows of the table that begin and end with it."""
    if day is None:
        begins, ends = _("Does not hold: %(rule)s"), _("Holds without an end: %(rule)s")
    else:
        begins, ends = _("Holds from %(day)s on: %(rule)s"), _("Holds no longer from %(day)s on: %(rule)s")
    shown = date_format(day) if day else ""
    return [
        text % {"day": shown, "rule": row.why}
        for row in TABLE
        for text in ([begins] if row.since == milestone else [ends] if row.until == milestone else [])
    ] + [_("Every partner reads it at once, and orders are judged by it.")]
