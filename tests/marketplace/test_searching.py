"""Search by part of a name finds the same rows in the same order, whichever way it takes (quality row 30)."""

import datetime

import pytest
from django.utils import timezone

from marketplace.models import SaaSSubscription
from marketplace.queries import SubscriptionFilter, lists, searching, subscription_page
from portal.accounts.enums import Role
from portal.accounts.models import Organization
from tests.factories import make_actor, make_member
from tests.marketplace.factories import make_buying_relationship, make_plan, make_purchase

pytestmark = pytest.mark.django_db
NAMES = (
    *("office 365 north", "office 365 south", "office 4711 north", "north 4711 and office", "100% wool of the north"),
    *("1000 wool", "a_b of the north", "aab of the north", "back\\slash north", "office 365 north-north-west"),
)
TEXTS = (
    "Office",
    "office 4711",
    "4711 office",
    "office 365",
    "100%",
    "a_b",
    "ck\\sl",
    "of the north",
    "wool of the",
    "zzz",
)


@pytest.fixture
def world():
    """A partner with a subscription of each name, bought one after the other, newest last."""
    relationship, plan, now = make_buying_relationship(), make_plan(), timezone.now()
    for number, name in enumerate(NAMES):
        saas = make_purchase(relationship, plan, now=now)
        moment = now + datetime.timedelta(minutes=number)
        SaaSSubscription.objects.filter(pk=saas.pk).update(
            name_key=name, product_key="notes", customer_name_key="contoso", purchased_at=moment
        )
    make_purchase(make_buying_relationship(), plan, now=now)
    return make_actor(relationship.partner.organization, Role.ADMIN_AGENT), now


def walked(actor, now, wanted, sort):
    """The names on all pages of two rows, and those on the way back from the last."""
    names, back, cursor = [], [], ""
    while True:
        page = subscription_page(actor, wanted, sort=sort, size=2, cursor=cursor, now=now)
        names += [row.name_key for row in page]
        cursor = page.next_cursor
        if not cursor:
            break
    while page.previous_cursor:
        page = subscription_page(actor, wanted, sort=sort, size=2, cursor=page.previous_cursor, now=now)
        back = [row.name_key for row in page] + back
    return names, back


@pytest.mark.parametrize("near", [1, 3, 2_000])
def test_every_way_of_searching_finds_the_same_in_the_order_of_the_list(near, world, monkeypatch):
    actor, now = world
    monkeypatch.setattr(searching, "NEAR", near)
    monkeypatch.setattr(lists, "_BY_PART", searching.PartOfName(lists._beyond))

    for sort, ordered in (("newest", NAMES[::-1]), ("oldest", NAMES), ("name", sorted(NAMES))):
        for text in TEXTS:
            expected = [name for name in ordered if text.lower() in name]
            names, back = walked(actor, now, SubscriptionFilter(text=text), sort)
            assert names == expected, (sort, text)
            assert back == expected[: (len(expected) - 1) // 2 * 2], (sort, text)


def test_a_search_is_narrowed_as_the_list_is_and_names_every_company(world):
    actor, now = world
    found = subscription_page(actor, SubscriptionFilter(text="contoso", status="PendingFulfillmentStart"), now=now)
    same = subscription_page(actor, SubscriptionFilter(status="PendingFulfillmentStart"), now=now)

    assert list(found) == list(same)
    assert all(row.customer and row.publisher for row in found)
    assert not list(subscription_page(actor, SubscriptionFilter(text="contoso", status="Subscribed"), now=now))


@pytest.mark.parametrize("text", ["north", "nothing of the kind"])
def test_a_search_takes_five_queries(text, world, client_for, django_assert_max_num_queries):
    actor, _now = world
    client = client_for(make_member(Organization.objects.get(pk=actor.organization_id), Role.ADMIN_AGENT))
    address = f"/marketplace/subscriptions/?q={text}"
    client.get(address)
    with django_assert_max_num_queries(5):
        assert client.get(address).status_code == 200
