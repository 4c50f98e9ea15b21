"""What may be asked of a subscription over the API, in words that all product families share.

Each family's app says what it does with it: a function named in ``settings.SUBSCRIPTION_CHANGES``, called with
``subscription_id``, ``change``, ``actor`` and ``now`` inside a transaction in which the row is locked. What it does not
offer, it refuses. A change that waits for somebody is marked by ``Subscription.pending_operation``.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customers.enums import BillingFrequency, SubscriptionStatus, Term
from customers.wire import CYCLES, UPFRONT
from portal.accounts.actor import Actor
from portal.core.errors import InvalidInput, Refusal


class ChangeNotOffered(Refusal):
    """This change is not offered for a product of this family, or not over the API."""

    code = "subscription-change-not-offered"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(_("This change is not offered for this product."))


class StatusNotReachable(Refusal):
    """The subscription cannot go from its status to the one asked for."""

    code = "subscription-status-not-reachable"
    http_status = 400

    def __init__(self, old: str, new: str) -> None:
        super().__init__(_("The status cannot change from %(old)s to %(new)s.") % {"old": old, "new": new})


class QuantityOutOfRange(InvalidInput):
    """The quantity lies outside what the product is sold in."""

    code = "quantity-out-of-range"


@dataclass(frozen=True)
class NextTerm:
    """What a subscription becomes when its term ends (API reference, section 4.4)."""

    catalog_item: str = ""  # product:SKU:availability; empty: the product stays
    billing_cycle: str = ""
    term: str = ""
    quantity: int | None = None
    ends_at: datetime.datetime | None = None


@dataclass(frozen=True)
class SubscriptionChange:
    """What is asked; ``None`` leaves a thing as it is, but without ``next_term`` instructions for it are dropped."""

    friendly_name: str | None = None
    quantity: int | None = None
    status: SubscriptionStatus | None = None
    auto_renew: bool | None = None
    partner_on_record: str | None = None  # PartnerID
    billing_cycle: str | None = None  # the original's word; frequency_of() translates it
    catalog_item: str | None = None  # what the product becomes now: product:SKU:availability
    next_term: NextTerm | None = None

    @property
    def is_empty(self) -> bool:
        return self == SubscriptionChange()


@dataclass(frozen=True)
class Eligibility:
    """Whether a subscription may become another catalog item now, and why not (API reference, section 4.7)."""

    catalog_item: str
    title: str
    description: str = ""
    refusal: Refusal | None = field(default=None, compare=False)


def change_of(family: str) -> Callable[..., object] | None:
    """Return what changes subscriptions of a family; ``None`` where nothing does."""
    path = settings.SUBSCRIPTION_CHANGES.get(family)
    return import_string(path) if path else None


def transitions_of(family: str) -> Callable[..., list[Eligibility]] | None:
    """Return what lists the items subscriptions of a family may become; called with the id, ``actor`` and ``now``."""
    path = settings.SUBSCRIPTION_TRANSITIONS.get(family)
    return import_string(path) if path else None


def properties_of(subscription_ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return what apps write of subscriptions beyond their rows (setting SUBSCRIPTION_PROPERTIES)."""
    found: dict[UUID, dict[str, Any]] = {}
    for path in settings.SUBSCRIPTION_PROPERTIES:
        for subscription_id, properties in import_string(path)(subscription_ids).items():
            found.setdefault(subscription_id, {}).update(properties)
    return found


def apply_change(
    *, subscription_id: UUID, family: str, change: SubscriptionChange, actor: Actor, now: datetime.datetime
) -> None:
    """Let the family's app do what is asked. Raises: ChangeNotOffered, and what that app refuses."""
    function = change_of(family)
    if function is not None:
        function(subscription_id=subscription_id, change=change, actor=actor, now=now)
    elif not change.is_empty:
        raise ChangeNotOffered


def frequency_of(billing_cycle: str, term: str) -> BillingFrequency | None:
    """Return the billing frequency that a ``billingCycle`` means for a term; ``None`` where it means none."""
    for frequency, word in CYCLES.items():
        if word == billing_cycle:
            return frequency
    longer = {word: length for length, word in UPFRONT.items()}
    return BillingFrequency.UPFRONT if longer.get(billing_cycle) == Term(term) else None
