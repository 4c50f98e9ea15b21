"""Which items the source has chosen so far, over all pages of a review, in a few short fields.

A page holds a box per item it shows; what was chosen on other pages travels as "all or none, but for these". So
10,000 items need no 10,000 fields, and everything works without JavaScript.
"""

import base64
import binascii
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict

BASE, BUT, SHOWN, ITEM = "base", "but", "shown", "item"
EVERYTHING = "everything"
_LENGTH = 16  # bytes of an id


@dataclass(frozen=True)
class Choice:
    """All items or none, but for the ids in ``but``."""

    is_everything: bool = False
    but: frozenset[uuid.UUID] = frozenset()

    @classmethod
    def read(cls, data: QueryDict) -> "Choice":
        """Read the choice from a sent form: the fields for other pages, then the boxes of this one."""
        kept = cls(data.get(BASE) == EVERYTHING, frozenset(unpack(data.get(BUT, ""))))
        shown = unpack(data.get(SHOWN, ""))
        ticked = {found for value in data.getlist(ITEM) if (found := _as_uuid(value))}
        return kept.with_items([one for one in shown if one in ticked]).without(
            [one for one in shown if one not in ticked]
        )

    def has(self, item_id: uuid.UUID) -> bool:
        return (item_id in self.but) != self.is_everything

    def of(self, item_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
        """Return those of the items that are chosen."""
        return [item_id for item_id in item_ids if self.has(item_id)]

    def with_items(self, item_ids: Collection[uuid.UUID]) -> "Choice":
        but = self.but - set(item_ids) if self.is_everything else self.but | set(item_ids)
        return Choice(self.is_everything, frozenset(but))

    def without(self, item_ids: Collection[uuid.UUID]) -> "Choice":
        but = self.but | set(item_ids) if self.is_everything else self.but - set(item_ids)
        return Choice(self.is_everything, frozenset(but))

    def fields(self, shown: Sequence[uuid.UUID] = ()) -> dict[str, str]:
        """Return the hidden fields that carry the choice past a page that shows these items."""
        here = set(shown)
        return {
            BASE: EVERYTHING if self.is_everything else "",
            BUT: pack(item_id for item_id in self.but if item_id not in here),
            SHOWN: pack(shown),
        }


def pack(item_ids: Iterable[uuid.UUID]) -> str:
    """Return ids as one short text."""
    return base64.urlsafe_b64encode(b"".join(item_id.bytes for item_id in item_ids)).decode()


def unpack(text: str) -> list[uuid.UUID]:
    """Return the ids of such a text; none of one that was cut or changed."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return []
    if len(raw) % _LENGTH:
        return []
    return [uuid.UUID(bytes=raw[at : at + _LENGTH]) for at in range(0, len(raw), _LENGTH)]


def _as_uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
