"""The OpenAPI document, generated from the marks on the handlers and the types they read and answer."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string
from pydantic import TypeAdapter

from portal.api.access import ApiAccess, Operation

PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
REFERENCE = "#/components/schemas/{model}"
ERROR = {
    "type": "object",
    "required": ["code", "description", "data", "source"],
    "properties": {
        "code": {"type": "integer"},
        "description": {"type": "string"},
        "data": {"type": "array", "items": {"type": "string"}},
        "source": {"type": "string"},
    },
}
_TEXTS = {name: {"type": "string"} for name in ("code", "message", "target")}
PUBLISHER_ERROR = {
    "anyOf": [
        {
            "type": "object",
            "required": ["message"],
            "properties": {
                **_TEXTS,
                "details": {"type": "array", "items": {"type": "object", "properties": _TEXTS}},
                "additionalInfo": {"type": "object"},
            },
        },
        {  # only of a missing or unknown version (fulfillment reference, section 3.12)
            "type": "object",
            "required": ["Error"],
            "properties": {
                "Error": {"type": "object", "properties": {"Code": {"type": "string"}, "Message": {"type": "string"}}}
            },
        },
    ]
}
ERRORS = {"partner": "Error", "publisher": "PublisherError"}
HEADERS = ("MS-RequestId", "MS-CorrelationId", "X-Locale")


@dataclass(frozen=True)
class Call:
    """One operation at one address."""

    path: str
    method: str
    name: str
    operation: Operation
    handler: Callable[..., Any]
    style: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def summary(self) -> str:
        return (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        return " ".join((self.handler.__doc__ or "").split())

    @property
    def tag(self) -> str:
        return self.operation.tag or "Other"


@lru_cache(maxsize=1)
def calls() -> tuple[Call, ...]:
    """Return every operation of the APIs, in the order of the URL map."""
    return tuple(_calls(get_resolver(), "/", ""))


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the OpenAPI document of both APIs."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for call in calls():
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{settings.PRODUCT_NAME} API", "version": "v1"},
        "servers": [{"url": settings.BASE_URL}],
        "paths": paths,
        "webhooks": {name: _notification(schemas[f"webhook {name}"]) for name in settings.API_NOTIFICATIONS},
        "components": {
            "schemas": {**components, "Error": ERROR, "PublisherError": PUBLISHER_ERROR},
            "securitySchemes": {
                "oauth2": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{settings.BASE_URL}/{{tenant}}/oauth2/v2.0/token",
                            "scopes": {},
                        }
                    },
                }
            },
        },
        "security": [{"oauth2": []}],
    }


def _calls(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Call]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _calls(pattern, route, inner)
        elif isinstance(access := getattr(pattern.callback, "access", None), ApiAccess):
            yield from _calls_of(pattern, access, route, namespace)


def _calls_of(pattern: URLPattern, access: ApiAccess, route: str, namespace: str) -> Iterator[Call]:
    parameters = tuple((match["name"], match["kind"] or "str") for match in PARAMETER.finditer(route))
    for method, operation in (access.operations or {}).items():
        yield Call(
            path=PARAMETER.sub(r"{\g<name>}", route),
            method=method,
            name=f"{namespace}{pattern.name}",
            operation=operation,
            handler=pattern.callback.handlers[method],  # type: ignore[attr-defined]
            style=access.style.name,
            parameters=parameters,
        )


def _schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of each body and answer by call, and the shared ones beside them."""
    wanted = [
        (f"{call.method} {call.path} {part}", "serialization", TypeAdapter(value))
        for call in calls()
        for part, value in (("body", call.operation.body), ("answer", call.operation.answer))
        if value is not None
    ]
    notifications = settings.API_NOTIFICATIONS.items()
    wanted += [(f"webhook {name}", "serialization", TypeAdapter(import_string(path))) for name, path in notifications]
    found, shared = TypeAdapter.json_schemas(wanted, ref_template=REFERENCE)  # type: ignore[arg-type]
    return {key: schema for (key, _mode), schema in found.items()}, shared.get("$defs", {})


def _operation(call: Call, schemas: dict[str, Any]) -> dict[str, Any]:
    key, error = f"{call.method} {call.path}", ERRORS.get(call.style, "Error")
    value: dict[str, Any] = {
        "operationId": f"{call.method.lower()}_{call.name.replace(':', '_')}",
        "summary": call.summary,
        "description": call.description,
        "tags": [call.tag],
        "parameters": [*_path_parameters(call), *_query_parameters(call), *_header_parameters(call)],
        "responses": {
            str(call.operation.status): _answer(schemas.get(f"{key} answer")),
            **{str(status): _answer(None) for status in call.operation.also},
            "default": {"description": "A refusal.", "content": _json({"$ref": REFERENCE.format(model=error)})},
        },
    }
    if call.operation.permission is not None:
        value["x-permission"] = str(call.operation.permission.value)
    if call.operation.person:
        value["x-app-and-user-only"] = True
    if (body := schemas.get(f"{key} body")) is not None:
        value["requestBody"] = {"required": True, "content": _json(body)}
    return value


def _notification(schema: Any) -> dict[str, Any]:
    """Describe what the portal posts to an address of the receiver's."""
    responses = {"200": {"description": "Received."}}
    return {"post": {"requestBody": {"required": True, "content": _json(schema)}, "responses": responses}}


def _answer(schema: Any) -> dict[str, Any]:
    return {"description": "Done."} | ({"content": _json(schema)} if schema is not None else {})


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _path_parameters(call: Call) -> list[dict[str, Any]]:
    kinds = {"guid": {"type": "string", "format": "uuid"}, "uuid": {"type": "string", "format": "uuid"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for name, kind in call.parameters
    ]


def _query_parameters(call: Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in (call.operation.query or {}).items()
    ]


def _header_parameters(call: Call) -> list[dict[str, Any]]:
    if call.style != "partner":
        return []
    return [{"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in HEADERS]
