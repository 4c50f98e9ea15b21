"""Why a command of support is disabled: one sentence with who may (quality row 38, X5)."""

from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from support import rules


def why_not_open(actor: Actor, relationship: ResellerRelationship | None = None) -> str:
    """Return why the actor may not open a case, for this customer if given; nothing for those who may."""
    try:
        rules.check_may_open(actor)
        actor.require(Permission.SUPPORT_REQUEST)
        if relationship is not None:
            rules.check_administers(relationship)
    except Refusal as refusal:
        return refusal.explanation
    return ""
