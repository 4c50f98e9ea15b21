"""What each family of first-party products allows: the lifecycles of sections 7.7 and 8 as one table (A7)."""

import datetime
from dataclasses import dataclass

from azure.enums import Refund
from customers.enums import ProductFamily

F = ProductFamily


@dataclass(frozen=True)
class Lifecycle:
    """``window_days``: how long after purchase or renewal it can be canceled; ``None`` at any time, 0 never."""

    window_days: int | None
    refund: Refund
    is_counted: bool = False  # has a number of licenses
    can_add: bool = False  # licenses, at any time
    can_remove: bool = False  # licenses, within the window of those
    can_shrink: bool = False  # licenses, with the next term
    can_change_term: bool = False  # to a longer one before its end
    can_coterm: bool = False  # its first term can end with a month, or with another subscription
    can_suspend: bool = False
    renews: bool = False
    needs_plan: bool = False  # is bought for a customer with an Azure plan only


LIFECYCLES: dict[str, Lifecycle] = {
    F.LICENSE_BASED: Lifecycle(
        7,
        Refund.PRORATED,
        is_counted=True,
        can_add=True,
        can_remove=True,
        can_shrink=True,
        can_change_term=True,
        can_coterm=True,
        can_suspend=True,
        renews=True,
    ),
    F.SOFTWARE: Lifecycle(7, Refund.PRORATED, is_counted=True, can_add=True, renews=True),
    F.PERPETUAL_SOFTWARE: Lifecycle(30, Refund.FULL, is_counted=True),
    F.RESERVATION: Lifecycle(None, Refund.PRORATED, is_counted=True, can_shrink=True, renews=True, needs_plan=True),
    F.SAVINGS_PLAN: Lifecycle(0, Refund.NONE, renews=True, needs_plan=True),
    F.AZURE_PLAN: Lifecycle(None, Refund.NONE),
    F.AZURE_SUBSCRIPTION: Lifecycle(None, Refund.NONE, can_suspend=True, needs_plan=True),
    F.AZURE_LEGACY: Lifecycle(None, Refund.NONE, can_suspend=True),
    F.SHARED_SERVICES: Lifecycle(None, Refund.NONE, can_suspend=True),
}
FIRST_PARTY = tuple(LIFECYCLES)
AZURE = frozenset({F.AZURE_PLAN, F.AZURE_SUBSCRIPTION, F.AZURE_LEGACY, F.SHARED_SERVICES})


LICENSED = frozenset({F.LICENSE_BASED, F.SOFTWARE, F.PERPETUAL_SOFTWARE})  # counted in licenses


def window_end(family: str, start: datetime.datetime) -> datetime.datetime | None:
    """Return until when a purchase or renewal can be taken back; ``None`` without a window."""
    days = LIFECYCLES[family].window_days
    return start + datetime.timedelta(days=days) if days else None
