"""Who may open a support case, and what may be done with one in which state (A12)."""

import datetime
from collections.abc import Callable, Iterable
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal, refusal_of
from support.enums import UNRESOLVED, CaseAction, CaseStatus, Severity
from support.models import ServiceIncident, SupportCase

OPENERS = frozenset({OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER})


class AskYourPartner(Refusal):
    """Customers and indirect resellers turn to their partner or provider, who turns to the operator."""

    code = "support-through-partner"
    http_status = 403


class NoCaseInSandbox(Refusal):
    """Sandbox data never reaches production, so its cases would have nobody to read them."""

    code = "no-support-in-sandbox"


class AdminRightsMissing(Refusal):
    """The customer gave no administration rights, or took them back."""

    code = "admin-rights-missing"
    http_status = 403


class CaseNotInState(Refusal):
    """The case has moved on, or this is the other side's to do."""

    code = "support-case-state"


class IncidentOver(Refusal):
    """What is resolved stays as it is; if it comes back, that is another incident."""

    code = "service-incident-over"


def check_may_open(actor: Actor) -> None:
    """Partners with a contract with the operator open cases; whoever buys from a partner asks that partner.

    Source: requirement A12; portal reference, section 9.6. Raises: AskYourPartner, NoCaseInSandbox.
    """
    if actor.organization_kind not in OPENERS:
        raise _ask_your_partner(actor)
    if actor.is_sandbox:
        raise NoCaseInSandbox(
            _("A sandbox account cannot open support cases."),
            who=_("an admin agent or helpdesk agent of your production account"),
            next_step=_("Switch to your production account and open the case there."),
        )


def may_open(actor: Actor) -> bool:
    """Say whether the actor's organization opens cases at all, whatever the person's role."""
    return actor.organization_kind in OPENERS and not actor.is_sandbox


def _ask_your_partner(actor: Actor) -> AskYourPartner:
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        return AskYourPartner(
            _("Indirect resellers get support from their indirect provider."),
            who=_("your indirect provider"),
            next_step=_("See how to reach your provider"),
            next_url=reverse("support:whom_to_ask"),
        )
    return AskYourPartner(
        _("Support comes from your partner."),
        who=_("your partner"),
        next_step=_("See how to reach your partner"),
        next_url=reverse("support:whom_to_ask"),
    )


def check_administers(relationship: ResellerRelationship) -> None:
    """A case for a customer needs administration rights there, one's own or those of one's reseller.

    Source: portal reference, section 4.7 (customer removes admin roles). Raises: AdminRightsMissing.
    """
    if relationship.has_admin_rights:
        return
    through = ResellerRelationship.objects.active().filter(
        partner_id=relationship.counterpart_id, customer_id=relationship.customer_id, has_admin_rights=True
    )
    if relationship.counterpart_id is None or not through.exists():
        raise AdminRightsMissing(
            _("%(customer)s has not given administration rights, so nobody could look into its services for you.")
            % {"customer": relationship.customer_name},
            who=_("an administrator of the customer"),
            next_step=_("Open the case for your own company, or request a relationship with administration rights."),
            next_url=reverse("customers:admin_relationships", args=[relationship.customer_id]),
        )


# --- states ----------------------------------------------------------------------------------------------------------
_OTHERS = {
    CaseStatus.OPEN: gettext_lazy("The programme operator is working on the case."),
    CaseStatus.WAITING: gettext_lazy("The partner was asked for information already."),
    CaseStatus.RESOLVED: gettext_lazy("The case is resolved."),
    CaseStatus.CLOSED: gettext_lazy("The case is closed."),
}


def _check_state(case: SupportCase, allowed: Iterable[CaseStatus], next_step: object = "") -> None:
    if CaseStatus(case.status) not in allowed:
        raise CaseNotInState(_OTHERS[CaseStatus(case.status)], next_step=next_step)


def check_can_answer(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """Either side writes while the case is not resolved. Raises: CaseNotInState."""
    _check_state(case, UNRESOLVED, _("Reopen the case first, if the problem is still there."))


def check_can_ask(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """The operator asks while it is its turn. Raises: CaseNotInState."""
    _check_state(case, {CaseStatus.OPEN}, _("Write an answer instead."))


def check_can_resolve(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """The operator resolves what is not resolved. Raises: CaseNotInState."""
    _check_state(case, UNRESOLVED)


def check_can_reopen(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """The partner reopens a resolved case, and a closed one for some days. Raises: CaseNotInState."""
    _check_state(case, {CaseStatus.RESOLVED, CaseStatus.CLOSED}, _("Write an answer instead."))
    if case.closed_at and now >= case.closed_at + datetime.timedelta(days=settings.SUPPORT_REOPEN_DAYS):
        raise CaseNotInState(
            _("The case was closed more than %(days)s days ago.") % {"days": settings.SUPPORT_REOPEN_DAYS},
            next_step=_("Open a new case and name this one in it."),
        )


def check_can_close(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """The partner closes its case at any time. Raises: CaseNotInState."""
    _check_state(case, set(CaseStatus) - {CaseStatus.CLOSED})


def check_can_change_severity(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """Both sides may set the severity while the case is not resolved. Raises: CaseNotInState."""
    _check_state(case, UNRESOLVED, _("Reopen the case first, if the problem is still there."))


def check_can_assign(case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """The operator gives a case that is not closed to one of its people. Raises: CaseNotInState."""
    _check_state(case, set(CaseStatus) - {CaseStatus.CLOSED})


def check_new_severity(case: SupportCase, severity: Severity) -> None:
    """Raises: CaseNotInState, where the case has this severity already."""
    if case.severity == severity:
        raise CaseNotInState(_("The case has this severity already."), next_step=_("Nothing needs to be done."))


_Check = Callable[..., None]
A = CaseAction
_BOTH = (Permission.SUPPORT_REQUEST, Permission.SUPPORT_ANSWER)
# In the order in which a page offers them: whose it is (partner, operator) and what the state says.
ACTIONS: dict[CaseAction, tuple[tuple[Permission, ...], _Check]] = {
    A.ANSWER: (_BOTH, check_can_answer),
    A.ASK: ((Permission.SUPPORT_ANSWER,), check_can_ask),
    A.RESOLVE: ((Permission.SUPPORT_ANSWER,), check_can_resolve),
    A.REOPEN: ((Permission.SUPPORT_REQUEST,), check_can_reopen),
    A.CLOSE: ((Permission.SUPPORT_REQUEST,), check_can_close),
    A.SEVERITY: (_BOTH, check_can_change_severity),
    A.ASSIGN: ((Permission.SUPPORT_ANSWER,), check_can_assign),
}


def check(action: CaseAction, case: SupportCase, *, actor: Actor, now: datetime.datetime) -> None:
    """Raises: PermissionDenied, CaseNotInState, unless the actor may do this with the case now."""
    permission = own_permission(action, actor)
    actor.require(permission)
    ACTIONS[action][1](case, actor=actor, now=now)


def own_permission(action: CaseAction, actor: Actor) -> Permission:
    """Return the permission the action needs of the actor's side; the first where it is the other side's."""
    permissions = ACTIONS[action][0]
    own = _BOTH[actor.organization_kind == OrganizationKind.OPERATOR]
    return own if own in permissions else permissions[0]


def is_of_side(action: CaseAction, actor: Actor) -> bool:
    """Say whether the action belongs to the actor's side at all: others are not shown to it."""
    return _BOTH[actor.organization_kind == OrganizationKind.OPERATOR] in ACTIONS[action][0]


def why_not(action: CaseAction, case: SupportCase, *, actor: Actor, now: datetime.datetime) -> Refusal | None:
    """Return why the actor cannot do this with the case now, or ``None`` if it can (X5)."""
    return refusal_of(check, action, case, actor=actor, now=now)


def check_assignee(user_id: UUID, known: Iterable[UUID]) -> None:
    """A case goes to somebody who may answer it. Raises: InvalidInput."""
    if user_id not in set(known):
        raise InvalidInput(_("Choose one of the operator's people."), field="assignee")


def check_can_update(incident: ServiceIncident) -> None:
    """Raises: IncidentOver."""
    if incident.resolved_at is not None:
        raise IncidentOver(_("This is over already."), next_step=_("Publish a new one if it has come back."))
