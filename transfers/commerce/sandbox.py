"""The commerce back end of the sandbox: moves like the default one, but fails where it was told to (X6)."""

import datetime
import uuid
from collections.abc import Sequence

from transfers.commerce import Fault, Moves, postgres
from transfers.enums import FaultMode
from transfers.models import CommerceFault, Transfer, TransferLineItem


class Commerce:
    """Does with each item what its planned fault says; without one it moves."""

    def move(self, transfer: Transfer, item_ids: Sequence[uuid.UUID], *, now: datetime.datetime) -> Moves:
        """Use up one planned failure per try, and let an item that takes S seconds wait for them once."""
        planned = CommerceFault.objects.filter(subscription__transfer_items__in=item_ids).select_for_update(
            of=("self",)
        )
        faults = {fault.subscription_id: fault for fault in planned.order_by("pk")}
        failed: dict[uuid.UUID, Fault] = {}
        working: dict[uuid.UUID, datetime.datetime] = {}
        items = TransferLineItem.objects.filter(pk__in=item_ids).values_list("pk", "subscription_id", "attempts")
        for item_id, subscription_id, attempts in items if faults else ():
            fault = faults.get(subscription_id)
            if fault is None:
                continue
            if fault.mode == FaultMode.TAKE_SECONDS:
                working[item_id] = now + datetime.timedelta(seconds=fault.amount)
                fault.delete()
            else:
                failed[item_id] = Fault("sandbox-fault", {"detail": f"try {attempts + 1}"})
                self._use_up(fault)
        free = [item_id for item_id in item_ids if item_id not in failed and item_id not in working]
        moved = postgres.Commerce().move(transfer, free, now=now).moved
        return Moves(moved=moved, failed=failed, working=working)

    @staticmethod
    def _use_up(fault: CommerceFault) -> None:
        if fault.mode == FaultMode.FAIL_ALWAYS:
            return
        if fault.amount <= 1:
            fault.delete()
        else:
            fault.amount -= 1
            fault.save(update_fields=["amount"])
