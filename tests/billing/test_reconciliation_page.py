"""Bought, assigned and billed licenses side by side (X10)."""

import csv
import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from billing.enums import ChargeKind
from billing.models import LicenseAssignment
from billing.queries import reconciliation as queries
from customers.enums import BillingFrequency, SubscriptionStatus
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from tests.billing.invoice_factories import make_billed_subscription, make_charge
from tests.customers.factories import make_relationship
from tests.factories import make_actor, make_member

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
WEEK = datetime.timedelta(days=7)


@pytest.fixture
def relationship():
    return make_relationship(name="Bakery Dupont")


def billed_now(subscription, quantity, kind=ChargeKind.CYCLE, reference=""):
    make_charge(
        subscription, starts_on=TODAY - WEEK, ends_on=TODAY + WEEK, quantity=quantity, kind=kind, reference=reference
    )


def make(relationship, name, bought, billed, assigned=None, **fields):
    """A subscription with its three numbers."""
    row = make_billed_subscription(relationship, friendly_name=name, quantity=bought, **fields)
    if billed:
        billed_now(row, billed)
    if assigned is not None:
        LicenseAssignment.objects.create(subscription=row, assigned=assigned, reported_at=timezone.now())
    return row


@pytest.fixture
def four(relationship):
    make(relationship, "Equal", 5, 5, 5)
    make(relationship, "Overbilled", 5, 8)
    make(relationship, "Unbilled, unused", 5, 0, 2)
    make(relationship, "Crowded", 5, 5, 7)
    make(relationship, "By usage", 1, 0, billing_frequency=BillingFrequency.USAGE)
    make(make_relationship(), "Somebody else's", 5, 9)


def names(client, **query):
    page = client.get(reverse("billing:reconciliation_export"), query).getvalue().decode("utf-8-sig")
    return {row["SubscriptionDescription"]: row for row in csv.DictReader(io.StringIO(page))}


def test_differences_are_told_counted_and_filtered(four, relationship, client_for):
    client = client_for(make_member(relationship.partner.organization, Role.BILLING_ADMIN))

    page = client.get(reverse("billing:reconciliation")).content.decode()
    everything = names(client)

    assert set(everything) == {"Equal", "Overbilled", "Unbilled, unused", "Crowded"}
    assert everything["Overbilled"]["Differences"] == "3 more billed than bought"
    assert everything["Unbilled, unused"]["Differences"] == "5 bought but not billed; 3 not assigned"
    assert everything["Crowded"]["Differences"] == "2 more assigned than bought"
    assert everything["Equal"]["Differences"] == ""
    assert all(text in page for text in ("3 more billed than bought", "not reported", "More assigned than bought"))
    assert set(names(client, difference="billed")) == {"Overbilled", "Unbilled, unused"}
    assert set(names(client, difference="unused")) == {"Unbilled, unused"}
    assert set(names(client, difference="too_many")) == {"Crowded"}
    assert set(names(client, difference="any")) == {"Overbilled", "Unbilled, unused", "Crowded"}
    assert set(names(client, q="crowd")) == {"Crowded"}
    assert set(names(client, q="dupont")) == set(everything)
    counts = queries.counts_of(make_actor(relationship.partner.organization), day=TODAY)
    assert counts == {"total": 4, "any": 3, "billed": 2, "unused": 1, "too_many": 1}


@pytest.mark.parametrize(
    ("then", "billed"),
    [
        ([(ChargeKind.ADD_QUANTITY, 3, "a")], 8),
        ([(ChargeKind.REMOVE_QUANTITY, 2, "a")], 3),
        ([(ChargeKind.CANCEL, 5, "")], 0),
        ([(ChargeKind.CONVERT, 5, "x:old"), (ChargeKind.CONVERT, 4, "x:new")], 4),
        ([(ChargeKind.TRANSFER_CREDIT, 5, "a")], 0),
        ([(ChargeKind.METERED, 900, "a")], 5),
    ],
)
def test_what_is_billed_follows_from_the_charges_of_the_day(then, billed, relationship):
    subscription = make(relationship, "Office", 5, 5)
    for kind, quantity, reference in then:
        billed_now(subscription, quantity, kind, reference)

    actor = make_actor(relationship.partner.organization)
    assert queries.rows_of(actor, queries.ReconciliationFilter(), day=TODAY).get().billed == billed
    assert not queries.rows_of(actor, queries.ReconciliationFilter(), day=TODAY + WEEK).exclude(billed=0)


def test_what_has_ended_is_shown_while_it_is_billed(relationship):
    make(relationship, "Gone, billed", 5, 5, status=SubscriptionStatus.DELETED)
    make(relationship, "Gone", 5, 0, status=SubscriptionStatus.DELETED)

    rows = queries.rows_of(make_actor(relationship.partner.organization), queries.ReconciliationFilter(), day=TODAY)

    assert [(row.friendly_name, row.bought, row.billed) for row in rows] == [("Gone, billed", 0, 5)]


def upload(client, text):
    return client.post(reverse("billing:assignments"), {"file": SimpleUploadedFile("a.csv", text.encode())})


def test_assigned_licenses_are_reported_by_file_for_own_subscriptions_only(relationship, client_for):
    own, other = make(relationship, "Own", 5, 5), make(make_relationship(), "Other", 5, 5)
    client = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    lines = f"SubscriptionId,AssignedLicenses\n{own.pk},4\n{other.pk},4\n"

    for _twice in range(2):
        assert upload(client, lines).status_code == 302

    assert list(LicenseAssignment.objects.values_list("subscription", "assigned")) == [(own.pk, 4)]
    assert AuditEvent.objects.filter(event_type="license-assignments-reported").count() == 2
    for wrong in ("a,b\n1,2\n", f"SubscriptionId,AssignedLicenses\n{own.pk},x\n", "\x00", "é"):
        assert upload(client, wrong).status_code == 422


def test_a_billing_admin_sees_why_it_cannot_report(relationship, client_for, four):
    client = client_for(make_member(relationship.partner.organization, Role.BILLING_ADMIN))

    page = client.get(reverse("billing:reconciliation")).content.decode()
    customer_url = reverse("customers:customer", args=[relationship.customer_id])
    assert "Sales agent" in page
    assert customer_url not in page  # which it may not open
    agent = client_for(make_member(relationship.partner.organization))
    page = agent.get(reverse("billing:reconciliation")).content.decode()
    assert customer_url in page
    assert page.count("/azure/subscriptions/") == 4
    assert client.get(reverse("billing:assignments")).status_code == 403


def test_a_sales_agent_does_not_see_what_is_billed(relationship, client_for):
    client = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))

    assert client.get(reverse("billing:reconciliation")).status_code == 403
    assert client.get(reverse("billing:reconciliation_export")).status_code == 403
