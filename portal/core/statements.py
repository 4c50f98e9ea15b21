"""Queries that are asked again and again: Django writes their SQL once, and each call only puts in the values.

Writing the SQL of a query costs many times what PostgreSQL needs to answer it, and so does planning it (quality
row 30). PostgreSQL keeps the plan of what a connection asks often, and rows come in binary form (decision 0026).
"""

import datetime
import re
import secrets
import uuid
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from inspect import signature
from typing import Any, Generic, TypeVar
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable

Row = TypeVar("Row", bound=Model)
EARLY = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)  # stand-ins are moments of the first centuries


class _Cursor(psycopg.Cursor[Any]):
    """A cursor that gets its rows in binary form, and lets PostgreSQL keep the plan unless told otherwise."""

    keeps_plan = True

    def execute(self, query: Any, params: Any = None, **_options: Any) -> Any:
        return super().execute(query, params, prepare=None if self.keeps_plan else False, binary=True)


def fetch(sql: str, values: Any, *, keeps_plan: bool = True) -> list[tuple[Any, ...]]:
    """Return the rows of one statement, as PostgreSQL gives them: no model's converters.

    ``keeps_plan``: one plan serves all values, as it does for a look-up by ids.
    """
    with connection.cursor() as wrapper:
        wrapper.cursor = _Cursor(connection.connection)
        wrapper.cursor.keeps_plan = keeps_plan
        wrapper.execute(sql, values)
        if connection.queries_logged:  # by tests and in debugging: with the values, not "$1"
            connection.queries_log[-1]["sql"] = connection.ops.compose_sql(sql, values)  # type: ignore[attr-defined]
        found: list[tuple[Any, ...]] = wrapper.fetchall()
    return found


def write(build: Callable[..., QuerySet[Any, Any]], kinds: Mapping[str, type]) -> str:
    """Return the SQL of the queryset that ``build`` makes of values of these kinds, each value as ``%(name)s``.

    It is built twice, with other stand-ins: what depends on values in any other way than by holding them is found out.
    Raises: TypeError.
    """
    first, second = (_written(build, {name: _stand_in(kind) for name, kind in kinds.items()}) for _turn in range(2))
    if first != second:
        raise TypeError(f"The SQL changes with its values: {first}")
    return first


def _written(build: Callable[..., QuerySet[Any, Any]], stand_ins: Mapping[str, Any]) -> str:
    sql: str = connection.ops.compose_sql(*build(**stand_ins).query.sql_with_params())  # type: ignore[attr-defined]
    places = {}
    for name, value in stand_ins.items():
        if isinstance(value, list):
            places[f"IN ({_literal(value[0])})"] = f"= ANY(%({name})s)"
        else:
            places[_literal(value)] = f"%({name})s"
    sql = sql.replace("%", "%%")
    if places:
        sql = re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], sql)
    return sql


def _literal(value: Any) -> str:
    literal: str = connection.ops.compose_sql("%s", [value])  # type: ignore[attr-defined]
    return literal


def _stand_in(kind: type) -> Any:
    """Return a value that stands nowhere else in the SQL; a list is one of ids."""
    if issubclass(kind, list):
        return [uuid.uuid4()]
    if issubclass(kind, UUID):
        return uuid.uuid4()
    if issubclass(kind, datetime.date):
        moment = EARLY + datetime.timedelta(seconds=secrets.randbelow(10**10))
        return moment if issubclass(kind, datetime.datetime) else moment.date()
    if issubclass(kind, str):
        return secrets.token_hex(12)
    raise TypeError(f"Nothing can stand in for {kind}.")


class Statement:
    """A query whose only values are ids. ``build`` says what it reads, as a ``values_list`` by one id per parameter.

    ``build`` runs with stand-ins, so what it reads must depend on nothing else.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        self.names = tuple(signature(build).parameters)

    @cached_property
    def sql(self) -> str:
        return write(lambda **ids: self._reads(self.build(*ids.values())), dict.fromkeys(self.names, UUID))

    def _reads(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return rows

    def rows(self, *ids: UUID) -> list[tuple[Any, ...]]:
        """Return the rows for these ids."""
        return fetch(self.sql, dict(zip(self.names, ids, strict=True)))


class ListStatement:
    """The same for the pages of a list: one SQL for each shape (order, filters in use, direction) that was asked for.

    ``build(shape, **values)`` gives a ``values_list``. ``shape`` says all that changes the SQL, ``values`` are ids,
    days, moments and texts to compare with, and lists of ids (``pk__in``).
    """

    LIMIT = 500  # shapes

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        self._written: dict[Hashable, str] = {}

    def rows(self, shape: Hashable, *, keeps_plan: bool, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows for this shape and these values.

        ``keeps_plan``: the best plan is the same for few rows and for many, because one index answers it all.
        """
        return fetch(self.sql(shape, values), values, keeps_plan=keeps_plan)

    def count(self, shape: Hashable, **values: Any) -> int:
        """Count the rows for this shape and these values."""
        counted = f"SELECT count(*) FROM ({self.sql(shape, values)}) AS counted"  # noqa: S608 - of Django's making
        found: int = fetch(counted, values, keeps_plan=False)[0][0]
        return found

    def sql(self, shape: Hashable, values: Mapping[str, Any]) -> str:
        """Return the SQL for this shape and these values, each as ``%(name)s``: to stand within other SQL."""
        kinds = {name: type(value) for name, value in values.items()}
        key = (shape, *kinds.items())
        sql = self._written.get(key)
        if sql is None:
            sql = write(lambda **stand_ins: self.build(shape, **stand_ins), kinds)
            if len(self._written) < self.LIMIT:
                self._written[key] = sql
        return sql


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
