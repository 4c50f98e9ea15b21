"""Lists as CSV files: streamed row by row, harmless in a spreadsheet (quality rows 26, 37)."""

import csv
import datetime
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from portal.core.errors import Refusal

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads the file as Latin-1


class _Echo:
    """A file for csv.writer that hands back what is written instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def csv_response(filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Answer a CSV file of the rows, written while it is read: memory stays flat however long the list is."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _lines(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([str(title) for title in header])
    try:
        for row in rows:
            yield writer.writerow([cell(value) for value in row])
    except Refusal as refusal:  # the answer has begun, so the file itself must say that it is not complete
        yield writer.writerow([str(refusal)])


def cell(value: object) -> str:
    """Return one value as text: moments in ISO 8601, and no text that a spreadsheet would run as a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
