"""What reservations give back has a fee by date and a cap per customer and year (section 7.7, decision 0041)."""

import datetime
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from azure.rules.refunds import Cap, RefundCapReached, cap_of, fee_percent, given_back
from azure.workflow import changes
from billing.models import Charge
from portal.accounts.enums import Role
from tests.azure.factories import LICENSE, PLAN, RESERVATION, buy, make_customer_of, make_prices
from tests.billing.usage_factories import make_rate
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def reservations(count, *, now=NOON):
    relationship = make_customer_of()
    buy(relationship, PLAN, now=now)
    return [buy(relationship, RESERVATION, now=now) for _ in range(count)]


def cancel(row, now):
    actor = make_actor(row.billing_owner.organization, Role.ADMIN_AGENT)
    changes.cancel(subscription_id=row.pk, actor=actor, now=now)


def money(row):
    return Charge.objects.filter(subscription=row).aggregate(total=Sum("amount"))["total"]


def test_a_fee_holds_from_its_day_on_and_is_a_charge_of_its_own(settings):
    begins = NOON.date() + 12 * DAY
    settings.RESERVATION_FEES = [(datetime.date(2016, 1, 1), Decimal(0)), (begins, Decimal(12))]
    make_prices()
    before, after = reservations(2)
    assert (fee_percent(begins - DAY), fee_percent(begins)) == (0, 12)
    cancel(before, NOON + 11 * DAY)  # 30 for 30 days, 19 of which are left
    assert money(before) == Decimal(11)
    cancel(after, NOON + 12 * DAY)
    assert money(after) == Decimal(30) - 18 + Decimal("2.16")
    fee = Charge.objects.get(reference="fee")
    assert (fee.kind, fee.amount) == ("cancel", Decimal("2.16"))


def test_of_one_customer_no_more_than_the_cap_comes_back_within_a_year(settings):
    settings.RESERVATION_REFUND_CAP = Decimal(50)
    make_prices()
    first, second = reservations(2)
    others = reservations(1)[0]
    cancel(first, NOON + DAY)
    assert cap_of(second, now=NOON + DAY).left == 21
    with pytest.raises(RefundCapReached, match=r"only €21\.00 is left"):
        cancel(second, NOON + DAY)
    cancel(others, NOON + DAY)
    cancel(second, NOON + 9 * DAY)  # 21 are left of its cycle: exactly the rest of the cap
    assert cap_of(second, now=NOON + 10 * DAY).left == 0
    assert cap_of(second, now=NOON + 367 * DAY).left == 29
    assert cap_of(second, now=NOON + 375 * DAY).left == 50


def test_the_cap_counts_refunds_of_every_currency_by_the_rate_of_their_day(settings):
    settings.RESERVATION_REFUND_CAP = Decimal(58)
    make_prices()
    first, second = reservations(2)
    today = NOON.date()
    make_rate("USD", "EUR", "0.5", today)
    make_rate("USD", "EUR", "0.8", today + 5 * DAY)
    make_rate("SEK", "USD", "0.1", today + 3 * DAY)  # turned the other way round

    cancel(first, NOON + DAY)  # 29 euro at 0.5: 58 dollars, exactly the cap
    settings.RESERVATION_REFUND_CAP = Decimal(50)
    assert cap_of(second, now=NOON + 4 * DAY).left == -4
    assert cap_of(second, now=NOON + 5 * DAY).left == Decimal("-6.40")
    Charge.objects.filter(subscription=first, kind="cancel").update(amount=-20)
    assert cap_of(second, now=NOON + 4 * DAY) == Cap(whole=Decimal("25.00"), left=Decimal("5.00"))
    assert cap_of(second, now=NOON + 5 * DAY) == Cap(whole=Decimal("40.00"), left=Decimal("8.00"))

    Charge.objects.filter(subscription=first, kind="cancel").update(currency="SEK", created_at=NOON + 3 * DAY)
    assert cap_of(second, now=NOON + 5 * DAY).left == Decimal("38.40")  # 20 kronor are two dollars
    Charge.objects.filter(subscription=first, kind="cancel").update(created_at=NOON + 2 * DAY)
    assert cap_of(second, now=NOON + 5 * DAY).left == 24  # no rate was known yet, so 20 kronor count as 20


def test_what_comes_back_may_be_all_that_is_left_of_the_cap_and_not_a_cent_more(settings):
    make_prices()
    row = reservations(1)[0]
    make_rate("USD", "EUR", "0.8", NOON.date())
    settings.RESERVATION_REFUND_CAP = Decimal("26.24")  # 20.99 euro
    with pytest.raises(RefundCapReached, match=r"€21\.00; of the €20\.99 of a year only €20\.99 is left"):
        cancel(row, NOON + 9 * DAY)
    settings.RESERVATION_REFUND_CAP = Decimal("26.25")  # 21 euro, the days that are left
    cancel(row, NOON + 9 * DAY)
    assert cap_of(row, now=NOON + 9 * DAY).left == 0


def test_other_families_have_neither_fee_nor_cap(settings):
    settings.RESERVATION_REFUND_CAP = Decimal(0)
    settings.RESERVATION_FEES = [(datetime.date(2016, 1, 1), Decimal(12))]
    make_prices()
    row = buy(make_customer_of(), LICENSE)
    assert given_back(row, now=NOON + DAY).fee == 0
    cancel(row, NOON + DAY)
    assert money(row) == Decimal("0.33")


def test_the_dialog_says_what_comes_back_before_anybody_confirms(client_for, settings):
    settings.RESERVATION_FEES = [(datetime.date(2016, 1, 1), Decimal(12))]
    now = timezone.now()
    make_prices(month=now.date().replace(day=1))
    row = reservations(1, now=now)[0]
    client = client_for(make_member(row.billing_owner.organization, Role.ADMIN_AGENT))
    url = f"/azure/subscriptions/{row.pk}/cancel/"
    page = client.get(url).content.decode()
    assert "You get back €26.40: €30.00 for the days that are left, less a fee of €3.60." in page
    assert "before this one €50,000.00 is left" in page
    settings.RESERVATION_REFUND_CAP = Decimal(20)
    assert "only €20.00 is left for this customer" in client.get(url).content.decode()
    assert client.post(url, {"confirmed": "yes"}).status_code == 409
