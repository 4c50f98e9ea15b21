"""The marketplace of the demo world: every state, nothing contradictory, and nothing left for its publishers to do."""

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string

from billing.models import Charge
from marketplace.enums import CallStatus, FulfillmentStatus, MarketplaceEvent
from marketplace.models import Offer, SaaSSubscription, UsageRecord, WebhookCall
from portal.core.invariants import breaches
from portal.notifications.models import ActionItem

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LOADERS = ("portal.local.demo.load", "customers.demo.load", "marketplace.demo.load")


def test_the_demo_world_has_a_marketplace_in_all_its_states():
    now = timezone.now()
    for name in LOADERS:
        import_string(name)(now=now)

    assert set(SaaSSubscription.objects.values_list("status", flat=True)) == set(FulfillmentStatus.values)
    assert set(Offer.objects.values_list("is_exclusive", flat=True)) == {True, False}
    assert SaaSSubscription.objects.filter(subscription__is_trial=True).exists()
    assert SaaSSubscription.objects.filter(subscription__reseller__isnull=False).exists()
    assert UsageRecord.objects.count() == 4
    assert Charge.objects.filter(amount__lt=0).exists()
    assert not WebhookCall.objects.filter(status=CallStatus.WAITING).exists()
    assert ActionItem.objects.filter(event_type=MarketplaceEvent.CHANGE_ASKED, completed_at__isnull=True).count() == 1
    assert not list(breaches())
