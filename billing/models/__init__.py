"""What things cost, what is owed for them and by whom."""

from billing.models.charges import Charge

__all__ = ["Charge"]
