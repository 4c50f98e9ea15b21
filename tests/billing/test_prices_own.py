"""What a partner's customers pay by the partner's own prices, and who sets them (A13)."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.models import OwnPrice, OwnTerms
from billing.prices_own import PriceBook, Sold
from billing.queries.own_prices import terms_in_force
from billing.workflow import own_prices as workflow
from customers.enums import ProductFamily
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from tests.billing.price_factories import make_own_price, make_price
from tests.billing.usage_factories import make_customer
from tests.factories import NOON, make_actor, make_member, make_partner

pytestmark = pytest.mark.django_db

DAY = datetime.date(2026, 11, 20)
SOLD = Sold(ProductFamily.LICENSE_BASED, "CFQ1", "0001", Decimal(10), Decimal("12.50"), "EUR")
NEW, LIST, MARGINS = (reverse(f"pricing:{name}") for name in ("new_own_price", "own_prices", "margins"))


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def admin(client_for, partner):
    return client_for(make_member(partner, Role.BILLING_ADMIN))


def price(partner, customer=None, sold=SOLD, on=DAY):
    return PriceBook.of(partner.pk, customer_id=customer.pk if customer else None, on=on).price(sold)


def test_without_a_price_of_its_own_the_customer_pays_the_retail_price(partner):
    found = price(partner)

    assert (found.price, found.margin, found.margin_percent) == (Decimal("12.50"), Decimal("2.50"), Decimal("20.0"))
    assert price(partner, sold=Sold("third_party", "A", "B", Decimal(7), None, "EUR")).price == 7


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "markup", "percent": 15}, "11.50"),
        ({"kind": "discount", "percent": 10}, "11.25"),
        (
            {"kind": "fixed", "percent": None, "amount": "11.99", "currency": "EUR", "product_id": "CFQ1"},
            "11.99",
        ),
        ({"kind": "fixed", "percent": None, "amount": "99", "currency": "SEK", "product_id": "CFQ1"}, "12.50"),
        ({"kind": "markup", "percent": 15, "family": "software"}, "12.50"),
        ({"kind": "markup", "percent": 15, "product_id": "CFQ1", "sku_id": "0002"}, "12.50"),
        ({"kind": "markup", "percent": 15, "valid_from": datetime.date(2026, 11, 21)}, "12.50"),
        ({"kind": "markup", "percent": 15, "valid_until": DAY}, "12.50"),
    ],
    ids=[
        "markup",
        "discount",
        "fixed",
        "other currency",
        "other family",
        "other SKU",
        "not yet",
        "no longer",
    ],
)
def test_a_price_is_worked_out_by_the_rule_that_fits(partner, fields, expected):
    make_own_price(partner, **fields)
    make_own_price(make_partner(), percent=50)

    assert price(partner).price == Decimal(expected)


def test_a_price_in_whole_cents_stays_in_whole_cents_and_that_of_a_meter_keeps_its_decimals(partner):
    make_own_price(partner, percent="33.33")

    assert price(partner).price == Decimal("13.33")
    meter = Sold(ProductFamily.AZURE_PLAN, "A", "B", Decimal("0.0196"), Decimal("0.0196"), "EUR")
    assert price(partner, sold=meter).price == Decimal("0.02613268")


def test_the_closer_price_wins(partner):
    customer, other = make_customer(partner), make_customer(partner)
    make_own_price(partner, percent=1)
    make_own_price(partner, percent=2, family=ProductFamily.LICENSE_BASED)
    make_own_price(partner, percent=3, product_id="CFQ1")
    make_own_price(partner, percent=4, product_id="CFQ1", sku_id="0001")
    assert price(partner, customer).price == Decimal("10.4")

    make_own_price(partner, percent=50, customer=customer)

    assert price(partner, customer).price == 15
    assert price(partner, other).price == Decimal("10.4")


def test_a_later_price_for_the_same_takes_the_place_of_the_earlier(admin, partner):
    first = {"kind": "markup", "percent": "10", "valid_from": "2026-11-01"}
    assert admin.post(NEW, first).status_code == 302
    assert admin.post(NEW, first | {"percent": "20", "valid_from": "2026-11-15"}).status_code == 302
    assert admin.post(NEW, first | {"percent": "30", "valid_from": "2026-11-15"}).status_code == 422

    assert price(partner, on=datetime.date(2026, 11, 14)).price == 11
    assert price(partner, on=datetime.date(2026, 11, 15)).price == 12
    assert AuditEvent.objects.filter(event_type="customer-price-set").count() == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "fixed", "amount": "5"}, "product_id"),
        ({"kind": "fixed", "product_id": "CFQ1"}, "amount"),
        ({"kind": "markup"}, "percent"),
        ({"kind": "discount", "percent": "101"}, "percent"),
        ({"kind": "markup", "percent": "5", "sku_id": "0001"}, "product_id"),
        ({"kind": "markup", "percent": "5", "customer": "stranger.example"}, "customer"),
        ({"kind": "markup", "percent": "-5"}, "percent"),
    ],
)
def test_what_makes_no_price_is_told_at_its_field(admin, sent, field):
    page = admin.post(NEW, {"valid_from": "2026-11-01"} | sent)

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not OwnPrice.objects.exists()


def test_a_price_for_one_customer_is_set_by_its_domain_and_ended(admin, partner):
    customer = make_customer(partner, name="Bakery")
    sent = {"kind": "markup", "percent": "10", "valid_from": "2026-11-01", "customer": customer.organization.domain}

    page = admin.post(NEW, sent, follow=True)

    assert [(row["customer"], row["rule"]) for row in page.context["rows"]] == [("Bakery", "Your price + 10 %")]
    end = reverse("pricing:end_own_price", args=[OwnPrice.objects.get().pk])
    assert admin.post(end, {"valid_until": "2026-10-01"}).status_code == 422
    assert admin.post(end, {"valid_until": "2026-11-10"}).status_code == 302
    assert admin.get(LIST).context["rows"] == []
    assert len(admin.get(LIST, {"ended": "yes"}).context["rows"]) == 1


def test_the_list_of_margins_is_that_of_the_customer_and_the_file_has_the_same(admin, partner):
    customer = make_customer(partner)
    make_price(unit_price=10, retail_price="12.50")
    make_own_price(partner, percent=50, customer=customer)
    make_own_price(partner, percent=0, kind="discount")
    make_own_price(partner, percent=100, kind="discount", product_id="CFQ1")

    (row,) = admin.get(MARGINS, {"customer": str(customer.pk)}).context["rows"]
    assert (row["cost"], row["price"], row["margin"], row["rule"]) == ("€10.00", "€15.00", "€5.00", "Your price + 50 %")
    (row,) = admin.get(MARGINS).context["rows"]
    assert (row["price"], row["percent"]) == ("€12.50", "20.0 %")
    unknown = admin.get(MARGINS, {"customer": "nobody.example"})
    assert "None of your customers" in unknown.content.decode()
    file = admin.get(reverse("pricing:margins_export"), {"customer": str(customer.pk)})
    text = b"".join(file.streaming_content).decode().removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Your price"], row["Customer price"], row["Margin"]) == ("10", "15", "5")


def test_terms_of_a_customer_go_before_those_of_all_and_the_latest_counts(admin, partner):
    customer = make_customer(partner)
    url = reverse("pricing:own_terms")
    for text, named in (("Old", ""), ("For all", ""), ("Its own", str(customer.pk))):
        assert admin.post(url, {"text": text, "customer": named, "valid_from": "2026-11-01"}).status_code == 302

    actor = make_actor(partner, Role.BILLING_ADMIN)
    assert terms_in_force(actor, customer_id=None, on=DAY).text == "For all"
    assert terms_in_force(actor, customer_id=customer.pk, on=DAY).text == "Its own"
    assert terms_in_force(actor, customer_id=customer.pk, on=datetime.date(2026, 10, 1)) is None
    assert "Its own" in admin.get(LIST).content.decode()
    assert OwnTerms.objects.count() == 3


@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [
        (Role.GLOBAL_ADMIN, True, True),
        (Role.BILLING_ADMIN, True, True),
        (Role.ADMIN_AGENT, True, True),
        (Role.SALES_AGENT, True, False),
        (Role.HELPDESK_AGENT, False, False),
        (Role.ACCOUNT_ADMIN, False, False),
    ],
)
def test_who_sees_and_who_sets_prices_for_customers(client_for, partner, role, sees, changes):
    client = client_for(make_member(partner, role))
    row, customer = make_own_price(partner), make_customer(partner)

    for name in ("own_prices", "margins", "margins_export"):
        assert client.get(reverse(f"pricing:{name}")).status_code == (200 if sees else 403)
    sent = {"kind": "markup", "percent": "5", "valid_from": "2026-12-01"}
    assert client.post(NEW, sent).status_code == (302 if changes else 403)
    end = reverse("pricing:end_own_price", args=[row.pk])
    assert client.post(end, {"valid_until": "2027-01-01"}).status_code == (302 if changes else 403)
    terms = client.post(reverse("pricing:own_terms"), {"text": "Terms", "valid_from": "2026-12-01"})
    assert terms.status_code == (302 if changes else 403)
    budget = reverse("pricing:budget", args=[customer.pk])
    assert client.post(budget, {"amount": "5", "thresholds": ["80"]}).status_code == (302 if changes else 403)
    remove = reverse("pricing:remove_budget", args=[customer.pk])
    assert client.post(remove).status_code == (302 if changes else 403)


def test_the_price_of_another_partner_is_not_there_and_the_database_refuses_half_a_price(client_for, partner):
    stranger = client_for(make_member(make_partner(), Role.BILLING_ADMIN))
    row = make_own_price(partner)

    assert stranger.get(reverse("pricing:end_own_price", args=[row.pk])).status_code == 404
    with pytest.raises(OwnPrice.DoesNotExist):
        workflow.end_own_price(price_id=row.pk, valid_until=DAY, actor=make_actor(), now=NOON)
    for wrong in ({"percent": None}, {"amount": 5}, {"kind": "fixed", "percent": None, "amount": 5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_own_price(partner, **{"valid_from": datetime.date(2027, 1, 1)} | wrong)
