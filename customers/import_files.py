"""Read the CSV files that the original and this portal export: any order of columns, any usual spelling (R12).

A file is read once, line by line, in flat memory (quality row 27): whatever makes all of it unusable is told at the
first line where it shows, and what is wrong with one row alone is left to ``rules.imports``.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, BinaryIO

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from customers.enums import ImportKind
from portal.core.errors import InvalidInput
from portal.core.exports import FORMULA_STARTS

DELIMITERS = (",", ";", "\t")
LONGEST_LINE = 100_000  # characters; a customer with 150 tags of 50 letters has less than a tenth of it
LONGEST_CELL = 10_000
EXTRA = "extra"  # what stands beyond the last column of a row
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .xls
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PLAIN = re.compile(r"[\W_]+")

# Our name of a column -> what its header can be. The first stands in the exports, so its translations count as well.
_SHARED = {
    "tenant_id": ("Microsoft ID", "Customer Microsoft ID", "Tenant ID", "Customer tenant ID", "Customer ID"),
    "reseller": ("Reseller ID", "Indirect reseller ID", "PartnerID", "Partner ID", "MPN ID"),
}
COLUMNS: dict[ImportKind, Mapping[str, Sequence[str]]] = {
    ImportKind.CUSTOMERS: {
        **_SHARED,
        "name": ("Company name", "Company", "Customer name", "Customer", "Name"),
        "domain": ("Primary domain name", "Primary domain", "Domain name", "Domain"),
        "relationship": ("Relationship", "Relationship to partner", "Relationship type"),
        "tags": ("Tags", "Tag"),
        "country": ("Country", "Country/region", "Country code"),
    },
    ImportKind.SUBSCRIPTIONS: {
        **_SHARED,
        "subscription_id": ("Subscription ID",),
        "name": ("Subscription", "Subscription name", "Product name", "Product"),
        "quantity": ("Quantity", "Licenses"),
        "status": ("Status", "State"),
        "family": ("Product family", "Product type"),
    },
}
REQUIRED: dict[ImportKind, Sequence[str]] = {
    ImportKind.CUSTOMERS: ("tenant_id", "name", "domain"),
    ImportKind.SUBSCRIPTIONS: ("subscription_id", "name", "quantity", "status"),
}


class UnreadableFile(InvalidInput):
    """Nothing of the file can be used; the text says what is wrong and how to mend it."""

    code = "unreadable-file"

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message, field="file", next_step=next_step)


@dataclass(frozen=True)
class FileRow:
    """One row: its number as a spreadsheet counts (the header is 1), and its cells by our names of the columns."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class ImportFile:
    """What the header tells, and the rows, which are read as they are asked for. Reading raises UnreadableFile."""

    kind: ImportKind
    columns: list[str]  # our names, empty where a column is passed over
    ignored: list[str]  # headers of those
    rows: Iterator[FileRow]


def words(text: str) -> str:
    """Return a header or a word of a file as it is compared: without case, spaces and signs."""
    return _PLAIN.sub("", text.casefold())


def in_every_language(text: str) -> set[str]:
    """Return a text of ours in each language of the portal, as ``words``: an export speaks its reader's language."""
    found = {words(text)}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.add(words(_(text)))
    return found


def open_import(stream: BinaryIO) -> ImportFile:
    """Read the header of a file. Raises: UnreadableFile."""
    lines = _Lines(stream)
    first = next(lines, "")
    hint = re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE)  # a line for spreadsheets that tells the delimiter
    if hint:
        first = next(lines, "")
    if not first.strip():
        raise UnreadableFile(_("The file is empty."), _("Export the list again and choose the new file."))
    kind, columns, delimiter = _read_header(first, [hint[1]] if hint else DELIMITERS)
    header = _cells(first, delimiter)
    return ImportFile(
        kind=kind,
        columns=columns,
        ignored=[cell.strip()[:100] for cell, name in zip(header, columns, strict=True) if not name and cell.strip()],
        rows=_rows(chain([first], lines), columns, delimiter, first_number=3 if hint else 2),
    )


# --- lines -----------------------------------------------------------------------------------------------------------
class _Borrowed(io.RawIOBase):
    """Somebody else's stream: read from its beginning, and not closed together with what reads it."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Lines(Iterator[str]):
    """The lines of a text file; none is longer than memory should bear. Raises: UnreadableFile."""

    def __init__(self, stream: BinaryIO) -> None:
        raw = io.BufferedReader(_Borrowed(stream))
        start = raw.peek(4)
        if start.startswith(WORKBOOKS):
            raise UnreadableFile(
                _("This is a workbook, not a CSV file."), _("Open it in your spreadsheet and save it as “CSV UTF-8”.")
            )
        encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
        self._text = io.TextIOWrapper(raw, encoding=encoding, newline="")
        self._number = 0

    def __next__(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE)
        except UnicodeError as error:
            raise UnreadableFile(
                _("The file is not in UTF-8: line %(number)d or one soon after it cannot be read.")
                % {"number": self._number + 1},
                _("Open it in your spreadsheet and save it as “CSV UTF-8”."),
            ) from error
        if not line:
            raise StopIteration
        self._number += 1
        _check_line(line, self._number)
        return line


def _check_line(line: str, number: int) -> None:
    if "\x00" in line:
        raise UnreadableFile(
            _("Line %(number)d holds characters that no text has: this is not a CSV file.") % {"number": number}
        )
    if len(line) == LONGEST_LINE:
        raise UnreadableFile(
            _("Line %(number)d is longer than any row of an export.") % {"number": number},
            _("Check that this is a CSV file with one row per line."),
        )


# --- header ----------------------------------------------------------------------------------------------------------
def _read_header(line: str, delimiters: Iterable[str]) -> tuple[ImportKind, list[str], str]:
    """Find out what the file holds and what separates its cells. Raises: UnreadableFile."""
    readings = [
        (kind, _columns_of(_cells(line, delimiter), kind), delimiter) for delimiter in delimiters for kind in ImportKind
    ]
    kind, columns, delimiter = max(readings, key=lambda reading: (_is_complete(*reading[:2]), _known(reading[1])))
    missing = [name for name in REQUIRED[kind] if name not in columns]
    if missing:
        names = [_(COLUMNS[kind][name][0]) for name in missing]
        raise UnreadableFile(
            _("The first line names no column %(columns)s.") % {"columns": ", ".join(f"“{name}”" for name in names)},
            _("A file of customers has Microsoft ID, Company name and Primary domain name; a file of subscriptions has"
              " Subscription ID, Subscription, Quantity and Status. Export it again, or add what is missing."),
        )  # fmt: skip
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        names = [_(COLUMNS[kind][name][0]) for name in sorted(twice)]
        raise UnreadableFile(
            _("The first line names the column “%(column)s” more than once.") % {"column": names[0]},
            _("Delete the columns that are not meant."),
        )
    return kind, columns, delimiter


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _columns_of(header: Sequence[str], kind: ImportKind) -> list[str]:
    return [_names(kind).get(words(cell), "") for cell in header]


def _known(columns: Iterable[str]) -> int:
    return len({name for name in columns if name})


def _is_complete(kind: ImportKind, columns: Sequence[str]) -> bool:
    return set(REQUIRED[kind]) <= set(columns)


@cache
def _names(kind: ImportKind) -> dict[str, str]:
    """Every header we understand -> our name of its column."""
    found: dict[str, str] = {}
    for name, headers in COLUMNS[kind].items():
        for header in headers:
            found |= dict.fromkeys(in_every_language(header), name)
    return found


# --- rows ------------------------------------------------------------------------------------------------------------
def _rows(lines: Iterable[str], columns: Sequence[str], delimiter: str, *, first_number: int) -> Iterator[FileRow]:
    reader = csv.reader(lines, delimiter=delimiter)
    next(reader)
    number = first_number - 1
    try:
        for number, cells in enumerate(reader, start=first_number):
            if any(cell.strip() for cell in cells):
                yield FileRow(number, _values(cells, columns))
    except csv.Error as error:
        raise UnreadableFile(
            _("Row %(number)d cannot be read: a quotation mark is not closed.") % {"number": number + 1},
            _("Open the file in your spreadsheet, check this row, and save it as “CSV UTF-8”."),
        ) from error


def _values(cells: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    values = {name: _clean(cell) for name, cell in zip(columns, cells, strict=False) if name}
    if len(cells) > len(columns):
        extra = "".join(cells[len(columns) :]).strip()
        return values | ({EXTRA: extra[:LONGEST_CELL]} if extra else {})
    return values


def _clean(cell: str) -> str:
    """Return a cell without spaces around it, and without the sign that keeps spreadsheets from running it."""
    text = cell.strip()
    if text[:1] == "'" and text[1:].startswith(FORMULA_STARTS):
        text = text[1:]
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL]
