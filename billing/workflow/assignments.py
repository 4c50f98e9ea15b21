"""Note how many licenses a customer's people hold, as its directory reports it (X10)."""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from billing.announcements import announce_assignments
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission

_NOTE = """
    INSERT INTO billing_licenseassignment (subscription_id, assigned, reported_at)
    SELECT subscription.id, given.assigned, %(now)s
    FROM unnest(%(ids)s::uuid[], %(assigned)s::int[]) AS given (id, assigned)
    JOIN customers_subscription AS subscription ON subscription.id = given.id
    WHERE subscription.billing_owner_id = %(owner)s
    ON CONFLICT (subscription_id) DO UPDATE SET assigned = excluded.assigned, reported_at = excluded.reported_at
"""


@transaction.atomic
def report_assignments(*, assigned: Mapping[uuid.UUID, int], actor: Actor, now: datetime.datetime) -> int:
    """Note the numbers for those of the subscriptions that the actor's company is billed for; return how many.

    Raises: PermissionDenied.
    """
    actor.require(Permission.SUBSCRIPTION_UPDATE)
    values: dict[str, Any] = {"ids": list(assigned), "assigned": list(assigned.values())}
    values |= {"owner": actor.organization_id, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
        count = int(cursor.rowcount)
    announce_assignments(count, actor=actor, now=now)
    return count
