"""What goes out: the envelope every resource has, links, collections, ETags and times (reference 1.5 to 1.9).

Rows are written as plain dictionaries, straight from ``values()`` where there are many; the TypedDicts here and in the
apps describe them for the type checker and for the OpenAPI document.
"""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired
from urllib.parse import urlencode

import orjson
from typing_extensions import TypedDict

from portal.core.pages import Page


class Header(TypedDict):
    key: str
    value: str


class Link(TypedDict):
    uri: str
    method: str
    headers: list[Header]


class SelfLinks(TypedDict):
    self: Link


class CollectionLinks(TypedDict):
    self: Link
    next: NotRequired[Link]
    previous: NotRequired[Link]


class Attributes(TypedDict):
    objectType: str
    etag: NotRequired[str]


def link(uri: str, *, headers: Sequence[Header] = ()) -> Link:
    """Return a link; ``uri`` begins after the version."""
    return {"uri": uri, "method": "GET", "headers": list(headers)}


def self_links(uri: str) -> SelfLinks:
    """Return the links of a resource that has no other than its own."""
    return {"self": link(uri)}


def attributes(object_type: str, *, etag: str = "") -> Attributes:
    """Return the attributes of a resource."""
    return {"etag": etag, "objectType": object_type} if etag else {"objectType": object_type}


def collection(items: Sequence[Any], *, uri: str = "") -> dict[str, Any]:
    """Return a whole list in the standard wrapper; without ``uri`` it has no links."""
    wrapped: dict[str, Any] = {"totalCount": len(items), "items": items}
    if uri:
        wrapped["links"] = self_links(uri)
    return wrapped | {"attributes": attributes("Collection")}


def page_of(items: Sequence[Any], *, page: Page[Any], path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return one page in the standard wrapper, with links to its neighbors (reference 1.7)."""
    here = path + ("?" + urlencode(parameters) if parameters else "")
    links: dict[str, Link] = {"self": link(here)}
    for name, seek, cursor in (("next", "Next", page.next_cursor), ("previous", "Previous", page.previous_cursor)):
        if cursor:
            address = path + "?" + urlencode({**parameters, "seekOperation": seek})
            links[name] = link(address, headers=[{"key": "MS-ContinuationToken", "value": cursor}])
    wrapped: dict[str, Any] = {"totalCount": len(items), "items": items, "links": links}
    if page.next_cursor:
        wrapped["continuationToken"] = page.next_cursor
    return wrapped | {"attributes": attributes("Collection")}


def etag_of(*values: object) -> str:
    """Return a number that changes when one of the values does, as the original writes it."""
    digest = hashlib.sha256(orjson.dumps([str(value) for value in values])).digest()
    return str(int.from_bytes(digest[:8], signed=True))


def time_text(moment: datetime.datetime) -> str:
    """Return a time in UTC with a Z."""
    return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z"


def date_text(day: datetime.date) -> str:
    """Return the first instant of a day."""
    return f"{day.isoformat()}T00:00:00Z"


def without_nothing(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that are not null: replies leave those out."""
    return {name: value for name, value in values.items() if value is not None}
