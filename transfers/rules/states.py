"""What may be done with a transfer in its state, and by whom (T1, T2, T11; portal reference, section 6.5)."""

import datetime
from collections.abc import Callable

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.dates import date_format
from portal.core.errors import Refusal, refusal_of
from transfers.enums import TransferStatus
from transfers.models import Transfer
from transfers.reasons import Finding, TransferRefused


def check_can_cancel(transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> None:
    """Only the target cancels, and only while the transfer is pending (T11). Raises: TransferRefused."""
    _check_target(transfer, actor)
    _check_pending(transfer, now)


def check_can_accept(transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> None:
    """Only the source accepts, while the transfer is pending and not expired (T1). Raises: TransferRefused."""
    _check_source(transfer, actor)
    _check_pending(transfer, now)


def check_can_decline(transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> None:
    """Only the source declines, while the transfer is pending (T1). Raises: TransferRefused."""
    _check_source(transfer, actor)
    _check_pending(transfer, now)


def check_can_retry(transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> None:
    """Either partner has failed items tried again, once the rest is done (section 6.5). Raises: TransferRefused."""
    if actor.organization_id not in (transfer.source_partner_id, transfer.target_partner_id):
        raise TransferRefused(Finding("not-the-target"))
    if transfer.status not in (TransferStatus.COMPLETED_WITH_ERRORS, TransferStatus.FAILED):
        raise TransferRefused(Finding("transfer-not-retryable", {"status": transfer.get_status_display()}))


def check_is_draft(transfer: Transfer) -> None:
    """A request that was sent is a draft no more. Raises: TransferRefused."""
    if transfer.status != TransferStatus.DRAFT:
        raise TransferRefused(Finding("not-a-draft"))


def check_can_send_draft(transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> None:
    """The provider sends what its reseller prepared (T3). Raises: TransferRefused."""
    check_is_draft(transfer)
    _check_target(transfer, actor)


def check_can_delete_draft(transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> None:
    """The reseller and its provider throw away what was not sent. Raises: TransferRefused."""
    check_is_draft(transfer)
    if actor.organization_id not in (transfer.target_partner_id, transfer.reseller_id):
        raise TransferRefused(Finding("not-the-target"))


_Check = Callable[..., None]
# In the order in which a page offers them: name of the URL -> permission and check.
ACTIONS: dict[str, tuple[Permission, _Check]] = {
    "review": (Permission.TRANSFER_ACCEPT, check_can_accept),
    "decline": (Permission.TRANSFER_ACCEPT, check_can_decline),
    "send_draft": (Permission.TRANSFER_CREATE, check_can_send_draft),
    "delete_draft": (Permission.TRANSFER_CREATE, check_can_delete_draft),
    "cancel": (Permission.TRANSFER_CREATE, check_can_cancel),
    "retry": (Permission.TRANSFER_CREATE, check_can_retry),
}


def why_not(action: str, transfer: Transfer, *, actor: Actor, now: datetime.datetime) -> Refusal | None:
    """Return why the actor cannot do this with the transfer now, or ``None`` if it can (X5)."""
    permission, check = ACTIONS[action]
    return refusal_of(actor.require, permission) or refusal_of(check, transfer, actor=actor, now=now)


def _check_source(transfer: Transfer, actor: Actor) -> None:
    if transfer.source_partner_id != actor.organization_id:
        raise TransferRefused(Finding("not-the-source"))


def _check_target(transfer: Transfer, actor: Actor) -> None:
    if transfer.target_partner_id != actor.organization_id:
        raise TransferRefused(Finding("not-the-target"))


def _check_pending(transfer: Transfer, now: datetime.datetime) -> None:
    if transfer.status != TransferStatus.PENDING:
        facts = {"status": transfer.get_status_display(), "state": transfer.status}
        raise TransferRefused(Finding("transfer-not-pending", facts))
    if transfer.expires_at is not None and transfer.expires_at <= now:
        raise TransferRefused(Finding("transfer-expired", {"date": date_format(transfer.expires_at, "DATE_FORMAT")}))
