"""Bundles are defined, changed by versions and withdrawn; what makes none is refused (A13, decision 0048)."""

import datetime
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from bundles.enums import BundleState
from bundles.models import Bundle, BundleLine, BundleVersion
from bundles.products import find
from bundles.queries.definitions import BundleFilter, bundles, cost_of, products_of, shelf_of
from bundles.rules import BundleChanged, BundleWithdrawn
from bundles.workflow.definitions import WantedProduct, change_bundle, define_bundle, withdraw_bundle
from customers.models import ResellerRelationship
from customers.rules.buying import ResellersDoNotBuy
from customers.rules.invitations import ResellerNotYours
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from tests.azure.factories import make_prices
from tests.bundles.factories import AZURE_PLAN, OFFICE, SUPPORT, TODAY, definition_of, make_bundle, product_of
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import NOON, make_actor, make_partner
from tests.marketplace.factories import make_plan

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def partner():
    make_prices()
    return make_partner()


def define(partner, *products, **fields):
    who = {"actor": make_actor(partner, fields.pop("role", Role.ADMIN_AGENT)), "now": NOON}
    audience = {name: fields.pop(name) for name in ("customer_id", "reseller_id") if name in fields}
    return define_bundle(definition=definition_of(*products, **fields), **audience, **who)


def test_a_bundle_holds_products_of_all_catalogs_and_is_billed_as_they_are(partner):
    plan = make_plan(price="4.00")

    version = define(partner, OFFICE, product_of(plan), AZURE_PLAN)

    assert (version.currency, version.billing_frequency, version.number) == ("EUR", "monthly", 1)
    lines = list(version.lines.order_by("position"))
    assert [(line.product_family, line.quantity) for line in lines] == [
        ("license_based", 5),
        ("third_party", 2),
        ("azure_plan", 1),
    ]
    assert lines[1].title == f"{plan.offer.name} – {plan.name}"
    shelf = shelf_of(make_actor(partner), None, today=TODAY)
    assert cost_of(products_of(version, shelf)) == Decimal("58.0000")
    (event,) = AuditEvent.objects.filter(event_type="bundle-defined")
    assert event.after["price"] == "60.00 EUR"


def test_products_are_found_by_a_part_of_their_name_in_every_catalog(partner):
    plan = make_plan(price="4.00")
    shelf = shelf_of(make_actor(partner), None, today=TODAY)

    assert [one.key for one in find(shelf, "office")] == ["CFQ7TTC0LDPB:0001:P1Y|monthly"]
    found = find(shelf, plan.offer.name)
    assert [(one.term, one.billing_frequency, one.unit_price) for one in found] == [
        ("P1M", "monthly", Decimal("4.00")),
        ("P1Y", "monthly", Decimal("4.00")),
        ("P1Y", "annual", Decimal("40.00")),
    ]
    assert find(shelf, "azure plan")[0].unit_price == 0
    assert find(shelf, "nothing like it") == []


@pytest.mark.parametrize(
    ("products", "fields", "field"),
    [
        ((), {"products": ()}, "lines"),
        ((WantedProduct("CFQ7TTC0LDPB:0001:P1Y", "annual", 1),), {}, "lines"),
        ((WantedProduct("nothing:0001:P1Y", "monthly", 1),), {}, "lines"),
        ((OFFICE, OFFICE), {}, "lines"),
        ((OFFICE, SUPPORT), {}, "lines"),
        ((AZURE_PLAN,), {}, "lines"),
        ((WantedProduct(OFFICE.catalog_item, "monthly", 0),), {}, "lines"),
        ((WantedProduct(SUPPORT.catalog_item, "one_time", 20_000),), {}, "lines"),
        ((), {"price": Decimal(0)}, "price"),
        ((), {"valid_until": TODAY}, "valid_until"),
    ],
    ids=["none", "not so billed", "unknown", "twice", "two rhythms", "usage alone", "zero", "many", "free", "days"],
)
def test_what_makes_no_bundle_is_refused_and_nothing_is_written(partner, products, fields, field):
    with pytest.raises(InvalidInput) as refused:
        define(partner, *products, **fields)

    assert refused.value.field == field
    assert not Bundle.objects.exists()
    assert not AuditEvent.objects.filter(event_type="bundle-defined").exists()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.GLOBAL_ADMIN, True),
        (Role.BILLING_ADMIN, True),
        (Role.ADMIN_AGENT, True),
        (Role.SALES_AGENT, False),
        (Role.HELPDESK_AGENT, False),
        (Role.ACCOUNT_ADMIN, False),
    ],
)
def test_who_defines_changes_and_withdraws(partner, role, may):
    actor = make_actor(partner, role)
    bundle_id = make_bundle(partner).bundle_id
    steps = [
        lambda: define(partner, role=role),
        lambda: change_bundle(bundle_id=bundle_id, definition=definition_of(), actor=actor, now=NOON),
        lambda: withdraw_bundle(bundle_id=bundle_id, actor=actor, now=NOON),
    ]
    for step in steps:
        if may:
            step()
        else:
            with pytest.raises(PermissionDenied):
                step()


def test_an_audience_is_ones_own_customer_or_reseller(partner):
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
    reseller = make_partnership(provider).reseller
    customer = make_relationship(partner).customer_id

    assert define(partner, customer_id=customer).bundle.customer_id == customer
    assert define(provider, reseller_id=reseller.pk).bundle.reseller_id == reseller.pk
    with pytest.raises(ResellerRelationship.DoesNotExist):
        define(partner, customer_id=make_relationship().customer_id)
    with pytest.raises(ResellerNotYours):
        define(provider, reseller_id=make_partner(OrganizationKind.INDIRECT_RESELLER).pk)
    with pytest.raises(ResellersDoNotBuy):
        define(reseller.organization)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bundle.objects.create(
            partner=partner.partner, customer_id=customer, reseller=reseller, created_at=NOON, status="active"
        )


def test_a_change_is_another_version_and_the_old_one_stays(partner):
    actor = make_actor(partner, Role.BILLING_ADMIN)
    first = make_bundle(partner)

    second = change_bundle(
        bundle_id=first.bundle_id,
        definition=definition_of(WantedProduct(OFFICE.catalog_item, "monthly", 3), price=Decimal("33.00")),
        seen=first.pk,
        actor=actor,
        now=NOON + DAY,
    )

    first.refresh_from_db()
    assert (first.is_current, first.price, first.lines.get().quantity) == (False, Decimal("60.00"), 5)
    assert (second.number, second.is_current, second.lines.get().quantity) == (2, True, 3)
    with pytest.raises(BundleChanged):
        change_bundle(bundle_id=first.bundle_id, definition=definition_of(), seen=first.pk, actor=actor, now=NOON + DAY)
    (event,) = AuditEvent.objects.filter(event_type="bundle-changed")
    assert (event.before["price"], event.after["price"]) == ("60.00 EUR", "33.00 EUR")


def test_a_withdrawn_bundle_is_neither_changed_nor_withdrawn_again(partner):
    actor = make_actor(partner, Role.BILLING_ADMIN)
    version = make_bundle(partner)
    withdraw_bundle(bundle_id=version.bundle_id, actor=actor, now=NOON)

    with pytest.raises(BundleWithdrawn):
        withdraw_bundle(bundle_id=version.bundle_id, actor=actor, now=NOON)
    with pytest.raises(BundleWithdrawn):
        change_bundle(bundle_id=version.bundle_id, definition=definition_of(), actor=actor, now=NOON)
    with pytest.raises(Bundle.DoesNotExist):
        withdraw_bundle(bundle_id=version.bundle_id, actor=make_actor(make_partner(), Role.ADMIN_AGENT), now=NOON)
    assert BundleVersion.objects.count() == 1


def test_the_list_knows_states_audiences_and_names_and_asks_once(partner, django_assert_num_queries):
    actor, customer = make_actor(partner), make_relationship(partner).customer_id
    make_bundle(partner, name="Élan")
    make_bundle(partner, name="To come", valid_from=TODAY + DAY)
    make_bundle(partner, name="Over", valid_from=TODAY - DAY, valid_until=TODAY)
    make_bundle(partner, name="Own", customer_id=customer)
    gone = make_bundle(partner, name="Gone")
    withdraw_bundle(bundle_id=gone.bundle_id, actor=make_actor(partner, Role.ADMIN_AGENT), now=NOON)
    make_bundle(make_partner(), name="Of a stranger")

    def names(**wanted):
        return {row.name for row in bundles(actor, BundleFilter(**wanted), today=TODAY)}

    assert names() == {"Élan", "To come", "Over", "Own", "Gone"}
    assert names(text="elan") == {"Élan"}
    assert {state: names(state=state) for state in BundleState} == {
        BundleState.ON_SALE: {"Élan", "Own"},
        BundleState.TO_COME: {"To come"},
        BundleState.OVER: {"Over"},
        BundleState.WITHDRAWN: {"Gone"},
    }
    assert names(audience="customer") == {"Own"}
    assert names(customer_id=uuid.uuid4(), state="on_sale") == {"Élan"}
    for row in BundleVersion.objects.visible_to(actor).select_related("bundle"):
        assert row in BundleVersion.objects.in_state(row.state_on(TODAY), on=TODAY)
    with django_assert_num_queries(1):
        assert [row.line_count for row in bundles(actor, BundleFilter(), today=TODAY)] == [1] * 5


def test_the_database_refuses_a_free_bundle_and_a_product_twice(partner):
    version = make_bundle(partner)

    with pytest.raises(IntegrityError), transaction.atomic():
        BundleVersion.objects.filter(pk=version.pk).update(price=0)
    line = version.lines.get()
    line.pk, line.position = None, 7
    with pytest.raises(IntegrityError), transaction.atomic():
        BundleLine.objects.bulk_create([line])
