"""Values made from the schemas of the OpenAPI document, and whether an answer fits its schema.

As much of JSON Schema as the document uses; an unknown keyword fails rather than being passed over.
"""

import uuid
from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]
Hints = dict[str, list[Any]]  # values that make sense, by a property's name in lower case

TYPES = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip
KNOWN = {
    "type", "properties", "required", "items", "$ref", "anyOf", "title", "description", "default", "format",
    "additionalProperties", "enum", "const", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum",
    "$defs", "pattern", "prefixItems", "exclusiveMinimum",
}  # fmt: skip
ODD = st.sampled_from(
    ["", " ", "0", "-1", "1e400", "9" * 30, "true", "é\u202e😀", "a" * 300, "2026-02-30", "9999-12-31T23:59:59-14:00",
     "{}", "*", "../..", "P1Y", "a:b:c", "none", str(uuid.UUID(int=7))]
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(["FR", "EUR", "monthly", "P1M", "a@b.example", "2026-01-01", "x.example", "en", "3"]),
    ODD,
    st.text(max_size=12),
)
NUMBERS = st.one_of(st.integers(-2, 30), st.sampled_from([2**31, 2**63, 2**64]))
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(allow_nan=False, allow_infinity=False), ODD),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD, inner, max_size=3)),
    max_leaves=6,
)


def values(schema: dict[str, Any], document: dict[str, Any], hints: Hints, name: str = "") -> Strategy:
    """Values that a schema describes, most often the hint for a property's name, and now and then anything.

    Properties that may be missing often are.
    """
    made = _described(_resolved(schema, document), document, hints, name)
    if not name:
        return made
    likely = st.sampled_from(hints[name.lower()]) if name.lower() in hints else made
    return st.integers(0, 15).flatmap(lambda dice: {0: JUNK, 1: made}.get(dice, likely))


def _described(schema: dict[str, Any], document: dict[str, Any], hints: Hints, name: str) -> Strategy:
    if "anyOf" in schema:
        return st.one_of([_described(_resolved(part, document), document, hints, name) for part in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        made = {field: values(part, document, hints, field) for field, part in fields.items()}
        needed = {field: made.pop(field) for field in schema.get("required", ()) if field in made}
        return st.fixed_dictionaries(needed, optional=made)
    if kind == "array":
        return st.lists(values(schema.get("items", {}), document, hints, name), min_size=1, max_size=3)
    if kind == "string":
        return st.uuids().map(str) if schema.get("format") == "uuid" else TEXTS
    plain = {"integer": NUMBERS, "number": NUMBERS, "boolean": st.booleans(), "null": st.none()}
    return plain.get(kind, JUNK)


def misfits(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$") -> list[str]:
    """Where a value differs from its schema; a property that the schema does not name differs too."""
    schema = _resolved(schema, document)
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "anyOf" in schema:
        found = [misfits(value, part, document, at) for part in schema["anyOf"]]
        return [] if [] in found else min(found, key=len)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not among {schema['enum']}"]
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind in ("integer", "number"))):
        return [f"{at}: {value!r} is no {kind}"]
    if kind == "array":
        items = schema.get("items", {})
        return [wrong for number, one in enumerate(value) for wrong in misfits(one, items, document, f"{at}[{number}]")]
    return _wrong_properties(value, schema, document, at) if kind == "object" else []


def _wrong_properties(value: dict, schema: dict[str, Any], document: dict[str, Any], at: str) -> list[str]:
    fields, others = schema.get("properties", {}), schema.get("additionalProperties")
    wrong = [f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, one in value.items():
        part = fields.get(name, others if isinstance(others, dict) else None)
        if part is not None:
            wrong += misfits(one, part, document, f"{at}.{name}")
        elif fields and others is not True:
            wrong.append(f"{at}.{name} is not described")
    return wrong


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _resolved(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    return schema
