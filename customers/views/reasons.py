"""Why a command is disabled: one sentence with who may (quality row 38, X5)."""

from django.utils.translation import gettext as _

from customers import rules
from customers.enums import ImportKind
from customers.models import IMPORT_PERMISSIONS, ResellerRelationship
from portal.accounts.actor import Actor, denied
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal


def why_not(actor: Actor, permission: Permission) -> str:
    """Return why the actor may not do this and who may; nothing for those who may."""
    if actor.may(permission):
        return ""
    refusal = denied(permission, kind=actor.organization_kind)
    return _sentence(refusal)


def why_not_add(actor: Actor) -> str:
    """Return why the actor may not add a customer; nothing for those who may (R5)."""
    try:
        rules.check_may_add(kind=actor.organization_kind)
    except Refusal as refusal:
        return _sentence(refusal)
    return why_not(actor, Permission.CUSTOMER_ADD)


def why_not_import(actor: Actor) -> str:
    """Return why the actor may not import a customer's subscriptions; nothing for those who may (decision 0021)."""
    try:
        rules.check_may_add(kind=actor.organization_kind)
    except Refusal as refusal:
        return _sentence(refusal)
    return why_not(actor, IMPORT_PERMISSIONS[ImportKind.SUBSCRIPTIONS])


def why_not_attest(actor: Actor, relationship: ResellerRelationship) -> str:
    """Return why the actor may not attest this customer's agreement; nothing for those who may (section 5.1)."""
    try:
        rules.check_may_attest(kind=actor.organization_kind, cloud=relationship.customer.organization.cloud)
    except Refusal as refusal:
        return _sentence(refusal)
    return why_not(actor, Permission.AGREEMENT_ATTEST)


def why_not_ask(actor: Actor, relationship: ResellerRelationship) -> str:
    """Return why the actor may not ask this customer for the agreement; nothing for those who may (decision 0023)."""
    try:
        rules.check_may_ask(kind=relationship.kind)
    except Refusal as refusal:
        return _sentence(refusal)
    return why_not(actor, Permission.AGREEMENT_ATTEST)


def _sentence(refusal: Refusal) -> str:
    return _("%(reason)s Who can: %(who)s.") % {"reason": refusal.message, "who": refusal.who}
