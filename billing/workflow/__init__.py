"""Every change of what is owed, one function each."""

from billing.workflow.charges import (
    charge_conversion,
    charge_cycle,
    charge_free_days,
    charge_many,
    charge_quantity_change,
    refund_everything,
    refund_rest,
    write_charge,
)
from billing.workflow.cycles import charge_cycles, charge_renewed
from billing.workflow.resellers import keep_reseller

__all__ = [
    "charge_conversion",
    "charge_cycle",
    "charge_cycles",
    "charge_free_days",
    "charge_many",
    "charge_quantity_change",
    "charge_renewed",
    "keep_reseller",
    "refund_everything",
    "refund_rest",
    "write_charge",
]
