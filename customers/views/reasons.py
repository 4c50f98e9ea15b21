"""Why a command is disabled: one sentence with who may (quality row 38, X5)."""

from django.utils.translation import gettext as _

from portal.accounts.actor import Actor, denied
from portal.accounts.permissions import Permission


def why_not(actor: Actor, permission: Permission) -> str:
    """Return why the actor may not do this and who may; nothing for those who may."""
    if actor.may(permission):
        return ""
    refusal = denied(permission, kind=actor.organization_kind)
    return _("%(reason)s Who can: %(who)s.") % {"reason": refusal.message, "who": refusal.who}
