"""The commands of a case's page, each with the reason where it cannot be used (X5)."""

import datetime
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from portal.accounts.actor import Actor
from support import rules
from support.enums import CaseAction
from support.models import SupportCase

ICONS = {
    CaseAction.ASK: "help",
    CaseAction.RESOLVE: "check",
    CaseAction.REOPEN: "retry",
    CaseAction.CLOSE: "close",
    CaseAction.SEVERITY: "warning",
    CaseAction.ASSIGN: "person",
}


@dataclass(frozen=True)
class Command:
    """One command, which opens in the side; ``reason``: why it is disabled."""

    name: str
    label: str | Promise
    icon_name: str
    url: str
    reason: str = ""


def commands_of(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> list[Command]:
    """Return what the page offers the actor's side; answering has a form of its own on the page."""
    found = []
    for action, icon_name in ICONS.items():
        if not rules.is_of_side(action, actor):
            continue
        refusal = rules.why_not(action, case, actor=actor, now=now)
        found.append(
            Command(
                name=str(action),
                label=action.label,
                icon_name=icon_name,
                url=reverse(f"support:{action}", args=[case.pk]),
                reason=refusal.explanation if refusal else "",
            )
        )
    return found
