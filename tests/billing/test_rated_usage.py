"""Usage on an invoice: credit and rate readable in each line, and each record with its part of the lines (A7, A8)."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from azure.enums import AccessRole, PrincipalKind
from azure.models import RoleAssignment
from billing.models import Charge, Invoice, UsageRecord
from billing.queries import lines
from billing.queries.rated_usage import rated_usage
from billing.reconciliation_file import HEADER, row_of_line
from portal.accounts.enums import Role
from tests.billing.invoice_factories import close, make_billed_subscription, make_charge
from tests.billing.usage_factories import import_rows, make_azure, make_customer, make_meter, make_rate, row
from tests.customers.factories import make_relationship
from tests.factories import NOON, make_member, make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db

OCTOBER = datetime.date(2026, 10, 1)


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def invoice(partner):
    """October: a subscription priced in dollars whose role ends after the 20th, one in tiers, and a license."""
    make_rate("USD", "EUR", "0.9", datetime.date(2026, 9, 15))
    customer = make_customer(partner, name="Bakery")
    make_meter("0.3333", currency="USD")
    make_meter("0.10", meter_id="stored", currency="USD", tiers={10: "0.05"})
    shop, lab = (make_azure(partner, customer, friendly_name=name) for name in ("Shop", "Lab"))
    RoleAssignment.objects.create(
        entitlement_id=shop.pk,
        customer=customer,
        organization=partner,
        principal_kind=PrincipalKind.GROUP,
        principal_name="AdminAgents",
        role=AccessRole.OWNER,
        is_default=True,
        given_at=datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC),
        removed_at=datetime.datetime(2026, 10, 21, tzinfo=datetime.UTC),
    )
    import_rows(
        *(row(shop, f"2026-10-{day:02}", "1") for day in range(1, 32)),
        row(lab, "2026-10-02", "30", meter="stored"),
        row(lab, "2026-10-03", "1", name="D2s Spot"),
    )
    make_charge(make_billed_subscription(make_relationship(partner)))
    return close(NOON)[0]


def table(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def total(rows, name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def test_each_line_of_usage_says_what_it_earned_and_how_it_was_converted(invoice):
    rows = [dict(zip(HEADER, row_of_line(invoice, *found), strict=True)) for found in lines.all_lines(invoice)]
    by = {(line["SubscriptionDescription"], line["ChargeType"]): line for line in rows}

    used, credit = by["Shop", "usage"], by["Shop", "partnerEarnedCredit"]
    assert (used["Total"], credit["Total"]) == (Decimal("9.30"), Decimal("-0.90"))  # 31 · 0.3333 · 0.9; of 20 days 15 %
    assert used["PartnerEarnedCreditPercentage"] == credit["PartnerEarnedCreditPercentage"] == Decimal("9.68")
    assert used["PriceAdjustmentDescription"] == "9.68% Partner earned credit"
    assert used["EffectiveUnitPrice"] == used["UnitPrice"] + credit["UnitPrice"]
    assert credit["EffectiveUnitPrice"] == 0
    assert (used["PricingCurrency"], used["PCToBCExchangeRate"]) == ("USD", Decimal("0.9"))
    assert used["PCToBCExchangeRateDate"] == datetime.date(2026, 9, 15)
    license_line = next(line for line in rows if line["ChargeType"] == "cycleCharge")
    assert license_line["EffectiveUnitPrice"] == license_line["UnitPrice"]
    assert not license_line["PartnerEarnedCreditPercentage"]
    assert not license_line["PricingCurrency"]
    assert total(rows, "Total") == invoice.total


def test_the_daily_usage_of_an_invoice_sums_to_its_lines_to_the_cent(invoice, partner, client_for):
    admin = client_for(make_member(partner, Role.BILLING_ADMIN))
    url = reverse("billing:usage_file", args=[invoice.pk])
    assert url in admin.get(reverse("billing:invoice", args=[invoice.pk])).content.decode()

    rows = table(admin.get(url))

    assert len(rows) == UsageRecord.objects.count() == 33
    for charge in Charge.objects.filter(kind="metered"):
        mine = [line for line in rows if line["ChargeId"] == str(charge.pk)]
        credit = Charge.objects.filter(kind="earned_credit", subscription=charge.subscription).first()
        earned = -credit.amount if credit else Decimal(0)
        assert total(mine, "Subtotal") == charge.amount
        assert total(mine, "PartnerEarnedCredit") == earned
        assert total(mine, "BillingPreTaxTotal") == charge.amount - earned
    percents = {
        line["UsageDate"]: line["PartnerEarnedCreditPercentage"] for line in rows if line["Quantity"][:2] == "1."
    }
    assert (percents["2026-10-20"], percents["2026-10-21"]) == ("15.00", "0.00")
    stored = next(line for line in rows if line["MeterId"] == "stored")  # 10 at 0.10 and 20 at 0.05
    assert Decimal(stored["UnitPrice"]) == Decimal("0.066666666667")
    assert Decimal(stored["EffectiveUnitPrice"]) == Decimal("0.056666666667")
    assert (Decimal(stored["PricingPreTaxTotal"]), stored["PricingCurrency"]) == (Decimal("1.7"), "USD")
    assert (stored["PCToBCExchangeRate"], stored["PCToBCExchangeRateDate"]) == ("0.90000000", "2026-09-15")
    spot = next(line for line in rows if line["ChargeType"] == "spot")
    assert spot["PartnerEarnedCreditPercentage"] == "0.00"


def test_reading_goes_on_anywhere_in_the_middle_of_a_line(invoice):
    whole = list(rated_usage(invoice))

    for at in (0, 1, 20, 30, 31):
        rest = list(rated_usage(invoice, after=whole[at].place))
        assert [(one.place, one.amount, one.credit) for one in rest] == [
            (one.place, one.amount, one.credit) for one in whole[at + 1 :]
        ]


def test_an_invoice_without_usage_offers_no_file_of_it(partner, client_for):
    relationship = make_relationship(partner)
    make_charge(make_billed_subscription(relationship))
    found = close(NOON)[0]
    admin = client_for(make_member(partner, Role.BILLING_ADMIN))

    page = admin.get(reverse("billing:invoice", args=[found.pk])).content.decode()

    assert reverse("billing:usage_file", args=[found.pk]) not in page
    assert table(admin.get(reverse("billing:usage_file", args=[found.pk]))) == []


def test_the_api_gives_the_daily_usage_by_pages_and_the_credit_of_each_line(invoice, partner):
    client = api_client(partner, Role.BILLING_ADMIN, person=True)
    detail = client.send("GET", f"/v1/invoices/{invoice.number}").json()["invoiceDetails"][1]
    assert detail["invoiceLineItemType"] == "usage_line_items"
    url = f"/v1/invoices/{invoice.number}/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&size=10"
    token, found = "", []
    while True:
        page = client.send("GET", url, **({"MS-ContinuationToken": token} if token else {})).json()
        found += page["items"]
        if "next" not in page["links"]:
            break
        token = page["links"]["next"]["headers"][0]["value"]
        url = "/v1" + page["links"]["next"]["uri"]

    assert len(found) == 33
    assert {one["billingCurrency"] for one in found} == {"EUR"}
    owed = Invoice.objects.get(pk=invoice.pk).total - Charge.objects.get(kind="cycle").amount
    assert round(sum(Decimal(str(one["billingPreTaxTotal"])) for one in found), 2) == owed
    assert {one["rateOfPartnerEarnedCredit"] for one in found} == {0.0, 15.0}
    billed = client.send("GET", f"/v1/invoices/{invoice.number}/lineitems").json()["items"]
    used = next(one for one in billed if one["chargeType"] == "usage" and one["subscriptionDescription"] == "Shop")
    assert (used["rateOfPartnerEarnedCredit"], used["pcToBCExchangeRate"]) == (9.68, 0.9)
    position, _record = next(rated_usage(invoice)).place
    wrong = client.send("GET", url.split("&size")[0], **{"MS-ContinuationToken": f"{position}.999999999"})
    assert wrong.status_code == 400
