"""A sales agent asks the admin agents of its company for a change, by a program (M4)."""

import pytest

from marketplace.enums import MarketplaceEvent
from portal.accounts.enums import Role
from portal.notifications.models import ActionItem
from tests.marketplace.factories import make_active
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


def test_the_wish_reaches_the_admin_agents():
    saas = make_active()
    path = f"/v1/customers/{saas.subscription.customer_id}/subscriptions/{saas.pk}/wishes"
    partner = saas.partner.organization
    agent = api_client(partner, Role.SALES_AGENT, person=True)
    assert agent.send("POST", path, {"wish": "Quantity", "note": "20 from May"}).status_code == 204
    item = ActionItem.objects.get(event_type=MarketplaceEvent.CHANGE_ASKED)
    assert (item.organization, item.roles, "20 from May" in item.body_text) == (partner, [Role.ADMIN_AGENT], True)
    for wrong in ({}, {"wish": "everything"}, {"wish": "cancel", "note": "x" * 501}):
        assert agent.send("POST", path, wrong).status_code == 400
    assert api_client(partner, Role.SALES_AGENT).send("POST", path, {"wish": "plan"}).status_code in (401, 403)
    stranger = api_client(None, Role.SALES_AGENT, person=True)
    assert stranger.send("POST", path, {"wish": "plan"}).status_code == 404
    assert ActionItem.objects.filter(event_type=MarketplaceEvent.CHANGE_ASKED).count() == 1
