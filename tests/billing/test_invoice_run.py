"""Closing a month: what stands on which invoice, under which number, and that a second time changes nothing."""

import datetime
import io
import uuid
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from billing import invariants
from billing.enums import BillingEvent, ChargeKind, InvoiceStatus
from billing.models import Charge, Invoice, InvoiceLine, InvoiceRun, InvoiceSeries, InvoiceSubtotal
from billing.processing import invoices
from billing.workflow import invoices as workflow
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.billing.invoice_factories import CLOSING, MID_OCTOBER, OCTOBER, close, make_billed_subscription, make_charge
from tests.customers.factories import make_indirect_relationships, make_relationship
from tests.factories import make_actor, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db
DECEMBER = CLOSING.replace(month=12)


def snapshot():
    """Everything that a run writes."""
    models = (Invoice, InvoiceLine, InvoiceSubtotal, InvoiceSeries, AuditEvent, OutgoingEmail, ActionItem)
    return [sorted(map(str, model.objects.values_list())) for model in models]


def test_a_month_makes_one_invoice_per_billing_owner_and_currency():
    own = make_relationship()
    in_euro, in_kronor = make_billed_subscription(own), make_billed_subscription(own, currency="SEK")
    make_charge(in_euro, "100.00")
    make_charge(make_billed_subscription(own), "0.01")
    make_charge(in_euro, "-30.00", kind=ChargeKind.REMOVE_QUANTITY)
    make_charge(in_kronor, "7.50")
    make_charge(amount="5.00")

    found = close()

    sums = {(one.billing_owner_id, one.currency): (one.total, one.line_count) for one in found}
    assert sums[own.partner_id, "EUR"] == (Decimal("70.01"), 3)
    assert sums[own.partner_id, "SEK"] == (Decimal("7.50"), 1)
    assert len(found) == 3
    assert {one.month for one in found} == {OCTOBER}
    assert {(one.issued_on, one.due_on) for one in found} == {(datetime.date(2026, 11, 1), datetime.date(2026, 12, 31))}
    assert [one.number for one in found] == ["INV-2026-000001", "INV-2026-000002", "INV-2026-000003"]
    assert not list(invariants.breaches())


def test_a_second_run_changes_nothing():
    make_charge()
    close()
    before = snapshot()

    invoices.close_ended_months(clock=lambda: CLOSING + datetime.timedelta(hours=5))

    assert snapshot() == before
    assert workflow.invoice_next_owners(month=OCTOBER, now=CLOSING) is False


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3])
def test_a_run_that_was_killed_goes_on_and_ends_as_if_nothing_had_happened(killed_after):
    owners = {make_charge(amount=f"{number}.10").billing_owner_id for number in range(1, 4)}
    workflow.open_month(month=OCTOBER, now=CLOSING)
    for _batch in range(killed_after):
        workflow.invoice_next_owners(month=OCTOBER, now=CLOSING, at_once=1)
    with transaction.atomic():
        workflow.invoice_next_owners(month=OCTOBER, now=CLOSING, at_once=1)
        transaction.set_rollback(True)  # the batch that is torn away

    found = close(CLOSING + datetime.timedelta(hours=1), at_once=1)

    assert {one.billing_owner_id for one in found} == owners
    assert [one.number[-6:] for one in found] == ["000001", "000002", "000003"]
    assert {one.issued_on for one in found} == {CLOSING.date()}
    assert not list(invariants.breaches())
    assert InvoiceRun.objects.get().finished_at is not None


def test_what_is_charged_after_the_run_began_goes_on_the_next_invoice():
    subscription = make_billed_subscription()
    make_charge(subscription, "10.00")
    late = make_charge(subscription, "20.00", created_at=CLOSING + datetime.timedelta(seconds=1))
    future = make_charge(subscription, "40.00", starts_on=datetime.date(2026, 11, 1))

    (october,) = close()
    _october, november = close(DECEMBER)

    assert october.total == Decimal("10.00")
    assert {line.charge_id for line in november.lines.all()} == {late.pk, future.pk}
    assert not list(invariants.breaches())


def test_what_is_charged_at_the_very_moment_of_the_run_belongs_to_it():
    make_charge()
    make_charge(created_at=CLOSING)

    assert len(close()) == 2


def test_every_month_since_the_first_charge_is_closed_in_order():
    make_charge(created_at=MID_OCTOBER)

    closed = invoices.close_ended_months(clock=lambda: DECEMBER)

    assert closed == [OCTOBER, datetime.date(2026, 11, 1)]
    assert Invoice.objects.count() == 1  # nothing was charged in November


@pytest.mark.parametrize(("hour", "months"), [(5, []), (6, [OCTOBER])])
def test_a_month_is_closed_some_hours_after_its_end(hour, months):
    make_charge()

    assert invoices.months_to_close(now=CLOSING.replace(hour=hour, minute=0)) == months


def test_invoices_of_a_sandbox_are_not_to_be_paid_and_have_numbers_of_their_own():
    make_charge()
    sandbox = make_relationship(make_partner(is_sandbox=True))
    make_charge(make_billed_subscription(sandbox))

    real, mock = close()

    assert (real.number, real.status) == ("INV-2026-000001", InvoiceStatus.OPEN)
    assert (mock.number, mock.status, mock.is_sandbox) == ("SANDBOX-2026-000001", InvoiceStatus.NOTHING_DUE, True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=mock.pk).update(status=InvoiceStatus.OPEN)


def test_more_credits_than_charges_make_a_credit_note_and_as_many_nothing_to_pay():
    credit, even = make_billed_subscription(), make_billed_subscription()
    make_charge(credit, "-12.30", kind=ChargeKind.TRANSFER_CREDIT)
    make_charge(even, "5.00")
    make_charge(even, "-5.00", kind=ChargeKind.CANCEL)

    found = {one.billing_owner_id: one for one in close()}

    assert found[credit.billing_owner_id].is_credit_note
    assert found[credit.billing_owner_id].status == InvoiceStatus.OPEN
    assert found[even.billing_owner_id].status == InvoiceStatus.NOTHING_DUE


def test_subtotals_tell_customers_resellers_families_and_kinds_apart():
    of_provider, of_reseller = make_indirect_relationships()
    sold = make_billed_subscription(of_provider, reseller_id=of_reseller.partner_id)
    for amount in ("1.00", "2.00"):
        make_charge(sold, amount)
    make_charge(sold, "-0.50", kind=ChargeKind.CANCEL)
    make_charge(make_billed_subscription(of_provider), "8.00")

    (invoice,) = close()

    rows = invoice.subtotals.order_by("amount").values_list("reseller_id", "kind", "line_count", "amount")
    assert list(rows) == [
        (of_reseller.partner_id, "cancel", 1, Decimal("-0.50")),
        (of_reseller.partner_id, "cycle", 2, Decimal("3.00")),
        (None, "cycle", 1, Decimal("8.00")),
    ]


def test_a_charge_stands_on_one_invoice_only_and_an_owner_has_one_per_month_and_currency():
    charge = make_charge()
    (invoice,) = close()

    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceLine.objects.create(charge=charge, invoice=invoice, position=2, product_family="", product_name="")
    copy = Invoice.objects.get(pk=invoice.pk)
    copy.pk, copy.number = uuid.uuid4(), "INV-2026-000002"
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


def test_those_who_look_after_money_are_told_of_a_new_invoice():
    partner = make_partner()
    for role in (Role.BILLING_ADMIN, Role.GLOBAL_ADMIN, Role.SALES_AGENT, Role.ADMIN_AGENT):
        make_member(partner, role, email=f"{role}@example.com")
    make_charge(make_billed_subscription(make_relationship(partner)))

    (invoice,) = close()

    event = AuditEvent.objects.get(event_type=BillingEvent.INVOICE_READY)
    assert event.details == {"month": "2026-10", "sum": "58.5 EUR", "status": "open"}
    mails = OutgoingEmail.objects.filter(event_id=event.public_id)
    assert {mail.recipient for mail in mails} == {"billing_admin@example.com", "global_admin@example.com"}
    assert invoice.number in mails[0].text
    told = ActionItem.objects.order_by("kind")
    assert [(item.kind, item.roles) for item in told] == [
        (kind, ["billing_admin", "global_admin"]) for kind in ("mandatory", "transactional")
    ]


def test_the_operator_notes_that_an_invoice_was_paid_once():
    make_charge()
    (invoice,) = close()
    operator = make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)
    day = datetime.date(2026, 12, 1)

    paid = workflow.mark_paid(invoice_id=invoice.pk, paid_on=day, actor=operator, now=DECEMBER)

    assert (paid.status, paid.paid_on) == (InvoiceStatus.PAID, day)
    with pytest.raises(workflow.InvoiceNotOpen):
        workflow.mark_paid(invoice_id=invoice.pk, paid_on=day, actor=operator, now=DECEMBER)
    with pytest.raises(PermissionDenied):
        workflow.mark_paid(invoice_id=invoice.pk, paid_on=day, actor=make_actor(None, Role.BILLING_ADMIN), now=DECEMBER)
    assert AuditEvent.objects.filter(event_type=BillingEvent.INVOICE_PAID).count() == 1


def verify() -> tuple[bool, str]:
    out = io.StringIO()
    try:
        call_command("verify_billing", stdout=out)
    except SystemExit:
        return False, out.getvalue()
    return True, out.getvalue()


def test_the_check_names_what_should_exist_and_does_not():
    charge = make_charge(created_at=MID_OCTOBER - datetime.timedelta(days=3000))
    assert "Month that has ended and is not closed: 2018-07" in verify()[1]
    Charge.objects.filter(pk=charge.pk).delete()
    kept, lost = make_charge(), make_charge()
    invoices.close_ended_months(clock=lambda: CLOSING)
    line = InvoiceLine.objects.get(charge=lost)

    InvoiceLine.objects.filter(pk=line.pk).delete()
    text = verify()[1]
    line.save(force_insert=True)

    assert f"Charge of a closed month that stands on no invoice: {lost.pk}" in text
    assert f"Invoice whose total is not the sum of its lines: {line.invoice.number}" in text
    assert str(kept.pk) not in text


def test_the_check_finds_a_gap_and_a_wrong_total():
    make_charge()
    (invoice,) = close()
    InvoiceSeries.objects.update(last_number=2)
    Invoice.objects.filter(pk=invoice.pk).update(total=Decimal("58.51"))

    text = "\n".join(invariants.breaches())
    InvoiceSeries.objects.update(last_number=1)
    Invoice.objects.filter(pk=invoice.pk).update(total=invoice.total)

    assert "Series of invoice numbers with a gap: INV-2026-" in text
    assert "Invoice whose total is not the sum of its subtotals: INV-2026-000001" in text
    assert not list(invariants.breaches())
