"""In which order the milestones of Azure offers may lie."""

from itertools import pairwise

from django.utils.translation import gettext as _

from azure.enums import Milestone
from azure.rules.table import Dates
from portal.core.errors import InvalidInput

PHASES = (Milestone.PHASE_1, Milestone.PHASE_2, Milestone.PHASE_3)


def check_order(dates: Dates) -> None:
    """Phases follow each other; the first two have begun and keep a day. Raises: InvalidInput."""
    if dates[Milestone.PHASE_1] is None or dates[Milestone.PHASE_2] is None:
        raise InvalidInput(_("Phases 1 and 2 have begun: they keep a day."), field="starts_on")
    days = [day for phase in PHASES if (day := dates[phase]) is not None]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise InvalidInput(_("A phase begins after the phase before it."), field="starts_on")
