"""The sandbox plays customer and publisher: by the workflows of both, said so in the log, and never in production."""

import pytest
from django.urls import reverse

from customers.enums import InvitationStatus, RelationshipStatus
from customers.models import Customer, RelationshipInvitation, ResellerRelationship, Subscription
from customers.rules import NotASandbox, SandboxCustomers, SandboxSeats, SandboxSubscriptions
from customers.workflow.sandbox import Sample, add_sample
from customers.workflow.standing_requests import standing_request
from marketplace.enums import FulfillmentStatus, OperationStatus
from marketplace.models import Operation
from marketplace.workflow import changes
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from sandbox import rules
from sandbox.forms import new_registration
from sandbox.workflow import plays
from tests.customers.factories import make_customer, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.marketplace.factories import make_buying_relationship, make_plan, make_purchase, reread
from tests.portal.api.factories import api_client
from tests.sandbox.factories import make_pair, make_sandbox_partner, player

pytestmark = pytest.mark.django_db

PLAYED = "(played by the sandbox)"


def request_of(actor):
    ask = {"provider_id": None, "reseller_id": None, "include_admin_rights": True}
    return standing_request(**ask, actor=actor, now=NOON)[0]


def accept(actor, invitation, *, customer=None, domain="nordlys.example"):
    new = None if customer else new_registration(company_name="Nordlys Bakeri", domain=domain, country="FR")
    return plays.accept_request(
        invitation_id=invitation.pk,
        customer_id=customer.pk if customer else None,
        registration=new,
        email=f"admin@{domain}",
        actor=actor,
        now=NOON,
    )


def last(event_type):
    return AuditEvent.objects.filter(event_type=event_type).latest("pk")


def test_a_new_customer_registers_accepts_and_signs_and_the_log_says_that_the_sandbox_played_it():
    partner = make_sandbox_partner()
    invitation = request_of(player(partner))
    relationship = accept(player(partner), invitation)

    organization = relationship.customer.organization
    assert (organization.name, organization.is_sandbox) == ("Nordlys Bakeri", True)
    assert relationship.status == RelationshipStatus.ACTIVE
    relationship.refresh_from_db()
    assert relationship.has_agreement
    assert relationship.has_admin_rights
    administrator = Membership.objects.get(organization=organization).user
    assert not administrator.has_usable_password()
    for event_type in (
        "customer-registered",
        "reseller-relationship-accepted-by-customer",
        "customer-agreement-created",
    ):
        event = last(event_type)
        assert event.actor_name == f"Sam Sample {PLAYED}"
        assert event.actor_organization_id == organization.pk


def test_the_same_customer_accepts_the_second_partner_of_the_sandbox():
    first, second = make_pair()
    customer = accept(player(first), request_of(player(first))).customer
    relationship = accept(player(second), request_of(player(second)), customer=customer)
    assert relationship.customer_id == customer.pk
    assert ResellerRelationship.objects.active().filter(customer=customer).count() == 2


def test_customers_of_other_sandboxes_and_of_production_are_not_played():
    partner = make_sandbox_partner()
    invitation = request_of(player(partner))
    of_another = make_relationship(make_sandbox_partner(), make_customer(is_sandbox=True)).customer
    for stranger in (of_another, make_relationship().customer):
        with pytest.raises(Customer.DoesNotExist):
            accept(player(partner), invitation, customer=stranger)
    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.PENDING


def test_a_customer_declines_with_a_reason_and_somebody_must_be_there_to_do_so():
    partner = make_sandbox_partner()
    invitation = request_of(player(partner))
    decline = {"invitation_id": invitation.pk, "customer_id": None, "reason": "Too dear", "now": NOON}
    with pytest.raises(rules.NobodyToPlay):
        plays.decline_request(**decline, actor=player(partner))
    make_relationship(partner, make_customer(is_sandbox=True))
    declined = plays.decline_request(**decline, actor=player(partner))
    assert (declined.status, declined.decline_reason) == (InvitationStatus.DECLINED, "Too dear")
    assert PLAYED in last("reseller-relationship-declined-by-customer").actor_name


def test_a_customer_signs_the_agreement_and_ends_the_relationship():
    partner = make_sandbox_partner()
    relationship = make_relationship(partner, make_customer(is_sandbox=True))
    plays.accept_agreement(relationship_id=relationship.pk, actor=player(partner), now=NOON)
    relationship.refresh_from_db()
    assert relationship.has_agreement
    plays.remove_relationship(relationship_id=relationship.pk, actor=player(partner), now=NOON)
    relationship.refresh_from_db()
    assert relationship.status == RelationshipStatus.REMOVED
    assert PLAYED in last("reseller-relationship-removed").actor_name


def sandbox_purchase(partner, **more):
    relationship = make_buying_relationship(partner=partner, customer=make_customer(is_sandbox=True))
    return make_purchase(relationship, **more)


def test_a_publisher_activates_and_decides_changes():
    partner = make_sandbox_partner()
    saas = sandbox_purchase(partner)
    plays.activate(subscription_id=saas.pk, actor=player(partner), now=NOON)
    assert reread(saas).status == FulfillmentStatus.SUBSCRIBED
    event = last("marketplace-subscription-activated")
    assert (event.actor_name, event.actor_organization_id) == (f"Publisher {PLAYED}", saas.publisher_id)

    for quantity, succeeded in ((20, True), (22, False)):
        changes.change_quantity(subscription_id=saas.pk, quantity=quantity, actor=player(partner), now=NOON)
        operation = Operation.objects.running().get(saas=saas)
        plays.decide(
            subscription_id=saas.pk, operation_id=operation.pk, succeeded=succeeded, actor=player(partner), now=NOON
        )
        operation.refresh_from_db()
        assert operation.status == (OperationStatus.SUCCEEDED if succeeded else OperationStatus.FAILED)
    assert reread(saas).subscription.quantity == 20


KINDS = (OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER)


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
@pytest.mark.parametrize("is_sandbox", [True, False], ids=["sandbox", "production"])
def test_only_admins_of_a_sandbox_play(role, is_sandbox):
    partner = make_partner(is_sandbox=is_sandbox)
    relationship = make_buying_relationship(partner=partner, customer=make_customer(is_sandbox=is_sandbox))
    saas = make_purchase(relationship)
    actor = make_actor(partner, role)
    acts = [
        lambda: add_sample(relationship_id=relationship.pk, sample=Sample("Suite", 3), actor=actor, now=NOON),
        lambda: plays.accept_agreement(relationship_id=relationship.pk, actor=actor, now=NOON),
        lambda: plays.activate(subscription_id=saas.pk, actor=actor, now=NOON),
    ]
    may = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
    assert actor.may(Permission.SANDBOX_PLAY) == may
    before = AuditEvent.objects.count()
    for act in acts:
        if may and is_sandbox:
            act()
            continue
        with pytest.raises(NotASandbox if may else PermissionDenied):
            act()
    assert (AuditEvent.objects.count() > before) == (may and is_sandbox)


def test_the_limits_of_a_sandbox_hold_and_production_has_none(settings):
    settings.SANDBOX_CUSTOMERS = 2
    partner = make_sandbox_partner()
    relationship = make_relationship(partner, make_customer(is_sandbox=True))
    give = {"relationship_id": relationship.pk, "actor": player(partner), "now": NOON}
    with pytest.raises(SandboxSeats):
        add_sample(sample=Sample("Suite", 26), **give)
    for _number in range(5):
        add_sample(sample=Sample("Suite", 25), **give)
    with pytest.raises(SandboxSubscriptions):
        add_sample(sample=Sample("Suite", 1), **give)
    assert Subscription.objects.filter(billing_owner=partner.partner).count() == 5

    accept(player(partner), request_of(player(partner)), domain="second.example")
    third = request_of(player(partner))
    with pytest.raises(SandboxCustomers):
        accept(player(partner), third, domain="third.example")

    full = make_buying_relationship(partner=make_sandbox_partner(), customer=make_customer(is_sandbox=True))
    plan = make_plan(max_quantity=100)
    with pytest.raises(SandboxSeats):
        make_purchase(full, plan, quantity=26)
    for _number in range(5):
        make_subscription(full)
    with pytest.raises(SandboxSubscriptions):
        make_purchase(full, plan, quantity=25)

    free = make_buying_relationship()
    for _number in range(6):
        make_subscription(free)
    assert make_purchase(free, plan, quantity=60).subscription.quantity == 60


# --- pages -----------------------------------------------------------------------------------------------------------
PAGE = "/account-settings/sandbox/"


def test_a_production_partner_reads_what_a_sandbox_is_and_can_do_nothing(client_for):
    client = client_for(make_member(make_partner(), Role.GLOBAL_ADMIN))
    page = client.get(PAGE)
    assert "How to get one" in page.text
    assert "New relationship request" not in page.text
    refused = client.post(reverse("sandbox:create_request"))
    assert refused.status_code == 409
    assert not RelationshipInvitation.objects.exists()


def test_the_whole_way_by_pages(client_for):
    partner = make_sandbox_partner()
    client = client_for(make_member(partner))
    client.post(reverse("sandbox:create_request"))
    invitation = RelationshipInvitation.objects.get()
    page = client.get(PAGE).text
    accept_url = reverse("sandbox:accept_request", args=[invitation.pk])
    assert accept_url in page
    unfilled = client.post(accept_url, {"customer": "", "company_name": "", "domain": "", "country": "FR"})
    assert unfilled.status_code == 422
    assert "Fill this in, or choose a customer." in unfilled.text
    new = {"customer": "", "company_name": "Nordlys", "domain": "nordlys.example", "country": "FR"}
    assert client.post(accept_url, new).headers["Location"] == PAGE
    relationship = ResellerRelationship.objects.get()
    add_url = reverse("sandbox:add_subscription", args=[relationship.customer_id])
    too_many = client.post(add_url, {"name": "Suite", "family": "license_based", "quantity": 26})
    assert too_many.status_code == 409
    assert "25 licenses at most" in too_many.text
    client.post(add_url, {"name": "Suite", "family": "license_based", "quantity": 3})
    assert Subscription.objects.get().quantity == 3
    saas = make_purchase(relationship)
    activate_url = reverse("sandbox:activate", args=[saas.pk])
    assert activate_url in client.get(PAGE).text
    client.post(activate_url)
    changes.change_quantity(subscription_id=saas.pk, quantity=14, actor=player(partner), now=NOON)
    operation = Operation.objects.running().get()
    confirm_url = reverse("sandbox:confirm_change", args=[saas.pk, operation.pk])
    assert confirm_url in client.get(PAGE).text
    client.post(confirm_url)
    assert reread(saas).subscription.quantity == 14
    remove_url = reverse("sandbox:remove_relationship", args=[relationship.customer_id])
    assert "leaves your list" in client.get(remove_url).text
    assert client.post(remove_url).status_code == 409  # something is billed still


# --- API -------------------------------------------------------------------------------------------------------------
def test_the_whole_way_by_an_app_alone():
    partner = make_sandbox_partner()
    client = api_client(partner)
    asked = client.send("POST", "/v1/sandbox/relationshiprequests")
    assert asked.status_code == 201
    assert "/admin-center/" in asked.json()["url"]
    request_id = asked.json()["id"]
    assert [one["id"] for one in client.get("/v1/sandbox/relationshiprequests").json()["items"]] == [request_id]
    address = f"/v1/sandbox/relationshiprequests/{request_id}/accept"
    missing = client.send("POST", address, {"companyName": "Nordlys"})
    assert (missing.status_code, missing.json()["code"]) == (400, 3000)
    new = {"companyName": "Nordlys", "domain": "nordlys.example", "country": "FR"}
    customer_id = client.send("POST", address, new).json()["customerId"]
    assert client.get(f"/v1/customers/{customer_id}").status_code == 200
    assert client.send("POST", address, new).status_code in (400, 409)  # answered already
    given = client.send("POST", f"/v1/sandbox/customers/{customer_id}/subscriptions", {"quantity": 4})
    assert given.status_code == 201
    seats = client.send("POST", f"/v1/sandbox/customers/{customer_id}/subscriptions", {"quantity": 26})
    assert (seats.status_code, seats.json()["code"]) == (403, 800067)
    saas = make_purchase(ResellerRelationship.objects.get())
    assert client.send("POST", f"/v1/sandbox/subscriptions/{saas.pk}/activate").json()["status"] == "Success"
    changes.change_quantity(subscription_id=saas.pk, quantity=14, actor=player(partner), now=NOON)
    waiting = client.get("/v1/sandbox/operations").json()["items"]
    address = f"/v1/sandbox/subscriptions/{saas.pk}/operations/{waiting[0]['id']}"
    assert client.send("PATCH", address, {"status": "Failure"}).status_code == 204
    assert client.get("/v1/sandbox/operations").json()["items"] == []
    assert client.send("POST", f"/v1/sandbox/customers/{customer_id}/agreement").status_code == 204
    foreign = make_purchase()
    assert client.send("POST", f"/v1/sandbox/subscriptions/{foreign.pk}/activate").status_code == 404


def test_in_production_each_call_answers_that_it_is_for_sandboxes():
    client = api_client()
    for method, path in (
        ("POST", "/v1/sandbox/relationshiprequests"),
        ("GET", "/v1/sandbox/relationshiprequests"),
        ("GET", "/v1/sandbox/operations"),
    ):
        answer = client.send(method, path)
        assert (answer.status_code, answer.json()["code"]) == (400, 900127)
