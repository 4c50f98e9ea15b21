"""Cases as a page, the API and search read them, already scoped to the actor."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import Http404

from customers.queries import as_uuid
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, User
from portal.accounts.permissions import Permission, roles_allowing
from portal.accounts.queries import people_with_role
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page, walk
from support.models import CaseAttachment, CaseMessage, SupportCase

# Sorting: parameter of the address -> columns of keyset paging.
ORDERS: dict[str, tuple[str, ...]] = {
    "updated": ("modified_at", "pk"),
    "-updated": ("-modified_at", "-pk"),
    "number": ("number", "pk"),
    "-number": ("-number", "-pk"),
}
DEFAULT_ORDER = "-updated"
EXPORT_BATCH = 500
PREFIX = "sr-"
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; empty values narrow nothing. ``assigned``: "mine" or "nobody" (of the operator)."""

    text: str = ""
    status: str = ""
    severity: str = ""
    assigned: str = ""
    customer_id: uuid.UUID | None = None


def rows_of(actor: Actor) -> QuerySet[SupportCase]:
    """The cases that the actor may see, with the names a list shows: one query."""
    return SupportCase.objects.visible_to(actor).select_related(
        "partner__organization", "customer__organization", "opened_by", "assigned_to"
    )


def case_page(
    actor: Actor, wanted: CaseFilter, *, sort: str = DEFAULT_ORDER, cursor: str = "", size: int = 50
) -> Page[SupportCase]:
    """Return one page of the cases that fit, in one query. Raises: BadCursor."""
    rows = rows_of(actor).filter(_condition(wanted, actor))
    return keyset_page(rows, order=ORDERS[sort], cursor=cursor, size=size)


def all_cases(actor: Actor, wanted: CaseFilter, *, sort: str = DEFAULT_ORDER) -> Iterator[SupportCase]:
    """Yield every case that fits, in order, with flat memory: what the export writes."""
    return walk(rows_of(actor).filter(_condition(wanted, actor)), order=ORDERS[sort], size=EXPORT_BATCH)


def _condition(wanted: CaseFilter, actor: Actor) -> Q:
    found = _matches(wanted.text)
    if wanted.status:
        found &= Q(status=wanted.status)
    if wanted.severity:
        found &= Q(severity=wanted.severity)
    if wanted.customer_id:
        found &= Q(customer_id=wanted.customer_id)
    if wanted.assigned:
        found &= Q(assigned_to_id=actor.user_id) if wanted.assigned == "mine" else Q(assigned_to=None)
    return found


def _matches(text: str) -> Q:
    """The number of a case, an id, or part of its title or of the name of its customer or partner."""
    if not text:
        return Q()
    if number := as_number(text):
        return Q(number=number)
    if known := as_uuid(text):
        return Q(pk=known) | Q(customer_id=known) | Q(partner_id=known)
    key = name_key(text)
    names = ("title_key", "customer__organization__name_key", "partner__organization__name_key")
    found = Q()
    for name in names:
        found |= Q(**{f"{name}__contains": key})
    return found


def as_number(text: str) -> int | None:
    """Return the number of a case that was typed, with or without its prefix; ``None`` if it is none."""
    digits = text.strip().lower().removeprefix(PREFIX)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST_NUMBER))):
        return None
    number = int(digits)
    return number if number <= LARGEST_NUMBER else None


def case_of(actor: Actor, case_id: uuid.UUID, *, customer_id: uuid.UUID | None = None) -> SupportCase:
    """Return one case, of one customer if given. Raises: Http404, also for another partner's."""
    rows = rows_of(actor).filter(customer_id=customer_id) if customer_id else rows_of(actor)
    case = rows.filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def find_case(actor: Actor, number: int) -> SupportCase | None:
    """Return the case with this number, if the actor may see it."""
    return rows_of(actor).filter(number=number).first()


def messages_of(case: SupportCase) -> list[CaseMessage]:
    """Return what was written, oldest first, with its attachments but without their content (two queries)."""
    files = CaseAttachment.objects.defer("content").order_by("created_at", "pk")
    messages = case.messages.order_by("created_at", "pk")
    by_message: dict[uuid.UUID, list[CaseAttachment]] = {}
    for file in files.filter(case=case):
        by_message.setdefault(file.message_id, []).append(file)
    found = list(messages)
    for message in found:
        message.files = by_message.get(message.pk, [])
    return found


def attachment_of(actor: Actor, case_id: uuid.UUID, attachment_id: uuid.UUID) -> CaseAttachment:
    """Return one file with its content. Raises: Http404, also for another partner's."""
    case = case_of(actor, case_id)
    file = CaseAttachment.objects.filter(case=case, pk=attachment_id).first()
    if file is None:
        raise Http404
    return file


def operators() -> list[User]:
    """Return the operator's people who answer cases, by name."""
    roles = roles_allowing(Permission.SUPPORT_ANSWER, kind=OrganizationKind.OPERATOR)
    members = Membership.objects.active().with_role(*roles)
    members = members.filter(organization__kind=OrganizationKind.OPERATOR).select_related("user")
    return [member.user for member in members.order_by("user__name_key", "user__pk")]


def operator_ids() -> list[uuid.UUID]:
    """Return the organizations of the programme operator (in practice one)."""
    rows = Membership.objects.active().filter(organization__kind=OrganizationKind.OPERATOR)
    return list(rows.order_by("organization_id").values_list("organization_id", flat=True).distinct())


def partner_people(case: SupportCase) -> list[User]:
    """Return whom the operator's words go to: who opened the case while it may read it, else all who may."""
    kind = OrganizationKind(case.partner.organization.kind)
    roles: list[Role] = roles_allowing(Permission.SUPPORT_REQUEST, kind=kind)
    people = people_with_role(case.partner_id, *roles)
    return [person for person in people if person.pk == case.opened_by_id] or people
