"""The left navigation of one customer: pages for the person's role and kind of organization, all of which open."""

import pytest
from django.urls import reverse

from customers import navigation
from portal.accounts.enums import OrganizationKind, Role
from portal.core.navigation import Item
from tests.customers.factories import make_indirect_relationships, make_relationship
from tests.factories import make_member

pytestmark = pytest.mark.django_db

SOME_ITEMS = (
    Item("Of resellers", "customers:orders", kinds=frozenset({OrganizationKind.INDIRECT_RESELLER})),
    Item("Of all", "customers:account"),
)


def relationships():
    return [make_relationship(), *make_indirect_relationships()]


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT])
def test_every_page_that_stands_there_opens(role, client_for):
    for relationship in relationships():
        browser = client_for(make_member(relationship.partner.organization, role))
        page = browser.get(reverse("customers:account", args=[relationship.customer_id])).content.decode()
        named = [reverse(name, args=[relationship.customer_id]) for name in navigation._customer_items()]
        shown = [address for address in named if f'href="{address}"' in page]
        assert len(shown) > 4
        for address in shown:
            assert browser.get(address).status_code == 200, (relationship.partner.kind, address)


def test_a_page_for_one_kind_of_organization_stands_there_for_that_kind_only(settings, client_for):
    settings.CUSTOMER_NAVIGATION = [f"{__name__}.SOME_ITEMS"]
    navigation._customer_items.cache_clear()
    try:
        shown = {}
        for relationship in relationships():
            browser = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
            page = browser.get(reverse("customers:account", args=[relationship.customer_id])).content.decode()
            shown[relationship.partner.organization.kind] = "Of resellers" in page
            assert "Of all" in page
    finally:
        navigation._customer_items.cache_clear()
    assert [kind for kind, is_shown in shown.items() if is_shown] == [OrganizationKind.INDIRECT_RESELLER]
