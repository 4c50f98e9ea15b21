"""The OpenAPI document, and the pages that show it and the errors to people."""

from http.client import responses
from itertools import groupby
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import public, signed_in
from portal.api import error_help, openapi
from portal.api.errors import json_answer
from portal.api.openapi import Call
from portal.core.http import PortalRequest


@require_safe
@public("the documentation of the API holds no data of anybody")
def document(request: HttpRequest) -> HttpResponse:
    """Answer /openapi.json."""
    return json_answer(openapi.document())


@require_safe
@signed_in("the documentation of the API holds no data of anybody")
def reference(request: PortalRequest) -> HttpResponse:
    """Show every call: address, who may, what goes in and comes out."""
    calls = sorted(openapi.calls(), key=lambda call: call.tag)  # stable: within a tag as in the URL map
    groups = [(tag, [_shown(call) for call in found]) for tag, found in groupby(calls, key=lambda call: call.tag)]
    return render(request, "api/reference.html", {"groups": groups})


@require_safe
@signed_in("the documentation of the API holds no data of anybody")
def errors(request: PortalRequest) -> HttpResponse:
    """Show every code of an error, its cause and its remedy."""
    return render(request, "api/errors.html", {"codes": error_help.all_codes()})


@require_safe
@signed_in("the documentation of the API holds no data of anybody")
def error(request: PortalRequest, code_id: str) -> HttpResponse:
    """Show one code: its number and HTTP status, its cause and its remedy. Raises: Http404."""
    one = error_help.code_at(code_id)
    if one is None:
        raise Http404
    same_number = [each for each in error_help.all_codes() if each.number == one.number and each != one]
    context = {"one": one, "phrase": responses.get(one.status, ""), "same_number": same_number}
    return render(request, "api/error.html", context)


def _shown(call: Call) -> dict[str, Any]:
    described = openapi.document()["paths"][call.path][call.method.lower()]
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answer = described["responses"][str(call.operation.status)]
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": described["operationId"],
        "method": call.method,
        "path": call.path,
        "summary": call.summary,
        "description": call.description,
        "permission": call.operation.permission.label if call.operation.permission else "",
        "person": call.operation.person,
        "query": list((call.operation.query or {}).items()),
        "body": _text(body),
        "answer": _text(schema),
        "status": call.operation.status,
    }


def _text(schema: Any) -> str:
    """Return a schema to read, with the schemas it points at in their places."""
    return orjson.dumps(_resolved(schema, 0), option=orjson.OPT_INDENT_2).decode() if schema is not None else ""


def _resolved(schema: Any, depth: int) -> Any:
    if isinstance(schema, list):
        return [_resolved(part, depth) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and depth < 8:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(openapi.document()["components"]["schemas"][name], depth + 1)
    return {name: _resolved(part, depth) for name, part in schema.items() if name != "title"}
