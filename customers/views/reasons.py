"""Why a command is disabled: one sentence with who may (quality row 38, X5)."""

from customers import rules
from customers.enums import ImportKind
from customers.models import IMPORT_PERMISSIONS, ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.errors import explanation_of


def why_not_add(actor: Actor) -> str:
    """Return why the actor may not add a customer; nothing for those who may (R5)."""
    return explanation_of(rules.check_may_add, kind=actor.organization_kind) or actor.why_not(Permission.CUSTOMER_ADD)


def why_not_import(actor: Actor) -> str:
    """Return why the actor may not import a customer's subscriptions; nothing for those who may (decision 0021)."""
    return explanation_of(rules.check_may_add, kind=actor.organization_kind) or actor.why_not(
        IMPORT_PERMISSIONS[ImportKind.SUBSCRIPTIONS]
    )


def why_not_attest(actor: Actor, relationship: ResellerRelationship) -> str:
    """Return why the actor may not attest this customer's agreement; nothing for those who may (section 5.1)."""
    return explanation_of(
        rules.check_may_attest, kind=actor.organization_kind, cloud=relationship.customer.organization.cloud
    ) or actor.why_not(Permission.AGREEMENT_ATTEST)


def why_not_ask(actor: Actor, relationship: ResellerRelationship) -> str:
    """Return why the actor may not ask this customer for the agreement; nothing for those who may (decision 0023)."""
    return explanation_of(rules.check_may_ask, kind=relationship.kind) or actor.why_not(Permission.AGREEMENT_ATTEST)
