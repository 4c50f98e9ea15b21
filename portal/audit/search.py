"""What search finds of the activity log: an event, by its id (quality row 35)."""

from collections.abc import Iterator

from django.http import Http404
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.audit import presentation, queries
from portal.core.search import Result, as_uuid


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find the event whose id the text is."""
    public_id = as_uuid(text)
    if public_id is None or not actor.may(Permission.ACTIVITY_LOG_VIEW):
        return
    try:
        row = presentation.RowReader(actor).row(queries.event_detail(actor, public_id))
    except Http404:
        return
    yield Result(
        label=row["action"],
        url=row["url"],
        kind=_("Events"),
        icon="activity",
        description=f"{row['moment']} UTC · {row['performed_by']}",
        is_exact=True,
    )
