"""Reminders of payments: a week before the due date and once after it, to those who look after money (A7)."""

import datetime

import pytest

from billing.models import Invoice
from billing.workflow.payments import remind_of_payments
from portal.accounts.enums import Role
from portal.notifications.models import OutgoingEmail
from tests.billing.invoice_factories import make_invoice
from tests.customers.factories import make_relationship
from tests.factories import make_member

pytestmark = pytest.mark.django_db
DUE = datetime.date(2026, 12, 31)


@pytest.fixture
def invoice():
    relationship = make_relationship()
    for role in (Role.BILLING_ADMIN, Role.SALES_AGENT):
        make_member(relationship.partner.organization, role, email=f"{role}@belfort.example")
    return make_invoice(relationship)


def told(days: int) -> list[str]:
    """Let reminders be sent so many days after the due date; return the subjects of the mails that this wrote."""
    before = set(OutgoingEmail.objects.values_list("pk", flat=True))
    now = datetime.datetime.combine(DUE + datetime.timedelta(days), datetime.time(9), tzinfo=datetime.UTC)
    count = remind_of_payments(now=now)
    mails = OutgoingEmail.objects.exclude(pk__in=before)
    assert {mail.recipient for mail in mails} <= {"billing_admin@belfort.example"}
    assert count == len(mails)
    return [mail.subject for mail in mails]


def test_each_reminder_is_sent_once(invoice):
    assert invoice.due_on == DUE
    assert told(-8) == []
    assert told(-7) == [f"Invoice {invoice.number} is due soon"]
    assert told(-6) == []
    assert told(0) == []
    assert told(1) == [f"Invoice {invoice.number} is overdue"]
    assert told(30) == []


def test_what_was_not_told_before_the_due_date_is_told_as_overdue_alone(invoice):
    assert told(1) == [f"Invoice {invoice.number} is overdue"]
    assert told(1) == []


@pytest.mark.parametrize(
    "fields",
    [{"status": "paid", "paid_on": DUE}, {"status": "nothing_due"}, {"total": "-5"}],
    ids=["paid", "nothing due", "credit note"],
)
def test_nobody_is_reminded_of_what_is_not_to_be_paid(invoice, fields):
    Invoice.objects.filter(pk=invoice.pk).update(**fields)

    assert told(-1) == told(1) == []
