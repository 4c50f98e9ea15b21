"""Files of prices, rates and usage: plain or gzip, read in flat memory and handed to PostgreSQL as they are (COPY).

Only the header is understood here: which column is which of ours, whatever order and spelling. What is wrong with one
row is found by the statements that read the temporary table.
"""

import codecs
import csv
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import psycopg
from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from portal.core.errors import InvalidInput

BLOCK = 256 * 1024
LONGEST_HEADER = 20_000
LONGEST_LINE = 100_000  # bytes
GZIP = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .xls
_PLAIN = re.compile(r"[\W_]+")
_LINE = re.compile(r"line (\d+)")


class UnreadableSheet(InvalidInput):
    """Nothing of the file can be used; the text says what is wrong and how to mend it."""

    code = "unreadable-file"

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message, field="file", next_step=next_step)


class UnreadableLine(UnreadableSheet):
    """The file cannot be used because of one line, whose number is known (0: somewhere)."""

    def __init__(self, number: int) -> None:
        text = _(
            "Line %(number)d of the file cannot be read: it has other columns than the first line, or is not in UTF-8."
        )
        super().__init__(text % {"number": number}, _("Save the file as “CSV UTF-8” and choose it again."))
        self.number = number


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
    stream.seek(0)
    blocks = _utf8(_unpacked(iter(lambda: stream.read(BLOCK), b"")))
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


def count_lines(sheet: Sheet, *, most: int) -> int:
    """Read a file to its end and keep nothing: how many lines are below its header.

    What no import could use is told here, at the first block that shows it. Raises: UnreadableSheet.
    """
    lines, unfinished = 0, 0  # bytes since the last line break
    for block in sheet.blocks:
        if b"\x00" in block:
            raise UnreadableSheet(_("The file holds characters that no text has: this is not a CSV file."))
        breaks = block.count(b"\n")
        lines += breaks
        unfinished = len(block) - block.rfind(b"\n") - 1 if breaks else unfinished + len(block)
        if unfinished > LONGEST_LINE:
            raise UnreadableSheet(
                _("Line %(number)d is longer than any row of an export.") % {"number": lines + sheet.first_line},
                _("Check that this is a CSV file with one row per line."),
            )
        _check_most(lines, most)
    lines += bool(unfinished)
    check_count(lines, most=most)
    return lines


def check_count(count: int, *, most: int) -> None:
    """Raises: UnreadableSheet, for a file without rows or with more than are taken."""
    if not count:
        raise UnreadableSheet(_("The file has no rows below its first line."), _("Choose another file."))
    _check_most(count, most)


def _check_most(count: int, most: int) -> None:
    if count > most:
        limit = number_format(most, force_grouping=True)
        raise UnreadableSheet(_("The file has more than %(limit)s rows.") % {"limit": limit}, _("Split the file."))


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
        found = _LINE.search(error.diag.context or "")
        raise UnreadableLine(int(found[1]) + sheet.first_line - 1 if found else 0) from error


def text_of(sheet: Sheet, name: str) -> str:
    """Return the SQL of a column's text, trimmed; an empty text where the file has no such column.

    The empty text depends on the row, because PostgreSQL works out what is constant even where it is not asked for.
    """
    return f"coalesce(btrim(\"{name}\"), '')" if name in sheet.columns else "left(number::text, 0)"


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the file as its text stands in it, up to BILLING_FILE_MAX_BYTES. Raises: UnreadableSheet."""
    start = next(blocks, b"")
    blocks = chain([start], blocks)
    size = 0
    for block in _gunzipped(blocks) if start.startswith(GZIP) else blocks:
        size += len(block)
        if size > settings.BILLING_FILE_MAX_BYTES:
            limit = {"limit": settings.BILLING_FILE_MAX_BYTES // 1024**2}
            raise UnreadableSheet(_("The file holds more than %(limit)d MB of text.") % limit, _("Split the file."))
        yield block


def _gunzipped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what gzip packed, never more than a block at once, however much a few bytes unpack to."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for packed in chain(blocks, [b""]):
            rest = packed.lstrip(b"\0") if unpacker.eof else packed
            while True:
                if unpacker.eof and rest:  # several packed files, one after the other
                    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
                part = unpacker.decompress(rest, BLOCK)
                rest = unpacker.unused_data.lstrip(b"\0") if unpacker.eof else unpacker.unconsumed_tail
                if part:
                    yield part
                elif not rest:
                    break
    except zlib.error as error:
        raise _broken() from error
    if not unpacker.eof:
        raise _broken()


def _broken() -> UnreadableSheet:
    return UnreadableSheet(_("The compressed file is damaged or cut off."), _("Compress it again, or send it plain."))


def _utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the file in UTF-8, without a mark at its beginning. Raises: UnreadableSheet."""
    start = next(blocks, b"")
    if not start.strip():
        raise UnreadableSheet(_("The file is empty."), _("Choose another file."))
    if start.startswith(WORKBOOKS):
        raise UnreadableSheet(
            _("This is a workbook, not a CSV file."), _("Open it in your spreadsheet and save it as “CSV UTF-8”.")
        )
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")()
        try:
            yield from (decoder.decode(block).encode() for block in chain([start], blocks))
        except UnicodeError as error:
            raise UnreadableLine(0) from error
        return
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


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
