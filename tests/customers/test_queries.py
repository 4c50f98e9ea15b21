"""Who sees which customer, what the filters leave, and in which order: requirement R12."""

import datetime
import functools
import uuid

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from customers import queries, scale
from customers.enums import ProductFamily, ProductTab, RelationshipKind, RelationshipStatus, SubscriptionStatus
from customers.models import ResellerRelationship
from customers.queries import CUSTOMER_ORDERS, CustomerFilter, customer_count, customer_page
from portal.accounts.enums import Role
from portal.core.pages import COUNT_LIMIT
from tests.customers.factories import (
    make_agreement,
    make_indirect_relationships,
    make_partnership,
    make_relationship,
    make_subscription,
    make_tag,
)
from tests.factories import NOON, make_actor, make_partner

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def names(actor, sort="name", **wanted):
    return [row.customer_name for row in customer_page(actor, CustomerFilter(**wanted), sort=sort).rows]


# --- who sees what ---------------------------------------------------------------------------------------------------
def test_a_partner_sees_its_own_customers_and_nobody_elses():
    own = make_relationship(name="Own")
    make_relationship(name="Foreign")

    assert names(make_actor(own.partner.organization)) == ["Own"]


def test_a_removed_customer_is_not_in_the_list():
    removed = make_relationship(status=RelationshipStatus.REMOVED, removed_at=NOON)
    actor = make_actor(removed.partner.organization)

    assert names(actor) == []
    with pytest.raises(Http404):
        queries.customer_of(actor, removed.customer_id)


def test_provider_and_reseller_see_the_same_customer_each_with_the_other():
    of_provider, of_reseller = make_indirect_relationships(name="Shared")

    for row in (of_provider, of_reseller):
        (seen,) = customer_page(make_actor(row.partner.organization), CustomerFilter()).rows
        assert seen.customer_name == "Shared"
        assert seen.counterpart_name == row.counterpart.organization.name


@pytest.mark.parametrize("known", [True, False])
def test_a_foreign_customer_is_like_one_that_does_not_exist(known):
    stranger = make_actor(make_partner())
    customer_id = make_relationship().customer_id if known else uuid.uuid4()

    for read in (queries.customer_of, queries.customer_detail):
        with pytest.raises(Http404):
            read(stranger, customer_id)


def test_people_of_the_customer_have_no_customers():
    relationship = make_relationship()
    inside = make_actor(relationship.customer.organization, Role.CUSTOMER_ADMIN)

    assert names(inside) == []
    with pytest.raises(Http404):
        queries.customer_of(inside, relationship.customer_id)


# --- filters ---------------------------------------------------------------------------------------------------------
def filtered(**fields):
    """A partner with one customer that the filter is to find and one that it is not."""
    partner = make_partner()
    make_relationship(partner, name="Found", **fields)
    make_relationship(partner, name="Left out", country="SE")
    return make_actor(partner)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"country": "PT"}, {"country": "PT"}),
        ({"tags": ["VIP", "Café"]}, {"tag": "Café"}),
        ({"has_admin_rights": True}, {"rights": "yes"}),
        ({"has_agreement": True}, {"agreement": "yes"}),
        ({"domain": "found.example"}, {"text": "OUND.exam"}),
        ({"domain": "fo.example"}, {"text": "fo"}),
        ({}, {"text": "FOU"}),
        ({}, {"text": "f"}),
    ],
)
def test_a_filter_leaves_what_fits(fields, wanted):
    actor = filtered(**fields)

    assert names(actor, **wanted) == ["Found"]
    assert customer_count(actor, CustomerFilter(**wanted)) == 1
    assert [row.customer_name for row in queries.all_customers(actor, CustomerFilter(**wanted))] == ["Found"]


@pytest.mark.parametrize("wanted", [{"rights": "no"}, {"agreement": "no"}, {"country": "SE"}])
def test_a_filter_for_what_is_missing_leaves_the_others(wanted):
    actor = filtered(has_admin_rights=True, has_agreement=True, country="PT")

    assert names(actor, **wanted) == ["Left out"]


def test_filters_narrow_together():
    partner = make_partner()
    make_relationship(partner, name="Both", country="PT", tags=["VIP"])
    make_relationship(partner, name="Country only", country="PT")
    make_relationship(partner, name="Tag only", tags=["VIP"])

    assert names(make_actor(partner), country="PT", tag="VIP", text="bot") == ["Both"]


def test_a_provider_filters_by_reseller():
    of_provider, _of_reseller = make_indirect_relationships(name="Through the reseller")
    provider = of_provider.partner.organization
    make_relationship(provider, counterpart=make_partnership(provider=provider).reseller.organization)

    assert names(make_actor(provider), reseller_id=of_provider.counterpart_id) == ["Through the reseller"]
    assert names(make_actor(provider), kind=RelationshipKind.PROVIDER, reseller_id=uuid.uuid4()) == []


@pytest.mark.parametrize("text", ["élan", "ELAN", "Élan", "elan nouveau"])
def test_search_knows_neither_case_nor_accents(text):
    assert names(make_actor(make_relationship(name="L'Élan Nouveau").partner.organization), text=text)


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "a%b", "שלום", "x" * 500])
def test_search_takes_every_sign_for_itself(text):
    partner = make_partner()
    make_relationship(partner, name="Plain")
    make_relationship(partner, name=f"Odd {text[:100]}")

    assert names(make_actor(partner), text=text[:100]) in ([f"Odd {text[:100]}"], [])
    assert "Plain" not in names(make_actor(partner), text=text)


def test_search_by_one_letter_looks_at_the_beginning_of_the_sorted_column():
    partner = make_partner()
    make_relationship(partner, name="Zebra", domain="animals.example")
    make_relationship(partner, name="Fizz", domain="zest.example")
    actor = make_actor(partner)

    assert names(actor, text="z") == ["Zebra"]
    assert names(actor, sort="domain", text="z") == ["Fizz"]


@pytest.mark.parametrize("sort", list(CUSTOMER_ORDERS))
@pytest.mark.parametrize("frequent", [True, False])
def test_search_finds_the_same_whether_the_word_is_frequent_or_rare(monkeypatch, sort, frequent):
    partner = make_partner()
    for number in range(12):
        word = "Bakery" if number % 3 else "Brewery"
        make_relationship(partner, name=f"{chr(77 - number)} {word}", created_at=NOON + number * DAY)
    actor = make_actor(partner)
    monkeypatch.setattr(queries.lists, "NEAR", 12 if frequent else 1)

    found, cursor = [], ""
    while True:
        page = customer_page(actor, CustomerFilter(text="bakery"), sort=sort, cursor=cursor, size=3)
        found += [row.customer_name for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    everything = names(actor, sort=sort)
    assert found == [name for name in everything if "Bakery" in name]
    assert len(found) == 8


# --- order and pages -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["Ängel", "Bär", "zoo"]),
        ("-name", ["zoo", "Bär", "Ängel"]),
        ("domain", ["zoo", "Ängel", "Bär"]),
        ("-domain", ["Bär", "Ängel", "zoo"]),
        ("created", ["Bär", "zoo", "Ängel"]),
        ("-created", ["Ängel", "zoo", "Bär"]),
    ],
)
def test_the_list_is_sorted_as_asked(sort, expected):
    partner = make_partner()
    make_relationship(partner, name="zoo", domain="a.example", created_at=NOON)
    make_relationship(partner, name="Bär", domain="c.example", created_at=NOON - DAY)
    make_relationship(partner, name="Ängel", domain="b.example", created_at=NOON + DAY)

    assert names(make_actor(partner), sort=sort) == expected


@pytest.mark.parametrize("sort", list(CUSTOMER_ORDERS))
def test_pages_hold_each_customer_once_forwards_and_backwards(sort):
    partner = make_partner()
    for number in range(7):
        make_relationship(partner, name="Same name", created_at=NOON + (number // 3) * DAY)
    actor = make_actor(partner)

    forwards, page = [], customer_page(actor, CustomerFilter(), sort=sort, size=3)
    while True:
        forwards.append([row.pk for row in page.rows])
        if not page.next_cursor:
            break
        page = customer_page(actor, CustomerFilter(), sort=sort, size=3, cursor=page.next_cursor)
    assert [len(rows) for rows in forwards] == [3, 3, 1]
    assert len({pk for rows in forwards for pk in rows}) == 7

    back = customer_page(actor, CustomerFilter(), sort=sort, size=3, cursor=page.previous_cursor)
    assert [row.pk for row in back.rows] == forwards[1]


def test_a_page_costs_the_same_queries_for_few_rows_and_many():
    partner = make_partner()
    make_relationship(partner)
    actor = make_actor(partner)
    with CaptureQueriesContext(connection) as few:
        names(actor)
    for _number in range(20):
        make_relationship(partner)
    with CaptureQueriesContext(connection) as many:
        assert len(names(actor)) == 21
    assert len(few) == len(many) == 1


def test_the_count_stops_above_its_limit(monkeypatch):
    partner = make_partner()
    for _number in range(4):
        make_relationship(partner)
    actor = make_actor(partner)
    assert customer_count(actor, CustomerFilter()) == 4

    monkeypatch.setattr(queries.lists, "COUNT_LIMIT", 2)
    assert customer_count(actor, CustomerFilter()) == 3
    assert COUNT_LIMIT == 10_000


def plan_of(read):
    """The plan of the last query that is sent."""
    with CaptureQueriesContext(connection) as captured:
        read()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a few thousand rows are read at once by preference
        cursor.execute(f"EXPLAIN {captured[-1]['sql']}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_indexes_answer_every_order_and_filter_of_a_large_list():
    partner = make_partner().partner
    for _progress in scale.load(partner=partner, customers=3_000, seed=3):
        pass
    actor = make_actor(partner.organization)
    filters = [
        {},
        {"country": "SI"},
        {"rights": "no"},
        {"agreement": "no"},
        {"kind": "reseller"},
        {"tag": "Legal hold"},
        {"reseller_id": uuid.uuid4()},
        {"text": "xy"},
    ]
    for sort in CUSTOMER_ORDERS:
        for wanted in filters:
            plan = plan_of(functools.partial(customer_page, actor, CustomerFilter(**wanted), sort=sort))
            assert "Seq Scan" not in plan, (sort, wanted, plan)
            assert "relationship_by_" in plan, (sort, wanted, plan)


def test_the_trigram_index_answers_a_search_for_part_of_a_name():
    wanted = CustomerFilter(text="zzyzx")
    plan = plan_of(lambda: list(ResellerRelationship.objects.filter(wanted.matches())))

    assert plan.count("relationship_by_part_of_name") == 2  # name and domain


# --- one customer ----------------------------------------------------------------------------------------------------
def test_a_customer_comes_with_what_its_partner_noted_and_the_newest_agreement():
    relationship = make_relationship()
    make_agreement(relationship, version="2025-01", created_at=NOON - DAY)
    newest = make_agreement(relationship)
    actor = make_actor(relationship.partner.organization)

    with CaptureQueriesContext(connection) as captured:
        detail = queries.customer_detail(actor, relationship.customer_id)
        assert detail.relationship.customer.organization.name == relationship.customer_name
    assert detail.agreement == newest
    assert detail.profile.bill_to_name == ""
    assert len(captured) == 2


def test_a_reseller_sees_the_agreement_of_its_provider():
    of_provider, of_reseller = make_indirect_relationships()
    agreement = make_agreement(of_provider)

    detail = queries.customer_detail(make_actor(of_reseller.partner.organization), of_reseller.customer_id)

    assert detail.agreement == agreement


def test_an_agreement_with_another_partner_is_not_shown():
    relationship = make_relationship()
    make_agreement(make_relationship(customer=relationship.customer))

    actor = make_actor(relationship.partner.organization)
    assert queries.customer_detail(actor, relationship.customer_id).agreement is None


def test_a_partner_sees_only_what_it_is_billed_for_or_credited_with():
    of_provider, of_reseller = make_indirect_relationships()
    stranger = make_relationship(customer=of_provider.customer)
    own = make_subscription(of_provider, reseller_id=of_reseller.partner_id)
    make_subscription(of_provider, friendly_name="Of another reseller")
    make_subscription(stranger)

    def seen(relationship):
        actor = make_actor(relationship.partner.organization)
        return set(queries.subscriptions_of(actor, relationship.customer_id))

    assert len(seen(of_provider)) == 2
    assert seen(of_reseller) == {own}
    assert len(seen(stranger)) == 1
    assert not seen(stranger) & seen(of_provider)


def test_expired_subscriptions_are_shown_when_asked_for():
    relationship = make_relationship()
    for status in SubscriptionStatus:
        make_subscription(relationship, status=status)
    actor, customer_id = make_actor(relationship.partner.organization), relationship.customer_id

    current = {row.status for row in queries.subscriptions_of(actor, customer_id)}
    assert current == {SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED}
    assert len(queries.subscriptions_of(actor, customer_id, status="all")) == len(SubscriptionStatus)
    assert len(queries.subscriptions_of(actor, customer_id, status="expired")) == 1


def test_every_kind_of_product_has_one_tab_and_is_counted_there():
    relationship = make_relationship()
    for family in ProductFamily:
        make_subscription(relationship, product_family=family)
    make_subscription(relationship, status=SubscriptionStatus.EXPIRED)
    actor, customer_id = make_actor(relationship.partner.organization), relationship.customer_id

    counts = queries.subscription_counts(actor, customer_id)

    assert counts == {
        ProductTab.LICENSE_BASED: 1,
        ProductTab.AZURE: 4,
        ProductTab.RESERVATIONS: 1,
        ProductTab.SAVINGS_PLANS: 1,
        ProductTab.SOFTWARE: 2,
        ProductTab.MARKETPLACE: 1,
    }
    for tab, count in counts.items():
        rows = queries.subscriptions_of(actor, customer_id, tab=tab)
        assert len(rows) == count
        assert {queries.tab_of(row) for row in rows} == {tab}


# --- panels ----------------------------------------------------------------------------------------------------------
def test_tags_are_the_partners_own_in_alphabetical_order():
    partner = make_partner()
    for name in ("zebra", "Ähre", "Bär"):
        make_tag(partner, name)
    make_tag(make_partner(), "Foreign")

    assert [tag.name for tag in queries.tags_of(make_actor(partner))] == ["Ähre", "Bär", "zebra"]


def test_a_provider_is_offered_its_active_resellers():
    partnership = make_partnership()
    make_partnership()
    provider = make_actor(partnership.provider.organization)

    assert queries.resellers_of(provider, limit=10) == [partnership.reseller.organization]
    assert queries.resellers_of(provider, text="no such", limit=10) == []
    assert queries.reseller_name(provider, partnership.reseller_id) == partnership.reseller.organization.name
    assert queries.reseller_name(make_actor(make_partner()), partnership.reseller_id) == ""


def test_countries_are_those_of_the_partners_market():
    countries = queries.market_countries(make_actor(make_partner()))

    assert {"FR", "SE", "CH"} <= set(countries)
    assert "US" not in countries


def test_chosen_customers_are_the_partners_own():
    own, foreign = make_relationship(), make_relationship()

    chosen = queries.chosen_customers(
        make_actor(own.partner.organization), [own.customer_id, foreign.customer_id, uuid.uuid4()]
    )

    assert [row.customer_id for row in chosen] == [own.customer_id]
