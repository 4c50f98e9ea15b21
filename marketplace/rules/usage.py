"""Which reported usage is taken (fulfillment reference, section 5)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from marketplace.enums import FulfillmentStatus, UsageStatus
from marketplace.models import DimensionPrice, SaaSSubscription, UsageRecord
from portal.core.errors import Refusal

LARGEST = Decimal(10) ** 11
FINEST = Decimal("0.000001")


class UsageRefused(Refusal):
    """``result`` is the word of the batch answer; ``target`` the property it is about."""

    code = "usage-refused"
    http_status = 400

    def __init__(self, result: UsageStatus, message: object, *, target: str = "") -> None:
        super().__init__(message)
        self.result = result
        self.target = target


class UsageDuplicate(UsageRefused):
    """The hour is taken already, by ``accepted``."""

    http_status = 409

    def __init__(self, accepted: UsageRecord) -> None:
        super().__init__(UsageStatus.DUPLICATE, _("This hour has been reported already."))
        self.accepted = accepted


@dataclass(frozen=True)
class UsageEvent:
    """One reported event, its properties of the right kind."""

    resource_id: UUID
    dimension: str
    quantity: Decimal
    effective_at: datetime.datetime
    plan_code: str

    @property
    def hour(self) -> datetime.datetime:
        return self.effective_at.replace(minute=0, second=0, microsecond=0)


def read_event(raw: Any) -> UsageEvent:
    """Return an event as it came over the wire. Raises: UsageRefused."""
    if not isinstance(raw, dict):
        raise _bad("usageEvent", _("An event is an object."))
    if raw.get("resourceId") is not None and raw.get("resourceUri") is not None:
        raise _bad("resourceUri", _("Give resourceId or resourceUri, not both."))
    try:
        resource_id = UUID(str(raw.get("resourceId") or raw.get("resourceUri")))
    except ValueError as error:
        raise _bad("resourceId", _("The resource is missing or no GUID.")) from error
    dimension, plan_code = raw.get("dimension"), raw.get("planId")
    if not isinstance(dimension, str) or not dimension:
        raise _bad("dimension", _("The dimension is missing."))
    if not isinstance(plan_code, str) or not plan_code:
        raise _bad("planId", _("The plan is missing."))
    effective_at = read_moment(raw.get("effectiveStartTime"))
    if effective_at is None:
        raise _bad("effectiveStartTime", _("The start time is missing or no time."))
    return UsageEvent(resource_id, dimension, _quantity(raw.get("quantity")), effective_at, plan_code)


def read_moment(raw: object) -> datetime.datetime | None:
    """Return an ISO 8601 time or date; UTC even without a zone (section 5.1)."""
    try:
        found = parse_datetime(str(raw))
        day = parse_date(str(raw)) if found is None else None
    except ValueError:
        return None
    if day is not None:
        found = datetime.datetime.combine(day, datetime.time())
    if found is None:
        return None
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)


def _quantity(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise _bad("quantity", _("The quantity is missing or no number."))
    try:
        quantity = Decimal(str(raw))
    except InvalidOperation as error:
        raise _bad("quantity", _("The quantity is missing or no number.")) from error
    if not quantity.is_finite() or quantity <= 0 or quantity > LARGEST or quantity != quantity.quantize(FINEST):
        raise UsageRefused(UsageStatus.INVALID_QUANTITY, _("The quantity is not allowed."), target="quantity")
    return quantity


def _bad(target: str, message: object) -> UsageRefused:
    return UsageRefused(UsageStatus.BAD_ARGUMENT, message, target=target)


def check_usage(
    event: UsageEvent, saas: SaaSSubscription | None, *, publisher_id: UUID, now: datetime.datetime
) -> DimensionPrice:
    """Return the price of an event that may be taken.

    Source: fulfillment reference, sections 5.1 and 5.2. Raises: UsageRefused.
    """
    if saas is None:
        raise UsageRefused(UsageStatus.RESOURCE_NOT_FOUND, _("There is no such subscription."), target="ResourceId")
    if saas.publisher_id != publisher_id:
        raise UsageRefused(
            UsageStatus.RESOURCE_NOT_AUTHORIZED,
            _("The subscription is another publisher's."),
            target="ResourceId",
        )
    _check_active(event, saas)
    if event.effective_at > now:
        raise _bad("effectiveStartTime", _("The start time is in the future."))
    if event.effective_at < now - datetime.timedelta(hours=settings.USAGE_HOURS):
        raise UsageRefused(UsageStatus.EXPIRED, _("The event is too old."), target="effectiveStartTime")
    if event.plan_code != saas.plan.code:
        raise _bad("planId", _("The subscription has another plan."))
    if saas.subscription.is_trial:
        raise _bad("resourceId", _("A free trial is not metered."))
    prices = DimensionPrice.objects.filter(dimension__plan=saas.plan, dimension__code=event.dimension)
    price = prices.filter(currency=saas.subscription.currency).select_related("dimension").first()
    if price is None or saas.plan.is_per_seat:
        raise UsageRefused(UsageStatus.INVALID_DIMENSION, _("The plan has no such dimension."), target="dimension")
    return price


def _check_active(event: UsageEvent, saas: SaaSSubscription) -> None:
    """Taken while active, and for the hours before the end of what has ended."""
    begun = saas.activated_at is not None and event.effective_at >= saas.activated_at.replace(
        minute=0, second=0, microsecond=0
    )
    running = saas.status == FulfillmentStatus.SUBSCRIBED
    before_end = saas.ended_at is not None and event.effective_at < saas.ended_at
    if not begun or not (running or before_end):
        raise UsageRefused(UsageStatus.RESOURCE_NOT_ACTIVE, _("The subscription is not active."), target="ResourceId")
