"""What comes in: bodies, parameters, filters and ETags, with every tolerance of the original (reference 1.3 to 1.9)."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from django.http import HttpRequest
from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from portal.api.errors import (
    ETagMissing,
    StaleETag,
    UnknownEnumValue,
    UnreadableBody,
    WrongContentType,
    WrongParameter,
    WrongProperty,
)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DEEPEST = 40
LARGEST_PAGE = 500
OPERATORS = (  # clients also send the position
    "equals",
    "not_equals",
    "greater_than",
    "greater_than_or_equals",
    "less_than",
    "less_than_or_equals",
    "substring",
    "and",
    "or",
    "starts_with",
    "not_starts_with",
)
US_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2}):(\d{2})(?: ?([AP])M)?)?", re.IGNORECASE)
FRACTION = re.compile(r"(\.\d{6})\d+")


class Body(BaseModel):
    """What a request may hold. Property names count in any case; null and unknown ones are as good as absent."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(
            validation_alias=lambda name: name.replace("_", "").lower(), serialization_alias=to_camel
        ),
        extra="ignore",
        frozen=True,
        str_strip_whitespace=True,
    )


Wanted = TypeVar("Wanted", bound=Body)


def body_of(request: HttpRequest, model: type[Wanted]) -> Wanted:
    """Return the body as ``model``. Raises: WrongContentType, UnreadableBody, WrongProperty, UnknownEnumValue."""
    value = _lowered(json_of(request))
    if not isinstance(value, dict):
        raise UnreadableBody
    try:
        return model.model_validate(value)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        name = ".".join(_property_name(model, str(part)) for part in fault["loc"]) or model.__name__
        raise (UnknownEnumValue(name) if fault["type"] == "wire_enum" else WrongProperty(name)) from error


def json_of(request: HttpRequest) -> Any:
    """Return the JSON of a body as it stands. Raises: WrongContentType, UnreadableBody."""
    kind = (request.content_type or "").lower()
    if request.body and kind and "json" not in kind:
        raise WrongContentType
    try:
        return orjson.loads(request.body.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as error:
        raise UnreadableBody from error


def query_of(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of the address by their names in lower case."""
    return {name.lower(): str(value) for name, value in request.GET.items()}


def one_of(*names: str) -> BeforeValidator:
    """Return what makes ``Annotated[str, one_of(...)]`` one of the names, in any case or by its position."""
    known = {name.replace("_", "").lower(): name for name in names}

    def read(value: Any) -> str:
        if isinstance(value, bool):
            raise _enum_fault()
        if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
            position = int(value)
            if position < len(names):
                return names[position]
            raise _enum_fault()
        if isinstance(value, str) and (found := known.get(value.replace("_", "").strip().lower())):
            return found
        raise _enum_fault()

    return BeforeValidator(read, json_schema_input_type=str)


def _enum_fault() -> Exception:
    return PydanticCustomError("wire_enum", "not one of the values that exist")


@dataclass(frozen=True)
class Filter:
    """One condition on a collection. ``field`` in lower case, ``operator`` one of OPERATORS."""

    field: str
    value: str
    operator: str


def filter_of(query: Mapping[str, str], *, allowed: Mapping[str, Sequence[str]]) -> Filter | None:
    """Return the filter of a collection; ``allowed`` names operators by field. Raises: WrongParameter."""
    raw = query.get("filter", "").strip()
    if not raw:
        return None
    try:
        parts = _lowered(orjson.loads(raw))
    except (orjson.JSONDecodeError, UnreadableBody) as error:
        raise WrongParameter("filter") from error
    if not isinstance(parts, dict) or not isinstance(parts.get("value", ""), str | int):
        raise WrongParameter("filter")
    field, operator = str(parts.get("field", "")).lower(), _operator(parts.get("operator"))
    operators = {name.lower(): known for name, known in allowed.items()}.get(field)
    if operators is None or operator not in operators:
        raise WrongParameter("filter")
    return Filter(field=field, value=str(parts.get("value", "")), operator=operator)


def _operator(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return OPERATORS[value] if 0 <= value < len(OPERATORS) else ""
    text = str(value or "").replace("_", "").lower()
    return next((name for name in OPERATORS if name.replace("_", "") == text), "")


@dataclass(frozen=True)
class Paging:
    """Which page of a collection is wanted: ``cursor`` is empty for the first."""

    size: int
    cursor: str


def paging_of(request: HttpRequest, query: Mapping[str, str]) -> Paging:
    """Return size and position (reference 1.7): no size or 0 is the largest. Raises: WrongParameter."""
    size = query.get("size", "").strip() or "0"
    if not (size.isascii() and size.isdigit() and len(size) < 10):
        raise WrongParameter("size")
    seek = query.get("seekoperation", "").lower()
    cursor = "" if seek == "first" else request.headers.get("MS-ContinuationToken", "").strip()
    if seek in ("next", "previous") and not cursor:
        raise WrongParameter("MS-ContinuationToken")
    return Paging(size=min(int(size) or LARGEST_PAGE, LARGEST_PAGE), cursor=cursor)


def guid_of(text: str, name: str) -> UUID:
    """Return a GUID of a parameter. Raises: WrongParameter."""
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise WrongParameter(name) from error


def time_of(text: str) -> datetime.datetime:
    """Return a time from any of the ways clients write it; without a zone it is UTC. Raises: ValueError."""
    text = text.strip()
    if match := US_TIME.fullmatch(text):
        month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        half = (match.group(7) or "").upper()
        if half:
            if not 1 <= hour <= 12:
                raise ValueError(text)
            hour = hour % 12 + (12 if half == "P" else 0)
        return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC)
    found = datetime.datetime.fromisoformat(FRACTION.sub(r"\1", text))
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)


def _read_time(value: Any) -> datetime.datetime:
    if not isinstance(value, str):
        raise ValueError("a time is text")
    try:
        return time_of(value)
    except OverflowError as error:
        raise ValueError("a time out of range") from error


WireTime = Annotated[datetime.datetime, BeforeValidator(_read_time, json_schema_input_type=str)]


def check_if_match(request: HttpRequest, current: str, *, required: bool = False, in_body: str = "") -> None:
    """Compare the ETag the client read with the current one; quoted or bare. Raises: ETagMissing, StaleETag."""
    given = (request.headers.get("If-Match", "") or in_body).strip().removeprefix("W/").strip('"')
    if not given and required:
        raise ETagMissing
    if given not in ("", "*", current):
        raise StaleETag


def _lowered(value: Any, depth: int = 0) -> Any:
    """Return the JSON with property names in lower case and without nulls. Raises: UnreadableBody."""
    if depth > DEEPEST:
        raise UnreadableBody
    if isinstance(value, dict):
        return {name.lower(): _lowered(one, depth + 1) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_lowered(one, depth + 1) for one in value]
    if isinstance(value, str) and "\x00" in value:  # PostgreSQL cannot hold it
        raise UnreadableBody
    return value


def _property_name(model: type[BaseModel], part: str) -> str:
    """Return the name of a property as it is documented, from the one it was read by."""
    for name in model.model_fields:
        if name.replace("_", "").lower() == part:
            return to_camel(name)
    return part


def whole_number(query: Mapping[str, str], name: str) -> int:
    """Return a parameter that is a number from zero on, zero if it is not given. Raises: WrongParameter."""
    text = query.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise WrongParameter(name)
    return int(text)
