"""A commerce back end that moves like the default one and then takes its time, the transaction still open."""

import datetime
import time
import uuid
from collections.abc import Sequence

from transfers.commerce import Moves, postgres
from transfers.models import Transfer

SECONDS = 0.6


class Commerce(postgres.Commerce):
    """Leaves each batch moved but not committed for a while."""

    def move(self, transfer: Transfer, item_ids: Sequence[uuid.UUID], *, now: datetime.datetime) -> Moves:
        """Move the items, then wait."""
        moves = super().move(transfer, item_ids, now=now)
        time.sleep(SECONDS)
        return moves
