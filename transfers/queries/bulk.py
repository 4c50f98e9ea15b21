"""Files of many transfers as those see them who may let them run, and what the cells of their rows name (X2)."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404

from customers.models import ResellerRelationship
from customers.queries import as_uuid
from portal.accounts.actor import Actor
from portal.accounts.models import PartnerLocation
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page, walk
from transfers.enums import BulkResult, BulkStatus, Level
from transfers.models import BulkRow, BulkRun
from transfers.rules.bulk import Directory

ROW_ORDER = ("number",)
EXPORT_BATCH = 1_000
# What the rows of a file are narrowed to: a parameter of the address -> the rows.
SHOWN: dict[str, Q] = {
    "red": Q(level=Level.RED, result=BulkResult.WAITING),
    "amber": Q(level=Level.AMBER, result=BulkResult.WAITING),
    "green": Q(level=Level.GREEN, result=BulkResult.WAITING),
    "done": Q(result=BulkResult.DONE),
    "failed": Q(result=BulkResult.FAILED),
    "left_out": Q(result=BulkResult.LEFT_OUT),
}
NOT_DONE = Q(result__in=(BulkResult.FAILED, BulkResult.LEFT_OUT)) | Q(result=BulkResult.WAITING)


def run_page(actor: Actor, *, cursor: str = "") -> Page[BulkRun]:
    """Return one page of the partner's files of many transfers, newest first (one query)."""
    return keyset_page(BulkRun.objects.visible_to(actor), order=("-created_at", "-pk"), cursor=cursor, size=20)


def run_of(actor: Actor, run_id: uuid.UUID) -> BulkRun:
    """Return a file of the actor's partner. Raises: Http404."""
    run = BulkRun.objects.visible_to(actor).filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run


def row_page(run: BulkRun, *, shown: str = "", cursor: str = "") -> Page[BulkRow]:
    """Return one page of the rows with their customers, all of them or some (one query)."""
    return keyset_page(_rows(run, shown), order=ROW_ORDER, cursor=cursor, size=50)


def all_rows(run: BulkRun, *, shown: str = "") -> Iterator[BulkRow]:
    """Yield the rows with flat memory: what the download writes."""
    return walk(_rows(run, shown), order=ROW_ORDER, size=EXPORT_BATCH)


def may_check_again(run: BulkRun) -> bool:
    """Say whether rows are left that were not carried out, and nothing works on them now."""
    is_idle = run.status in (BulkStatus.CHECKED, BulkStatus.DONE, BulkStatus.STOPPED)
    return is_idle and run.done_count < run.row_count


def _rows(run: BulkRun, shown: str) -> QuerySet[BulkRow]:
    rows = run.rows.select_related("customer__organization")
    return rows.filter(SHOWN[shown]) if shown else rows


# --- what cells name -------------------------------------------------------------------------------------------------
def directory_of(
    partner_id: uuid.UUID, cells: Sequence[Mapping[str, str]], *, is_sandbox: bool, names_reseller: bool
) -> Directory:
    """Return what some rows name, in the same three queries for any number of them."""
    relationships = _relationships(partner_id, cells)
    by_name: defaultdict[str, list[ResellerRelationship]] = defaultdict(list)
    for one in relationships:
        by_name[one.customer_name_key].append(one)
    numbers = {cell.get("source", "") for cell in cells}
    locations = PartnerLocation.objects.filter(
        partner_id_number__in=sorted(numbers), partner__organization__is_sandbox=is_sandbox
    )
    resellers = {one.counterpart_id for one in relationships if one.counterpart_id} if names_reseller else set()
    main = PartnerLocation.objects.filter(partner_id__in=resellers, is_headquarters=True)
    return Directory(
        by_id={one.customer_id: one for one in relationships},
        by_domain={one.customer_domain: one for one in relationships},
        by_name=dict(by_name),
        partners=dict(locations.values_list("partner_id_number", "partner_id")),
        headquarters=dict(main.values_list("partner_id", "partner_id_number")) if resellers else {},
    )


def _relationships(partner_id: uuid.UUID, cells: Sequence[Mapping[str, str]]) -> list[ResellerRelationship]:
    """The partner's relationships with the customers that rows name, one for each customer: the active one first.

    Those that have ended count too: the checklist says that the customer has to accept a new one.
    """
    ids = {one for cell in cells if (one := as_uuid(cell.get("customer_id", "")))}
    domains = {cell.get("customer_domain", "").lower() for cell in cells} - {""}
    names = {name_key(cell["customer_name"]) for cell in cells if cell.get("customer_name") and not _is_exact(cell)}
    named = Q(customer_id__in=ids) | Q(customer_domain__in=domains) | Q(customer_name_key__in=names)
    rows = ResellerRelationship.objects.filter(named, partner_id=partner_id)
    rows = rows.select_related("customer__organization", "profile")
    ended = Case(When(removed_at=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    first: dict[uuid.UUID, ResellerRelationship] = {}
    for row in rows.order_by(ended, "-created_at", "pk"):
        first.setdefault(row.customer_id, row)
    return list(first.values())


def _is_exact(cell: Mapping[str, str]) -> bool:
    return bool(cell.get("customer_id") or cell.get("customer_domain"))
