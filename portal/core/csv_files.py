"""CSV files that people bring: plain or gzip, any usual encoding, delimiter and order of columns (rows 27, 37).

Only the first line is understood at once: which column is which of ours, however it is spelled. The rest is read in
flat memory, row by row or as blocks of UTF-8 for PostgreSQL (COPY).
"""

import codecs
import csv
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from typing import Any, BinaryIO

from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.errors import InvalidInput
from portal.core.exports import FORMULA_STARTS

BLOCK = 64 * 1024
LONGEST_LINE = 100_000  # characters; a customer with 150 tags of 50 letters has less than a tenth of it
LONGEST_CELL = 10_000
MOST_IGNORED = 50
EXTRA = "extra"  # what stands beyond the last column of a row
GZIP = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .xls
_AS_DOWNLOADED = gettext_lazy("Choose the file as it was downloaded.")
_PLAIN = re.compile(r"[\W_]+")
_HINT = re.compile(r"sep=([,;|\t])\s*", re.IGNORECASE)  # a line for spreadsheets that tells the delimiter
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class UnreadableFile(InvalidInput):
    """Nothing of the file can be used; the text says what is wrong and how to mend it."""

    code = "unreadable-file"

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message, field="file", next_step=next_step)


@dataclass(frozen=True, eq=False)
class Layout:
    """A kind of file: our name of each column -> what its header can be; sentences call it by the first."""

    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    next_step: str | Promise = _AS_DOWNLOADED  # where a column is missing
    takes_first: bool = False  # of several columns of one name; otherwise the file is refused
    kind: str = ""


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet counts, and its cells by our names of the columns."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class CsvFile:
    """What the first line tells, and the rest of the file as blocks of UTF-8, to be read once."""

    layout: Layout
    columns: list[str]  # our names, empty where a column is passed over
    ignored: list[str]  # headers of those
    delimiter: str
    first_line: int  # number of the first row below the header, as a spreadsheet counts
    blocks: Iterator[bytes]

    def rows(self, *, most: int) -> Iterator[Row]:
        """Yield the rows that are not empty. Raises: UnreadableFile, also for no row and for more than ``most``."""
        number, found = self.first_line - 1, 0
        reader = csv.reader(_lines(self.blocks, self.first_line), delimiter=self.delimiter)
        try:
            for number, cells in enumerate(reader, start=self.first_line):
                if any(cell.strip() for cell in cells):
                    found += 1
                    check_most(found, most=most)
                    yield Row(number, _values(cells, self.columns))
        except csv.Error as error:
            raise UnreadableFile(
                _("Row %(number)d cannot be read: a quotation mark is not closed.") % {"number": number + 1},
                _("Open the file in your spreadsheet, check this row, and save it as “CSV UTF-8”."),
            ) from error
        check_count(found, most=most)


def open_csv(stream: BinaryIO, *layouts: Layout) -> CsvFile:
    """Read the first line of a file, and find out which of the layouts it has. Raises: UnreadableFile."""
    stream.seek(0)
    blocks = filter(None, _utf8(_unpacked(iter(lambda: stream.read(BLOCK), b""))))
    first_line = 2
    line, rest = _first_line(blocks, b"", 1)
    hint = _HINT.fullmatch(line)
    if hint:
        first_line = 3
        line, rest = _first_line(blocks, rest, 2)
    if not line.strip():
        raise _empty()
    layout, delimiter, columns = _reading(line, hint[1] if hint else DELIMITERS, layouts)
    columns = _once(columns, layout)
    header = _cells(line, delimiter)
    other = [cell.strip()[:100] for cell, name in zip(header, columns, strict=True) if not name and cell.strip()]
    return CsvFile(layout, columns, other[:MOST_IGNORED], delimiter, first_line, chain(filter(None, [rest]), blocks))


def check_count(found: int, *, most: int) -> None:
    """Raises: UnreadableFile, for a file without rows or with more than are taken."""
    if not found:
        raise UnreadableFile(_("The file has no rows below its first line."), _("Choose another file."))
    check_most(found, most=most)


def check_most(found: int, *, most: int) -> None:
    """Raises: UnreadableFile, for a file with more rows than are taken."""
    if found > most:
        limit = {"limit": number_format(most, force_grouping=True)}
        raise UnreadableFile(_("The file has more than %(limit)s rows.") % limit, _("Split the file."))


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


# --- the first line --------------------------------------------------------------------------------------------------
def _first_line(blocks: Iterator[bytes], rest: bytes, number: int) -> tuple[str, bytes]:
    """Return the next line as text, and what follows of the blocks read for it."""
    while not _LINE_END.search(rest) and len(rest) <= LONGEST_LINE and (block := next(blocks, b"")):
        rest += block
    line, *after = re.split(rb"\r\n?|\n", rest, maxsplit=1)
    try:
        text = line[:LONGEST_LINE].decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(number) from error
    _check_line(text, number)
    return text, b"".join(after)


def _reading(line: str, delimiters: Iterable[str], layouts: Sequence[Layout]) -> tuple[Layout, str, list[str]]:
    """Return the layout and delimiter that fit best, and our names of the columns. Raises: UnreadableFile."""
    readings = [
        (layout, delimiter, [_names(layout).get(words(cell), "") for cell in _cells(line, delimiter)])
        for delimiter in delimiters
        for layout in layouts
    ]
    layout, delimiter, columns = max(
        readings, key=lambda read: (set(read[0].required) <= set(read[2]), len(set(read[2]) - {""}))
    )
    missing = [_(layout.columns[name][0]) for name in layout.required if name not in columns]
    if missing:
        raise UnreadableFile(
            _("The first line names no column %(columns)s.")
            % {"columns": ", ".join(_("“%(name)s”") % {"name": name} for name in missing)},
            str(layout.next_step),
        )
    return layout, delimiter, columns


def _once(columns: Sequence[str], layout: Layout) -> list[str]:
    """Return the columns without those that repeat another. Raises: UnreadableFile, where a layout takes no first."""
    repeated = sorted({name for name in columns if name and columns.count(name) > 1})
    if repeated and not layout.takes_first:
        raise UnreadableFile(
            _("The first line names the column “%(column)s” more than once.")
            % {"column": _(layout.columns[repeated[0]][0])},
            _("Delete the columns that are not meant."),
        )
    return [name if name not in columns[:at] else "" for at, name in enumerate(columns)]


@cache
def _names(layout: Layout) -> dict[str, str]:
    """Every header we understand -> our name of its column."""
    found: dict[str, str] = {}
    for name, headers in layout.columns.items():
        for header in headers:
            found |= dict.fromkeys(in_every_language(header), name)
    return found


# --- rows ------------------------------------------------------------------------------------------------------------
class _Blocks(io.RawIOBase):
    """Blocks as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._rest or memoryview(next(self._blocks, b""))
        size = min(len(part), len(buffer))
        buffer[:size], self._rest = part[:size], part[size:]
        return size


def _lines(blocks: Iterator[bytes], first_number: int) -> Iterator[str]:
    """Yield the lines; none is longer than memory should bear. Raises: UnreadableFile."""
    text = io.TextIOWrapper(io.BufferedReader(_Blocks(blocks)), encoding="utf-8", newline="")
    for number in count(first_number):
        try:
            line = text.readline(LONGEST_LINE)
        except UnicodeError as error:
            raise _not_utf8(number) from error
        if not line:
            return
        _check_line(line, number)
        yield line


def _check_line(line: str, number: int) -> None:
    if "\x00" in line:
        raise UnreadableFile(
            _("Line %(number)d holds characters that no text has: this is not a CSV file.") % {"number": number}
        )
    if len(line) == LONGEST_LINE:
        raise too_long(number)


def too_long(number: int) -> UnreadableFile:
    """Return the refusal of a line that is longer than any row."""
    return UnreadableFile(
        _("Line %(number)d is longer than any row of an export.") % {"number": number},
        _("Check that this is a CSV file with one row per line."),
    )


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


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
    return text[:LONGEST_CELL]


# --- bytes -----------------------------------------------------------------------------------------------------------
def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the file as its text stands in it, up to UNPACKED_MAX_BYTES. Raises: UnreadableFile.

    A few bytes that unpack to far more than any export does are refused long before that (quality row 27).
    """
    start = next(blocks, b"")
    size = sent = 0

    def counted() -> Iterator[bytes]:
        nonlocal sent
        for block in chain([start], blocks):
            sent += len(block)
            yield block

    for block in _gunzipped(counted()) if start.startswith(GZIP) else counted():
        size += len(block)
        if size > settings.UNPACKED_ANY_RATIO_BYTES and size > settings.UNPACKED_MAX_RATIO * sent:
            raise UnreadableFile(
                _("The compressed file unpacks to far more than any export does."),
                _("Check that this is the file that was downloaded, or send it plain."),
            )
        if size > settings.UNPACKED_MAX_BYTES:
            limit = {"limit": settings.UNPACKED_MAX_BYTES // 1024**2}
            raise UnreadableFile(_("The file holds more than %(limit)d MB of text.") % limit, _("Split the file."))
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


def _utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the file in UTF-8, without a mark at its beginning. Raises: UnreadableFile."""
    start = next(blocks, b"")
    if not start.strip():
        raise _empty()
    if start.startswith(WORKBOOKS):
        raise UnreadableFile(
            _("This is a workbook, not a CSV file."), _("Open it in your spreadsheet and save it as “CSV UTF-8”.")
        )
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")()
        try:
            yield from (decoder.decode(block).encode() for block in chain([start], blocks))
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise _not_utf8() from error
        return
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _not_utf8(number: int = 0) -> UnreadableFile:
    text = _("The file is not in UTF-8: line %(number)d or one soon after it cannot be read.") % {"number": number}
    return UnreadableFile(
        text if number else _("The file is not in UTF-8."), _("Open it in your spreadsheet and save it as “CSV UTF-8”.")
    )


def _broken() -> UnreadableFile:
    return UnreadableFile(_("The compressed file is damaged or cut off."), _("Compress it again, or send it plain."))


def _empty() -> UnreadableFile:
    return UnreadableFile(_("The file is empty."), _("Choose another file."))
