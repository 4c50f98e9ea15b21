"""Usage of Azure: each record once, priced by its day, given to the owner of its day, charged once a month (A3, A7)."""

import datetime
import io
import uuid
from decimal import Decimal

import pytest

from billing.enums import ChargeKind
from billing.models import Charge, Invoice, UsageRecord
from billing.processing.invoices import close_ended_months
from billing.workflow import usage
from customers.enums import ProductFamily, SubscriptionStatus
from portal.audit.models import AuditEvent
from portal.core.csv_files import UnreadableFile
from portal.core.errors import PermissionDenied
from tests.billing.price_factories import make_price, make_price_list
from tests.billing.usage_factories import (
    HEADER,
    import_rows,
    make_azure,
    make_customer,
    make_meter,
    make_operator,
    make_rate,
    row,
)
from tests.factories import NOON, make_actor, make_partner
from transfers.enums import LineItemStatus, ProductType, TransferStatus
from transfers.models import Transfer, TransferLineItem

pytestmark = pytest.mark.django_db

OCTOBER, NOVEMBER = datetime.date(2026, 10, 1), datetime.date(2026, 11, 1)


def reasons(run) -> dict[int, str]:
    return dict(run.rows.values_list("number", "reason"))


def test_records_are_priced_by_the_rate_card_and_kept_once():
    subscription = make_azure()
    make_meter("0.50")
    rows = [row(subscription, "2026-11-01"), row(subscription, "2026-11-02", "4.25"), row(subscription, "2026-10-31")]

    first = import_rows(*rows)
    again = import_rows(*rows)
    corrected = import_rows(row(subscription, "2026-11-02", "5"))

    assert (first.row_count, first.new_count, first.wrong_count) == (3, 3, 0)
    assert (again.new_count, again.changed_count, again.same_count) == (0, 0, 3)
    assert (corrected.new_count, corrected.changed_count) == (0, 1)
    records = UsageRecord.objects.order_by("day")
    assert [record.cost for record in records] == [5, 5, Decimal("2.5")]
    assert {(record.subscription_id, record.currency, record.exchange_rate) for record in records} == {
        (subscription.pk, "EUR", 1)
    }
    assert AuditEvent.objects.filter(event_type="usage-imported").count() == 3


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"day": "2026-02-30"}, "wrong-day"),
        ({"day": "2026-12-24"}, "wrong-day"),
        ({"quantity": "many"}, "wrong-quantity"),
        ({"quantity": "-1"}, "wrong-quantity"),
        ({"meter": ""}, "no-meter"),
        ({"meter": "meter-9"}, "no-price"),
        ({"day": "2026-09-30"}, "no-price"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_stops_nothing(values, reason):
    subscription = make_azure()
    make_meter()

    run = import_rows(row(subscription, **{"day": "2026-11-03"} | values), row(subscription, "2026-11-01"))

    assert reasons(run) == {2: reason}
    assert (run.new_count, run.wrong_count, UsageRecord.objects.count()) == (1, 1, 1)


def test_a_row_of_a_subscription_nobody_knows_or_that_comes_twice_is_not_imported():
    subscription = make_azure()
    make_meter()

    run = import_rows(
        row(uuid.uuid4(), "2026-11-01"), row(subscription, "2026-11-01"), row(subscription, "2026-11-01", "11")
    )

    assert reasons(run) == {2: "unknown-subscription", 4: "twice"}


def test_a_price_in_dollars_is_converted_by_the_rate_of_the_month_and_keeps_both():
    subscription = make_azure()
    make_meter("0.50", currency="USD")
    assert reasons(import_rows(row(subscription, "2026-11-05"))) == {2: "no-rate"}
    make_rate("USD", "EUR", "0.90", OCTOBER)
    make_rate("USD", "EUR", "0.80", datetime.date(2026, 11, 2))  # after the month began

    import_rows(row(subscription, "2026-11-05"))

    record = UsageRecord.objects.get()
    assert (record.unit_price, record.pricing_currency) == (Decimal("0.5"), "USD")
    assert (record.exchange_rate, record.cost, record.currency) == (Decimal("0.9"), Decimal("4.5"), "EUR")


@pytest.mark.parametrize(
    ("family", "day", "price", "percent"),
    [
        (ProductFamily.AZURE_SUBSCRIPTION, "2026-11-01", "0.40", 15),
        (ProductFamily.AZURE_LEGACY, "2022-01-31", "0.40", 0),
        (ProductFamily.AZURE_LEGACY, "2022-02-01", "0.50", 0),
    ],
)
def test_the_previous_offer_costs_the_retail_price_since_february_2022_and_earns_no_credit(family, day, price, percent):
    subscription = make_azure(product_family=family)
    listed = ProductFamily.AZURE_LEGACY if family == ProductFamily.AZURE_LEGACY else ProductFamily.AZURE_PLAN
    card = make_price_list(listed, month=datetime.date(2022, 1, 1))
    make_price(card, meter_id="meter-1", unit_price="0.40", retail_price="0.50", billing_frequency="usage", term="none")

    import_rows(row(subscription, day))

    record = UsageRecord.objects.get()
    assert (record.unit_price, record.earned_percent) == (Decimal(price), percent)


@pytest.mark.parametrize(
    ("fields", "percent"),
    [({}, 15), ({"name": "D2s v5 Spot"}, 0), ({"publisher": "Marketplace"}, 0)],
    ids=["consumption", "spot", "third party"],
)
def test_credit_is_not_earned_for_spot_or_third_party(fields, percent):
    subscription = make_azure()
    make_meter()

    import_rows(row(subscription, "2026-11-01", **fields))

    assert UsageRecord.objects.get().earned_percent == percent


def moved(*, accepted_on: datetime.date):
    """A subscription that went from one partner to another; it moved two days after the acceptance."""
    source, target = make_partner(), make_partner()
    customer = make_customer(source)
    at = datetime.datetime.combine(accepted_on, datetime.time(23, 30), datetime.UTC)
    old = make_azure(source, customer, status=SubscriptionStatus.TRANSFERRED, transferred_at=at + datetime.timedelta(2))
    new = make_azure(target, customer, entitlement_id=old.pk, transferred_from=old)
    transfer = Transfer.objects.create(
        customer=customer,
        source_partner=source.partner,
        target_partner=target.partner,
        status=TransferStatus.COMPLETED,
        customer_name="Customer",
        customer_email="owner@bakery.example",
        customer_language="en",
        created_by_name="Kim",
        created_at=at,
        modified_at=at,
        sent_at=at,
        expires_at=at + datetime.timedelta(30),
        accepted_at=at,
        retry_until=at,
        finished_at=at + datetime.timedelta(2),
        items_total=1,
        items_completed=1,
    )
    TransferLineItem.objects.create(
        transfer=transfer,
        position=1,
        subscription=old,
        new_subscription=new,
        status=LineItemStatus.COMPLETED,
        completed_at=at + datetime.timedelta(2),
        product_type=ProductType.AZURE_SUBSCRIPTION,
        product_name=old.product_name,
        friendly_name=old.friendly_name,
        quantity=1,
    )
    return old, new


def test_usage_belongs_to_the_owner_of_its_day_and_the_transfer_day_is_the_targets():
    old, new = moved(accepted_on=datetime.date(2026, 11, 10))
    make_meter()

    import_rows(*(row(old, day) for day in ("2026-11-09", "2026-11-10", "2026-11-11")))

    assert dict(UsageRecord.objects.values_list("day", "subscription")) == {
        datetime.date(2026, 11, 9): old.pk,
        datetime.date(2026, 11, 10): new.pk,
        datetime.date(2026, 11, 11): new.pk,
    }
    usage.charge_usage(month=NOVEMBER, now=NOON)
    owed = dict(Charge.objects.filter(kind=ChargeKind.METERED).values_list("billing_owner", "amount"))
    assert owed == {old.billing_owner_id: 5, new.billing_owner_id: 10}


def test_a_month_is_charged_once_in_whole_cents_and_what_comes_late_stands_on_the_next_run():
    subscription = make_azure()
    make_meter("0.3333")
    import_rows(
        row(subscription, "2026-10-01", "1"), row(subscription, "2026-10-31", "1"), row(subscription, "2026-11-01")
    )

    assert usage.charge_usage(month=OCTOBER, now=NOON) == 2
    assert usage.charge_usage(month=OCTOBER, now=NOON) == 0
    late = import_rows(row(subscription, "2026-10-15", "3"))
    assert late.new_count == 1
    assert usage.charge_usage(month=NOVEMBER, now=NOON) == 2

    metered = Charge.objects.filter(kind=ChargeKind.METERED).order_by("starts_on", "reference")
    assert [(charge.starts_on, charge.reference, charge.amount) for charge in metered] == [
        (OCTOBER, "usage:2026-10", Decimal("0.67")),
        (OCTOBER, "usage:2026-11", Decimal("1.00")),
        (NOVEMBER, "usage:2026-11", Decimal("3.33")),
    ]
    earned = Charge.objects.filter(kind=ChargeKind.EARNED_CREDIT).order_by("starts_on", "reference")
    assert [charge.amount for charge in earned] == [Decimal("-0.10"), Decimal("-0.15"), Decimal("-0.50")]
    assert not UsageRecord.objects.filter(charge__isnull=True).exists()


def test_a_charged_record_is_not_changed_any_more():
    subscription = make_azure()
    make_meter()
    import_rows(row(subscription, "2026-10-01"))
    usage.charge_usage(month=OCTOBER, now=NOON)

    run = import_rows(row(subscription, "2026-10-01", "99"))

    assert reasons(run) == {2: "charged"}
    assert UsageRecord.objects.get().quantity == 10


def test_only_the_operator_imports_and_an_empty_file_is_refused():
    with pytest.raises(PermissionDenied):
        import_rows(row(uuid.uuid4(), "2026-11-01"), operator=make_actor())
    with pytest.raises(UnreadableFile):
        import_rows(operator=make_operator())


def test_the_usage_of_a_month_and_its_earned_credit_stand_on_the_invoice_of_the_month():
    subscription = make_azure()
    make_meter()
    import_rows(row(subscription, "2026-10-05"), row(subscription, "2026-11-05"))
    moments = (NOON + datetime.timedelta(seconds=second) for second in range(100))

    assert close_ended_months(clock=lambda: next(moments)) == [OCTOBER]

    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.line_count) == (Decimal("4.25"), 2)


def costs() -> list[Decimal]:
    return list(UsageRecord.objects.order_by("day").values_list("cost", flat=True))


def test_each_unit_of_a_month_costs_what_its_tier_says_whatever_order_the_days_come_in():
    subscription, other = make_azure(), make_azure()
    make_meter("1.00", tiers={15: "0.50", 40: "0.10"})

    import_rows(row(subscription, "2026-11-03", "30"), row(other, "2026-11-04", "10"))
    assert costs() == [Decimal("22.5"), 10]  # 15 at 1.00 and 15 at 0.50; the other one's month is its own
    import_rows(row(subscription, "2026-11-01", "10"), row(subscription, "2026-11-05", "5"))
    assert costs() == [10, Decimal("17.5"), 10, Decimal("0.5")]  # 10 · 5 and 25 at 0.50 · the other · 5 at 0.10
    again = import_rows(row(subscription, "2026-11-03", "30"))
    assert (again.same_count, costs()) == (1, [10, Decimal("17.5"), 10, Decimal("0.5")])

    import_rows(row(subscription, "2026-11-03", "0"))

    assert costs() == [10, 0, 10, 5]


def test_what_is_charged_has_used_up_its_part_of_the_tiers_and_a_new_month_begins_anew():
    subscription = make_azure()
    make_meter("1.00", tiers={10: "0.50"})
    import_rows(row(subscription, "2026-10-20", "8"), row(subscription, "2026-11-01", "8"))
    usage.charge_usage(month=OCTOBER, now=NOON)

    import_rows(row(subscription, "2026-10-10", "8"))

    assert costs() == [5, 8, 8]  # the late one: 2 at 1.00 and 6 at 0.50
    usage.charge_usage(month=NOVEMBER, now=NOON)
    metered = Charge.objects.filter(kind=ChargeKind.METERED).order_by("created_at", "starts_on", "reference")
    assert sum(charge.amount for charge in metered) == 21


def test_tiers_are_converted_like_any_price_and_do_not_hold_for_a_price_of_the_file():
    subscription = make_azure()
    make_meter("1.00", currency="USD", tiers={10: "0.50"})
    make_rate("USD", "EUR", "0.90", OCTOBER)
    stream = f"{HEADER},UnitPrice,PricingCurrency\n{row(subscription, '2026-11-01', '20')},,\n"
    stream += f"{row(subscription, '2026-11-02', '20', resource='/vm/2')},2,EUR\n"

    usage.import_usage(stream=io.BytesIO(stream.encode()), file_name="usage.csv", actor=make_operator(), now=NOON)

    assert costs() == [Decimal("13.5"), 40]  # (10 at 1.00 and 10 at 0.50) at 0.90; 20 at 2.00
