"""The commands of a transfer's page, each with the reason where it cannot be used (X5; reference 6.4.3)."""

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.accounts.actor import Actor, denied
from portal.accounts.permissions import Permission
from transfers import rules
from transfers.enums import CLOSED_STATUSES, FINISHED_STATUSES, Party, TransferStatus
from transfers.models import Transfer

S = TransferStatus


@dataclass(frozen=True)
class Command:
    """One command: a link, one that opens in the side, or a form that is sent; ``reason``: why it is disabled."""

    name: str
    label: str | Promise
    icon_name: str
    url: str
    reason: str = ""
    overlay: bool = False
    is_form: bool = False


# Action of rules.ACTIONS -> its words, and by whom and in which states it is worth a place on the page.
_OFFERED: dict[str, tuple[Promise, str, frozenset[Party], frozenset[TransferStatus]]] = {
    "review": (pgettext_lazy("command", "Review"), "eye", frozenset({Party.SOURCE}), frozenset({S.PENDING})),
    "decline": (_("Decline"), "blocked", frozenset({Party.SOURCE}), frozenset({S.PENDING})),
    "send_draft": (_("Check and send"), "send", frozenset({Party.TARGET}), frozenset({S.DRAFT})),
    "delete_draft": (_("Delete"), "delete", frozenset({Party.TARGET, Party.RESELLER}), frozenset({S.DRAFT})),
    "cancel": (_("Cancel request"), "close", frozenset({Party.TARGET}), frozenset({S.PENDING, S.IN_PROGRESS})),
    "retry": (
        _("Try failed items again"),
        "retry",
        frozenset({Party.SOURCE, Party.TARGET}),
        frozenset({S.COMPLETED_WITH_ERRORS, S.FAILED}),
    ),
}
_IN_OVERLAY = frozenset({"decline", "cancel", "delete_draft"})


def commands_of(transfer: Transfer, party: Party, *, actor: Actor, now: datetime.datetime) -> list[Command]:
    """Return what the page offers the party, in the order of a transfer's life."""
    found = []
    for name, (label, icon_name, parties, statuses) in _OFFERED.items():
        if party not in parties or transfer.status not in statuses:
            continue
        refusal = rules.why_not(name, transfer, actor=actor, now=now)
        found.append(
            Command(
                name=name,
                label=label,
                icon_name=icon_name,
                url=reverse(f"transfers:{name}", args=[transfer.pk]),
                reason=refusal.explanation if refusal else "",
                overlay=name in _IN_OVERLAY,
                is_form=name == "retry",
            )
        )
    return found + _new_requests(transfer, party, actor)


def _new_requests(transfer: Transfer, party: Party, actor: Actor) -> list[Command]:
    """What the target asks again for, and what the source asks back after a mistake (wishes W3 and W13)."""
    can_retry = transfer.status in (S.COMPLETED_WITH_ERRORS, S.FAILED)
    found = []
    if party == Party.TARGET and (transfer.status in CLOSED_STATUSES or can_retry):
        found.append(("again", _("Send again"), "send"))
    if party == Party.SOURCE and transfer.status in FINISHED_STATUSES and transfer.items_completed:
        found.append(("reverse", _("Reverse request"), "switch"))
    may = actor.may(Permission.TRANSFER_CREATE)
    reason = "" if may else denied(Permission.TRANSFER_CREATE, kind=actor.organization_kind).explanation
    create = reverse("transfers:create", args=[transfer.customer_id])
    return [
        Command(name, label, icon_name, f"{create}?{urlencode({name: transfer.pk})}", reason)
        for name, label, icon_name in found
    ]
