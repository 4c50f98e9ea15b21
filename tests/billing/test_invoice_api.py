"""Invoices through the API: the shapes of the original, the same scope as the pages (M9, API reference, section 8)."""

import datetime
import json
from decimal import Decimal

import pytest
import time_machine

from billing.models import Invoice
from portal.accounts.enums import Role
from portal.api.openapi import document
from tests.billing.invoice_factories import close, make_billed_subscription, make_charge, make_invoice
from tests.customers.factories import make_relationship
from tests.factories import make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship():
    return make_relationship(name="Bakery Dupont")


@pytest.fixture
def client(relationship):
    return api_client(relationship.partner.organization, Role.BILLING_ADMIN, person=True)


def test_an_invoice_has_the_shape_of_the_original(relationship, client):
    invoice = make_invoice(relationship, "100.00", "0.50")

    for name in (invoice.number, f"OneTime-{invoice.number}", f"recurring-{invoice.number.lower()}", str(invoice.pk)):
        answer = client.send("GET", f"/v1/invoices/{name}").json()
        assert answer["id"] == invoice.number
    assert answer["totalCharges"] == 100.5
    assert (answer["invoiceDate"], answer["currencySymbol"]) == ("2026-11-01T00:00:00Z", "€")
    assert (answer["billingPeriodStartDate"], answer["billingPeriodEndDate"]) == (
        "2026-10-01T00:00:00Z",
        "2026-10-31T23:59:59Z",
    )
    assert answer["pdfDownloadLink"] == f"/invoices/OneTime-{invoice.number}/documents/statement"
    assert answer["links"]["self"]["uri"] == f"/invoices/OneTime-{invoice.number}"
    assert client.send("GET", "/v1" + answer["pdfDownloadLink"]).content.startswith(b"%PDF-")
    assert client.send("GET", "/v1" + answer["invoiceDetails"][0]["links"]["self"]["uri"]).json()["totalCount"] == 2


def test_lines_come_by_pages_and_sum_to_the_invoice(relationship, client):
    invoice = make_invoice(relationship, "10.10", "-3.33", "0.01")
    url, token, found = f"/v1/invoices/{invoice.number}/lineitems?size=2", "", []

    while True:
        page = client.send("GET", url, **({"MS-ContinuationToken": token} if token else {})).json()
        found += page["items"]
        if "next" not in page["links"]:
            break
        token = page["links"]["next"]["headers"][0]["value"]
        url = "/v1" + page["links"]["next"]["uri"]

    assert sum(Decimal(str(line["subtotal"])) for line in found) == invoice.total
    assert len(found) == 3
    assert (found[0]["customerName"], found[0]["chargeType"]) == ("Bakery Dupont", "cycleCharge")
    older = client.send("GET", f"/v1/invoices/{invoice.number}/lineitems/OneTime/BillingLineItems").json()
    assert older["items"] == found
    assert client.send("GET", f"/v1/invoices/{invoice.number}/lineitems?provider=azure").json()["items"] == []
    assert client.send("GET", f"/v1/invoices/{invoice.number}/lineitems?provider=x").status_code == 400


def test_the_list_is_paged_by_offset_and_filtered_by_date(relationship, client):
    make_charge(make_billed_subscription(relationship, currency="SEK"))
    invoice = make_invoice(relationship)
    Invoice.objects.filter(pk=invoice.pk).update(issued_on=datetime.date(2026, 1, 5))

    first = client.send("GET", "/v1/invoices?size=1").json()
    second = client.send("GET", "/v1" + first["links"]["next"]["uri"]).json()
    at_least = {"Field": "InvoiceDate", "Value": "2026-01-01", "Operator": "greater_than_or_equals"}
    at_most = {"Field": "InvoiceDate", "Value": "2026-02-01", "Operator": "less_than_or_equals"}
    both = {"LeftFilter": at_least, "Operator": "and", "RightFilter": at_most}
    filtered = client.get("/v1/invoices", {"filter": json.dumps(both)}).json()

    assert "next" not in second["links"]
    assert {first["items"][0]["currencyCode"], second["items"][0]["currencyCode"]} == {"EUR", "SEK"}
    assert [item["id"] for item in filtered["items"]] == [invoice.number]
    for wrong in ("[]", "{", '{"Field":"Total","Value":"1","Operator":"equals"}'):
        assert client.get("/v1/invoices", {"filter": wrong}).json()["code"] == 2000


def test_the_summary_says_what_is_open_in_the_currency_of_the_agreement(relationship, client):
    assert client.send("GET", "/v1/invoices/summary").json()["balanceAmount"] == 0
    make_charge(make_billed_subscription(relationship, currency="SEK"), "7.00")
    make_invoice(relationship, "30.00")

    assert client.send("GET", "/v1/invoices/summary").json()["balanceAmount"] == 30
    found = client.send("GET", "/v1/invoices/summaries").json()["items"]
    assert [(each["currencyCode"], each["balanceAmount"]) for each in found] == [("EUR", 30.0), ("SEK", 7.0)]


def test_what_is_not_billed_yet_is_listed_by_month(relationship, client):
    subscription = make_billed_subscription(relationship)
    make_charge(subscription, "1.00")
    make_charge(subscription, "2.00", starts_on=datetime.date(2026, 11, 3))
    url = "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&currencycode=EUR"

    def subtotals(period):
        return [line["subtotal"] for line in client.send("GET", f"{url}&period={period}").json()["items"]]

    with time_machine.travel(datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC), tick=False):
        client = api_client(relationship.partner.organization, Role.BILLING_ADMIN, person=True)
        assert (subtotals("current"), subtotals("previous")) == ([2.0], [1.0])
        close()
        assert (subtotals("current"), subtotals("previous")) == ([2.0], [])


def test_nobody_reads_the_invoices_of_another_company(relationship):
    invoice = make_invoice(relationship)
    stranger = api_client(make_partner(), Role.BILLING_ADMIN, person=True)
    sales = api_client(relationship.partner.organization, Role.SALES_AGENT, person=True)

    for path in ("", "/lineitems", "/lineitems/onetime/billinglineitems", "/documents/statement"):
        url = f"/v1/invoices/{invoice.number}{path}"
        assert stranger.send("GET", url).status_code == 404
        assert sales.send("GET", url).json()["code"] == 900150
    assert stranger.send("GET", "/v1/invoices").json()["items"] == []


def test_every_call_stands_in_the_document():
    assert {"/v1/invoices", "/v1/invoices/{invoice_id}/documents/statement"} <= document()["paths"].keys()
