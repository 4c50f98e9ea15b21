"""What a notification holds (API reference, sections 7.2 and 7.5): receivers read ids out of its addresses."""

import json
import uuid

import pytest

from portal.audit import log
from portal.webhooks import deliveries
from portal.webhooks.models import WebhookDelivery, WebhookRegistration
from tests.factories import NOON, make_organization, make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return make_partner()


def body_of(partner, event_type, subject_type, subject_id=None):
    customer = make_organization()
    WebhookRegistration.objects.create(
        organization=partner, url="https://hook.example/", event_types=[event_type], created_at=NOON
    )
    event = log.record(
        event_type=event_type,
        organization_ids=[partner.pk],
        subject_type=subject_type,
        subject_id=subject_id or customer.pk,
        customer_id=customer.pk,
        customer_name=customer.name,
        actor=None,
        occurred_at=NOON,
    )
    deliveries.queue(event)
    return customer.pk, json.loads(bytes(WebhookDelivery.objects.get().body))


def test_a_transfer_is_found_by_the_parts_of_its_audit_address(partner, settings):
    transfer = uuid.uuid4()
    customer, body = body_of(partner, "create-transfer", "transfer", transfer)
    assert list(body) == ["EventName", "ResourceUri", "ResourceName", "AuditUri", "ResourceChangeUtcDate"]
    assert body["ResourceUri"] == f"{settings.BASE_URL}/v1/customers/{customer}"
    assert body["ResourceName"] == "Transfer"
    parts = body["AuditUri"].rpartition("/")[2].split("_")
    assert parts[:4] == [str(partner.pk), str(customer), str(transfer), "createtransfer"]
    reply = api_client(partner).get(body["AuditUri"].removeprefix(settings.BASE_URL))
    assert reply.json()["operationType"] == "create_transfer"


def test_an_accepted_relationship_names_the_customer_alone(partner):
    name = "reseller-relationship-accepted-by-customer"
    customer, body = body_of(partner, name, "relationship-request", uuid.uuid4())
    parts = body["AuditUri"].rpartition("/")[2].split("_")
    assert parts[:3] == [str(partner.pk), str(customer), "resellerrelationshipacceptedbycustomer"]
    assert body["ResourceName"] == "Customer"


def test_a_subscription_has_an_address_of_its_own(partner):
    subscription = uuid.uuid4()
    customer, body = body_of(partner, "subscription-updated", "subscription", subscription)
    assert body["ResourceUri"].endswith(f"/webhooks/v1/customers/{customer}/subscriptions/{subscription}")
