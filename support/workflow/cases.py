"""Every change of a support case, one function each (A12; portal reference, section 9.6)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from customers.queries import customer_of
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from support import files, queries, rules
from support.announcements.cases import announce
from support.enums import CaseAction, CaseStatus, Severity, SupportEvent
from support.files import CheckedFile, NewFile
from support.models import CaseAttachment, CaseMessage, SupportCase

A, E = CaseAction, SupportEvent
BATCH = 200


@dataclass(frozen=True)
class NewCase:
    """What a partner writes into a new case. ``customer_id`` None: it asks for itself."""

    title: str
    text: str
    topic: str
    severity: str
    product: str = ""
    customer_id: uuid.UUID | None = None


@transaction.atomic
def open_case(
    *,
    new: NewCase,
    files: Sequence[NewFile] = (),
    actor: Actor,
    now: datetime.datetime,
    case_id: uuid.UUID | None = None,
) -> SupportCase:
    """Bring a question or problem to the programme operator (A12).

    ``case_id``: the id the case is to have; sent twice with one id it is one case.
    Raises: PermissionDenied, Http404 (no customer of the actor's), AskYourPartner, NoCaseInSandbox, AdminRightsMissing,
    AttachmentRefused.
    """
    actor.require(Permission.SUPPORT_REQUEST)
    rules.check_may_open(actor)
    partner = Partner.objects.select_related("organization").locked(actor.organization_id)
    same = SupportCase.objects.filter(pk=case_id).first() if case_id else None
    if same is not None and same.partner_id == partner.pk:
        return same
    relationship = customer_of(actor, new.customer_id) if new.customer_id else None
    if relationship is not None:
        rules.check_administers(relationship)
    kept = _checked(files, already=0)
    case = _create(new, partner, actor=actor, now=now, case_id=None if same else case_id)
    _write(case, new.text, kept, actor=actor, now=now)
    announce(E.OPENED, case, actor=actor, now=now, text=new.text)
    return case


def _create(
    new: NewCase, partner: Partner, *, actor: Actor, now: datetime.datetime, case_id: uuid.UUID | None
) -> SupportCase:
    return SupportCase.objects.create(
        id=case_id or uuid.uuid4(),
        partner=partner,
        customer_id=new.customer_id,
        title=new.title,
        topic=new.topic,
        product=new.product,
        severity=new.severity,
        status=CaseStatus.OPEN,
        opened_by_id=actor.user_id,
        modified_by_name=actor.name,
        created_at=now,
        modified_at=now,
    )


@transaction.atomic
def answer_case(
    *, case_id: uuid.UUID, text: str, files: Sequence[NewFile] = (), actor: Actor, now: datetime.datetime
) -> SupportCase:
    """Write into a case, from either side. What the partner writes makes it the operator's turn.

    Raises: PermissionDenied, CaseNotInState, AttachmentRefused.
    """
    case = _locked(A.ANSWER, case_id, actor=actor, now=now)
    kept = _checked(files, already=case.attachments.count())
    if actor.organization_kind != OrganizationKind.OPERATOR:
        case.status = CaseStatus.OPEN
    _write(case, text, kept, actor=actor, now=now)
    _save(case, actor, now, "status")
    announce(E.ANSWERED, case, actor=actor, now=now, text=text)
    return case


@transaction.atomic
def ask_for_information(
    *, case_id: uuid.UUID, text: str, files: Sequence[NewFile] = (), actor: Actor, now: datetime.datetime
) -> SupportCase:
    """Ask the partner for what is missing; the case waits for its answer. The operator does.

    Raises: PermissionDenied, CaseNotInState, AttachmentRefused.
    """
    case = _locked(A.ASK, case_id, actor=actor, now=now)
    kept = _checked(files, already=case.attachments.count())
    case.status = CaseStatus.WAITING
    _write(case, text, kept, actor=actor, now=now)
    _save(case, actor, now, "status")
    announce(E.ASKED, case, actor=actor, now=now, text=text)
    return case


@transaction.atomic
def resolve_case(
    *, case_id: uuid.UUID, text: str, files: Sequence[NewFile] = (), actor: Actor, now: datetime.datetime
) -> SupportCase:
    """Say how the problem is solved. The case closes by itself unless the partner reopens it. The operator does.

    Raises: PermissionDenied, CaseNotInState, AttachmentRefused.
    """
    case = _locked(A.RESOLVE, case_id, actor=actor, now=now)
    kept = _checked(files, already=case.attachments.count())
    case.status, case.resolved_at = CaseStatus.RESOLVED, now
    _write(case, text, kept, actor=actor, now=now)
    _save(case, actor, now, "status", "resolved_at")
    announce(E.RESOLVED, case, actor=actor, now=now, text=text)
    return case


@transaction.atomic
def reopen_case(*, case_id: uuid.UUID, text: str, actor: Actor, now: datetime.datetime) -> SupportCase:
    """Say that the problem is still there. The partner does. Raises: PermissionDenied, CaseNotInState."""
    case = _locked(A.REOPEN, case_id, actor=actor, now=now)
    case.status, case.resolved_at, case.closed_at = CaseStatus.OPEN, None, None
    _write(case, text, [], actor=actor, now=now)
    _save(case, actor, now, "status", "resolved_at", "closed_at")
    announce(E.REOPENED, case, actor=actor, now=now, text=text)
    return case


@transaction.atomic
def close_case(*, case_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> SupportCase:
    """End a case, resolved or not. The partner does. Raises: PermissionDenied, CaseNotInState."""
    case = _locked(A.CLOSE, case_id, actor=actor, now=now)
    case.status, case.closed_at = CaseStatus.CLOSED, now
    _save(case, actor, now, "status", "closed_at")
    announce(E.CLOSED, case, actor=actor, now=now)
    return case


@transaction.atomic
def change_severity(*, case_id: uuid.UUID, severity: Severity, actor: Actor, now: datetime.datetime) -> SupportCase:
    """Say how much the problem hurts now, from either side. Raises: PermissionDenied, CaseNotInState."""
    case = _locked(A.SEVERITY, case_id, actor=actor, now=now)
    rules.check_new_severity(case, severity)
    before = {"severity": case.severity}
    case.severity = severity
    _save(case, actor, now, "severity")
    announce(E.SEVERITY_CHANGED, case, actor=actor, now=now, before=before, after={"severity": case.severity})
    return case


@transaction.atomic
def assign_case(*, case_id: uuid.UUID, user_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> SupportCase:
    """Give the case to one of the operator's people. Raises: PermissionDenied, CaseNotInState, InvalidInput."""
    case = _locked(A.ASSIGN, case_id, actor=actor, now=now)
    people = {person.pk: person for person in queries.operators()}
    rules.check_assignee(user_id, people)
    before = {"assigned to": case.assigned_to.name if case.assigned_to else ""}
    case.assigned_to = people[user_id]
    _save(case, actor, now, "assigned_to")
    announce(E.ASSIGNED, case, actor=actor, now=now, before=before, after={"assigned to": case.assigned_to.name})
    return case


def close_resolved_cases(*, now: datetime.datetime) -> int:
    """Close the cases whose solution nobody has contradicted for some days; return how many."""
    due = now - datetime.timedelta(days=settings.SUPPORT_CLOSE_DAYS)
    found = SupportCase.objects.filter(status=CaseStatus.RESOLVED, resolved_at__lte=due)
    ids = list(found.order_by("resolved_at", "pk").values_list("pk", flat=True)[:BATCH])
    return sum(_close_resolved(case_id, due=due, now=now) for case_id in ids)


@transaction.atomic
def _close_resolved(case_id: uuid.UUID, *, due: datetime.datetime, now: datetime.datetime) -> bool:
    case = SupportCase.objects.locked(case_id)
    if case.status != CaseStatus.RESOLVED or case.resolved_at is None or case.resolved_at > due:
        return False
    case.status, case.closed_at, case.modified_at = CaseStatus.CLOSED, now, now
    case.save(update_fields=["status", "closed_at", "modified_at"])
    announce(E.CLOSED, case, actor=None, now=now)
    return True


def _locked(action: CaseAction, case_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> SupportCase:
    actor.require(rules.own_permission(action, actor))
    case = SupportCase.objects.visible_to(actor).locked(case_id)
    rules.check(action, case, actor=actor, now=now)
    return case


def _checked(new: Sequence[NewFile], *, already: int) -> list[CheckedFile]:
    files.check_count(len(new), already=already)
    return [files.checked(file) for file in new]


def _write(case: SupportCase, text: str, kept: Sequence[CheckedFile], *, actor: Actor, now: datetime.datetime) -> None:
    message = CaseMessage.objects.create(
        case=case,
        author_id=actor.user_id,
        author_name=actor.name,
        is_from_operator=actor.organization_kind == OrganizationKind.OPERATOR,
        text=text,
        created_at=now,
    )
    CaseAttachment.objects.bulk_create(
        CaseAttachment(
            case=case,
            message=message,
            name=file.name,
            content_type=file.content_type,
            size=len(file.content),
            content=file.content,
            created_at=now,
        )
        for file in kept
    )


def _save(case: SupportCase, actor: Actor, now: datetime.datetime, *changed: str) -> None:
    case.modified_at, case.modified_by_name = now, actor.name
    case.save(update_fields=[*changed, "modified_at", "modified_by_name"])
