"""Fault switches: mails bounce, webhooks answer 500, publishers stay silent – in a sandbox, and nowhere else."""

import datetime

import pytest
from django.urls import reverse

from customers.rules import NotASandbox
from marketplace.enums import CallStatus, OperationStatus
from marketplace.models import Operation, WebhookAttempt, WebhookCall
from marketplace.processing import calls as publisher_calls
from marketplace.workflow import changes
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core import faults
from portal.core.errors import PermissionDenied
from portal.notifications import processing as mails
from portal.notifications.enums import EmailStatus, Undelivered
from portal.notifications.models import OutgoingEmail
from portal.webhooks import deliveries
from portal.webhooks import processing as webhooks
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery
from portal.webhooks.workflow.registrations import register
from sandbox.enums import Fault
from sandbox.models import SandboxFault, SandboxPartner
from sandbox.workflow.faults import switch_fault
from tests.customers.factories import make_customer, make_subscription
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.marketplace.factories import make_active, make_buying_relationship, make_offer, make_plan
from tests.portal.api.factories import api_client
from tests.portal.notifications.builders import make_email
from tests.portal.notifications.conftest import mail_server  # noqa: F401 - a fixture
from tests.sandbox.factories import make_pair, make_sandbox_partner, player
from tests.servers import http_server
from transfers.models import CommerceFault

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def server(settings):
    settings.OUTGOING_LOOPBACK = True
    with http_server() as found:
        yield found


def switch(partner, fault, is_on=True):
    switch_fault(fault=fault, is_on=is_on, actor=player(partner), now=NOON)


def event_of(*organizations):
    return log.record(
        event_type="create-transfer",
        organization_ids=[one.pk for one in organizations],
        subject_type="transfer",
        subject_id=organizations[0].pk,
        actor=None,
        occurred_at=NOON,
    )


def mail_about(event, recipient):
    email = make_email(recipient)
    OutgoingEmail.objects.filter(pk=email.pk).update(event_id=event.public_id)
    return email


def test_mails_of_the_sandbox_bounce_until_it_is_switched_off(mail_server):  # noqa: F811
    first, second = make_pair()
    publisher = make_organization(OrganizationKind.PUBLISHER)
    at_publisher = make_member(publisher, Role.PUBLISHER_ADMIN).user.email
    switch(first, Fault.MAIL_BOUNCES)
    told = event_of(second, publisher)
    bounced = mail_about(told, "agent@sandbox.example")
    mail_about(told, at_publisher)
    mail_about(event_of(make_partner()), "agent@production.example")
    mail_about(event_of(make_sandbox_partner()), "agent@another.example")
    mails.send_waiting(clock=lambda: NOON)

    bounced.refresh_from_db()
    assert (bounced.status, bounced.reason) == (EmailStatus.FAILED, Undelivered.REFUSED)
    assert "sandbox" in bounced.last_error
    assert sorted(mail_server.recipients) == sorted([at_publisher, "agent@production.example", "agent@another.example"])
    switch(first, Fault.MAIL_BOUNCES, is_on=False)
    mail_about(event_of(second), "later@sandbox.example")
    mails.send_waiting(clock=lambda: NOON)
    assert "later@sandbox.example" in mail_server.recipients


def test_the_webhook_of_the_sandbox_answers_500_and_is_tried_again(server):
    partner, other = make_sandbox_partner(), make_partner()
    for one in (partner, other):
        register(
            url=server.url, event_types=["create-transfer"], known=["create-transfer"], actor=player(one), now=NOON
        )
    switch(partner, Fault.WEBHOOK_FAILS)
    deliveries.queue(event_of(partner, other))
    webhooks.deliver_due(clock=lambda: NOON)
    failed = WebhookDelivery.objects.get(registration__organization=partner)
    assert (failed.status, DeliveryAttempt.objects.get(delivery=failed).http_status) == (DeliveryStatus.WAITING, 500)
    assert len(server.received) == 1
    switch(partner, Fault.WEBHOOK_FAILS, is_on=False)
    webhooks.deliver_due(clock=lambda: NOON + MINUTE)
    failed.refresh_from_db()
    assert failed.status == DeliveryStatus.DELIVERED


def changed(partner, plan, *, is_sandbox):
    customer = make_customer(is_sandbox=is_sandbox)
    saas = make_active(make_buying_relationship(partner=partner, customer=customer), plan)
    changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=player(partner), now=NOON)
    return saas


def test_the_publisher_does_not_answer_the_sandbox_and_answers_everybody_else(server):
    plan = make_plan(make_offer(webhook_url=f"{server.url}/webhook"))
    partner = make_sandbox_partner()
    switch(partner, Fault.PUBLISHER_SILENT)
    silent = changed(partner, plan, is_sandbox=True)
    heard = changed(make_partner(), plan, is_sandbox=False)
    publisher_calls.call_publisher(plan.offer.publisher_id, clock=lambda: NOON)
    call = WebhookCall.objects.get(operation__saas=silent)
    assert call.status == CallStatus.WAITING
    assert WebhookAttempt.objects.get(call=call).error == "timed-out"
    assert WebhookCall.objects.get(operation__saas=heard).status == CallStatus.DELIVERED
    assert len(server.received) == 1
    switch(partner, Fault.PUBLISHER_SILENT, is_on=False)
    publisher_calls.call_publisher(plan.offer.publisher_id, clock=lambda: NOON + 2 * MINUTE)
    assert len(server.received) == 2
    assert Operation.objects.get(saas=silent, status=OperationStatus.IN_PROGRESS).accepts_itself_at


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
@pytest.mark.parametrize("is_sandbox", [True, False], ids=["sandbox", "production"])
def test_only_admins_of_a_sandbox_switch_and_the_log_says_so(role, is_sandbox):
    actor = make_actor(make_partner(is_sandbox=is_sandbox), role)
    may = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
    for is_on in (True, True, False):
        if may and is_sandbox:
            switch_fault(fault=Fault.MAIL_BOUNCES, is_on=is_on, actor=actor, now=NOON)
            continue
        with pytest.raises(NotASandbox if may else PermissionDenied):
            switch_fault(fault=Fault.MAIL_BOUNCES, is_on=is_on, actor=actor, now=NOON)
    names = list(AuditEvent.objects.order_by("pk").values_list("event_type", flat=True))
    switched = ["sandbox-fault-switched-on", "sandbox-fault-switched-off"]
    assert names == (switched if may and is_sandbox else [])


def test_a_switch_that_stands_at_a_production_partner_by_mistake_does_nothing():
    partner = make_sandbox_partner()
    switch(partner, Fault.WEBHOOK_FAILS)
    other = make_partner()
    SandboxPartner.objects.create(partner=other.partner, sandbox=SandboxFault.objects.get().sandbox, joined_at=NOON)
    assert faults.is_planned(Fault.WEBHOOK_FAILS, [partner.pk])
    assert not faults.is_planned(Fault.WEBHOOK_FAILS, [other.pk])
    assert not faults.is_planned(Fault.MAIL_BOUNCES, [partner.pk])


def test_pages_and_api_switch_and_take_back(client_for):
    partner = make_sandbox_partner()
    item = make_subscription(make_buying_relationship(partner=partner, customer=make_customer(is_sandbox=True)))
    client, api = client_for(make_member(partner)), api_client(partner)
    overview = reverse("sandbox:overview")
    client.post(reverse("sandbox:switch_fault"), {"fault": "mail-bounces", "on": "1"})
    assert SandboxFault.objects.get().fault == Fault.MAIL_BOUNCES
    assert "Switch off" in client.get(overview).text
    assert client.post(reverse("sandbox:switch_fault"), {"fault": "fire", "on": "1"}).status_code == 404
    assert {one["id"]: one["isOn"] for one in api.get("/v1/sandbox/faults").json()["items"]} == {
        "mail-bounces": True,
        "webhook-fails": False,
        "publisher-silent": False,
    }
    off = api.send("PUT", "/v1/sandbox/faults/mail-bounces", {"isOn": False}).json()
    assert not any(one["isOn"] for one in off["items"])
    assert api.send("PUT", "/v1/sandbox/faults/fire", {"isOn": True}).status_code == 404

    address = f"/v1/sandbox/subscriptions/{item.pk}/fault"
    assert api.send("PUT", address, {"mode": "fail_times", "amount": 2}).status_code == 204
    assert CommerceFault.objects.get().amount == 2
    assert item.friendly_name in client.get(overview).text
    client.post(reverse("sandbox:drop_item_fault", args=[item.pk]))
    assert not CommerceFault.objects.exists()
    production = api_client()
    for method, path, body in (
        ("GET", "faults", None),
        ("PUT", "faults/mail-bounces", {"isOn": True}),
        ("PUT", f"subscriptions/{item.pk}/fault", {"mode": "none"}),
    ):
        answer = production.send(method, f"/v1/sandbox/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (400, 900127)
