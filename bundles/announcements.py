"""Who is told what about bundles: the log and webhooks of the partner whose bundle it is."""

import datetime
from collections.abc import Mapping
from typing import Any

from bundles.enums import BundleEvent
from bundles.models import BundlePart, BundleSale, BundleVersion
from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.money import round_money
from portal.webhooks import deliveries

SUBJECT = "bundle"


def announce(
    event_type: BundleEvent, version: BundleVersion, *, actor: Actor, now: datetime.datetime, **facts: Mapping[str, Any]
) -> AuditEvent:
    """Write log entry and deliveries of what happened to a bundle."""
    event = log.record(
        event_type=event_type,
        organization_ids=[version.bundle.partner_id],
        subject_type=SUBJECT,
        subject_id=version.bundle_id,
        subject_name=version.name,
        actor=actor,
        occurred_at=now,
        **facts,  # type: ignore[arg-type]
    )
    deliveries.queue(event)
    return event


def announce_sale(sale: BundleSale, *, customer_name: str, actor: Actor, now: datetime.datetime) -> AuditEvent:
    """Write log entry and deliveries of a sale; the orders in it are told by themselves."""
    version = sale.version
    event = log.record(
        event_type=BundleEvent.SOLD,
        organization_ids=[sale.partner_id],
        subject_type=SUBJECT,
        subject_id=version.bundle_id,
        subject_name=version.name,
        actor=actor,
        occurred_at=now,
        customer_id=sale.customer_id,
        customer_name=customer_name,
        details={"version": version.number, "quantity": sale.quantity, "price": price_of(version)},
    )
    deliveries.queue(event)
    return event


def announce_release(
    part: BundlePart, *, customer_name: str, actor: Actor, now: datetime.datetime, on: datetime.date
) -> AuditEvent:
    """Write log entry and deliveries of a subscription that left its bundle."""
    sale = part.sale
    event = log.record(
        event_type=BundleEvent.PART_RELEASED,
        organization_ids=[sale.partner_id],
        subject_type=SUBJECT,
        subject_id=sale.version.bundle_id,
        subject_name=sale.version.name,
        actor=actor,
        occurred_at=now,
        customer_id=sale.customer_id,
        customer_name=customer_name,
        details={"subscription": part.subscription.friendly_name, "valid from": on.isoformat()},
    )
    deliveries.queue(event)
    return event


def price_of(version: BundleVersion) -> str:
    """Return the price as the log keeps it."""
    return f"{round_money(version.price, version.currency)} {version.currency}"
