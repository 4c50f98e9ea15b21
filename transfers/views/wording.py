"""Words of one transfer's pages beside those of lists (transfers.presentation)."""

from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.core.money import money_text
from transfers.models import Transfer
from transfers.presentation import tone_of

_RELATIONSHIP_ENDED = "relationship-removed"  # the workflow's code; any other reason is a person's own words


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as the reader writes it."""
    return money_text(amount, currency, get_language() or "en")


def status_of(transfer: Transfer) -> dict[str, str]:
    """Return tone and words of a transfer's state."""
    return {"tone": tone_of(transfer), "label": transfer.get_status_display()}


def close_reason(reason: str) -> str:
    """Return why a transfer was closed, in words."""
    if reason == _RELATIONSHIP_ENDED:
        return _("The customer's reseller relationship with one of the partners ended.")
    return reason
