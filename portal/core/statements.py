"""Queries that every page asks: Django writes their SQL once, and each call only puts in the ids (quality row 30)."""

import uuid
from collections.abc import Callable
from functools import cached_property
from inspect import signature
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet


class Statement:
    """A query whose only values are ids. ``build`` says what it reads, as a ``values_list`` by one id per parameter.

    Writing the SQL of such a query costs many times what PostgreSQL needs to answer it. ``build`` runs once, with
    stand-ins, so what it reads must depend on nothing else. Rows come as PostgreSQL gives them: no model's converters.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build

    @cached_property
    def _written(self) -> tuple[str, tuple[UUID, ...], tuple[Any, ...]]:
        stand_ins = tuple(uuid.uuid4() for _name in signature(self.build).parameters)
        sql, values = self.build(*stand_ins).query.sql_with_params()
        return sql, stand_ins, values

    def rows(self, *ids: UUID) -> list[tuple[Any, ...]]:
        """Return the rows for these ids."""
        sql, stand_ins, values = self._written
        given = dict(zip(stand_ins, ids, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(value, value) if isinstance(value, UUID) else value for value in values])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
