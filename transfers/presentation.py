"""How a transfer reads on pages: its state, what is to be done, how long it still waits."""

import datetime
import math
from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from portal.accounts.actor import Actor
from transfers.enums import AZURE_TYPES, FINISHED_STATUSES, ProductType, TransferStatus
from transfers.models import Transfer

DAY = datetime.timedelta(days=1)
TONES = {
    TransferStatus.DRAFT: "neutral",
    TransferStatus.PENDING: "info",
    TransferStatus.IN_PROGRESS: "info",
    TransferStatus.COMPLETED: "success",
    TransferStatus.COMPLETED_WITH_ERRORS: "warning",
    TransferStatus.FAILED: "error",
    TransferStatus.CANCELED: "neutral",
    TransferStatus.DECLINED: "error",
    TransferStatus.EXPIRED: "neutral",
}


def tone_of(transfer: Transfer) -> str:
    """Return the tone of the icon beside the state."""
    return TONES[TransferStatus(transfer.status)]


def action_required(transfer: Transfer, actor: Actor) -> str:
    """Say what the actor's company is asked to do (reference 6.4.1): "None" for most."""
    if transfer.status == TransferStatus.PENDING and transfer.source_partner_id == actor.organization_id:
        return _("Review request")
    if transfer.status == TransferStatus.DRAFT and transfer.target_partner_id == actor.organization_id:
        return _("Check and send")
    return pgettext("action required", "None")


def time_left(transfer: Transfer, now: datetime.datetime) -> str:
    """Say how long a pending request still waits; nothing for any other."""
    if transfer.status != TransferStatus.PENDING or transfer.expires_at is None:
        return ""
    if transfer.expires_at <= now:
        return _("Expires now")
    days = math.ceil((transfer.expires_at - now) / DAY)
    return ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}


def product_types_label(values: Iterable[str]) -> str:
    """Return the kinds of items that were asked for, as one phrase."""
    labels = [str(ProductType(value).label) for value in values]
    return get_text_list(labels, _("and")) if labels else _("All kinds that can move")


def may_have_moved_azure(transfer: Transfer) -> bool:
    """Say whether a finished transfer was about Azure too, so that access rights are worth a look (section 6.8)."""
    is_about_azure = not transfer.product_types or any(one in AZURE_TYPES for one in transfer.product_types)
    return transfer.status in FINISHED_STATUSES and is_about_azure
