"""A first term may end with a month or with another subscription; a cut cycle costs its days (section 8, co-term)."""

import datetime
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from azure.models import ProductTerm
from azure.processing import renewals, terms
from azure.queries.catalogue import article_of
from azure.rules.coterm import end_dates
from azure.workflow import changes
from billing.models import Charge
from customers.models import Subscription
from customers.rules.buying import Buyer
from customers.terms import cycle_on
from portal.accounts.enums import Role
from portal.core.errors import InvalidInput
from tests.azure.factories import LICENSE, RESERVATION, buy, make_customer_of, make_prices, make_ways
from tests.customers.factories import make_subscription
from tests.factories import NOON, make_actor, make_member
from transfers.statements import item_statement

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
TODAY = NOON.date()  # 20 November 2026
NEW_YEAR = datetime.date(2027, 1, 1)


def buyer_of(relationship):
    return Buyer(relationship.partner, relationship.customer, TODAY)


def money(row):
    return Charge.objects.filter(subscription=row).aggregate(total=Sum("amount"))["total"]


def test_a_term_can_end_with_a_month_or_with_another_subscription_of_the_customer():
    make_prices()
    relationship = make_customer_of()
    for name, ends_on, more in (
        ("Mill", "2027-03-15", {}),
        ("Trial", "2027-03-16", {"is_trial": True}),
        ("Old", "2026-11-01", {}),
        ("Far", "2028-03-15", {}),
        ("Ended", "2027-03-17", {"status": "expired"}),
        ("Reserved", "2027-03-18", {"product_family": "reservation"}),
    ):
        make_subscription(relationship, friendly_name=name, starts_on="2026-01-15", ends_on=ends_on, **more)
    make_subscription(make_customer_of(), starts_on="2026-01-15", ends_on="2027-03-19")
    buyer = buyer_of(relationship)
    found = end_dates(article_of(buyer, **LICENSE), buyer)
    assert [(one.ends_on.isoformat(), one.like) for one in found][:6] == [
        ("2026-12-01", ""),
        ("2027-01-01", ""),
        ("2027-02-01", ""),
        ("2027-03-01", ""),
        ("2027-03-15", "Mill"),
        ("2027-04-01", ""),
    ]
    assert found[-1].ends_on == datetime.date(2027, 11, 1)
    assert end_dates(article_of(buyer, **RESERVATION), buyer) == []


def test_the_last_cycle_of_a_short_term_costs_its_days_and_the_next_term_is_whole():
    make_prices()
    row = buy(make_customer_of(), LICENSE, quantity=3, ends_on=NEW_YEAR)
    assert (row.ends_on, money(row)) == (NEW_YEAR, Decimal(30))
    december = datetime.datetime(2026, 12, 20, 1, tzinfo=datetime.UTC)
    terms.run(now=december)
    last = Charge.objects.get(kind="cycle")
    assert (last.starts_on, last.ends_on, last.amount) == (december.date(), NEW_YEAR, Decimal("11.61"))  # 12 of 31
    assert item_statement(row, december.date() + 6 * DAY).moved == Decimal("5.80")

    actor = make_actor(row.billing_owner.organization, Role.ADMIN_AGENT)
    changes.change_quantity(subscription_id=row.pk, quantity=6, actor=actor, now=december + 6 * DAY)
    assert Charge.objects.get(kind="add_quantity").amount == Decimal("5.81")  # 6 of 31 days

    renewals.renew_terms(now=datetime.datetime(2027, 1, 1, 1, tzinfo=datetime.UTC))
    row.refresh_from_db()
    assert (row.starts_on, row.ends_on) == (NEW_YEAR, datetime.date(2028, 1, 1))
    assert Charge.objects.get(kind="renewal").amount == 60
    assert ProductTerm.objects.get().billed_until == datetime.date(2027, 2, 1)


def test_what_is_paid_for_a_year_or_more_at_once_costs_its_days_too():
    make_prices()
    make_ways(("P1Y", "annual", 100), ("P3Y", "upfront", 300))
    relationship = make_customer_of()
    annual = buy(relationship, LICENSE, billing_frequency="annual", ends_on=NEW_YEAR)
    assert money(annual) == Decimal("11.51")  # 42 of 365 days
    upfront = buy(relationship, LICENSE, term="P3Y", billing_frequency="upfront", ends_on=datetime.date(2028, 1, 1))
    assert money(upfront) == Decimal("111.41")  # 407 of 1,096 days
    changes.cancel(
        subscription_id=annual.pk,
        actor=make_actor(annual.billing_owner.organization, Role.ADMIN_AGENT),
        now=NOON + DAY,
    )
    assert money(annual) == Decimal("0.27")


def test_other_days_longer_than_the_term_and_other_families_are_refused():
    make_prices()
    make_ways(("P1M", "monthly", 12))
    relationship = make_customer_of()
    for codes, more in (
        (LICENSE, {"ends_on": datetime.date(2027, 1, 2)}),
        (LICENSE, {"ends_on": TODAY}),
        (LICENSE, {"ends_on": NEW_YEAR, "term": "P1M"}),
        (LICENSE, {"ends_on": datetime.date(2028, 1, 1)}),
    ):
        with pytest.raises(InvalidInput):
            buy(relationship, codes, **more)
    assert not Subscription.objects.exists()


def test_the_order_form_offers_the_days_and_the_review_shows_the_price_of_the_cut_cycle(client_for):
    now = timezone.now()
    make_prices(month=now.date().replace(day=1))
    relationship = make_customer_of()
    actor_of = make_member(relationship.partner.organization, Role.ADMIN_AGENT)
    client = client_for(actor_of)
    url = f"/customers/{relationship.customer_id}/products/order/?product=CFQ7TTC0LDPB&sku=0001"
    page = client.get(url).content.decode()
    assert "The first term ends" in page
    first_of_next = (now.date().replace(day=1) + 32 * DAY).replace(day=1)
    assert f'value="{first_of_next.isoformat()}"' in page
    chosen = {"product": "CFQ7TTC0LDPB", "sku": "0001", "way": "P1Y:monthly", "quantity": "31"}
    assert client.post(url, chosen | {"ends_on": first_of_next.isoformat()}).status_code == 302
    cycle = cycle_on(now.date(), starts_on=now.date(), ends_on=None, frequency="monthly")
    share = Decimal(310 * (first_of_next - now.date()).days) / cycle.days
    review = client.get(f"/customers/{relationship.customer_id}/products/review/").content.decode()
    assert "the first one ends on" in review
    assert f"€{share.quantize(Decimal('0.01'), rounding='ROUND_HALF_UP'):,}" in review
