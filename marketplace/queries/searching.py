"""Find subscriptions by part of a name in one query, whether every tenth has it or one of a million (decision 0026)."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Case, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, StrIndex
from django.db.models.lookups import GreaterThan

from customers.queries.lists import INDEXED_PART, LONGEST_FREQUENT, NEAR, SHORTEST_PART
from portal.core.fields import name_key
from portal.core.statements import ListStatement, fetch

KEYS = ("name_key", "product_key", "customer_name_key")
# A frequent text fills the page from the rows that come next. A rare one is found by the trigram index and sorted, by
# one of its words alone if that is rare by itself: the index would look up the letters of the frequent words as well.
# What of the three is at hand is told by the next rows; PostgreSQL runs that one part.
SAMPLED = """
WITH near AS MATERIALIZED (
    SELECT count(*) < {near} OR count(has_text) >= {count} AS is_frequent, count(has_word) = 0 AS is_word_rare
    FROM ({sample}) AS near
)
SELECT * FROM ({walk}) AS walk WHERE (SELECT is_frequent FROM near)
UNION ALL
SELECT * FROM ({by_text}) AS by_text WHERE (SELECT NOT is_frequent AND NOT is_word_rare FROM near)
UNION ALL
SELECT * FROM ({by_word}) AS by_word WHERE (SELECT NOT is_frequent AND is_word_rare FROM near)
"""


class _Like(Func):
    """A pattern as it is: ``contains`` makes its own of a text, which could not be put in afterwards."""

    template, arg_joiner, output_field = "(%(expressions)s)", " LIKE ", BooleanField()


class PartOfName:
    """The ids of a list's rows in which a text stands. ``build`` gives the ordered rows beyond the edge of the page."""

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self.build = build
        self._parts = ListStatement(self._part)

    def ids(self, shape: Any, text: str, *, count: int, **values: Any) -> list[UUID]:
        """Return the first so many ids, in the order of the list."""
        key = name_key(text)
        words = [word for word in key.split() if len(word) >= SHORTEST_PART and word != key]
        texts = {"pattern": _pattern(key), "whole": key}
        if words:
            texts["word"] = _pattern(max(words, key=lambda word: (any(map(str.isdigit, word)), len(word))))
        values |= texts
        parts = ("by_text",) if len(key) > LONGEST_FREQUENT else ("sample", "walk", "by_text", "by_word")
        is_long = len(key) > INDEXED_PART
        written = {part: self._parts.sql((part, is_long, shape, count), values) for part in parts}
        sql = SAMPLED.format(near=NEAR, count=count, **written) if "sample" in written else written["by_text"]
        return [row[0] for row in fetch(sql, values, keeps_plan=False)]

    def _part(self, asked: Any, *, pattern: str, whole: str, word: str = "", **values: Any) -> Any:
        part, is_long, shape, count = asked
        ordered = self.build(shape, **values)
        has_text, has_word = _has(pattern, whole if is_long else ""), _has(word, whole) if word else Q(pk=None)
        if part == "sample":
            hits = {"has_text": _hit(has_text), "has_word": _hit(_has(word)) if word else Value(1)}
            return ordered.annotate(**hits).values_list(*hits)[:NEAR]
        if part == "walk":
            return ordered.filter(has_text).values_list("pk")[:count]
        unindexed = [_unindexed(str(column)) for column in ordered.query.order_by]  # no index offers itself for a walk
        return (
            ordered.filter(has_word if part == "by_word" else has_text).order_by(*unindexed).values_list("pk")[:count]
        )


def _pattern(text: str) -> str:
    escaped: str = connection.ops.prep_for_like_query(text[:INDEXED_PART])
    return f"%{escaped}%"


def _has(pattern: str, whole: str = "") -> Q:
    """Return the condition that one of the keys fits the pattern, and holds the whole text if that is more."""
    found = Q()
    for key in KEYS:
        fits = Q(_Like(F(key), Value(pattern)))
        found |= fits & Q(GreaterThan(StrIndex(F(key), Value(whole)), Value(0))) if whole else fits
    return found


def _hit(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)))


def _unindexed(column: str) -> Any:
    name = column.lstrip("-")
    expression = Coalesce(name, name)
    return expression.desc() if column.startswith("-") else expression.asc()


def in_order(ids: Sequence[UUID], rows: Sequence[Any]) -> list[Any]:
    """Return rows, whose first value is their id, in the order of the ids."""
    by_id = {row[0]: row for row in rows}
    return [by_id[found] for found in ids if found in by_id]
