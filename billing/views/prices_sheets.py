"""The operator's price sheets: choose a file, see what becomes of each row, publish it or leave it (A9)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.enums import SheetStatus
from billing.forms.prices import SheetForm
from billing.models import PriceSheet, PriceSheetRow
from billing.presentation import month_text
from billing.prices_sheets import REASONS
from billing.queries import prices as queries
from billing.workflow import prices as workflow
from billing.workflow.prices import SheetTerms
from customers.enums import BillingFrequency, ProductFamily, RowResult, Term
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, posted, posted_files, redirect_to, takes_upload
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page, walk

STATUS_TONES = {SheetStatus.CHECKED: "warning", SheetStatus.DONE: "success", SheetStatus.CANCELED: "neutral"}
RESULT_TONES = {
    RowResult.NEW: "success",
    RowResult.CHANGED: "info",
    RowResult.SAME: "neutral",
    RowResult.WRONG: "error",
}
EXPORT_BATCH = 1_000


@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload
@requires(Permission.PROGRAMME_OPERATE)
def sheets(request: PortalRequest) -> HttpResponse:
    """Choose a file of prices, and list the files so far."""
    now = timezone.now()
    form = SheetForm(posted(request), posted_files(request), today=now.date())
    if request.method == "POST" and form.is_valid():
        try:
            sheet = workflow.check_price_sheet(
                stream=form.cleaned_data["file"].file,
                file_name=form.cleaned_data["file"].name,
                terms=SheetTerms(form.cleaned_data["family"], form.cleaned_data["month"]),
                actor=request.actor,
                now=now,
            )
        except InvalidInput as refusal:
            form.add_error("file", refusal.explanation)
        else:
            return redirect("pricing:sheet", sheet.pk)
    address = ListAddress.read(request, {"cursor": None})
    page = queries.sheet_page(cursor=address.get("cursor"))
    context = {"form": form, "files": [_sheet(row) for row in page], "pager": address.pager(page)}
    return render(request, "billing/prices/sheets.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def sheet(request: PortalRequest, sheet_id: UUID) -> HttpResponse:
    """Show what becomes of each row of a file, and ask whether to publish it."""
    return _page(request, get_object_or_404(PriceSheet, pk=sheet_id))


@require_POST
@requires(Permission.PROGRAMME_OPERATE)
def publish_sheet(request: PortalRequest, sheet_id: UUID) -> HttpResponse:
    """Put the good rows into the price lists."""
    found = get_object_or_404(PriceSheet, pk=sheet_id)
    try:
        done = workflow.publish_price_sheet(sheet_id=found.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return _page(request, found, refusal)
    count = done.new_count + done.changed_count
    told = ngettext("%(count)s price published.", "%(count)s prices published.", count)
    messages.success(request, told % {"count": number_format(count, force_grouping=True)})
    return redirect_to(request, reverse("pricing:sheet", args=[found.pk]))


@require_POST
@requires(Permission.PROGRAMME_OPERATE)
def cancel_sheet(request: PortalRequest, sheet_id: UUID) -> HttpResponse:
    """Leave a checked file."""
    found = get_object_or_404(PriceSheet, pk=sheet_id)
    try:
        workflow.cancel_price_sheet(sheet_id=found.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return _page(request, found, refusal)
    messages.success(request, _("Price sheet canceled. No price was changed."))
    return redirect_to(request, reverse("pricing:sheets"))


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def sheet_rows(request: PortalRequest, sheet_id: UUID) -> StreamingHttpResponse:
    """Give the rows with result and reason as a CSV file; one result alone if asked."""
    found = get_object_or_404(PriceSheet, pk=sheet_id)
    address = ListAddress.read(request, {"result": RowResult.values})
    rows = walk(queries.sheet_rows(found, result=address.get("result")), order=("number",), size=EXPORT_BATCH)
    header = (
        _("Row"),
        _("Result"),
        _("Reason"),
        _("Country"),
        _("Currency"),
        _("Product ID"),
        _("SKU ID"),
        _("Product"),
        _("Term"),
        _("Billing frequency"),
        _("Price"),
        _("Retail price"),
    )
    return csv_response(f"price-sheet-{timezone.now():%Y-%m-%d}.csv", header, _file_rows(rows))


def _file_rows(rows: Iterable[PriceSheetRow]) -> Iterator[tuple[object, ...]]:
    names = ("country", "currency", "product_id", "sku_id", "sku_title", "term", "billing_frequency")
    for row in rows:
        names_of_prices = () if row.reason == "wrong-price" else ("unit_price", "retail_price")
        prices = (str(row.values[name]) for name in names_of_prices)
        values = (row.values[name] for name in names)
        yield row.number, RowResult(row.result).label, REASONS.get(row.reason, ""), *values, *prices


def _page(request: PortalRequest, found: PriceSheet, refusal: Refusal | None = None) -> HttpResponse:
    found.refresh_from_db()
    address = ListAddress.read(request, {"result": RowResult.values, "cursor": None})
    here = ListAddress(reverse("pricing:sheet", args=[found.pk]), address.values)
    rows = queries.sheet_rows(found, result=here.get("result"))
    page = keyset_page(rows, order=("number",), cursor=here.get("cursor"))
    download = reverse("pricing:sheet_rows", args=[found.pk])
    context = {
        "sheet": _sheet(found),
        "ignored": ", ".join(found.ignored_columns),
        "refusal": refusal,
        "is_waiting": found.status == SheetStatus.CHECKED,
        "would_change": found.new_count + found.changed_count,
        "tabs": _tabs(found, here),
        "rows": [_row(row) for row in page],
        "pager": here.pager(page),
        "downloads": {
            "all": download if found.status != SheetStatus.CANCELED else "",
            "wrong": f"{download}?result={RowResult.WRONG}"
            if found.wrong_count and found.status != SheetStatus.CANCELED
            else "",
        },
    }
    status = refusal.http_status if refusal else 200
    return render(request, "billing/prices/sheet.html", context, status=status)


def _tabs(found: PriceSheet, address: ListAddress) -> list[dict[str, Any]]:
    counts = {
        "": found.row_count,
        RowResult.NEW: found.new_count,
        RowResult.CHANGED: found.changed_count,
        RowResult.SAME: found.same_count,
        RowResult.WRONG: found.wrong_count,
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


def _sheet(row: PriceSheet) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "url": reverse("pricing:sheet", args=[row.pk]),
        "file_name": row.file_name,
        "about": ProductFamily(row.family).label,
        "second": month_text(row.month),
        "tone": STATUS_TONES[SheetStatus(row.status)],
        "status": SheetStatus(row.status).label,
        "rows": number_format(row.row_count, force_grouping=True),
        "started_by": row.started_by_name,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def _row(row: PriceSheetRow) -> dict[str, Any]:
    values = row.values
    terms = [str(values["term"]), str(values["billing_frequency"])]
    if not row.reason:
        terms = [str(Term(values["term"]).label), str(BillingFrequency(values["billing_frequency"]).label)]
    return {
        "number": row.number,
        "title": values["sku_title"],
        "second": " · ".join((f"{values['product_id']}:{values['sku_id']}", str(values["country"]), *terms)),
        "price": "" if row.reason == "wrong-price" else f"{values['unit_price']} {values['currency']}",
        "tone": RESULT_TONES[RowResult(row.result)],
        "result": RowResult(row.result).label,
        "reason": REASONS.get(row.reason, ""),
    }
