"""Words of one transfer's pages beside those of lists (transfers.presentation)."""

from django.utils.translation import gettext as _

from transfers.models import Transfer
from transfers.presentation import tone_of

_RELATIONSHIP_ENDED = "relationship-removed"  # the workflow's code; any other reason is a person's own words


def status_of(transfer: Transfer) -> dict[str, str]:
    """Return tone and words of a transfer's state."""
    return {"tone": tone_of(transfer), "label": transfer.get_status_display()}


def close_reason(reason: str) -> str:
    """Return why a transfer was closed, in words."""
    if reason == _RELATIONSHIP_ENDED:
        return _("The customer's reseller relationship with one of the partners ended.")
    return reason
