"""Import customers and subscriptions from files: choose one, see what it would do, let it run (R12, rows 27, 37)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import queries, rules
from customers.enums import ImportKind, ImportStatus, RowResult
from customers.forms.imports import FileForm, ImportForm
from customers.import_files import LAYOUTS
from customers.models import ImportRow, ImportRun
from customers.navigation import show_customer
from customers.queries import imports as import_queries
from customers.rules.imports import sentences
from customers.workflow import imports as workflow
from customers.workflow.imports import ImportTerms
from portal.accounts.access import requires, while_allowed
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, posted, posted_files, redirect_to, takes_upload
from portal.core.listing import ListAddress
from portal.core.pages import Page

WORKING = (ImportStatus.READ, ImportStatus.RUNNING)
STATUS_TONES = {
    ImportStatus.READ: "info",
    ImportStatus.PREVIEWED: "warning",
    ImportStatus.RUNNING: "info",
    ImportStatus.DONE: "success",
    ImportStatus.CANCELED: "neutral",
}
RESULT_TONES = {
    RowResult.WAITING: "neutral",
    RowResult.NEW: "success",
    RowResult.CHANGED: "info",
    RowResult.SAME: "neutral",
    RowResult.WRONG: "error",
}
LONGEST_ID, LONGEST_SHOWN = 40, 100  # characters of a cell
NEEDS_REQUEST = ("known-elsewhere", "domain-taken", "not-your-customer")  # a relationship request is the way on


@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload
@requires(Permission.CUSTOMER_ADD)
def imports(request: PortalRequest) -> HttpResponse:
    """Choose a file of customers or subscriptions, and list the imports so far."""
    rules.check_may_add(kind=request.actor.organization_kind)
    partner = Partner.objects.select_related("organization").get(pk=request.actor.organization_id)
    form = ImportForm(
        posted(request),
        posted_files(request),
        countries=queries.countries_of_market(partner.market, on=timezone.now().date()),
        resellers=queries.counterparts_of(request.actor),
        initial={"country": partner.organization.country},
    )
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        terms = ImportTerms(country=form.cleaned_data["country"], reseller_id=form.reseller_id)
        run, refusal = _upload(request, form, terms)
        if run is not None:
            return redirect("customers:import_run", run.pk)
    address = ListAddress.read(request, {"cursor": None})
    page = import_queries.import_page(request.actor, cursor=address.get("cursor"))
    context = {"form": form, "refusal": refusal, "files": [_run(run) for run in page], "pager": address.pager(page)}
    return render(request, "customers/imports.html", context, status=_status(form, refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload
@requires(Permission.MARKETPLACE_SUBSCRIPTION_UPDATE)
def import_subscriptions(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Choose a file of one customer's subscriptions."""
    relationship = queries.customer_of(request.actor, customer_id)
    rules.check_may_add(kind=request.actor.organization_kind)
    show_customer(request, relationship)
    form = FileForm(posted(request), posted_files(request))
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        run, refusal = _upload(request, form, ImportTerms(customer_id=customer_id))
        if run is not None:
            return redirect("customers:import_run", run.pk)
    context = {"form": form, "refusal": refusal, "customer": relationship}
    return render(request, "customers/import_subscriptions.html", context, status=_status(form, refusal))


def _upload(request: PortalRequest, form: FileForm, terms: ImportTerms) -> tuple[ImportRun | None, Refusal | None]:
    """Hand the file to the workflow; what is wrong with a field stands there, any other refusal above the form."""
    file = form.cleaned_data["file"]
    try:
        run = workflow.upload(
            stream=file.file,
            file_name=file.name,
            terms=terms,
            actor=request.actor,
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)
        return None, None
    except Refusal as refusal:
        return None, refusal
    return run, None


def _status(form: forms.Form, refusal: Refusal | None) -> int:
    return refusal.http_status if refusal else 422 if form.errors else 200


def _run(run: ImportRun) -> dict[str, Any]:
    """Return what the list of imports shows of one."""
    return {
        "url": reverse("customers:import_run", args=[run.pk]),
        "file_name": run.file_name,
        "about": ImportKind(run.kind).label,
        "second": run.customer.organization.name if run.customer else "",
        "tone": STATUS_TONES[ImportStatus(run.status)],
        "status": ImportStatus(run.status).label,
        "rows": number_format(run.row_count, force_grouping=True),
        "started_by": run.started_by_name,
        "created_at": run.created_at,
    }


# --- one import ------------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.CUSTOMER_ADD)
def import_run(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Show how far an import is, and what becomes of each of its rows."""
    return _run_page(request, import_queries.import_of(request.actor, run_id))


def _run_page(request: PortalRequest, run: ImportRun, *, refusal: Refusal | None = None) -> HttpResponse:
    url = reverse("customers:import_run", args=[run.pk])
    results = [result for result in RowResult.values if result != RowResult.WAITING]
    address = ListAddress.read(request, {"result": results, "cursor": None})
    address = ListAddress(url, address.values)
    is_working = run.status in WORKING
    page: Page[ImportRow] = Page(rows=[])
    if not is_working:
        page = import_queries.row_page(run, result=address.get("result"), cursor=address.get("cursor"))
    context = {
        "run": run,
        "about": ImportKind(run.kind).label,
        "status": {"tone": STATUS_TONES[ImportStatus(run.status)], "label": ImportStatus(run.status).label},
        "is_working": is_working,
        "is_waiting": run.status == ImportStatus.PREVIEWED,
        "may_cancel": run.finished_at is None,
        "is_customers": run.kind == ImportKind.CUSTOMERS,
        "would_change": run.new_count + run.changed_count,
        "progress": _progress(run),
        "progress_url": reverse("customers:import_progress", args=[run.pk]),
        "run_url": url,
        "tabs": _tabs(run, address),
        "rows": [_row(request, run, row) for row in page],
        "pager": address.pager(page),
        "downloads": _downloads(run),
        "refusal": refusal,
    }
    return render(request, "customers/import.html", context, status=refusal.http_status if refusal else 200)


def _progress(run: ImportRun) -> dict[str, Any]:
    done, rows = (number_format(count, force_grouping=True) for count in (run.done_count, run.row_count))
    label = _("Checking the rows") if run.status == ImportStatus.READ else _("Importing the rows")
    text = _("%(done)s of %(rows)s rows") % {"done": done, "rows": rows}
    return {"label": label, "value": run.done_count, "max": run.row_count, "text": text}


def _tabs(run: ImportRun, address: ListAddress) -> list[dict[str, Any]]:
    counts = {
        "": run.done_count,
        RowResult.NEW: run.new_count,
        RowResult.CHANGED: run.changed_count,
        RowResult.SAME: run.same_count,
        RowResult.WRONG: run.wrong_count,
    }
    return [
        {
            "label": RowResult(result).label if result else _("All rows"),
            "url": address.url(result=str(result), cursor=""),
            "selected": address.get("result") == result,
            "count": number_format(count, force_grouping=True),
        }
        for result, count in counts.items()
    ]


def _downloads(run: ImportRun) -> dict[str, str]:
    url = reverse("customers:import_rows", args=[run.pk])
    return {"wrong": f"{url}?result={RowResult.WRONG}" if run.wrong_count else "", "all": url}


def _row(request: PortalRequest, run: ImportRun, row: ImportRow) -> dict[str, Any]:
    """Return what the page shows of a row: its own words, what becomes of it, why, and what to do next."""
    is_customers = run.kind == ImportKind.CUSTOMERS
    what, next_step = sentences(row.reason, row.facts)
    values = row.values
    is_here = row.result == RowResult.SAME or (row.result in (RowResult.NEW, RowResult.CHANGED) and run.finished_at)
    customer_id = row.key if is_customers else values.get("tenant_id") or run.customer_id
    second = (values.get("domain"),) if is_customers else (values.get("quantity"), values.get("status"))
    named = {"tenant": str(customer_id or ""), "name": _shown(values.get("name", ""), LONGEST_SHOWN)}
    next_url = f"{reverse('customers:new_relationship')}?{urlencode(named)}" if row.reason in NEEDS_REQUEST else ""
    return {
        "number": row.number,
        "id": _shown(values.get("tenant_id" if is_customers else "subscription_id", ""), LONGEST_ID),
        "copy_label": _("Copy the ID of row %(number)d") % {"number": row.number},
        "name": _shown(values.get("name", ""), LONGEST_SHOWN),
        "second": _shown(" · ".join(text for text in second if text), LONGEST_SHOWN),
        "url": _customer_url(request, str(customer_id)) if is_here and customer_id else "",
        "tone": RESULT_TONES[RowResult(row.result)],
        "result": RowResult(row.result).label,
        "what": what,
        "next_step": next_step,
        "next_url": next_url if request.actor.may(Permission.RELATIONSHIP_REQUEST) else "",
    }


def _shown(text: str, limit: int) -> str:
    """Return a cell of the file as the page shows it: whatever stands there, the page keeps its shape."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def _customer_url(request: PortalRequest, customer_id: str) -> str:
    if not request.actor.may(Permission.CUSTOMER_VIEW):
        return ""
    found = queries.as_uuid(customer_id)
    return reverse("customers:customer", args=[found]) if found else ""


@require_safe
@requires(Permission.CUSTOMER_ADD)
def import_progress(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Say how far an import is; the page asks every other second, and is loaded anew when there is more to show."""
    run = import_queries.import_of(request.actor, run_id)
    url = reverse("customers:import_run", args=[run.pk])
    if run.status not in WORKING or not request.htmx:
        return redirect_to(request, url)
    context = {"progress": _progress(run), "progress_url": request.path, "run_url": url}
    return render(request, "components/work_progress.html", context)


@require_POST
@requires(Permission.CUSTOMER_ADD)
def confirm_import(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Let a checked import run."""
    run = import_queries.import_of(request.actor, run_id)
    try:
        workflow.confirm(run_id=run.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        run.refresh_from_db()
        return _run_page(request, run, refusal=refusal)
    return redirect_to(request, reverse("customers:import_run", args=[run.pk]))


@require_POST
@requires(Permission.CUSTOMER_ADD)
def cancel_import(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Leave an import."""
    run = import_queries.import_of(request.actor, run_id)
    try:
        canceled = workflow.cancel(run_id=run.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        run.refresh_from_db()
        return _run_page(request, run, refusal=refusal)
    done = canceled.done_count if canceled.confirmed_at else 0
    told = ngettext(
        "Import canceled. %(count)s row was dealt with before.",
        "Import canceled. %(count)s rows were dealt with before.",
        done,
    ) % {"count": number_format(done, force_grouping=True)}
    messages.success(request, told if done else _("Import canceled. Nothing was imported."))
    return redirect_to(request, reverse("customers:imports"))


@require_safe
@requires(Permission.CUSTOMER_ADD)
def import_rows(request: PortalRequest, run_id: UUID) -> StreamingHttpResponse:
    """Give the rows as a CSV file with result and reason; one result alone if asked, to correct and import it again."""
    run = import_queries.import_of(request.actor, run_id)
    address = ListAddress.read(request, {"result": RowResult.values})
    found = import_queries.all_rows(run, result=address.get("result"))
    rows = while_allowed(request.actor, Permission.CUSTOMER_ADD, found, every=import_queries.EXPORT_BATCH)
    columns = LAYOUTS[ImportKind(run.kind)].columns
    header = [*(_(names[0]) for names in columns.values()), _("Row"), _("Result"), _("Reason"), _("Next step")]
    return csv_response(f"import-{timezone.now():%Y-%m-%d}.csv", header, _file_rows(rows, columns))


def _file_rows(rows: Iterable[ImportRow], columns: Iterable[str]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        told = sentences(row.reason, row.facts)
        yield *(row.values.get(name, "") for name in columns), row.number, RowResult(row.result).label, *told
