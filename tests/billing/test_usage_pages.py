"""Usage as partners see it, and the files, rates and rules that the operator keeps (A3, A7, A8)."""

import csv
import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.models import ExchangeRate, IncentiveRule, UsageImport
from billing.processing.usage import process_file
from customers.enums import ProductFamily
from portal.accounts.enums import OrganizationKind, Role
from tests.billing.usage_factories import (
    HEADER,
    import_rows,
    make_azure,
    make_customer,
    make_meter,
    make_rule,
    row,
)
from tests.factories import NOON, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db

USAGE = reverse("pricing:usage")
RULES = {
    "kind": "earned_credit",
    "family": "azure_subscription",
    "competency": "",
    "source": "Programme guide",
    "note": "",
}


def content(response) -> str:
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def table(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(response).removeprefix("\ufeff"))))


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def admin(client_for, partner):
    return client_for(make_member(partner, Role.BILLING_ADMIN))


@pytest.fixture
def operator(client_for):
    return client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))


@pytest.fixture
def two_customers(partner):
    bakery, clinic = make_customer(partner, name="Bakery"), make_customer(partner, name="Clinic")
    make_meter("0.50")
    shop, lab = make_azure(partner, bakery, friendly_name="Shop"), make_azure(partner, clinic, friendly_name="Lab")
    import_rows(row(shop, "2026-11-02", "10"), row(shop, "2026-11-03", "20"), row(lab, "2026-11-03", "100"))
    return bakery, clinic


def test_a_month_is_drawn_and_listed_by_what_is_chosen(admin, two_customers):
    by_day = admin.get(USAGE, {"month": "2026-11"})
    assert [each["cost"] for each in by_day.context["rows"]] == ["€5.00", "€60.00"]
    assert "<svg" in content(by_day)
    assert by_day.context["totals"][0]["net"] == "€55.25"

    by_customer = admin.get(USAGE, {"month": "2026-11", "by": "customer"}).context["rows"]
    assert [(each["label"], each["cost"], each["earned"]) for each in by_customer] == [
        ("Clinic", "€50.00", "€7.50"),
        ("Bakery", "€15.00", "€2.25"),
    ]
    inside = admin.get(by_customer[1]["url"])
    assert [each["label"] for each in inside.context["rows"]] == ["Shop"]
    meter = admin.get(inside.context["rows"][0]["url"]).context["rows"]
    assert [(each["label"], each["quantity"]) for each in meter] == [("Compute hours", "30 × 1 Hour")]
    assert admin.get(USAGE, {"month": "2026-11", "by": "category"}).context["rows"][0]["label"] == "Compute"


def test_the_file_has_each_record_with_price_rate_and_credit(admin, two_customers):
    rows = table(admin.get(reverse("pricing:usage_export"), {"month": "2026-11"}))

    assert [each["UsageDate"] for each in rows] == ["2026-11-02", "2026-11-03", "2026-11-03"]
    assert sorted((each["UsageDate"], each["CustomerName"], each["Cost"]) for each in rows) == [
        ("2026-11-02", "Bakery", "5"),
        ("2026-11-03", "Bakery", "10"),
        ("2026-11-03", "Clinic", "50"),
    ]
    assert {(each["UnitPrice"], each["EffectiveUnitPrice"]) for each in rows} == {("0.5", "0.425")}
    assert (rows[0]["PartnerEarnedCreditPercentage"], rows[0]["PartnerEarnedCredit"]) == ("15", "0.75")
    assert rows[0]["PCToBCExchangeRate"] == "1"


def test_a_customer_has_a_page_of_its_own_and_another_partner_sees_nothing(admin, client_for, two_customers):
    bakery, clinic = two_customers
    page = admin.get(reverse("pricing:customer_usage", args=[bakery.pk]), {"month": "2026-11", "by": "subscription"})
    assert [each["label"] for each in page.context["rows"]] == ["Shop"]

    stranger = client_for(make_member(make_partner(), Role.BILLING_ADMIN))
    assert stranger.get(reverse("pricing:customer_usage", args=[clinic.pk])).status_code == 404
    assert stranger.get(USAGE, {"month": "2026-11", "customer": str(clinic.pk)}).context["rows"] == []


def test_an_empty_month_says_when_usage_appears(admin):
    assert "No usage has been reported" in content(admin.get(USAGE))


@pytest.mark.parametrize(
    ("role", "money", "prices"),
    [
        (Role.GLOBAL_ADMIN, True, True),
        (Role.BILLING_ADMIN, True, True),
        (Role.ADMIN_AGENT, True, True),
        (Role.SALES_AGENT, False, True),
        (Role.HELPDESK_AGENT, False, False),
        (Role.ACCOUNT_ADMIN, False, False),
    ],
)
def test_who_sees_usage_and_who_sees_rates(client_for, partner, role, money, prices):
    client = client_for(make_member(partner, role))
    customer = make_customer(partner)

    assert client.get(USAGE).status_code == (200 if money else 403)
    assert client.get(reverse("pricing:usage_export")).status_code == (200 if money else 403)
    assert client.get(reverse("pricing:customer_usage", args=[customer.pk])).status_code == (200 if money else 403)
    assert client.get(reverse("pricing:rates")).status_code == (200 if prices else 403)
    assert client.get(reverse("pricing:usage_files")).status_code == 403


def test_the_operator_imports_a_file_and_reads_why_a_row_was_left(operator, partner):
    make_meter()
    subscription = make_azure(partner)
    text = "\n".join([HEADER, row(subscription, "2026-11-02"), row(subscription, "2026-11-03", meter="unknown")])

    sent = operator.post(reverse("pricing:usage_files"), {"file": SimpleUploadedFile("november.csv", text.encode())})
    run = UsageImport.objects.get()
    process_file(run_id=run.pk, clock=lambda: NOON)

    assert "no price of the meter" in content(operator.get(sent.url))
    run.refresh_from_db()
    assert (run.new_count, run.wrong_count) == (1, 1)
    assert [each["Row"] for each in table(operator.get(reverse("pricing:usage_file_rows", args=[run.pk])))] == ["3"]
    empty = operator.post(reverse("pricing:usage_files"), {"file": SimpleUploadedFile("a.csv", b"UsageDate\n1\n")})
    assert empty.status_code == 422
    assert "names no column" in content(empty)


def test_a_rate_is_entered_once_for_a_day_and_shown_to_partners_with_its_source(operator, admin):
    sent = {"base": "usd", "currency": "eur", "rate": "0.92", "valid_from": "2026-11-01", "source": "Central bank"}

    assert operator.post(reverse("pricing:keep_rates"), sent).status_code == 302
    again = operator.post(reverse("pricing:keep_rates"), sent | {"rate": "0.5"})

    assert again.status_code == 422
    assert "There is a rate from that day already" in content(again)
    assert str(ExchangeRate.objects.get().rate) == "0.92000000"
    text = content(admin.get(reverse("pricing:rates")))
    assert "Central bank" in text
    assert "0.92 EUR" in text
    assert operator.post(reverse("pricing:keep_rates"), sent | {"currency": "usd"}).status_code == 422


def test_a_new_rule_takes_the_place_of_the_old_one_and_a_rule_can_end(operator):
    url = reverse("pricing:keep_incentives")

    assert operator.post(url, RULES | {"percent": "12", "valid_from": "2026-12-01"}).status_code == 302

    old, new = IncentiveRule.objects.filter(kind="earned_credit", family="azure_subscription").order_by("valid_from")
    assert (old.valid_until, new.valid_until) == (datetime.date(2026, 12, 1), None)
    assert operator.post(url, RULES | {"percent": "9", "valid_from": "2026-12-01"}).status_code == 422
    end = reverse("pricing:end_incentive", args=[new.pk])
    assert operator.post(end, {"valid_until": "2026-12-01"}).status_code == 422
    assert operator.post(end, {"valid_until": "2027-01-01"}).status_code == 302
    new.refresh_from_db()
    assert new.valid_until == datetime.date(2027, 1, 1)


def test_the_previous_offer_has_had_no_rule_since_february_2022():
    rules = IncentiveRule.objects.filter(family=ProductFamily.AZURE_LEGACY)
    assert rules.on(datetime.date(2022, 1, 31)).exists()
    assert not rules.on(datetime.date(2022, 2, 1)).exists()
    assert make_rule() in IncentiveRule.objects.on(datetime.date(2026, 11, 1))
