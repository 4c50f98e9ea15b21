"""Many transfers from a file: choose it, see what it would do, let it run, follow it, try again what failed (X2)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.queries import as_uuid
from portal.accounts.access import fresh_sign_in, requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, posted, posted_files, redirect_to, takes_upload
from portal.core.listing import ListAddress
from transfers.bulk_files import LAYOUTS, headers
from transfers.enums import BulkKind
from transfers.forms.bulk import ConfirmForm, FileForm
from transfers.models import BULK_WORKING, BulkRow, BulkRun
from transfers.queries import bulk as queries
from transfers.views.bulk_rows import outcome_of, row_of, run_of, status_of, tabs_of
from transfers.workflow import bulk as workflow


@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload
@requires(Permission.TRANSFER_CREATE)
def bulk(request: PortalRequest) -> HttpResponse:
    """Choose a file of many transfers, and list the files so far."""
    workflow.check_may_send_many(request.actor)
    initial = {"replaces": as_uuid(request.GET.get("replaces", ""))}
    form = FileForm(posted(request), posted_files(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        run = _upload(request, form)
        if run is not None:
            return redirect("transfers:bulk_run", run.pk)
    address = ListAddress.read(request, {"cursor": None})
    page = queries.run_page(request.actor, cursor=address.get("cursor"))
    context = {"form": form, "files": [run_of(run) for run in page], "pager": address.pager(page)}
    return render(request, "transfers/bulk.html", context, status=422 if form.errors else 200)


def _upload(request: PortalRequest, form: FileForm) -> BulkRun | None:
    """Hand the file to the workflow; what is wrong with it stands at its field."""
    file = form.cleaned_data["file"]
    try:
        return workflow.upload(
            stream=file.file,
            file_name=file.name,
            actor=request.actor,
            now=timezone.now(),
            replaces=form.cleaned_data["replaces"],
        )
    except InvalidInput as refusal:
        form.add_error("file", refusal.explanation)
        return None


@require_safe
@requires(Permission.TRANSFER_CREATE)
def bulk_template(request: PortalRequest) -> StreamingHttpResponse:
    """Give the file to start from: the columns, and a row as an example."""
    example = {
        "customer_id": "00000000-0000-0000-0000-000000000000",
        "customer_domain": "customer.example",
        "customer_name": _("Example Company"),
        "source": "00000000-0000-0000-0000-000000000000",
        "email": "contact@customer.example",
        "language": "en",
        "partner_on_record": "",
        "product_types": "",
        "items": _("Subscription IDs or names; separated by semicolons"),
        "note": _("Delete this row."),
    }
    rows = [[example[name] for name in LAYOUTS[BulkKind.REQUESTS].columns]]
    return csv_response("bulk-transfers.csv", headers(BulkKind.REQUESTS), rows)


# --- one file --------------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.TRANSFER_CREATE)
def bulk_run(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Show how far a file is, and what becomes of each of its rows."""
    return _page(request, queries.run_of(request.actor, run_id))


def _page(
    request: PortalRequest, run: BulkRun, *, form: ConfirmForm | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    url = reverse("transfers:bulk_run", args=[run.pk])
    address = ListAddress.read(request, {"rows": list(queries.SHOWN), "cursor": None})
    address = ListAddress(url, address.values)
    page = queries.row_page(run, shown=address.get("rows"), cursor=address.get("cursor"))
    context = {
        "run": run,
        "status": status_of(run),
        "outcome": outcome_of(run),
        "is_working": run.status in BULK_WORKING,
        "is_open": run.finished_at is None,
        "is_waiting": run.status == "checked",
        "may_check_again": queries.may_check_again(run),
        "form": form or ConfirmForm(red_count=run.red_count),
        "consequences": _consequences(run),
        "progress": _progress(run),
        "progress_url": reverse("transfers:bulk_progress", args=[run.pk]),
        "run_url": url,
        "tabs": tabs_of(run, address),
        "rows": [row_of(row) for row in page],
        "pager": address.pager(page),
        "downloads": _downloads(run),
        "refusal": refusal,
    }
    return render(request, "transfers/bulk_run.html", context, status=refusal.http_status if refusal else 200)


def _progress(run: BulkRun) -> dict[str, Any]:
    is_check = run.status == "checking"
    done = run.checked_count if is_check else run.answered_count
    most = run.row_count - (run.done_count if is_check else 0)
    numbers = {"done": number_format(done, force_grouping=True), "rows": number_format(most, force_grouping=True)}
    label = _("Checking the rows") if is_check else _("Sending the requests")
    return {"label": label, "value": done, "max": most, "text": _("%(done)s of %(rows)s rows") % numbers}


def _consequences(run: BulkRun) -> list[str]:
    """Say what a yes does."""
    count = run.sendable_count
    sent = ngettext("%(count)s request is sent.", "%(count)s requests are sent, one after the other.", count)
    return [
        sent % {"count": number_format(count, force_grouping=True)},
        _("Each current partner and each customer gets a mail for each request, as if you had sent it by hand."),
        _("The current partners choose what moves. Until they accept you can cancel each request on its own page."),
        _("Once they accept, your company is billed for everything that moves, and liable for it."),
    ]


def _downloads(run: BulkRun) -> dict[str, str]:
    url = reverse("transfers:bulk_rows", args=[run.pk])
    names = {"red": run.red_count, "failed": run.failed_count, "left_out": run.left_out_count}
    wrong = next((name for name, count in names.items() if count), "")
    return {
        "all": url,
        "wrong": f"{url}?rows={wrong}" if wrong else "",
        "corrected": f"{reverse('transfers:bulk')}?replaces={run.pk}",
    }


@require_safe
@requires(Permission.TRANSFER_CREATE)
def bulk_progress(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Say how far a file is; the page asks every other second, and is loaded anew when there is more to show."""
    run = queries.run_of(request.actor, run_id)
    url = reverse("transfers:bulk_run", args=[run.pk])
    if run.status not in BULK_WORKING or not request.htmx:
        return redirect_to(request, url)
    context = {"progress": _progress(run), "progress_url": request.path, "run_url": url}
    return render(request, "components/work_progress.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_CREATE)
@fresh_sign_in
def bulk_confirm(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Carry out the checked rows."""
    run = queries.run_of(request.actor, run_id)
    if request.method == "POST":
        form = ConfirmForm(request.POST, red_count=run.red_count)
        form.is_valid()
        try:
            workflow.confirm(run_id=run.pk, leave_out=form.leaves_out, actor=request.actor, now=timezone.now())
        except Refusal as refusal:
            run.refresh_from_db()
            return _page(request, run, form=form, refusal=refusal)
    return redirect_to(request, reverse("transfers:bulk_run", args=[run.pk]))


@require_POST
@requires(Permission.TRANSFER_CREATE)
def bulk_check(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Check again what was not carried out, so that it can be tried again."""
    run = queries.run_of(request.actor, run_id)
    try:
        workflow.check_again(run_id=run.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        run.refresh_from_db()
        return _page(request, run, refusal=refusal)
    return redirect_to(request, reverse("transfers:bulk_run", args=[run.pk]))


@require_POST
@requires(Permission.TRANSFER_CREATE)
def bulk_stop(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Leave what is not done yet."""
    run = queries.run_of(request.actor, run_id)
    try:
        stopped = workflow.stop(run_id=run.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        run.refresh_from_db()
        return _page(request, run, refusal=refusal)
    done = stopped.done_count
    told = ngettext(
        "Stopped. %(count)s request was sent before.", "Stopped. %(count)s requests were sent before.", done
    ) % {"count": number_format(done, force_grouping=True)}
    messages.success(request, told if done else _("Stopped. Nothing was sent."))
    return redirect_to(request, reverse("transfers:bulk_run", args=[run.pk]))


@require_safe
@requires(Permission.TRANSFER_CREATE)
def bulk_rows(request: PortalRequest, run_id: UUID) -> StreamingHttpResponse:
    """Give the rows as a CSV file with what became of them; some of them alone, to correct and upload them again."""
    run = queries.run_of(request.actor, run_id)
    address = ListAddress.read(request, {"rows": list(queries.SHOWN)})
    found = queries.all_rows(run, shown=address.get("rows"))
    rows = while_allowed(request.actor, Permission.TRANSFER_CREATE, found, every=queries.EXPORT_BATCH)
    more = [_("Row"), _("Check"), _("Result"), _("Reason"), _("Transfer request ID")]
    header = [*headers(BulkKind(run.kind)), *more]
    return csv_response(f"bulk-transfers-{timezone.now():%Y-%m-%d}.csv", header, _file_rows(rows, run))


def _file_rows(rows: Iterable[BulkRow], run: BulkRun) -> Iterator[tuple[object, ...]]:
    for row in rows:
        shown = row_of(row)
        reasons = " ".join(finding.explanation for finding in shown["findings"])
        cells = (row.values.get(name, "") for name in LAYOUTS[BulkKind(run.kind)].columns)
        yield *cells, row.number, shown["level"], shown["result"], reasons, row.transfer_id or ""
