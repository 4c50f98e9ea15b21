"""Transfers through the API: the same cases as of the workflow, and the shapes of the original (API reference, 2)."""

import datetime
import uuid

import pytest
from django.utils import timezone
from pydantic import TypeAdapter

from customers.enums import RelationshipStatus, SubscriptionStatus
from customers.models import CustomerAgreement, Subscription
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.accounts.models import Partner
from portal.accounts.permissions import ROLES_BY_KIND
from portal.api.openapi import document
from tests.customers.factories import make_relationship
from tests.factories import make_partner
from tests.portal.api.factories import api_client
from tests.transfers.factories import make_world
from transfers import processing, workflow
from transfers.api import errors, shapes
from transfers.enums import Level, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.reasons import REASONS
from transfers.wire_codes import NUMBERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_contradicts")]
DIRECT, PROVIDER, RESELLER = (
    OrganizationKind.DIRECT_BILL,
    OrganizationKind.INDIRECT_PROVIDER,
    OrganizationKind.INDIRECT_RESELLER,
)
ROLES = sorted(ROLES_BY_KIND[DIRECT])
DAY = datetime.timedelta(days=1)


class Stage:
    """A world, its two partners with a client each, and what they say to each other."""

    def __init__(self, source=DIRECT, target=DIRECT, **fields):
        self.world = make_world(source, target, **fields)
        self.source = api_client(self.world.source)
        self.target = api_client(self.world.target)
        self.here = f"/v1/customers/{self.world.customer.pk}/transfers"

    def body(self, **changes):
        fields = {
            "sourcePartnerTenantId": str(self.world.source.pk),
            "sourcePartnerName": "Fjord IT AS",
            "customerEmailId": "ledger@nordlys.example",
            "customerName": "Nordlys Bakeri",
            "targetProductTypes": ["OnlineServicesNCE"],
            "transferType": 3,
            "partnerOnRecord": self.world.reseller_number or None,
        }
        return fields | changes

    def create(self, **changes):
        return self.target.send("POST", self.here, self.body(**changes))

    def created(self, **changes):
        reply = self.create(**changes)
        assert reply.status_code == 201, reply.content
        return reply.json()["id"]

    def patch(self, client, transfer_id, **body):
        return client.send("PATCH", f"{self.here}/{transfer_id}", body)

    def accept(self, transfer_id, *items, **more):
        lines = [{"subscriptionId": str(item.pk), "productType": "OnlineServicesNCE"} for item in items]
        return self.patch(self.source, transfer_id, **{"status": "Accept", "lineItems": lines} | more)

    def seen(self, client, transfer_id):
        reply = client.get(f"{self.here}/{transfer_id}")
        assert reply.status_code == 200, reply.content
        return reply.json()


@pytest.fixture
def stage():
    return Stage()


def code(reply):
    return reply.status_code, reply.json()["code"]


def run(transfer_id):
    processing.process_transfer(transfer_id=uuid.UUID(transfer_id), clock=timezone.now)


# --- create ----------------------------------------------------------------------------------------------------------


def test_a_created_transfer_has_exactly_the_properties_of_the_original(stage):
    reply = stage.create(targetPartnerEmailId="hello@skog.example")

    assert reply.status_code == 201
    value, customer, source, target = reply.json(), stage.world.customer.pk, stage.world.source, stage.world.target
    created, expires = (datetime.datetime.fromisoformat(value[name]) for name in ("createdTime", "expirationTime"))
    assert expires - created == 30 * DAY
    assert value == {
        "id": value["id"],
        "status": "Pending",
        "transferType": 3,
        "customerEmailId": "ledger@nordlys.example",
        "createdTime": value["createdTime"],
        "lastModifiedTime": value["createdTime"],
        "expirationTime": value["expirationTime"],
        "customerName": "Nordlys Bakeri",
        "customerTenantId": str(customer),
        "partnertenantid": str(target.pk),
        "sourcePartnerName": "Fjord IT AS",
        "sourcePartnerTenantId": str(source.pk),
        "targetPartnerName": target.name,
        "targetPartnerTenantId": str(target.pk),
        "targetPartnerEmailId": "hello@skog.example",
        "targetProductTypes": ["OnlineServicesNCE"],
        "transferDirection": 2,
        "ignoreEligibilityCheck": False,
        "links": {"self": {"uri": f"/customers/{customer}/transfers/{value['id']}", "method": "GET", "headers": []}},
        "attributes": {"objectType": "TransferEntity"},
    }
    transfer = Transfer.objects.get(pk=value["id"])
    assert (transfer.customer_email, transfer.product_types) == ("ledger@nordlys.example", ["license_based"])


def test_the_source_reads_the_same_transfer_as_incoming(stage):
    transfer_id = stage.created()
    target, source = stage.seen(stage.target, transfer_id), stage.seen(stage.source, transfer_id)

    assert source == target | {"transferDirection": 1, "partnertenantid": str(stage.world.source.pk)}


@pytest.mark.parametrize(
    ("sent", "echoed"), [(3, 3), (5, 5), ("3", 3), ("5", 5), ("NewCommerce", 5), ("modernAzure", 3)]
)
def test_the_kind_of_transfer_is_echoed(stage, sent, echoed):
    assert stage.create(transferType=sent).json()["transferType"] == echoed


def test_a_body_in_pascal_case_with_nulls_and_a_byte_order_mark_is_read(stage):
    body = {name[0].upper() + name[1:]: value for name, value in stage.body().items()}
    body |= {"TransferType": "3", "LineItems": None, "TargetProductTypes": None, "CustomerName": None}
    reply = stage.target.send("POST", stage.here.replace("/v1/", "/v1//") + "/", body)

    assert reply.status_code == 201, reply.content
    value = reply.json()
    assert "targetProductTypes" not in value
    assert value["customerName"] == stage.world.customer.organization.name


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"transferType": None}, (400, 3000)),
        ({"transferType": 4}, (400, 900126)),
        ({"transferType": True}, (400, 900126)),
        ({"transferType": None, "lineItems": [{"subscriptionId": "x"}]}, (400, 800042)),
        ({"sourcePartnerTenantId": None}, (400, 3000)),
        ({"sourcePartnerTenantId": "x"}, (400, 3000)),
        ({"customerEmailId": None}, (400, 3000)),
        ({"customerEmailId": "nobody"}, (400, 3000)),
        ({"targetPartnerTenantId": str(uuid.uuid4())}, (400, 3000)),
        ({"targetProductTypes": ["Books"]}, (400, 900126)),
        ({"targetProductTypes": ["OnlineServicesNCE", "SaaS"]}, (400, 900146)),
        ({"targetProductTypes": ["Software"]}, (400, 800078)),
        ({"targetProductTypes": ["AzureSubscription"]}, (400, 900133)),
        ({"sourcePartnerTenantId": str(uuid.uuid4())}, (400, 900147)),
        ({"partnerOnRecord": "1234567"}, (400, 3000)),
        ({"customerLanguage": "xx"}, (400, 3000)),
    ],
)
def test_a_request_that_lacks_something_is_refused_by_the_number_of_the_original(stage, changes, expected):
    assert code(stage.create(**changes)) == expected
    assert not Transfer.objects.exists()


def test_the_other_prerequisites_have_their_numbers(stage):
    world = stage.world
    assert code(stage.create(sourcePartnerTenantId=str(world.target.pk))) == (400, 900148)
    assert code(stage.create(sourcePartnerTenantId=str(make_partner().pk))) == (404, 900140)
    CustomerAgreement.objects.all().delete()
    assert code(stage.create()) == (403, 13605)
    Partner.objects.filter(pk=world.target.pk).update(
        agreement_version="", agreement_signed_at=None, agreement_signed_by=""
    )
    reply = stage.create()
    assert reply.json()["data"] == ["customer-agreement-not-signed"]
    assert "partner agreement" in reply.json()["description"]
    assert code(Stage(source_fields={"cloud": Cloud.US_GOVERNMENT}).create()) == (403, 900138)
    assert code(Stage(country="CA").create()) == (400, 900400)


def test_customers_of_others_and_of_former_days_answer_like_one_that_does_not_exist(stage):
    world = stage.world
    world.at_target.status, world.at_target.removed_at = RelationshipStatus.REMOVED, timezone.now()
    world.at_target.save()
    assert code(stage.create()) == (403, 20002)
    for customer in (make_relationship().customer_id, uuid.uuid4()):
        reply = stage.target.send("POST", f"/v1/customers/{customer}/transfers", stage.body())
        assert code(reply) == (403, 20002)
        assert code(stage.target.get(f"/v1/customers/{customer}/transfers")) == (404, 1000)


@pytest.mark.parametrize(("source", "target"), [(s, t) for s in (DIRECT, PROVIDER) for t in (DIRECT, PROVIDER)])
def test_every_allowed_path_between_kinds_of_partners_can_be_gone(source, target):
    stage = Stage(source, target)
    reply = stage.create()

    assert reply.status_code == 201, reply.content
    assert reply.json().get("partnerOnRecord", "") == stage.world.reseller_number
    assert "partnerOnRecord" not in stage.seen(stage.source, reply.json()["id"])


def test_resellers_neither_send_nor_give():
    stage = Stage(DIRECT, RESELLER)
    assert code(stage.create()) == (403, 900137)
    assert code(Stage(RESELLER, DIRECT).create()) == (403, 900137)


def test_a_provider_names_a_reseller_that_works_with_it():
    stage = Stage(DIRECT, PROVIDER)
    assert code(stage.create(partnerOnRecord=None)) == (400, 800016)
    assert code(stage.create(partnerOnRecord="9999999")) == (404, 800015)
    stranger = make_partner(RESELLER).partner.locations.get().partner_id_number
    assert code(stage.create(partnerOnRecord=stranger)) == (400, 800016)


def test_the_same_request_sent_again_creates_one_transfer(stage):
    headers = {"MS-RequestId": str(uuid.uuid4())}
    first = stage.target.send("POST", stage.here, stage.body(), **headers)
    again = stage.target.send("POST", stage.here, stage.body(), **headers)
    other = stage.target.send("POST", stage.here, stage.body(transferType=5), **headers)

    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert Transfer.objects.count() == 1
    assert code(other) == (422, 800002)


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_person", [False, True])
@pytest.mark.parametrize("role", ROLES)
def test_only_admin_agents_create_and_answer(stage, role, is_person):
    item, transfer_id = stage.world.licenses(), stage.created()
    target = api_client(stage.world.target, role, person=is_person)
    source = api_client(stage.world.source, role, person=is_person)
    lines = [{"subscriptionId": str(item.pk)}]
    replies = [
        target.send("POST", stage.here, stage.body()),
        source.get(f"{stage.here}/{transfer_id}/eligibility"),
        stage.patch(target, transfer_id, status="Cancel"),
        stage.patch(source, stage.created(), status="Decline"),
        stage.patch(source, stage.created(), lineItems=lines),
    ]

    if role == Role.ADMIN_AGENT:
        assert [reply.status_code for reply in replies] == [201, 200, 200, 200, 200]
    else:
        assert {code(reply) for reply in replies} == {(403, 900150)}
        assert set(Transfer.objects.values_list("status", flat=True)) == {TransferStatus.PENDING}


def test_partners_that_are_no_party_find_nothing(stage):
    transfer_id, item = stage.created(), stage.world.licenses()
    shared = make_relationship(customer=stage.world.customer).partner.organization
    elsewhere = f"/v1/customers/{make_relationship(stage.world.source).customer_id}/transfers/{transfer_id}"
    for client in (api_client(), api_client(shared)):
        replies = [
            client.get(f"{stage.here}/{transfer_id}"),
            client.get(f"{stage.here}/{uuid.uuid4()}"),
            client.get(f"{stage.here}/{transfer_id}/eligibility"),
            client.send("POST", f"{stage.here}/{transfer_id}/retry"),
            stage.patch(client, transfer_id, status="Cancel"),
            stage.patch(client, transfer_id, status="Decline"),
            stage.patch(client, transfer_id, lineItems=[{"subscriptionId": str(item.pk)}]),
        ]
        assert {(reply.status_code, reply.content) for reply in replies} == {(404, replies[0].content)}
        assert replies[0].json()["code"] == 900100
    assert code(stage.source.get(elsewhere)) == (404, 900100)
    assert api_client(shared).get(stage.here).json() == []


def test_each_party_does_its_own_part_only(stage):
    transfer_id, item = stage.created(), stage.world.licenses()
    lines = [{"subscriptionId": str(item.pk)}]

    assert code(stage.patch(stage.source, transfer_id, status="Cancel")) == (403, 900150)
    assert code(stage.patch(stage.target, transfer_id, status="Decline")) == (403, 900150)
    assert code(stage.patch(stage.target, transfer_id, status="Accept", lineItems=lines)) == (403, 900150)
    assert code(stage.target.get(f"{stage.here}/{transfer_id}/eligibility")) == (403, 900150)
    assert stage.seen(stage.source, transfer_id)["status"] == "Pending"


def test_a_prepared_request_is_not_there_before_it_is_sent():
    stage = Stage(DIRECT, PROVIDER)
    transfer_id = stage.created()
    Transfer.objects.update(status=TransferStatus.DRAFT, sent_at=None, expires_at=None)
    for client in (stage.target, stage.source):
        assert code(client.get(f"{stage.here}/{transfer_id}")) == (404, 900100)
        assert client.get(stage.here).json() == []
        assert client.get("/v1/transfers").json()["items"] == []


def test_a_reseller_reads_the_transfers_that_are_for_it():
    stage = Stage(DIRECT, PROVIDER)
    transfer_id = stage.created()
    value = stage.seen(api_client(stage.world.reseller), transfer_id)
    assert (value["transferDirection"], value["partnerOnRecord"]) == (2, stage.world.reseller_number)


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [None, "Accept", "accepted", "InProgress", "in_progress", "Active", "Pending"])
def test_line_items_of_the_source_mean_yes_however_the_state_is_spelled(stage, status):
    item, transfer_id = stage.world.licenses(quantity=7), stage.created()
    reply = stage.accept(transfer_id, item, status=status)

    assert reply.status_code == 200, reply.content
    value = reply.json()
    assert value["status"] == "InProgress"
    assert value["lineItems"] == [
        {
            "id": 0,
            "subscriptionId": str(item.pk),
            "productType": "OnlineServicesNCE",
            "quantity": 7,
            "billingCycle": value["lineItems"][0]["billingCycle"],
            "friendlyName": item.friendly_name,
            "status": "Pending",
        }
    ]
    assert value["lineItems"][0]["billingCycle"] in ("monthly", "annual")


@pytest.mark.parametrize("status", ["Cancel", "Canceled", "Cancelled", "CANCEL", "cancelled "])
def test_the_target_cancels_however_it_is_spelled(stage, status):
    transfer_id = stage.created()
    reply = stage.patch(stage.target, transfer_id, id=transfer_id, status=status, customerName="Nordlys Bakeri")
    assert (reply.status_code, reply.json()["status"]) == (200, "Canceled")


@pytest.mark.parametrize("status", ["Reject", "rejected", "Decline", "Declined"])
def test_the_source_declines_however_it_is_spelled_and_may_say_why(stage, status):
    transfer_id = stage.created()
    reply = stage.patch(stage.source, transfer_id, Status=status, Reason="Not agreed")
    assert (reply.status_code, reply.json()["status"]) == (200, "Declined")
    assert stage.seen(stage.target, transfer_id)["statusReason"] == "Not agreed"


def test_the_singular_alias_does_the_same(stage):
    transfer_id, alias = stage.created(), stage.here.removesuffix("s")
    assert stage.source.get(f"{alias}/{transfer_id}").json() == stage.seen(stage.source, transfer_id)
    assert stage.target.send("PATCH", f"{alias}/{transfer_id}", {"status": "Cancel"}).json()["status"] == "Canceled"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, 3000)),
        ({"status": "Sell"}, (400, 900126)),
        ({"status": "Accept"}, (400, 800002)),
        ({"lineItems": [{"productType": "OnlineServicesNCE"}]}, (400, 3000)),
        ({"lineItems": [{"subscriptionId": str(uuid.uuid4())}]}, (400, 800078)),
        ({"lineItems": [{"subscriptionId": str(uuid.uuid4()), "productType": "AzureSubscription"}]}, (400, 800078)),
        ({"lineItems": [{"subscriptionId": str(uuid.uuid4()), "productType": "SaaS"}]}, (400, 900146)),
        ({"lineItems": [{"subscriptionId": str(uuid.uuid4()), "productType": "Books"}]}, (400, 900126)),
    ],
)
def test_an_answer_that_cannot_be_used_changes_nothing(stage, body, expected):
    transfer_id = stage.created()
    assert code(stage.patch(stage.source, transfer_id, **body)) == expected
    assert stage.seen(stage.source, transfer_id)["status"] == "Pending"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": SubscriptionStatus.SUSPENDED}, (400, 800078)),
        ({"product_family": "software"}, (400, 800078)),
        ({"product_family": "third_party"}, (400, 900146)),
        ({"is_trial": True}, (400, 800078)),
        ({"pending_operation": "renewal"}, (409, 900278)),
    ],
)
def test_one_item_that_cannot_move_stops_the_acceptance(stage, fields, expected):
    good, bad = stage.world.licenses(), stage.world.licenses(friendly_name="Odd one", **fields)
    transfer_id = stage.created()
    reply = stage.accept(transfer_id, good, bad)

    assert code(reply) == expected
    assert "Odd one" in reply.json()["description"]
    assert not TransferLineItem.objects.exists()


def test_an_item_is_in_one_open_transfer_only(stage):
    item = stage.world.licenses()
    first, second = stage.created(), stage.created()
    assert stage.accept(first, item).status_code == 200
    assert code(stage.accept(second, item)) == (409, 900101)


def test_a_second_answer_is_refused_by_the_state_of_the_transfer(stage):
    item, transfer_id = stage.world.licenses(), stage.created()
    stage.accept(transfer_id, item)

    assert code(stage.accept(transfer_id, item)) == (409, 900101)
    assert code(stage.patch(stage.source, transfer_id, status="Decline")) == (409, 900101)
    assert code(stage.patch(stage.target, transfer_id, status="Cancel")) == (400, 900102)
    run(transfer_id)
    for reply in (
        stage.accept(transfer_id, item),
        stage.patch(stage.source, transfer_id, status="Decline"),
        stage.patch(stage.target, transfer_id, status="Cancel"),
        stage.source.get(f"{stage.here}/{transfer_id}/eligibility"),
        stage.target.send("POST", f"{stage.here}/{transfer_id}/retry"),
    ):
        assert code(reply) == (400, 900102)


@pytest.mark.parametrize(("status", "by"), [("Cancel", "target"), ("Decline", "source")])
def test_what_was_canceled_or_declined_is_answered_no_more(stage, status, by):
    item, transfer_id = stage.world.licenses(), stage.created()
    assert stage.patch(getattr(stage, by), transfer_id, status=status).status_code == 200
    assert code(stage.accept(transfer_id, item)) == (400, 900102)
    assert code(stage.patch(stage.target, transfer_id, status="Cancel")) == (400, 900102)


def test_an_expired_request_says_so(stage):
    item, transfer_id = stage.world.licenses(), stage.created()
    workflow.expire_transfers(now=timezone.now() + 31 * DAY)
    assert stage.seen(stage.source, transfer_id)["status"] == "Expired"
    assert code(stage.accept(transfer_id, item)) == (400, 900102)


# --- what each party sees --------------------------------------------------------------------------------------------


def test_the_target_sees_no_items_before_the_end_and_then_what_they_became(stage):
    item, transfer_id = stage.world.licenses(), stage.created()
    stage.accept(transfer_id, item)
    running = stage.seen(stage.target, transfer_id)
    assert running["status"] == "InProgress"
    assert "lineItems" not in running
    assert "lineItems" not in stage.target.get(stage.here).json()[0]
    assert str(item.pk) not in stage.target.get("/v1/transfers").content.decode()

    run(transfer_id)

    new = Subscription.objects.get(transferred_from=item)
    source, target = stage.seen(stage.source, transfer_id), stage.seen(stage.target, transfer_id)
    assert (source["status"], target["status"]) == ("Complete", "Complete")
    assert source["completedTime"] == target["completedTime"] == source["lastModifiedTime"]
    [given], [taken] = source["lineItems"], target["lineItems"]
    assert "targetSubscriptionId" not in given
    assert str(new.pk) not in str(source)
    assert taken == given | {"targetSubscriptionId": str(new.pk), "orderId": str(new.order_id)}
    assert given["status"] == "Complete"


def test_a_failed_item_says_why(stage):
    item, transfer_id = stage.world.licenses(), stage.created()
    stage.accept(transfer_id, item)
    Subscription.objects.filter(pk=item.pk).update(status=SubscriptionStatus.DELETED)
    for days in range(5):
        later = timezone.now() + days * DAY
        processing.process_transfer(transfer_id=uuid.UUID(transfer_id), clock=lambda later=later: later)

    value = stage.seen(stage.target, transfer_id)
    assert value["status"] == "Failed"
    assert value["lineItems"][0]["status"] == "Failed"
    assert value["lineItems"][0]["transferError"].startswith("Only what is active can move")
    assert "billingCycle" not in value["lineItems"][0]


def test_failed_items_are_tried_again(stage):
    item, transfer_id = stage.world.licenses(), stage.created()
    stage.accept(transfer_id, item)
    Subscription.objects.update(pending_operation="")
    TransferLineItem.objects.update(status="failed", last_error="commerce-error", next_attempt_at=None)
    Transfer.objects.update(status=TransferStatus.FAILED, finished_at=timezone.now(), items_failed=1)

    reply = stage.target.send("POST", f"{stage.here}/{transfer_id}/retry")
    assert (reply.status_code, reply.json()["status"]) == (200, "InProgress")


def test_the_list_of_a_customer_is_a_bare_array_newest_first(stage):
    make_relationship(stage.world.target)
    first, second = stage.created(), stage.created()
    reply = stage.source.get(stage.here)
    assert [value["id"] for value in reply.json()] == [second, first]
    assert reply.json()[1] == stage.seen(stage.source, first)
    TypeAdapter(list[shapes.TransferAnswer]).validate_python(reply.json(), strict=True)


def test_the_list_costs_the_same_for_many_transfers(stage, django_assert_max_num_queries):
    for _ in range(6):
        stage.accept(stage.created(), stage.world.licenses())
    stage.source.get(stage.here)
    with django_assert_max_num_queries(6):
        assert len(stage.source.get(stage.here).json()) == 6


def test_all_transfers_are_listed_page_by_page_and_narrowed(stage):
    ids = [stage.created() for _ in range(3)]
    stage.patch(stage.target, ids[0], status="Cancel")
    back = stage.world.target_agent()
    assert back

    def walk(client, query):
        seen, reply = [], client.get(f"/v1/transfers?{query}")
        while True:
            assert reply.status_code == 200, reply.content
            TypeAdapter(shapes.TransferCollection).validate_python(reply.json(), strict=True)
            seen += [value["id"] for value in reply.json()["items"]]
            following = reply.json()["links"].get("next")
            if not following:
                return seen
            headers = {header["key"]: header["value"] for header in following["headers"]}
            reply = client.get("/v1" + following["uri"], headers=headers)

    assert walk(stage.target, "size=2") == ids[::-1]
    assert walk(stage.target, "status=pending&size=1") == [ids[2], ids[1]]
    assert walk(stage.source, "transferDirection=1") == ids[::-1]
    assert walk(stage.source, "TransferDirection=2") == []
    assert walk(stage.target, "transferDirection=2") == ids[::-1]
    assert walk(stage.target, f"customerId={uuid.uuid4()}") == []
    assert walk(api_client(), "") == []
    for query in ("status=x", "transferDirection=0", "customerId=x", "seekOperation=Next"):
        assert code(stage.target.get(f"/v1/transfers?{query}")) == (400, 2000)


def test_eligibility_says_of_every_item_whether_it_can_move_and_why_not(stage):
    good = stage.world.licenses(friendly_name="Good")
    addon = stage.world.licenses(friendly_name="Add-on", parent=good)
    prepaid = stage.world.reservation(billing_frequency="upfront")
    bad = stage.world.licenses(friendly_name="Bad", status=SubscriptionStatus.SUSPENDED)
    stage.world.azure_plan(at=stage.world.at_target)
    transfer_id = stage.created(targetProductTypes=None)

    reply = stage.source.get(f"{stage.here}/{transfer_id}/eligibility")

    TypeAdapter(shapes.EligibilityCollection).validate_python(reply.json(), strict=True)
    items = {item["subscriptionId"]: item for item in reply.json()["items"]}
    assert items.keys() == {str(one.pk) for one in (good, prepaid, bad)}
    assert items[str(good.pk)] == {
        "subscriptionId": str(good.pk),
        "friendlyName": "Good",
        "productType": "OnlineServicesNCE",
        "eligibility": "can",
        "isEligible": True,
        "reasons": [],
        "movesAlong": [str(addon.pk)],
    }
    warned, refused = items[str(prepaid.pk)], items[str(bad.pk)]
    assert (warned["eligibility"], warned["isEligible"], warned["productType"]) == ("warning", True, "AzureReservation")
    assert "errorCode" not in warned["reasons"][0]
    assert (refused["eligibility"], refused["isEligible"]) == ("cannot", False)
    assert refused["reasons"][0]["code"] == "item-not-active"
    assert refused["reasons"][0]["errorCode"] == 800078
    movable = [item_id for item_id, item in items.items() if item["isEligible"]]
    lines = [{"subscriptionId": item_id} for item_id in movable]
    assert stage.patch(stage.source, transfer_id, lineItems=lines).status_code == 200


def test_what_pages_can_say_the_api_can_too(stage):
    transfer_id = stage.created(agreedItems=["Mail, 10 seats", ""], note="As discussed", customerLanguage="sv")
    value = stage.seen(stage.source, transfer_id)
    assert (value["agreedItems"], value["note"]) == (["Mail, 10 seats"], "As discussed")
    assert Transfer.objects.get().customer_language == "sv"


# --- tables ----------------------------------------------------------------------------------------------------------


def test_every_reason_that_stops_something_has_a_number_and_no_other():
    page_only = {"no-such"}
    stopping = {name for name, reason in REASONS.items() if reason.level == Level.RED}
    assert stopping - page_only == NUMBERS.keys()
    assert all(number > 0 and 400 <= status <= 500 for number, status in NUMBERS.values())


def test_every_code_is_explained_without_the_facts_of_a_case():
    codes = errors.all_codes()
    assert {one.code for one in codes} == NUMBERS.keys()
    assert not [one for one in codes if "%(" in one.cause + one.remedy]


def test_the_document_holds_every_call():
    paths = document()["paths"]
    one = "/v1/customers/{customer_id}/transfers/{transfer_id}"
    assert paths["/v1/customers/{customer_id}/transfers"].keys() == {"get", "post"}
    assert paths[one].keys() == {"get", "patch"}
    assert paths["/v1/customers/{customer_id}/transfer/{transfer_id}"].keys() == {"get", "patch"}
    assert {"/v1/transfers", f"{one}/retry", f"{one}/eligibility"} <= paths.keys()
    schema = document()["components"]["schemas"]
    assert "partnertenantid" in schema["TransferAnswer"]["properties"]
    assert "sourcePartnerTenantId" in schema["CreateBody"]["properties"]
