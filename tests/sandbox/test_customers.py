"""Delete one customer of a sandbox: all it has, nothing of another, by page and API."""

from decimal import Decimal

import pytest
from django.urls import reverse

from billing.models import Invoice
from customers.models import Customer, ResellerRelationship, Subscription
from customers.rules import NotASandbox
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, User
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import PermissionDenied
from portal.core.invariants import breaches
from portal.notifications.models import ActionItem
from portal.webhooks.models import WebhookDelivery
from portal.webhooks.workflow.registrations import register
from sandbox import rules
from sandbox.workflow.customers import delete_customer
from tests.billing.invoice_factories import CLOSING, close, make_billed_subscription, make_charge
from tests.customers.factories import make_customer, make_relationship
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.portal.api.factories import api_client
from tests.sandbox.factories import make_sandbox_partner, make_stage, player
from transfers.models import Transfer

pytestmark = pytest.mark.django_db
WANTED = ["sandbox-customer-deleted"]


def test_the_customer_goes_with_all_it_has_and_both_partners_are_told():
    stage = make_stage()
    kept = make_relationship(stage.source, make_customer(is_sandbox=True))
    make_member(kept.customer.organization, Role.CUSTOMER_ADMIN)
    register(url="https://hooks.example/", event_types=WANTED, known=WANTED, actor=player(stage.target), now=NOON)
    subscription = make_billed_subscription(kept)
    people = set(Membership.objects.filter(organization=stage.customer.organization).values_list("user_id", flat=True))
    events = AuditEvent.objects.count()

    contents = delete_customer(customer_id=stage.customer.pk, actor=player(stage.source), now=NOON)

    assert {name: count for name, count in contents.counts.items() if count} == {
        "customers": 1,
        "subscriptions": 2,
        "transfers": 1,
        "orders": 1,
    }
    assert not Organization.objects.filter(pk=stage.customer.pk).exists()
    assert people
    assert not User.objects.filter(pk__in=people).exists()
    assert not Transfer.objects.exists()
    assert list(Subscription.objects.all()) == [subscription]
    assert list(Customer.objects.all()) == [kept.customer]
    assert AuditEvent.objects.count() == events + 1
    event = AuditEvent.objects.get(event_type="sandbox-customer-deleted")
    parties = AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True)
    assert set(parties) == {stage.source.pk, stage.target.pk}
    assert event.details == {"subscriptions": 2, "transfers": 1, "orders": 1}
    assert WebhookDelivery.objects.get(event=event).registration.organization == stage.target
    told = ActionItem.objects.get(event_id=event.public_id)
    assert (told.organization, stage.customer.organization.name in str(told)) == (stage.target, True)
    assert not ActionItem.objects.filter(subject_id=str(stage.transfer.pk)).exists()
    assert list(breaches()) == []


def test_invoices_lose_its_lines_and_one_of_which_nothing_is_left_goes():
    partner = make_sandbox_partner()
    gone, kept = (make_relationship(partner, make_customer(is_sandbox=True)) for _ in range(2))
    first, other, alone = make_billed_subscription(gone), make_billed_subscription(kept), make_billed_subscription(gone)
    for subscription, amount in ((first, "10.00"), (other, "7.00"), (alone, "3.00"), (other, "2.00")):
        make_charge(subscription, amount)
    dollars = make_billed_subscription(gone, currency="USD")
    make_charge(dollars, "5.00")
    assert len(close(CLOSING)) == 2

    delete_customer(customer_id=gone.customer_id, actor=player(partner), now=NOON)

    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.line_count, invoice.currency) == (Decimal("9.00"), 2, "EUR")
    assert sorted(invoice.lines.values_list("position", flat=True)) == [1, 2]
    assert list(breaches()) == []


def test_a_customer_of_a_partner_outside_the_sandbox_is_not_deleted():
    stage = make_stage()
    make_relationship(make_sandbox_partner(), stage.customer)
    with pytest.raises(rules.SandboxShared):
        delete_customer(customer_id=stage.customer.pk, actor=player(stage.source), now=NOON)
    assert Subscription.objects.filter(customer=stage.customer).count() == 2


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
@pytest.mark.parametrize("is_sandbox", [True, False], ids=["sandbox", "production"])
def test_only_admins_of_a_sandbox_delete_a_customer(role, is_sandbox):
    relationship = make_relationship(make_partner(is_sandbox=is_sandbox), make_customer(is_sandbox=is_sandbox))
    actor = make_actor(relationship.partner.organization, role)
    may = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
    if may and is_sandbox:
        delete_customer(customer_id=relationship.customer_id, actor=actor, now=NOON)
    else:
        with pytest.raises(NotASandbox if may else PermissionDenied):
            delete_customer(customer_id=relationship.customer_id, actor=actor, now=NOON)
    assert Customer.objects.filter(pk=relationship.customer_id).exists() != (may and is_sandbox)


def test_the_page_names_what_is_lost_and_asks_for_the_name(client_for):
    stage = make_stage()
    client = client_for(make_member(stage.source))
    url = reverse("sandbox:delete_customer", args=[stage.customer.pk])
    name = stage.customer.organization.name
    assert url in client.get(reverse("customers:account", args=[stage.customer.pk])).text
    page = client.get(url).text
    for words in (name, "Subscriptions: 2", "Transfers: 1", f"{stage.target.name} shares your sandbox"):
        assert words in page
    wrong = client.post(url, {"name": "Somebody"})
    assert (wrong.status_code, "This is not the name" in wrong.text) == (422, True)
    assert Customer.objects.filter(pk=stage.customer.pk).exists()
    assert client.post(url, {"name": f" {name.upper()} "}).headers["Location"] == reverse("customers:list")
    assert not Customer.objects.filter(pk=stage.customer.pk).exists()
    assert client.get(url).status_code == 404


def test_production_offers_no_deletion(client_for):
    relationship = make_relationship()
    client = client_for(make_member(relationship.partner.organization))
    page = client.get(reverse("customers:account", args=[relationship.customer_id])).text
    assert "Delete the customer" not in page
    url = reverse("sandbox:delete_customer", args=[relationship.customer_id])
    assert client.post(url, {"name": relationship.customer_name}).status_code == 409


def test_by_api_as_the_original_does():
    stage = make_stage()
    path = f"/v1/customers/{stage.customer.pk}"
    production = make_relationship()
    refused = api_client(production.partner.organization).send("DELETE", f"/v1/customers/{production.customer_id}")
    assert (refused.status_code, refused.json()["code"]) == (400, 900127)
    assert ResellerRelationship.objects.filter(pk=production.pk).exists()
    assert api_client(make_sandbox_partner()).send("DELETE", path).status_code == 404
    client = api_client(stage.source)
    assert client.send("DELETE", path).status_code == 204
    assert client.send("DELETE", path).status_code == 404
    assert not Customer.objects.filter(pk=stage.customer.pk).exists()
