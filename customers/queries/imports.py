"""Imports as those see them who may import."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from customers.models import ImportRow, ImportRun
from portal.accounts.actor import Actor
from portal.core.pages import Page, keyset_page, walk

ROW_ORDER = ("number",)
EXPORT_BATCH = 2_000


def import_page(actor: Actor, *, cursor: str = "") -> Page[ImportRun]:
    """Return one page of the partner's imports, newest first (one query)."""
    runs = ImportRun.objects.visible_to(actor).select_related("customer__organization")
    return keyset_page(runs, order=("-created_at", "-pk"), cursor=cursor, size=20)


def import_of(actor: Actor, run_id: UUID) -> ImportRun:
    """Return an import of the actor's partner. Raises: Http404."""
    runs = ImportRun.objects.visible_to(actor).filter(pk=run_id)
    run = runs.select_related("customer__organization", "reseller__organization").first()
    if run is None:
        raise Http404
    return run


def row_page(run: ImportRun, *, result: str = "", cursor: str = "") -> Page[ImportRow]:
    """Return one page of the rows of an import, all of them or those with one result."""
    return keyset_page(_rows(run, result), order=ROW_ORDER, cursor=cursor, size=50)


def all_rows(run: ImportRun, *, result: str = "") -> Iterator[ImportRow]:
    """Yield the rows of an import with flat memory: what the download writes."""
    return walk(_rows(run, result), order=ROW_ORDER, size=EXPORT_BATCH)


def _rows(run: ImportRun, result: str) -> QuerySet[ImportRow]:
    return run.rows.filter(result=result) if result else run.rows.all()
