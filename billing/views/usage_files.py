"""The operator's files of usage: import one, and see what became of its rows (A7)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.enums import UsageImportStatus
from billing.forms.usage import UsageFileForm, read_imports
from billing.models import UsageImport, UsageImportRow
from billing.processing.usage import progress_of
from billing.queries import usage as queries
from billing.usage_files import FAILURES, REASONS
from billing.workflow import usage
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, posted, posted_files, redirect_to, takes_long_upload
from portal.core.pages import walk

EXPORT_BATCH = 1_000
SHOWN_WRONG = 50
STATUS_TONES = {
    UsageImportStatus.WAITING: "info",
    UsageImportStatus.DONE: "success",
    UsageImportStatus.FAILED: "error",
}


@require_http_methods(["GET", "HEAD", "POST"])
@takes_long_upload
@requires(Permission.PROGRAMME_OPERATE)
def usage_files(request: PortalRequest) -> HttpResponse:
    """Upload a file of usage to be imported, and list the imports so far."""
    form = UsageFileForm(posted(request), posted_files(request))
    if request.method == "POST" and form.is_valid():
        try:
            run = usage.upload_usage(
                stream=form.cleaned_data["file"].file,
                file_name=form.cleaned_data["file"].name,
                actor=request.actor,
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            form.add_error("file", refusal.explanation)
        else:
            return redirect("pricing:usage_file", run.pk)
    return _files_page(request, form)


def _files_page(request: PortalRequest, form: UsageFileForm) -> HttpResponse:
    address = read_imports(request)
    text, state = address.get("q"), address.get("state")
    page = queries.import_page(text=text, state=state, cursor=address.get("cursor"))
    return page_or_fragment(
        request,
        page="billing/usage/files.html",
        fragment="billing/usage/_files.html",
        context={
            "form": form,
            "runs": [_run(run) for run in page],
            "pager": address.pager(page),
            "values": {"q": text, "state": state},
            "options": [
                {"value": "", "label": _("All states")},
                *({"value": value, "label": label} for value, label in UsageImportStatus.choices),
            ],
            "chips": address.chips(
                {
                    "q": _("Search: %(text)s") % {"text": text},
                    "state": str(UsageImportStatus(state).label) if state else "",
                }
            ),
            "list_url": address.path,
        },
        status=422 if form.errors else 200,
    )


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def usage_file(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Show how far an import is, and then what became of the rows of its file."""
    run = get_object_or_404(UsageImport, pk=run_id)
    rows = list(queries.wrong_rows(run).order_by("number")[:SHOWN_WRONG])
    context = {
        "run": _run(run),
        "is_waiting": run.status == UsageImportStatus.WAITING,
        "is_done": run.status == UsageImportStatus.DONE,
        "failure": FAILURES.get(run.failure, ""),
        "failure_line": run.failure_line,
        "progress": _progress(run),
        "progress_url": reverse("pricing:usage_file_progress", args=[run.pk]),
        "run_url": request.path,
        "rows": [
            {
                "number": row.number,
                "meter": row.values["meter_name"],
                "second": " · ".join(str(row.values[name]) for name in ("day", "entitlement") if row.values[name]),
                "reason": REASONS[row.reason],
            }
            for row in rows
        ],
        "is_cut": run.wrong_count > len(rows),
        "kept": _number(settings.USAGE_WRONG_ROWS) if run.wrong_count > settings.USAGE_WRONG_ROWS else "",
        "wrong_url": reverse("pricing:usage_file_rows", args=[run.pk]) if run.wrong_count else "",
    }
    return render(request, "billing/usage/file.html", context)


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def usage_file_progress(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Say how far an import is; the page asks every other second, and is loaded anew when there is more to show."""
    run = get_object_or_404(UsageImport, pk=run_id)
    url = reverse("pricing:usage_file", args=[run.pk])
    if run.status != UsageImportStatus.WAITING or not request.htmx:
        return redirect_to(request, url)
    context = {"progress": _progress(run), "progress_url": request.path, "run_url": url}
    return render(request, "components/work_progress.html", context)


def _progress(run: UsageImport) -> dict[str, Any]:
    """Return what the bar of an import says."""
    found = progress_of(run.pk)
    if found is None:
        label = _("The work goes on") if run.tries else _("Waiting for its turn")
        text = ngettext("%(count)s row", "%(count)s rows", run.row_count) % {"count": _number(run.row_count)}
        return {"label": label, "value": 0, "max": 1, "text": text}
    words = {"read": _("Reading the rows"), "judge": _("Judging the rows"), "store": _("Storing the records")}
    counts = {"done": _number(found.done), "total": _number(found.total)}
    text = _("%(done)s of %(total)s steps") if found.step == "judge" else _("%(done)s of %(total)s rows")
    return {"label": words[found.step], "value": found.done, "max": max(found.total, 1), "text": text % counts}


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def usage_file_rows(request: PortalRequest, run_id: UUID) -> StreamingHttpResponse:
    """Give the rows that were not imported as a CSV file, each with its reason."""
    run = get_object_or_404(UsageImport, pk=run_id)
    header = (_("Row"), _("Reason"), "EntitlementId", "UsageDate", "MeterId", "MeterName", "ResourceURI", "Quantity")
    rows = walk(queries.wrong_rows(run), order=("number",), size=EXPORT_BATCH)
    return csv_response(f"usage-not-imported-{timezone.now():%Y-%m-%d}.csv", header, _wrong(rows))


def _wrong(rows: Iterable[UsageImportRow]) -> Iterator[tuple[object, ...]]:
    names = ("entitlement", "day", "meter_id", "meter_name", "resource", "quantity")
    for row in rows:
        yield row.number, REASONS[row.reason], *(row.values[name] for name in names)


def _run(run: UsageImport) -> dict[str, Any]:
    counts = {"new": run.new_count, "changed": run.changed_count, "same": run.same_count, "wrong": run.wrong_count}
    is_done = run.status == UsageImportStatus.DONE
    return {
        "url": reverse("pricing:usage_file", args=[run.pk]),
        "file_name": run.file_name,
        "started_by": run.started_by_name,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "status": UsageImportStatus(run.status).label,
        "tone": "warning" if run.wrong_count else STATUS_TONES[UsageImportStatus(run.status)],
        "rows": _number(run.row_count),
        **{name: _number(count) if is_done else "" for name, count in counts.items()},
    }


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)
