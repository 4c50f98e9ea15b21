"""On which days whose role inside an Azure subscription lets its billing owner earn credit (A3; decision 0047).

``billing`` asks for it by the setting ``EARNING_ACCESS``: it stands below this app and cannot ask itself.
"""

import datetime

from django.conf import settings

# What came with a subscription has no row until it is taken away (decision 0044), and no beginning: it was there on
# every day the subscription was. Overlapping roles are one time; only days that lie wholly within it count.
_HELD = """
    SELECT entitlement_id, organization_id, service,
        coalesce(((lower(span) AT TIME ZONE 'UTC') + interval '1 day' - interval '1 microsecond')::date, '-infinity')
            AS first_day,
        coalesce((upper(span) AT TIME ZONE 'UTC')::date, 'infinity') AS last_day
    FROM (
        SELECT entitlement_id, organization_id, lower(service) AS service, unnest(range_agg(span)) AS span
        FROM (
            SELECT given.entitlement_id, given.organization_id, given.service,
                earning.span * tstzrange(CASE WHEN NOT given.is_default THEN given.given_at END, given.removed_at)
            FROM azure_roleassignment AS given JOIN ({roles}) AS earning ON earning.role = given.role
            UNION ALL
            SELECT coalesce(first.entitlement_id, first.id), first.billing_owner_id, '', earning.span
            FROM customers_subscription AS first JOIN ({roles}) AS earning ON earning.role = 'owner'
            WHERE first.transferred_from_id IS NULL
                AND first.product_family IN ('azure_subscription', 'azure_legacy', 'shared_services')
                AND NOT EXISTS (
                    SELECT FROM azure_roleassignment AS stored
                    WHERE stored.entitlement_id = coalesce(first.entitlement_id, first.id) AND stored.is_default
                )
        ) AS role (entitlement_id, organization_id, service, span)
        GROUP BY entitlement_id, organization_id, lower(service)
    ) AS held
    WHERE NOT isempty(span)
"""


def access_statement() -> str:
    """Return a SELECT of (entitlement, organization, service, first day, first day without) of all roles that earn.

    An empty service is the whole subscription; a day counts if a role was held for all of its 24 hours (UTC).
    """
    rows = (f"SELECT '{role}' AS role, {_span(first, last)} AS span" for role, first, last in settings.EARNING_ROLES)
    return _HELD.format(roles=" UNION ALL ".join(rows))


def roles_that_earn(day: datetime.date) -> set[str]:
    """Return the roles with which credit is earned on a day."""
    return {
        role
        for role, first, last in settings.EARNING_ROLES
        if (first is None or first <= day) and (last is None or day < last)
    }


def _span(first: datetime.date | None, last: datetime.date | None) -> str:
    ends = (f"timestamptz '{day.isoformat()} 00:00 UTC'" if day else "NULL" for day in (first, last))
    return f"tstzrange({', '.join(ends)})"
