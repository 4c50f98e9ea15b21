"""Order history of a customer (R12; portal reference, section 1.8)."""

import csv
import datetime
import io
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.enums import SubscriptionStatus
from portal.accounts.enums import Role
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import NOON, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return make_relationship(has_agreement=True)


@pytest.fixture
def agent(customer, client_for):
    return client_for(make_member(customer.partner.organization))


def page(client, customer) -> str:
    response = client.get(reverse("customers:orders", args=[customer.customer_id]))
    assert response.status_code == 200
    return response.content.decode()


def test_orders_are_listed_newest_first_with_product_amount_state_and_number(customer, agent):
    order = uuid.uuid4()
    older = make_subscription(customer, friendly_name="Older one", order_id=uuid.uuid4(), created_at=NOON)
    make_subscription(
        customer,
        friendly_name="Newer one",
        order_id=order,
        quantity=3,
        unit_price=Decimal("11.70"),
        currency="EUR",
        status=SubscriptionStatus.SUSPENDED,
        created_at=NOON + datetime.timedelta(days=1),
    )

    text = page(agent, customer)

    assert text.index("Newer one") < text.index("Older one")
    assert all(part in text for part in (str(order), "€35.10", "3 licenses", "Suspended"))
    assert reverse("azure:subscription", args=[older.pk]) in text


def test_what_was_not_ordered_here_and_what_others_ordered_is_not_listed(customer, agent):
    other = make_relationship(customer=customer.customer)
    make_subscription(other, friendly_name="Of another partner", order_id=uuid.uuid4())
    make_subscription(customer, friendly_name="Imported, without an order")

    text = page(agent, customer)

    assert "Nothing was ordered for this customer yet" in text


def test_a_page_costs_the_same_for_one_order_and_for_thirty(customer, agent):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(agent, customer)
        return len(captured)

    make_subscription(customer, order_id=uuid.uuid4())
    page(agent, customer)
    one = queries()
    for _number in range(30):
        make_subscription(customer, order_id=uuid.uuid4())
    assert queries() == one <= 8


def test_the_export_holds_every_line(customer, agent):
    for number in range(3):
        make_subscription(customer, product_name=f"Product {number}", order_id=uuid.uuid4())

    response = agent.get(reverse("customers:orders_export", args=[customer.customer_id]))

    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0][:3] == ["Order number", "Date (UTC)", "Product"]
    assert sorted(row[2] for row in rows[1:]) == ["Product 0", "Product 1", "Product 2"]


def test_helpdesk_agents_read_but_do_not_export_and_strangers_see_nothing(customer, client_for):
    helpdesk = client_for(make_member(customer.partner.organization, Role.HELPDESK_AGENT))
    assert page(helpdesk, customer)
    assert helpdesk.get(reverse("customers:orders_export", args=[customer.customer_id])).status_code == 403

    stranger = client_for(make_member())
    assert stranger.get(reverse("customers:orders", args=[customer.customer_id])).status_code == 404
