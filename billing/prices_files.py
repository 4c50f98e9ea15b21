"""Files of prices and usage as PostgreSQL takes them (COPY): their rows are never looked at here.

What is wrong with one row is found by the statements that read the temporary table.
"""

import re

import psycopg
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from portal.core.csv_files import LONGEST_LINE, CsvFile, UnreadableFile, check_count, check_most, too_long

_LINE = re.compile(r"line (\d+)")


class UnreadableLine(UnreadableFile):
    """The file cannot be used because of one line, whose number is known (0: somewhere)."""

    def __init__(self, number: int) -> None:
        text = _(
            "Line %(number)d of the file cannot be read: it has other columns than the first line, or is not in UTF-8."
        )
        super().__init__(text % {"number": number}, _("Save the file as “CSV UTF-8” and choose it again."))
        self.number = number


def count_lines(file: CsvFile, *, most: int) -> int:
    """Read a file to its end and keep nothing: how many lines are below its header.

    What no import could use is told here, at the first block that shows it. Raises: UnreadableFile.
    """
    lines, unfinished = 0, 0  # bytes since the last line break
    for block in file.blocks:
        if b"\x00" in block:
            raise UnreadableFile(_("The file holds characters that no text has: this is not a CSV file."))
        breaks = block.count(b"\n")
        lines += breaks
        unfinished = len(block) - block.rfind(b"\n") - 1 if breaks else unfinished + len(block)
        if unfinished > LONGEST_LINE:
            raise too_long(lines + file.first_line)
        check_most(lines, most=most)
    lines += bool(unfinished)
    check_count(lines, most=most)
    return lines


def copy_to_temporary(cursor: CursorWrapper, table: str, file: CsvFile) -> None:
    """Put the rows into a temporary table of texts, with their ``number``; it lives as long as the transaction.

    Raises: UnreadableFile, naming the line that is not like the header.
    """
    columns = [name or f"ignored_{at}" for at, name in enumerate(file.columns)]
    texts = ", ".join(f'"{name}" text' for name in columns)
    identity = f"generated always as identity (START WITH {file.first_line} MINVALUE 1)"
    cursor.execute(f"CREATE TEMPORARY TABLE {table} (number bigint {identity}, {texts}) ON COMMIT DROP")
    named = ", ".join(f'"{name}"' for name in columns)
    statement = f"COPY {table} ({named}) FROM STDIN (FORMAT csv, DELIMITER '{file.delimiter}')"
    try:
        with cursor.copy(statement) as copy:
            for block in file.blocks:
                copy.write(block)
    except psycopg.DataError as error:
        found = _LINE.search(error.diag.context or "")
        raise UnreadableLine(int(found[1]) + file.first_line - 1 if found else 0) from error


def text_of(file: CsvFile, name: str) -> str:
    """Return the SQL of a column's text, trimmed; an empty text where the file has no such column.

    The empty text depends on the row, because PostgreSQL works out what is constant even where it is not asked for.
    """
    return f"coalesce(btrim(\"{name}\"), '')" if name in file.columns else "left(number::text, 0)"
