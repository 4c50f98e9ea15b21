"""Queries that every page asks: Django writes their SQL once, and each call only puts in the ids (quality row 30)."""

import uuid
from collections.abc import Callable, Sequence
from functools import cached_property
from inspect import signature
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable

Row = TypeVar("Row", bound=Model)


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
        sql, values = self._reads(self.build(*stand_ins)).query.sql_with_params()
        return sql, stand_ins, values

    def _reads(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return rows

    def rows(self, *ids: UUID) -> list[tuple[Any, ...]]:
        """Return the rows for these ids."""
        sql, stand_ins, values = self._written
        given = dict(zip(stand_ins, ids, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(value, value) if isinstance(value, UUID) else value for value in values])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


class ModelStatement(Statement, Generic[Row]):
    """The same for whole models: ``build`` gives a plain queryset.

    ``relations`` come along as with ``select_related``, a relation before those that go on from it. The values of
    ``also`` become attributes.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], *relations: str, **also: Combinable) -> None:
        super().__init__(build)
        self.relations, self.also = relations, also

    def objects(self, *ids: UUID) -> list[Row]:
        """Return the models for these ids."""
        return [self._object(values) for values in self.rows(*ids)]

    def _reads(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        self.model: type[Row] = rows.model
        models = {"": self.model}
        for relation in self.relations:
            before, _, name = relation.rpartition("__")
            models[relation] = models[before]._meta.get_field(name).related_model
        self.parts = [(relation, model, _columns(model)) for relation, model in models.items()]
        names = [f"{relation}__{name}".lstrip("_") for relation, _model, columns in self.parts for name in columns]
        return rows.values_list(*names, *self.also.values())

    def _object(self, values: Sequence[Any]) -> Row:
        found: dict[str, Any] = {}
        start = 0
        for relation, model, columns in self.parts:
            part, start = values[start : start + len(columns)], start + len(columns)
            is_there = not relation or any(value is not None for value in part)
            found[relation] = model.from_db(DEFAULT_DB_ALIAS, columns, part) if is_there else None
            if relation:
                _relate(found, relation)
        for name, value in zip(self.also, values[start:], strict=True):
            setattr(found[""], name, value)
        row: Row = found[""]
        return row


def _columns(model: type[Model]) -> list[str]:
    """Return the model's columns. Raises: TypeError for one whose values PostgreSQL does not give as they are."""
    for field in model._meta.concrete_fields:
        if field.get_db_converters(connection):  # type: ignore[attr-defined]
            raise TypeError(f"{field} needs a converter.")
    return [field.attname for field in model._meta.concrete_fields]


def _relate(found: dict[str, Any], relation: str) -> None:
    """Let the model before a relation know its relative, or that it has none."""
    before, _, name = relation.rpartition("__")
    owner = found[before]
    if owner is None:
        return
    field = owner._meta.get_field(name)
    field.set_cached_value(owner, found[relation])
    if found[relation] is not None and field.one_to_one:
        field.remote_field.set_cached_value(found[relation], owner)
