"""Take what publishers meter (fulfillment reference, section 5)."""

import datetime

from django.db import IntegrityError, transaction

from marketplace import rules
from marketplace.models import SaaSSubscription, UsageRecord
from marketplace.rules import UsageEvent
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission


@transaction.atomic
def report_usage(*, event: UsageEvent, actor: Actor, now: datetime.datetime) -> UsageRecord:
    """Keep one usage event: at most one per subscription, dimension and clock hour, decided by the database.

    Raises: PermissionDenied, rules.UsageRefused, rules.UsageDuplicate.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    saas = SaaSSubscription.objects.with_rows().filter(pk=event.resource_id).first()
    price = rules.check_usage(event, saas, publisher_id=actor.organization_id, now=now)
    key = {"saas_id": event.resource_id, "dimension": price.dimension, "hour": event.hour}
    try:
        with transaction.atomic():
            return UsageRecord.objects.create(
                **key,
                effective_at=event.effective_at,
                quantity=event.quantity,
                unit_price=price.unit_price,
                received_at=now,
            )
    except IntegrityError as error:
        raise rules.UsageDuplicate(UsageRecord.objects.select_related("dimension__plan").get(**key)) from error
