"""Moving items between billing owners, behind a small interface (T10).

A commerce back end is given items of one transfer that the rules passed, inside the transaction that notes the result.
It says of each what became of it. One that works in PostgreSQL moves them there and then; one that asks a system
elsewhere would answer ``Working`` and be asked again, so that no network call happens inside a transaction.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from transfers.models import Transfer


@dataclass(frozen=True)
class Fault:
    """Why an item could not be moved: a code of ``transfers.reasons``, and its facts, free of language.

    ``detail`` among them is what the back end said.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Moves:
    """What became of line items, by their id. ``working``: ask again at that time; that is no failed attempt."""

    moved: Sequence[uuid.UUID] = ()
    failed: Mapping[uuid.UUID, Fault] = field(default_factory=dict)
    working: Mapping[uuid.UUID, datetime.datetime] = field(default_factory=dict)


class CommerceBackend(Protocol):
    """What moves items."""

    def move(self, transfer: Transfer, item_ids: Sequence[uuid.UUID], *, now: datetime.datetime) -> Moves:
        """Move the line items, all of one transfer; an exception of the database moves none of them."""
        ...


@cache
def _backend(path: str) -> CommerceBackend:
    backend: CommerceBackend = import_string(path)()
    return backend


def backend_for(transfer: Transfer) -> CommerceBackend:
    """Return the back end of a transfer: that of the sandbox where the source is a sandbox partner (P8, X6)."""
    is_sandbox = transfer.source_partner.organization.is_sandbox
    return _backend(settings.TRANSFER_SANDBOX_COMMERCE if is_sandbox else settings.TRANSFER_COMMERCE)
