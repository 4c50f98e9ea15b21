"""How a file of many transfers and its rows read on pages and in the download (X2)."""

from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from portal.core.listing import ListAddress
from transfers.enums import BulkResult, BulkStatus, Level
from transfers.models import BulkRow, BulkRun
from transfers.reasons import Finding, kept_finding

STATUS_TONES = {
    BulkStatus.CHECKING: "info",
    BulkStatus.CHECKED: "warning",
    BulkStatus.RUNNING: "info",
    BulkStatus.DONE: "success",
    BulkStatus.STOPPED: "neutral",
}
# What the check says of a row: its words and its tone.
LEVELS: dict[str, tuple[Promise, str]] = {
    Level.GREEN: (pgettext_lazy("bulk row", "Can be sent"), "success"),
    Level.AMBER: (pgettext_lazy("bulk row", "Can be sent, with a warning"), "warning"),
    Level.RED: (pgettext_lazy("bulk row", "Cannot be sent"), "error"),
    "": (pgettext_lazy("bulk row", "Not checked yet"), "neutral"),
}
RESULT_TONES = {
    BulkResult.WAITING: "neutral",
    BulkResult.DONE: "success",
    BulkResult.FAILED: "error",
    BulkResult.LEFT_OUT: "warning",
}
LONGEST_SHOWN = 100  # characters of a cell


def status_of(run: BulkRun) -> dict[str, Any]:
    """Return state and tone; a run with failed rows did not simply succeed."""
    status = BulkStatus(run.status)
    is_mixed = status == BulkStatus.DONE and (run.failed_count or run.left_out_count)
    return {"tone": "warning" if is_mixed else STATUS_TONES[status], "label": status.label}


def run_of(run: BulkRun) -> dict[str, Any]:
    """Return what the list of files shows of one."""
    status = status_of(run)
    return {
        "url": reverse("transfers:bulk_run", args=[run.pk]),
        "file_name": run.file_name,
        "tone": status["tone"],
        "status": status["label"],
        "about": outcome_of(run),
        "second": "",
        "rows": number_format(run.row_count, force_grouping=True),
        "started_by": run.started_by_name,
        "created_at": run.created_at,
    }


def outcome_of(run: BulkRun) -> str:
    """Say in one line what became of the rows that were dealt with."""
    sent, failed, left_out = run.done_count, run.failed_count, run.left_out_count
    said = (
        (ngettext("%(count)s sent", "%(count)s sent", sent), sent),
        (ngettext("%(count)s failed", "%(count)s failed", failed), failed),
        (ngettext("%(count)s left out", "%(count)s left out", left_out), left_out),
    )
    parts = [text % {"count": number_format(count, force_grouping=True)} for text, count in said if count]
    return " · ".join(parts)


def tabs_of(run: BulkRun, address: ListAddress) -> list[dict[str, Any]]:
    """Return the groups of rows with their numbers; one that is empty and was not asked for is left out."""
    groups: tuple[tuple[str, object, int], ...] = (
        ("", _("All rows"), run.row_count),
        ("red", LEVELS[Level.RED][0], run.red_count),
        ("amber", LEVELS[Level.AMBER][0], run.amber_count),
        ("green", LEVELS[Level.GREEN][0], run.green_count),
        ("done", BulkResult.DONE.label, run.done_count),
        ("failed", BulkResult.FAILED.label, run.failed_count),
        ("left_out", BulkResult.LEFT_OUT.label, run.left_out_count),
    )
    selected = address.get("rows")
    return [
        {
            "label": label,
            "url": address.url(rows=name, cursor=""),
            "selected": selected == name,
            "count": number_format(count, force_grouping=True),
        }
        for name, label, count in groups
        if count or name in ("", selected)
    ]


def row_of(row: BulkRow) -> dict[str, Any]:
    """Return what is shown of a row: its own words, what the check says and who mends it, and what became of it."""
    level, level_tone = LEVELS[row.level]
    customer = row.customer.organization.name if row.customer else _customer_cell(row)
    is_known = row.customer_id and all(one["code"] != "no-relationship-with-customer" for one in row.findings)
    return {
        "number": row.number,
        "customer": _shown(customer) or _("Row %(number)d") % {"number": row.number},
        "customer_url": reverse("transfers:customer_transfers", args=[row.customer_id]) if is_known else "",
        "second": _shown(row.values.get("source", "")),
        "level": str(level),
        "level_tone": level_tone,
        "findings": [] if row.result == BulkResult.DONE else findings_of(row),
        "result": BulkResult(row.result).label,
        "result_tone": RESULT_TONES[BulkResult(row.result)],
        "is_waiting": row.result == BulkResult.WAITING,
        "transfer_url": reverse("transfers:detail", args=[row.transfer_id]) if row.transfer_id else "",
    }


def findings_of(row: BulkRow) -> list[Finding]:
    """Return what stops a row, or what is to be known of one that can be sent, in the language of whoever reads it."""
    found = [Finding(one["code"], kept_finding(one["code"], one["params"]).params, one["url"]) for one in row.findings]
    return [one for one in found if one.stops] or found


def _customer_cell(row: BulkRow) -> str:
    cells = (row.values.get(name, "") for name in ("customer_name", "customer_domain", "customer_id"))
    return next((cell for cell in cells if cell), "")


def _shown(text: str) -> str:
    """Return a cell as the page shows it: whatever stands there, the page keeps its shape."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
