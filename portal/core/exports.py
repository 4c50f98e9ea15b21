"""Lists as CSV files: streamed while they are read, harmless in a spreadsheet (quality rows 26, 37)."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice

from django.http import StreamingHttpResponse
from django.utils import translation

from portal.core.errors import Refusal

# What makes a spreadsheet run a text as a formula; the last four are read as the first four in East Asian versions.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads the file as Latin-1
ROWS_AT_ONCE = 200


def csv_response(filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Answer a CSV file of the rows, written while it is read: memory stays flat however long the list is.

    ``rows`` is best a generator over ``pages.walk`` inside ``access.while_allowed``. A Refusal that it raises ends the
    file with the sentence of the refusal.
    """
    parts = _parts(header, iter(rows), language=translation.get_language() or "")
    response = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _parts(header: Sequence[object], rows: Iterator[Sequence[object]], *, language: str) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _lines([header])
    while True:
        with translation.override(language):  # by now the middleware that chose the language may be done
            part, is_last = _next_part(rows)
        yield _lines(part)
        if is_last:
            return


def _next_part(rows: Iterator[Sequence[object]]) -> tuple[list[Sequence[object]], bool]:
    part: list[Sequence[object]] = []
    try:
        for row in islice(rows, ROWS_AT_ONCE):
            part.append(row)  # noqa: PERF402 - keeps what came before a refusal
    except Refusal as refusal:  # the answer has begun, so the file itself must say that it is not complete
        return [*part, [str(refusal)]], True
    return part, len(part) < ROWS_AT_ONCE


def _lines(rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def cell(value: object) -> str:
    """Return one value as text: moments in ISO 8601, and no text that a spreadsheet would run as a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="seconds")
    is_number = isinstance(value, int | float | Decimal)
    text = str(value)
    return text if is_number or not text.startswith(FORMULA_STARTS) else f"'{text}"
