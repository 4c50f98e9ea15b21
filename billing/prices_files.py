"""Files of prices, rates and usage: read in flat memory and handed to PostgreSQL as they are (COPY).

Only the header is understood here: which column is which of ours, whatever order and spelling. What is wrong with one
row is found by the statements that read the temporary table.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import psycopg
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from portal.core.errors import InvalidInput

BLOCK = 256 * 1024
LONGEST_HEADER = 20_000
DELIMITERS = (",", ";", "\t")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .xls
_PLAIN = re.compile(r"[\W_]+")
_LINE = re.compile(r"line (\d+)")


class UnreadableSheet(InvalidInput):
    """Nothing of the file can be used; the text says what is wrong and how to mend it."""

    code = "unreadable-file"

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message, field="file", next_step=next_step)


@dataclass(frozen=True)
class Sheet:
    """The header of a file, and the rest of it as blocks of UTF-8."""

    columns: list[str]  # our names, empty where a column is passed over
    ignored: list[str]  # headers of those
    delimiter: str
    first_line: int  # number of the first row below the header, as a spreadsheet counts
    blocks: Iterator[bytes]


def words(text: str) -> str:
    """Return a header or word as it is compared: without case, spaces and signs."""
    return _PLAIN.sub("", text.casefold())


def open_sheet(stream: BinaryIO, known: Mapping[str, Sequence[str]], required: Sequence[str]) -> Sheet:
    """Read the header of a file; ``known`` tells our name of a column and what its header can be.

    Raises: UnreadableSheet.
    """
    blocks = _utf8(stream)
    line, rest = _line(blocks, b"")
    first_line = 2
    hint = re.fullmatch(r"sep=(.)\s*", line, re.IGNORECASE)  # a line for spreadsheets that tells the delimiter
    if hint:
        line, rest = _line(blocks, rest)
        first_line = 3
    delimiter = hint[1] if hint else max(DELIMITERS, key=line.count)
    header = next(csv.reader([line], delimiter=delimiter), [])
    names = {words(header): name for name, headers in known.items() for header in (name, *headers)}
    columns = [names.get(words(cell), "") for cell in header]
    columns = [name if name not in columns[:at] else "" for at, name in enumerate(columns)]
    missing = [known[name][0] for name in required if name not in columns]
    if missing:
        raise UnreadableSheet(
            _("The first line names no column %(columns)s.") % {"columns": ", ".join(missing)},
            _("Choose the file as it was downloaded."),
        )
    ignored = [cell.strip()[:100] for cell, name in zip(header, columns, strict=True) if not name and cell.strip()]
    return Sheet(columns, ignored[:50], delimiter, first_line, _after(rest, blocks))


def copy_to_temporary(cursor: CursorWrapper, table: str, sheet: Sheet) -> None:
    """Put the rows into a temporary table of texts, with their ``number``; it lives as long as the transaction.

    Raises: UnreadableSheet, naming the line that is not like the header.
    """
    columns = [name or f"ignored_{at}" for at, name in enumerate(sheet.columns)]
    texts = ", ".join(f'"{name}" text' for name in columns)
    identity = f"generated always as identity (START WITH {sheet.first_line} MINVALUE 1)"
    cursor.execute(f"CREATE TEMPORARY TABLE {table} (number bigint {identity}, {texts}) ON COMMIT DROP")
    named = ", ".join(f'"{name}"' for name in columns)
    statement = f"COPY {table} ({named}) FROM STDIN (FORMAT csv, DELIMITER '{sheet.delimiter}')"
    try:
        with cursor.copy(statement) as copy:
            for block in sheet.blocks:
                copy.write(block)
    except psycopg.DataError as error:
        raise _unreadable(error, sheet) from error


def text_of(sheet: Sheet, name: str) -> str:
    """Return the SQL of a column's text, trimmed; an empty text where the file has no such column.

    The empty text depends on the row, because PostgreSQL works out what is constant even where it is not asked for.
    """
    return f"coalesce(btrim(\"{name}\"), '')" if name in sheet.columns else "left(number::text, 0)"


def _unreadable(error: psycopg.Error, sheet: Sheet) -> UnreadableSheet:
    found = _LINE.search(error.diag.context or "")
    number = int(found[1]) + sheet.first_line - 1 if found else 0
    text = _(
        "Line %(number)d of the file cannot be read: it has other columns than the first line, or is not in UTF-8."
    )
    return UnreadableSheet(text % {"number": number}, _("Save the file as “CSV UTF-8” and choose it again."))


def _utf8(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the file in UTF-8, without a mark at its beginning. Raises: UnreadableSheet."""
    stream.seek(0)
    start = stream.read(BLOCK)
    if not start.strip():
        raise UnreadableSheet(_("The file is empty."), _("Choose another file."))
    if start.startswith(WORKBOOKS):
        raise UnreadableSheet(
            _("This is a workbook, not a CSV file."), _("Open it in your spreadsheet and save it as “CSV UTF-8”.")
        )
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        stream.seek(0)
        text = io.TextIOWrapper(stream, encoding="utf-16", newline="")
        yield from (part.encode() for part in iter(lambda: text.read(BLOCK), ""))
        text.detach()
        return
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from iter(lambda: stream.read(BLOCK), b"")


def _line(blocks: Iterator[bytes], rest: bytes) -> tuple[str, bytes]:
    """Return the next line as text, and what follows of the blocks read for it."""
    while b"\n" not in rest and len(rest) < LONGEST_HEADER:
        block = next(blocks, b"")
        if not block:
            break
        rest += block
    line, _newline, after = rest.partition(b"\n")
    try:
        return line.decode().rstrip("\r"), after
    except UnicodeDecodeError as error:
        raise UnreadableSheet(
            _("The first line is not in UTF-8."), _("Save the file as “CSV UTF-8” and choose it again.")
        ) from error


def _after(rest: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if rest:
        yield rest
    yield from blocks
