"""Invoices on pages, as CSV and as PDF: who may read them, what they say, and that everything adds up."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.documents import invoice_pdf
from billing.enums import ChargeKind, InvoiceStatus
from billing.models import Invoice
from billing.queries import lines
from customers.enums import ProductFamily, SubscriptionStatus
from portal.accounts.enums import OrganizationKind, Role
from tests.billing.invoice_factories import MID_OCTOBER, close, make_billed_subscription, make_charge, make_invoice
from tests.customers.factories import make_indirect_relationships, make_relationship
from tests.factories import make_member, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship():
    return make_relationship(name="Bakery Dupont")


@pytest.fixture
def billing_admin(relationship, client_for):
    return client_for(make_member(relationship.partner.organization, Role.BILLING_ADMIN))


def pages_of(invoice):
    names = ("billing:invoice", "billing:invoice_pdf", "billing:reconciliation_file")
    return [reverse(name, args=[invoice.pk]) for name in names]


def read_csv(response):
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.GLOBAL_ADMIN, Role.ADMIN_AGENT])
def test_who_looks_after_money_reads_invoices(role, relationship, client_for):
    invoice = make_invoice(relationship)
    client = client_for(make_member(relationship.partner.organization, role))

    assert all(client.get(url).status_code == 200 for url in [reverse("billing:invoices"), *pages_of(invoice)])


@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.HELPDESK_AGENT, Role.USER_MANAGEMENT_ADMIN])
def test_others_are_told_who_may(role, relationship, client_for):
    invoice = make_invoice(relationship)
    client = client_for(make_member(relationship.partner.organization, role))

    for url in [reverse("billing:invoices"), reverse("billing:invoices_export"), *pages_of(invoice)]:
        answer = client.get(url)
        assert answer.status_code == 403
        assert "Billing admin" in answer.content.decode()


def test_nobody_finds_the_invoice_of_another_company(relationship, client_for):
    invoice = make_invoice(relationship)
    client = client_for(make_member(make_partner(), Role.BILLING_ADMIN))

    assert [client.get(url).status_code for url in pages_of(invoice)] == [404, 404, 404]
    assert invoice.number not in client.get(reverse("billing:invoices")).content.decode()


def test_the_list_shows_sums_by_currency_and_filters_by_year_currency_and_state(relationship, billing_admin):
    for currency, amount in (("EUR", "1200.00"), ("SEK", "80.00")):
        make_charge(make_billed_subscription(relationship, currency=currency), amount)
    euro, krona = sorted(close(), key=lambda one: one.currency)
    Invoice.objects.filter(pk=euro.pk).update(issued_on=datetime.date(2020, 1, 1), due_on=datetime.date(2020, 3, 1))

    page = billing_admin.get(reverse("billing:invoices")).content.decode()
    overdue = billing_admin.get(reverse("billing:invoices"), {"state": "overdue"}).content.decode()
    nothing = billing_admin.get(reverse("billing:invoices"), {"state": "paid"}).content.decode()
    exported = read_csv(billing_admin.get(reverse("billing:invoices_export"), {"currency": "SEK", "year": "2026"}))

    assert "€1,200.00" in page
    assert "Overdue in EUR" in page
    assert euro.number in overdue
    assert krona.number not in overdue
    assert "No invoice matches" in nothing
    assert [(row["Invoice number"], row["Amount"], row["Status"]) for row in exported] == [
        (krona.number, "80.00", "Open")
    ]


def test_a_fragment_of_the_list_equals_the_page(relationship, billing_admin):
    make_invoice(relationship)
    url = reverse("billing:invoices")

    page, fragment = (
        billing_admin.get(url, headers=headers).content.decode() for headers in ({}, {"HX-Request": "true"})
    )

    assert fragment.strip() in page


def test_an_invoice_page_sums_families_customers_resellers_and_names_transfers(client_for):
    of_provider, of_reseller = make_indirect_relationships(name="Bakery Dupont")
    client = client_for(make_member(of_provider.partner.organization, Role.BILLING_ADMIN))
    other = make_relationship(customer=of_provider.customer)
    sold = make_billed_subscription(of_provider, reseller_id=of_reseller.partner_id)
    make_charge(sold, "20.00")
    make_charge(make_billed_subscription(of_provider, product_family=ProductFamily.SOFTWARE), "5.00")
    moved = make_billed_subscription(
        other, friendly_name="Moved office", status=SubscriptionStatus.TRANSFERRED, transferred_at=MID_OCTOBER
    )
    arrived = make_billed_subscription(of_provider, friendly_name="Moved office", transferred_from=moved)
    make_charge(arrived, "3.25", kind=ChargeKind.TRANSFER_CHARGE)
    make_charge(moved, "-3.25", kind=ChargeKind.TRANSFER_CREDIT)

    invoice = next(one for one in close() if one.billing_owner_id == of_provider.partner_id)
    page = client.get(reverse("billing:invoice", args=[invoice.pk])).content.decode()

    assert invoice.total == Decimal("28.25")
    for text in (
        "€28.25",
        "Software subscription",
        "Bakery Dupont",
        "Sold without a reseller",
        "Charge for a transfer",
    ):
        assert text in page
    assert of_reseller.partner.organization.name in page
    assert other.partner.organization.name in page


def test_the_lines_of_the_reconciliation_file_sum_to_the_invoice(relationship, billing_admin, monkeypatch):
    monkeypatch.setattr(lines, "BATCH", 2)
    formula = make_billed_subscription(relationship, friendly_name="=1+1")
    for amount in ("10.10", "-3.33", "0.01", "7.00", "0.00"):
        make_charge(formula, amount)
    (invoice,) = close()

    rows = read_csv(billing_admin.get(reverse("billing:reconciliation_file", args=[invoice.pk])))

    assert sum(Decimal(row["Total"]) for row in rows) == invoice.total == Decimal("13.78")
    assert [row["LineNumber"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert {row["SubscriptionId"] for row in rows} == {str(formula.pk)}
    assert rows[0]["SubscriptionDescription"] == "'=1+1"
    assert (rows[0]["ChargeStartDate"], rows[0]["ChargeEndDate"]) == ("2026-10-14", "2026-11-13")
    assert (rows[0]["UnitPrice"], rows[0]["Quantity"]) == ("11.7000", "5")


def test_the_file_of_a_closed_month_stays_as_it_is(relationship, billing_admin):
    subscription = make_billed_subscription(relationship)
    make_charge(subscription)
    (invoice,) = close()
    url = reverse("billing:reconciliation_file", args=[invoice.pk])
    before = billing_admin.get(url).getvalue()

    subscription.product_name, subscription.reseller = "Renamed", make_partner().partner
    subscription.save()

    assert billing_admin.get(url).getvalue() == before


def test_a_person_who_loses_the_role_gets_no_further_lines(relationship, client_for, monkeypatch):
    monkeypatch.setattr(lines, "BATCH", 1)
    member = make_member(relationship.partner.organization, Role.BILLING_ADMIN)
    client = client_for(member)
    invoice = make_invoice(relationship, "1.00", "2.00")
    response = client.get(reverse("billing:reconciliation_file", args=[invoice.pk]))

    member.roles = [str(Role.SALES_AGENT)]
    member.save()

    assert response.getvalue().decode().count(invoice.number) == 1


def test_a_pdf_exists_in_three_languages_and_is_the_same_every_time(relationship, billing_admin):
    invoice = make_invoice(relationship)
    url = reverse("billing:invoice_pdf", args=[invoice.pk])

    answers = {code: billing_admin.get(url, {"language": code}) for code in ("en", "fr", "sv", "xx")}

    assert all(answer.content.startswith(b"%PDF-") for answer in answers.values())
    assert answers["en"].headers["Content-Disposition"] == f'attachment; filename="Invoice_{invoice.number}.pdf"'
    assert answers["xx"].content == answers["en"].content != answers["fr"].content
    assert b"/Lang (fr)" in answers["fr"].content
    assert b"/Lang (sv)" in answers["sv"].content


@pytest.mark.parametrize("amounts", [("5.00",), ("-5.00",), ("5.00", "-5.00")])
@pytest.mark.parametrize("is_sandbox", [True, False])
def test_every_kind_of_invoice_has_a_page_and_a_pdf(amounts, is_sandbox, client_for):
    partner = make_partner(OrganizationKind.INDIRECT_PROVIDER, is_sandbox=is_sandbox, name="Łódź & <Söhne>")
    invoice = make_invoice(make_relationship(partner), *amounts)
    client = client_for(make_member(partner, Role.BILLING_ADMIN))

    page = client.get(reverse("billing:invoice", args=[invoice.pk])).content.decode()

    assert ("Sandbox – not to be paid" in page) == is_sandbox
    assert invoice_pdf(invoice, language="sv").startswith(b"%PDF-")
    assert (invoice.status == InvoiceStatus.NOTHING_DUE) == (is_sandbox or invoice.total == 0)


def test_a_reseller_is_told_who_bills_it(client_for):
    member = make_member(make_partner(OrganizationKind.INDIRECT_RESELLER), Role.GLOBAL_ADMIN)

    assert "Your indirect provider bills you" in client_for(member).get(reverse("billing:invoices")).content.decode()


def test_a_long_invoice_page_asks_as_many_queries_as_a_short_one(
    billing_admin, relationship, django_assert_max_num_queries
):
    for _number in range(12):
        make_charge(make_billed_subscription(make_relationship(relationship.partner.organization)))
    invoice = make_invoice(relationship)
    with django_assert_max_num_queries(25):
        billing_admin.get(reverse("billing:invoice", args=[invoice.pk]))


def test_the_lines_of_an_invoice_lead_to_subscriptions_and_customers(relationship, client_for, billing_admin):
    office = make_billed_subscription(relationship, friendly_name="Office")
    server = make_billed_subscription(relationship, friendly_name="Server", product_family=ProductFamily.SOFTWARE)
    make_charge(office, "10.00")
    make_charge(server, "20.00")
    (invoice,) = close()
    url = reverse("billing:invoice_lines", args=[invoice.pk])
    agent = client_for(make_member(relationship.partner.organization))
    links = (
        reverse("azure:subscription", args=[office.pk]),
        reverse("customers:customer", args=[relationship.customer_id]),
    )

    everything = agent.get(url).content.decode()
    assert all(link in everything for link in links)
    assert "€10.00" in everything
    assert "€20.00" in everything
    assert not any(link in billing_admin.get(url).content.decode() for link in links)  # it may open neither
    for query, shown in (
        ({"family": "software"}, {"Server"}),
        ({"q": "offi"}, {"Office"}),
        ({"q": str(server.pk)}, {"Server"}),
        ({"q": str(relationship.customer_id)}, {"Office", "Server"}),
        ({"q": "Nobody"}, set()),
    ):
        page = agent.get(url, query, headers={"HX-Request": "true"}).content.decode()
        assert {name for name in ("Office", "Server") if f">{name}<" in page} == shown, query
    on_invoice = agent.get(reverse("billing:invoice", args=[invoice.pk])).content.decode()
    assert f"{url}?family=software" in on_invoice
    assert f"{url}?q={relationship.customer_id}" in on_invoice
    stranger = client_for(make_member(make_partner(), Role.BILLING_ADMIN))
    assert stranger.get(url).status_code == 404
