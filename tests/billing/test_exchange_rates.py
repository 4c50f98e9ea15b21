"""Exchange rates: files of them all or none, their history, where they came from, and on invoices (A8)."""

import csv
import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.documents import invoice_pdf
from billing.models import ExchangeRate, IncentiveRule, Invoice
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from tests.billing.invoice_factories import close
from tests.billing.usage_factories import import_rows, make_azure, make_customer, make_meter, make_rate, row
from tests.factories import NOON, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db

IMPORT, KEEP, RATES = (reverse(f"pricing:{name}") for name in ("import_rates", "keep_rates", "rates"))
HEADER = "FromCurrency,ToCurrency,Rate,ValidFrom,Source"


@pytest.fixture
def operator(client_for):
    return client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))


@pytest.fixture
def admin(client_for):
    return client_for(make_member(make_partner(), Role.BILLING_ADMIN))


def send(client, *rows: str, header: str = HEADER):
    file = SimpleUploadedFile("rates.csv", "\n".join([header, *rows]).encode())
    return client.post(IMPORT, {"file": file}, follow=True)


def known() -> list[str]:
    rows = ExchangeRate.objects.order_by("valid_from", "currency")
    return [f"{row.base} {row.currency} {row.rate.normalize():f} {row.valid_from}" for row in rows]


def test_a_file_of_rates_is_entered_once_and_each_rate_stands_in_the_log(operator):
    rows = ("usd,eur,0.92,2026-11-01,Central bank", "USD,SEK,10.5,2026-11-01,Central bank")

    first = send(operator, *rows).content.decode()
    again = send(operator, *rows, "USD,EUR,0.93,2026-12-01,Central bank").content.decode()

    assert "2 exchange rates entered." in first
    assert "1 exchange rate entered. 2 were here already." in again
    assert known() == ["USD EUR 0.92 2026-11-01", "USD SEK 10.5 2026-11-01", "USD EUR 0.93 2026-12-01"]
    assert AuditEvent.objects.filter(event_type="exchange-rate-set").count() == 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("USD,EUR,many,2026-11-02,Bank", "Enter a number"),
        ("USD,EUR,0.9,2026-02-30,Bank", "Enter a valid date"),
        ("USD,EUR,0.9,2026-11-02,", "This field is required"),
        ("USD,USD,0.9,2026-11-02,Bank", "two different currencies"),
        ("USD,EUR,0.5,2026-10-01,Bank", "another rate from that day"),
        ("USD,SEK,9.9,2026-11-01,Bank", "another rate from that day"),
    ],
)
def test_one_wrong_row_and_nothing_is_entered(operator, wrong, reason):
    make_rate("USD", "EUR", "0.9", datetime.date(2026, 10, 1))

    answer = send(operator, "USD,SEK,10.5,2026-11-01,Bank", wrong)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert reason in page
    assert 'class="number" data-label="Row">3<' in page
    assert known() == ["USD EUR 0.9 2026-10-01"]


def test_a_file_that_names_no_rate_is_refused(operator):
    assert "names no column" in send(operator, "1", header="Rate").content.decode()
    assert "no rows below" in send(operator).content.decode()


def test_the_history_says_until_when_a_rate_held_and_is_filtered_and_exported(admin):
    for currency, rate, month in (("EUR", "0.9", 9), ("EUR", "0.8", 10), ("SEK", "10", 9)):
        make_rate("USD", currency, rate, datetime.date(2026, month, 1))

    page = admin.get(RATES).content.decode()
    only = admin.get(RATES, {"currency": "EUR"}).content.decode()
    file = admin.get(reverse("pricing:rates_export"), {"currency": "EUR"}).getvalue().decode("utf-8-sig")

    assert page.count("In force") == 2
    assert "09/30/2026" in page
    assert "0.9 EUR" in only
    assert "10 SEK" not in only
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [(row["Rate"], row["ValidFrom"]) for row in rows] == [("0.8", "2026-10-01"), ("0.9", "2026-09-01")]
    assert tuple(rows[0]) == tuple(HEADER.split(","))


def test_an_invoice_names_the_rates_by_which_its_usage_was_converted(client_for):
    partner = make_partner()
    subscription = make_azure(partner, make_customer(partner))
    make_meter("0.50", currency="USD")
    make_rate("USD", "EUR", "0.9", datetime.date(2026, 9, 20))
    make_rate("USD", "EUR", "0.7", datetime.date(2026, 10, 2))
    import_rows(row(subscription, "2026-10-05"), row(subscription, "2026-10-06"))
    other = make_azure()  # priced in its own currency
    make_meter("0.50")
    import_rows(row(other, "2026-10-05"))
    invoices = {invoice.billing_owner_id: invoice for invoice in close(NOON)}

    [rate] = invoices[partner.pk].rates.all()
    assert (rate.month, str(rate.rate.rate)) == (datetime.date(2026, 10, 1), "0.90000000")
    assert not invoices[other.billing_owner_id].rates.exists()
    admin = client_for(make_member(partner, Role.BILLING_ADMIN))
    page = admin.get(reverse("billing:invoice", args=[invoices[partner.pk].pk])).content.decode()
    assert "1 USD = 0.9 EUR" in page
    assert "Central bank" in page
    assert "09/20/2026" in page
    found = Invoice.objects.get(pk=invoices[partner.pk].pk)
    assert len(invoice_pdf(found, language="fr")) > len(invoice_pdf(invoices[other.billing_owner_id], language="fr"))


def test_a_percentage_that_no_source_names_is_called_a_placeholder(admin, operator):
    published = IncentiveRule.objects.get(kind="earned_credit", family="azure_subscription")
    assert published.source

    for page in (admin.get(RATES), operator.get(reverse("pricing:keep_incentives"))):
        text = page.content.decode()
        assert text.count("Placeholder") == IncentiveRule.objects.filter(source="").count() == 3
        assert "as published" in text
