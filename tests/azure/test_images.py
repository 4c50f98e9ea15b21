"""Free images and those with an own license run in an Azure subscription of a partner, paid ones do not (A11)."""

import pytest

from azure.enums import ImageKind
from azure.rules.images import PaidImageRefused, check_can_deploy
from customers.enums import ProductFamily
from tests.azure.factories import PLAN, UNDER_PLAN, buy, make_customer_of
from tests.customers.factories import make_subscription
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("family", [ProductFamily.AZURE_SUBSCRIPTION, ProductFamily.AZURE_LEGACY])
def test_only_what_a_publisher_sells_is_refused(family):
    subscription = make_subscription(make_customer_of(), product_family=family)
    for kind in (ImageKind.FREE, ImageKind.BRING_YOUR_OWN):
        check_can_deploy(kind, subscription)
    with pytest.raises(PaidImageRefused) as refused:
        check_can_deploy(ImageKind.PAID, subscription)
    assert refused.value.who
    assert refused.value.next_url.endswith("/marketplace/")


def test_the_page_of_an_azure_subscription_lists_images_with_the_rule(client_for):
    relationship = make_customer_of()
    plan, below = buy(relationship, PLAN), buy(relationship, UNDER_PLAN)
    client = client_for(make_member(relationship.partner.organization))
    page = client.get(f"/azure/subscriptions/{below.pk}/images/").content.decode()
    assert page.count("Not allowed") == 3
    assert page.count("Allowed") >= 4
    assert "own license" in page
    assert (
        f"/azure/subscriptions/{below.pk}/images/" in client.get(f"/azure/subscriptions/{below.pk}/").content.decode()
    )
    assert client.get(f"/azure/subscriptions/{plan.pk}/images/").status_code == 404
