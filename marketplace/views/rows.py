"""How a marketplace subscription stands in a list: columns of section 7.5."""

import datetime
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from customers.enums import BillingFrequency, Term
from marketplace.enums import FulfillmentStatus
from marketplace.presentation import quantity_words, status_tone, status_words
from marketplace.queries import SubscriptionRow
from portal.core.listing import addresses, short_days
from portal.core.templatetags.components import icon

# How the button to the publisher looks: the main step of what waits, none for what has ended.
LINK_CLASSES: dict[str, str] = {FulfillmentStatus.PENDING: "", FulfillmentStatus.UNSUBSCRIBED: "gone"}


def list_rows(found: Iterable[SubscriptionRow], *, now: datetime.datetime) -> list[dict[str, Any]]:
    """Lay out subscriptions as rows of a list: plain text, which the template only puts in its place."""
    page_of, link_of = addresses("marketplace:subscription"), addresses("marketplace:publisher_link")
    terms = {term.value: str(term.label) for term in Term}
    frequencies = {frequency.value: str(frequency.label) for frequency in BillingFrequency}
    flat_rate, on, off = _("Flat rate"), _("On"), _("Off")
    quantity, status, cancelable = quantity_words(), _status(), _cancelable(now)
    return [
        {
            "id": str(row.pk),
            "name": row.name,
            "product": row.offer,
            "url": page_of(str(row.pk)),
            "customer": row.customer,
            "publisher": row.publisher,
            "plan": row.plan,
            "quantity": quantity(row.quantity) if row.is_per_seat else flat_rate,
            **status(row),
            "cancelable": cancelable(row),
            "term": terms[row.term],
            "frequency": frequencies[row.billing_frequency],
            "auto_renew": on if row.auto_renew else off,
            "reseller": row.reseller,
            "partner_on_record": row.partner_on_record,
            "link_url": link_of(str(row.pk)),
            "link_class": LINK_CLASSES.get(row.status, "button--link"),
        }
        for row in found
    ]


def _status() -> Callable[[SubscriptionRow], dict[str, str]]:
    """Return what shows a subscription's state: icon and words."""
    words, icon_of = status_words(), cache(lambda tone: icon(tone, tone=tone, size="small"))

    def status(row: SubscriptionRow) -> dict[str, str]:
        is_updating = bool(row.pending_operation)
        text = words(
            row.status,
            end_reason=row.end_reason,
            ends_on=row.ends_on,
            auto_renew=row.auto_renew,
            is_updating=is_updating,
        )
        return {"icon": icon_of(status_tone(row.status, is_updating=is_updating)), "status": text}

    return status


def _cancelable(now: datetime.datetime) -> Callable[[SubscriptionRow], str]:
    """Return what says until when a subscription can be canceled, while it can."""
    day_text, until, utc = short_days(), _("Can be canceled until %(until)s"), _("%(moment)s (UTC)")
    before_activation = _("Can be canceled until it is activated")

    def words(row: SubscriptionRow) -> str:
        end = row.cancelable_until
        if row.status == FulfillmentStatus.PENDING:
            return before_activation
        if row.status == FulfillmentStatus.UNSUBSCRIBED or end is None or end <= now:
            return ""
        end = end.astimezone(datetime.UTC)
        return until % {"until": utc % {"moment": f"{day_text(end.date())} {end:%H:%M}"}}

    return words
