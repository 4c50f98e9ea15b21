"""What must hold in the database whatever happened: sentences, and the SQL that finds what breaks them (quality row 3).

Each app names functions that yield one line of text per breach. The setting INVARIANTS lists those that hold at every
instant, after every test too; OVERDUE_CHECKS those about work that should be done by now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

LINES_PER_CHECK = 20


def breaches() -> Iterator[str]:
    """Yield a line for everything that is broken; nothing in a healthy database."""
    return _ask(settings.INVARIANTS)


def overdue() -> Iterator[str]:
    """Yield a line for all work that lies longer than it may; nothing while workers and beat run."""
    return _ask(settings.OVERDUE_CHECKS)


def _ask(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        check: Callable[[], Iterator[str]] = import_string(path)
        yield from check()


def found_by(checks: Mapping[str, str]) -> Iterator[str]:
    """Run the checks in one query and yield "sentence: row" for what they find, at most twenty lines each.

    ``checks``: a sentence that says what is wrong, and the SQL of one column that names the rows.
    """
    arms = [
        f"SELECT {number}, found.* FROM ({sql} LIMIT {LINES_PER_CHECK}) AS found (name)"  # noqa: S608 - SQL of ours
        for number, sql in enumerate(checks.values())
    ]
    sentences = list(checks)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(arms))
        for number, name in cursor.fetchall():
            yield f"{sentences[number]}: {name}"
