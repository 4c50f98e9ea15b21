"""The operator's list of invoices, and noting payments."""

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.enums import InvoiceStatus
from portal.accounts.enums import OrganizationKind, Role
from portal.notifications.models import ActionItem
from tests.billing.invoice_factories import close, make_billed_subscription, make_charge
from tests.customers.factories import make_relationship
from tests.factories import make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db
LIST = "billing_programme:invoices"


@pytest.fixture
def operator(client_for):
    return client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))


@pytest.fixture
def invoices():
    for name, is_sandbox in (("Belfort", False), ("Fjäll", False), ("Testbed", True)):
        make_charge(make_billed_subscription(make_relationship(make_partner(name=name, is_sandbox=is_sandbox))))
    return {one.billed_to_name: one for one in close()}


def test_the_operator_finds_what_is_open(operator, invoices):
    def shown(**query):
        page = operator.get(reverse(LIST), query).content.decode()
        return {name for name, invoice in invoices.items() if invoice.number in page}

    assert shown() == {"Belfort", "Fjäll"}
    assert shown(state="all") == set(invoices)
    assert shown(state="nothing_due") == {"Testbed"}
    assert shown(q="fjall") == {"Fjäll"}
    assert shown(q=invoices["Belfort"].number) == {"Belfort"}


def test_a_payment_is_noted_once_and_not_for_a_day_to_come(operator, invoices):
    invoice, today = invoices["Belfort"], timezone.now().date()
    url = reverse("billing_programme:payment", args=[invoice.pk])

    assert "Belfort" in operator.get(url).content.decode()
    assert operator.post(url, {"paid_on": today.replace(year=today.year + 1)}).status_code == 422
    assert operator.post(url, {"paid_on": today}).status_code == 302
    again = operator.post(url, {"paid_on": today})

    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_on, again.status_code) == (InvoiceStatus.PAID, today, 409)
    assert operator.get(reverse("billing_programme:payment", args=[invoices["Testbed"].pk])).status_code == 409


def test_the_operator_opens_an_invoice_with_its_documents(operator, invoices):
    invoice = invoices["Belfort"]

    page = operator.get(reverse("billing_programme:invoice", args=[invoice.pk])).content.decode()
    pdf = operator.get(reverse("billing_programme:invoice_pdf", args=[invoice.pk]))
    csv = operator.get(reverse("billing_programme:reconciliation_file", args=[invoice.pk]))

    assert reverse("billing_programme:invoice", args=[invoice.pk]) in operator.get(reverse(LIST)).content.decode()
    assert invoice.number in page
    assert "Bills of your customers" not in page
    assert reverse("billing:invoice_pdf", args=[invoice.pk]) not in page
    assert pdf.content.startswith(b"%PDF")
    assert b"".join(csv.streaming_content).count(invoice.number.encode()) == invoice.line_count


def test_a_payment_stands_among_the_actions_until_it_is_noted(operator, invoices):
    invoice = invoices["Belfort"]

    asked = ActionItem.objects.get(kind="mandatory", organization_id=invoice.billing_owner_id)
    assert (asked.title["en"], asked.roles) == (f"Pay invoice {invoice.number}", ["billing_admin", "global_admin"])
    assert (asked.due_at.date(), asked.completed_at) == (invoice.due_on, None)
    assert not ActionItem.objects.filter(
        kind="mandatory", organization_id=invoices["Testbed"].billing_owner_id
    ).exists()
    operator.post(reverse("billing_programme:payment", args=[invoice.pk]), {"paid_on": timezone.now().date()})

    asked.refresh_from_db()
    assert asked.completed_at is not None


def test_a_partner_does_not_note_payments(invoices, client_for):
    invoice = invoices["Belfort"]
    member = make_member(invoice.billing_owner.organization, Role.BILLING_ADMIN, Role.GLOBAL_ADMIN)
    client = client_for(member)

    assert client.get(reverse(LIST)).status_code == 403
    for page in ("invoice", "invoice_pdf", "reconciliation_file", "usage_file"):
        assert client.get(reverse(f"billing_programme:{page}", args=[invoice.pk])).status_code == 403
    assert client.post(reverse("billing_programme:payment", args=[invoice.pk])).status_code == 403
