"""A bundle is sold as a whole or not at all, and billed under its own price (A13, decision 0048)."""

import datetime
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.enums import ChargeKind
from billing.queries.bill_lines import lines_of
from billing.queries.downstream import resold
from bundles.models import BundlePart, BundleSale
from bundles.queries.sales import standings
from bundles.rules import BundleChanged, BundleNotForSale, BundlePartLeft, BundleProductRefused
from bundles.workflow.definitions import WantedProduct, change_bundle, withdraw_bundle
from bundles.workflow.sales import Sale, release_part, sell_bundle
from customers.enums import ProductFamily
from customers.models import Subscription
from customers.rules.agreements import AgreementNotSigned
from customers.rules.buying import AttestationMissing, Buyer, PriceChanged
from marketplace.models import Order
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from tests.azure.factories import make_customer_of
from tests.billing.invoice_factories import OCTOBER, close, make_charge
from tests.bundles.factories import (
    AZURE_PLAN,
    OFFICE,
    TODAY,
    definition_of,
    make_bundle,
    number_of,
    product_of,
    sell,
)
from tests.customers.factories import make_indirect_relationships, make_relationship
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.marketplace.factories import make_plan

pytestmark = pytest.mark.django_db
UNDER_PLAN = WantedProduct("azure-subscription:usage:none", "usage", 1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def relationship():
    return make_customer_of()


@pytest.fixture
def partner(relationship):
    return relationship.partner.organization


def test_a_sale_orders_every_product_and_shares_the_price_by_what_the_parts_cost(relationship, partner):
    plan = make_plan(price="5.00")
    version = make_bundle(partner, OFFICE, product_of(plan), AZURE_PLAN, price=Decimal("90.00"))  # costs 50 + 10

    sale = sell(version, relationship, quantity=2)

    parts = {part.subscription.product_family: part for part in sale.parts.select_related("subscription", "line")}
    assert {family: (part.subscription.quantity, part.unit_price) for family, part in parts.items()} == {
        ProductFamily.LICENSE_BASED: (10, Decimal(15)),
        ProductFamily.THIRD_PARTY: (4, Decimal("7.5")),
        ProductFamily.AZURE_PLAN: (1, Decimal(0)),
    }
    assert sum(part.unit_price * part.line.quantity for part in parts.values()) == version.price
    assert sale.cost == 60
    assert Order.objects.get().lines.count() == 1
    (event,) = AuditEvent.objects.filter(event_type="bundle-sold")
    assert event.customer_id == relationship.customer_id


def test_the_same_form_sent_twice_is_one_sale(relationship, partner):
    version, key = make_bundle(partner), uuid.uuid4()

    first, second = sell(version, relationship, id=key), sell(version, relationship, id=key)

    assert first == second
    assert Subscription.objects.count() == 1
    with pytest.raises(InvalidInput):
        sell(version, make_relationship(partner, has_agreement=True), id=key)


def test_what_runs_under_a_plan_may_run_under_the_plan_of_the_bundle(relationship, partner):
    version = make_bundle(partner, OFFICE, UNDER_PLAN, AZURE_PLAN)

    sell(version, relationship)

    under = Subscription.objects.get(product_family=ProductFamily.AZURE_SUBSCRIPTION)
    assert under.parent.product_family == ProductFamily.AZURE_PLAN


def test_one_product_that_stands_in_the_way_stops_all_and_is_named(relationship, partner):
    plan = make_plan(price="5.00")
    version = make_bundle(partner, OFFICE, product_of(plan))
    plan.countries = ["SE"]
    plan.save()

    with pytest.raises(BundleProductRefused) as refused:
        sell(version, relationship)

    assert plan.name in str(refused.value)
    assert "France" in str(refused.value)
    assert refused.value.who == plan.offer.publisher.organization.name
    assert not Subscription.objects.exists()
    assert not BundleSale.objects.exists()
    buyer = Buyer(relationship.partner, relationship.customer, TODAY)
    found = standings(version, buyer, quantity=1, partner_on_record=number_of(partner))
    assert [one.refusal is None for one in found] == [True, False]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"is_attested": False}, AttestationMissing),
        ({"quantity": 0}, InvalidInput),
        ({"seen": uuid.UUID(int=1)}, BundleChanged),
        ({"cost": Decimal(1)}, PriceChanged),
    ],
    ids=["role not confirmed", "no quantity", "other version", "other cost"],
)
def test_what_was_not_shown_or_confirmed_is_not_sold(relationship, partner, fields, refusal):
    version = make_bundle(partner)

    with pytest.raises(refusal):
        sell(version, relationship, **fields)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("case", ["to come", "over", "withdrawn", "other customer", "other currency"])
def test_a_bundle_that_is_not_for_sale_says_why(relationship, partner, case):
    days = {"to come": {"valid_from": TODAY + DAY}, "over": {"valid_from": TODAY - DAY, "valid_until": TODAY}}
    other = make_relationship(partner).customer_id if case == "other customer" else None
    version = make_bundle(partner, customer_id=other, **days.get(case, {}))
    if case == "withdrawn":
        withdraw_bundle(bundle_id=version.bundle_id, actor=make_actor(partner, Role.ADMIN_AGENT), now=NOON)
    if case == "other currency":
        type(version).objects.update(currency="SEK")

    with pytest.raises(BundleNotForSale):
        sell(version, relationship)
    assert not Subscription.objects.exists()


def test_the_rules_of_single_orders_hold(partner):
    version = make_bundle(partner)

    with pytest.raises(AgreementNotSigned):
        sell(version, make_relationship(partner))


def test_a_provider_sells_through_the_reseller_that_the_bundle_is_for():
    provider_row, _reseller_row = make_indirect_relationships(has_agreement=True)
    provider = provider_row.partner.organization
    free, tied = make_bundle(provider), make_bundle(provider, reseller_id=provider_row.counterpart_id)

    assert sell(tied, provider_row).reseller_id == provider_row.counterpart_id
    assert Subscription.objects.get().reseller_id == provider_row.counterpart_id
    other_row, _row = make_indirect_relationships(has_agreement=True)
    with pytest.raises(BundleNotForSale):
        sell(tied, provider_row, partner_on_record=number_of(other_row.counterpart.organization))
    assert sell(free, provider_row).quantity == 1


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.ADMIN_AGENT, True), (Role.SALES_AGENT, True), (Role.BILLING_ADMIN, False), (Role.HELPDESK_AGENT, False)],
)
def test_who_sells(relationship, partner, role, may):
    version = make_bundle(partner)
    sale = Sale(uuid.uuid4(), version.bundle_id, partner_on_record=number_of(partner), is_attested=True)
    order = {"customer_id": relationship.customer_id, "sale": sale, "actor": make_actor(partner, role), "now": NOON}
    if may:
        assert sell_bundle(**order).sold_by_name
    else:
        with pytest.raises(PermissionDenied):
            sell_bundle(**order)


def test_a_change_leaves_what_was_sold_as_it_was(relationship, partner):
    version = make_bundle(partner)
    sale = sell(version, relationship)
    change_bundle(
        bundle_id=version.bundle_id,
        definition=definition_of(price=Decimal(99)),
        actor=make_actor(partner, Role.ADMIN_AGENT),
        now=NOON + DAY,
    )

    sale.refresh_from_db()
    assert (sale.version.price, sale.parts.get().unit_price) == (Decimal(60), Decimal(12))


# --- the customer's bill ---------------------------------------------------------------------------------------------
@pytest.fixture
def sold(relationship, partner):
    """A bundle at 90 of what costs 60 a month, charged for October: a whole cycle, and a credit of half a part."""
    plan = make_plan(price="5.00")
    sale = sell(make_bundle(partner, OFFICE, product_of(plan), AZURE_PLAN, price=Decimal("90.00")), relationship)
    office = sale.parts.get(line__product_family=ProductFamily.LICENSE_BASED).subscription
    notes = sale.parts.get(line__product_family=ProductFamily.THIRD_PARTY).subscription
    office.charges.all().delete()  # of the day of the sale
    make_charge(office, "50.00")
    make_charge(notes, "10.00")
    return sale, office, notes


def bill(partner):
    (invoice,) = close()
    return {one.product_name: (one.cost, one.price, one.line_count, one.has_own_price) for one in resold(invoice)}


def test_the_bill_shows_the_bundle_under_its_price_instead_of_its_parts(sold, partner):
    assert bill(partner) == {"Office start": (Decimal(60), Decimal("90.00"), 2, True)}


def test_the_bundle_on_the_bill_opens_to_its_parts_which_sum_to_its_price(sold, partner, client_for):
    sale, office, notes = sold
    make_charge(notes, "3.00", kind=ChargeKind.METERED)
    (invoice,) = close()
    rows = list(resold(invoice, customer_id=sale.customer_id))

    lines = lines_of(invoice, sale.customer_id, rows)
    [bundle] = [row for row in rows if row.product_name == "Office start"]

    parts = {line.product_name: (line.unit_price, line.price) for line in lines[bundle.key]}
    assert parts == {
        office.product_name: (15, Decimal("75.00")),
        notes.product_name: (Decimal("7.5"), Decimal("15.00")),
    }
    [metered] = [row for row in rows if row is not bundle]
    assert [line.kind for line in lines[metered.key]] == ["metered"]
    client = client_for(make_member(partner, Role.BILLING_ADMIN))
    page = client.get(reverse("billing:customer_bill", args=[invoice.pk, sale.customer_id])).content.decode()
    assert all(text in page for text in ("Office start", "Bundle", "2 charges", "€75.00", "€93.00"))


def test_a_credit_is_billed_in_the_proportion_of_its_part_and_what_is_metered_by_itself(sold, partner):
    _sale, office, notes = sold
    make_charge(office, "-25.00", kind=ChargeKind.CANCEL)
    make_charge(notes, "3.00", kind=ChargeKind.METERED)

    found = bill(partner)

    assert found["Office start"] == (Decimal(35), Decimal("52.50"), 3, True)
    assert found[notes.product_name] == (Decimal(3), Decimal(3), 1, False)


def test_a_part_that_was_taken_out_is_billed_by_itself_from_that_day_on(sold, partner):
    _sale, office, _notes = sold
    BundlePart.objects.filter(pk=office.pk).update(left_on=OCTOBER)

    found = bill(partner)

    assert found["Office start"] == (Decimal(10), Decimal("15.00"), 1, True)
    assert found[office.product_name][0] == 50


def test_a_part_is_taken_out_once_and_not_for_days_that_are_billed(sold, partner):
    _sale, office, _notes = sold
    step = {"subscription_id": office.pk, "now": NOON, "actor": make_actor(partner, Role.BILLING_ADMIN)}
    with pytest.raises(PermissionDenied):
        release_part(**step | {"actor": make_actor(partner, Role.SALES_AGENT)}, left_on=TODAY)
    with pytest.raises(BundlePart.DoesNotExist):
        release_part(**step | {"actor": make_actor(make_partner(), Role.BILLING_ADMIN)}, left_on=TODAY)
    with pytest.raises(InvalidInput):
        release_part(**step, left_on=TODAY - DAY)

    assert release_part(**step, left_on=TODAY).left_on == TODAY

    with pytest.raises(BundlePartLeft):
        release_part(**step, left_on=TODAY)
    assert AuditEvent.objects.get(event_type="bundle-part-released").details["subscription"] == office.friendly_name
