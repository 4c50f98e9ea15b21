"""Who is told what about support cases: log, mail, webhook, Action Center (A12, P7)."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission, roles_allowing
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries
from support import queries
from support.enums import CaseStatus, Severity, SupportEvent
from support.models import SupportCase

E = SupportEvent
WORKSPACE, SUBJECT = "support", "support-case"
# What the operator is told, and what asks it for an answer until it gave one.
TO_OPERATOR: dict[SupportEvent, Promise] = {
    E.OPENED: _("%(partner)s opened case %(case)s: %(title)s"),
    E.ANSWERED: _("%(partner)s answered in case %(case)s: %(title)s"),
    E.REOPENED: _("%(partner)s reopened case %(case)s: %(title)s"),
    E.CLOSED: _("%(partner)s closed case %(case)s: %(title)s"),
    E.SEVERITY_CHANGED: _("Case %(case)s is of another severity now: %(title)s"),
}
# What the partner is told.
TO_PARTNER: dict[SupportEvent, Promise] = {
    E.ANSWERED: _("The programme operator answered in case %(case)s: %(title)s"),
    E.ASKED: _("The programme operator needs information for case %(case)s: %(title)s"),
    E.RESOLVED: _("Case %(case)s is resolved: %(title)s"),
    E.CLOSED: _("Case %(case)s was closed: %(title)s"),
    E.SEVERITY_CHANGED: _("Case %(case)s is of another severity now: %(title)s"),
}
ASKS_OPERATOR = frozenset({E.OPENED, E.ANSWERED, E.REOPENED})
ASKS_PARTNER = frozenset({E.ASKED})
TURNS = frozenset({E.ANSWERED, E.ASKED, E.RESOLVED, E.REOPENED, E.CLOSED})  # what was asked for is done by them


def announce(
    event_type: SupportEvent,
    case: SupportCase,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    text: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write the log entry, deliveries, mails and notices of one event; ``actor`` None is the portal itself.

    ``text`` is what was written with it: mails carry it, the log does not.
    """
    customer = case.customer.organization if case.customer else None
    event = log.record(
        event_type=event_type,
        organization_ids=[case.partner_id, *queries.operator_ids()],
        subject_type="support-case",
        subject_id=case.pk,
        subject_name=f"{case.reference} {case.title}",
        actor=actor,
        occurred_at=now,
        customer_id=case.customer_id,
        customer_name=customer.name if customer else "",
        before=before,
        after=after,
        details={"status": case.status, "severity": case.severity, "topic": case.topic},
    )
    deliveries.queue(event)
    still_asked = case.status == CaseStatus.WAITING and event_type != E.ASKED
    if event_type in TURNS and not still_asked:
        action_center.complete(subject_type=SUBJECT, subject_id=case.pk, now=now)
    is_operator = actor is not None and actor.organization_kind == OrganizationKind.OPERATOR
    if event_type in TO_OPERATOR and actor is not None and not is_operator:
        _tell_operator(event, event_type, case, text=text)
    if event_type in TO_PARTNER and (actor is None or is_operator):
        _tell_partner(event, event_type, case, text=text)
    return event


def _tell_operator(event: AuditEvent, event_type: SupportEvent, case: SupportCase, *, text: str) -> None:
    people = [case.assigned_to] if case.assigned_to else queries.operators()
    kind = ActionKind.RECOMMENDED if event_type in ASKS_OPERATOR else ActionKind.TRANSACTIONAL
    _mail(event, event_type, case, [Recipient.of(person) for person in people], text=text, kind=kind)
    for organization_id in queries.operator_ids():
        action_center.notify(
            event=event,
            organization_id=organization_id,
            roles=roles_allowing(Permission.SUPPORT_ANSWER, kind=OrganizationKind.OPERATOR),
            kind=kind,
            workspace=WORKSPACE,
            title=TO_OPERATOR[event_type],
            title_params=_texts(case),
            url=_page_of(case),
        )


def _tell_partner(event: AuditEvent, event_type: SupportEvent, case: SupportCase, *, text: str) -> None:
    people = queries.partner_people(case)
    kind = ActionKind.RECOMMENDED if event_type in ASKS_PARTNER else ActionKind.TRANSACTIONAL
    _mail(event, event_type, case, [Recipient.of(person) for person in people], text=text, kind=kind)
    action_center.notify(
        event=event,
        organization_id=case.partner_id,
        roles=roles_allowing(Permission.SUPPORT_REQUEST, kind=OrganizationKind(case.partner.organization.kind)),
        kind=kind,
        workspace=WORKSPACE,
        title=TO_PARTNER[event_type],
        title_params=_texts(case),
        url=_page_of(case),
    )


def _mail(
    event: AuditEvent,
    event_type: SupportEvent,
    case: SupportCase,
    recipients: list[Recipient],
    *,
    text: str,
    kind: ActionKind,
) -> None:
    outbox.queue_email(
        template=f"support/{event_type}",
        event=event,
        recipients=recipients,
        context={
            "case": case,
            "names": _texts(case),
            "severity": Severity(case.severity).label,
            "status": CaseStatus(case.status).label,
            "text": text,
            "reopen_days": settings.SUPPORT_REOPEN_DAYS,
            "close_days": settings.SUPPORT_CLOSE_DAYS,
            "url": f"{settings.BASE_URL}{_page_of(case)}",
        },
        kind=kind,
        workspace=WORKSPACE,
    )


def _texts(case: SupportCase) -> dict[str, str]:
    return {
        "case": case.reference,
        "title": case.title,
        "partner": case.partner.organization.name,
        "customer": case.customer.organization.name if case.customer else "",
    }


def _page_of(case: SupportCase) -> str:
    return reverse("support:case", args=[case.pk])
