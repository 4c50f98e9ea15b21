"""What contradicts itself in sold bundles is found (quality row 3)."""

import pytest

from bundles import invariants
from bundles.models import BundlePart, BundleSale
from tests.azure.factories import make_customer_of
from tests.bundles.factories import make_bundle, sell
from tests.customers.factories import make_customer

pytestmark = pytest.mark.django_db


def found():
    return sorted(line.rpartition(":")[0] for line in invariants.breaches())


def test_each_contradiction_is_found():
    relationship = make_customer_of()
    sale = sell(make_bundle(relationship.partner.organization), relationship)
    assert found() == []

    BundlePart.objects.update(unit_price=11)
    assert found() == ["Sold bundle whose parts do not make up its price"]
    BundlePart.objects.update(unit_price=12)

    BundleSale.objects.update(customer=make_customer())
    assert found() == ["Part of a bundle that is another customer's"]
    BundleSale.objects.update(customer=sale.customer)
