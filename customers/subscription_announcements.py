"""The log entry of one event of a subscription, whichever app the subscription is run by (P5, P6)."""

import datetime
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.webhooks import deliveries


def announce_subscription(
    event_type: str,
    subscription: Subscription,
    *,
    subject_type: str,
    others: Collection[UUID],
    actor: Actor | None,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    partner_details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write log entry and deliveries for the partners of a subscription, and for ``others`` who see the event too.

    ``actor`` None is the portal itself. ``partner_details``: what only the billing partner reads, such as what it pays.
    """
    row = subscription
    partners = [partner for partner in (row.billing_owner_id, row.reseller_id) if partner is not None]
    event = log.record(
        event_type=event_type,
        organization_ids=[*partners, *others],
        subject_type=subject_type,
        subject_id=row.pk,
        subject_name=row.friendly_name,
        actor=actor,
        occurred_at=now,
        customer_id=row.customer_id,
        customer_name=row.customer.organization.name,
        before=before,
        after=after,
        details={"product": row.product_name, **(details or {})},
        party_details={row.billing_owner_id: partner_details} if partner_details else None,
    )
    deliveries.queue(event)
    return event
