"""A subscription over its owners: each partner its own part and the names of its neighbors (X8, T13)."""

import datetime
import html
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import Subscription
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission, roles_allowing
from tests.customers.factories import make_agreement, make_relationship
from tests.factories import make_actor, make_member, make_partner
from tests.portal.api.factories import api_client
from tests.transfers.factories import World, make_world
from transfers import processing
from transfers.queries.lineage import lineage_of

pytestmark = pytest.mark.django_db


def page(client, subscription, status=200):
    response = client.get(reverse("transfers:lineage", args=[subscription.pk]))
    assert response.status_code == status
    return html.unescape(response.content.decode())


def move(world, subscription):
    """Let a subscription go from the world's source to its target; the row there."""
    now = timezone.now()
    transfer = world.accept(world.send(now=now), subscription, now=now)
    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)
    return Subscription.objects.get(transferred_from=subscription)


def onward(world):
    """A third partner that the target gives to."""
    third = make_partner()
    at_third = make_relationship(third, world.customer)
    make_agreement(at_third)
    return World(world.customer, world.target, third, world.at_target, at_third)


@pytest.fixture
def world():
    return make_world()


def test_before_it_ever_moved_the_history_has_one_part(world, client_for):
    item = world.licenses()
    shown = page(client_for(make_member(world.source)), item)
    assert str(item.pk) in shown
    assert "Came from" not in shown
    assert "Went to" not in shown


def test_the_customers_subscriptions_say_where_one_came_from_and_went_to(world, client_for):
    item = world.licenses()
    arrived = move(world, item)

    def row(partner, page):
        response = client_for(make_member(partner)).get(f"/customers/{world.customer.pk}/subscriptions/{page}")
        return re.search(r'href="(/transfers/lineage/[^"]*)"[^>]*>([^<]*)<', html.unescape(response.content.decode()))

    link, words = row(world.target, "").groups()
    assert (link, words[: words.index(" on ")]) == (
        reverse("transfers:lineage", args=[arrived.pk]),
        f"Came from {world.source.name}",
    )
    link, words = row(world.source, "?status=transferred").groups()
    assert (link, words[: words.index(" on ")]) == (
        reverse("transfers:lineage", args=[item.pk]),
        f"Moved to {world.target.name}",
    )
    assert row(world.source, "") is None


def test_who_sees_subscriptions_may_follow_their_history():
    assert set(roles_allowing(Permission.SUBSCRIPTION_VIEW)) <= set(roles_allowing(Permission.TRANSFER_VIEW))


def test_the_source_sees_where_it_went_but_not_its_identifier_there(world, client_for):
    item = world.licenses()
    new = move(world, item)
    shown = page(client_for(make_member(world.source)), item)

    assert "Went to" in shown
    assert world.target.name in shown
    assert str(item.pk) in shown
    assert "Transferred" in shown
    assert str(new.pk) not in shown
    assert str(new.order_id) not in shown


def test_the_target_sees_whence_it_came_with_the_old_identifier(world, client_for):
    item = world.licenses()
    new = move(world, item)
    shown = page(client_for(make_member(world.target)), new)

    assert "Came from" in shown
    assert world.source.name in shown
    assert str(new.pk) in shown
    assert str(item.pk) in shown
    assert str(new.order_id) in shown


def test_a_partner_learns_nothing_of_owners_beyond_its_neighbors(world, client_for):
    first = world.licenses()
    second = move(world, first)
    later = onward(world)
    third = move(later, second)

    at_first = page(client_for(make_member(world.source)), first)
    in_between = page(client_for(make_member(world.target)), second)
    at_third = page(client_for(make_member(later.target)), third)

    assert later.target.name not in at_first
    assert str(third.pk) not in at_first
    assert world.source.name in in_between
    assert later.target.name in in_between
    assert world.source.name not in at_third
    assert str(first.pk) not in at_third


def test_who_had_it_twice_sees_both_parts(world, client_for):
    first = world.licenses()
    second = move(world, first)
    make_agreement(world.at_source)
    back = World(world.customer, world.target, world.source, world.at_target, world.at_source)
    third = move(back, second)

    parts = lineage_of(make_actor(world.source), third.pk)
    assert [part.subscription.pk for part in parts] == [first.pk, third.pk]
    assert parts[0].went_to.name == parts[1].came_from.name == world.target.name
    shown = page(client_for(make_member(world.source)), third)
    assert str(first.pk) in shown
    assert str(second.pk) in shown


def test_the_row_of_another_partner_is_answered_like_one_that_does_not_exist(world, client_for):
    item = world.licenses()
    new = move(world, item)
    page(client_for(make_member(world.source)), new, 404)
    page(client_for(make_member(world.target)), item, 404)
    stranger = client_for(make_member(make_partner()))
    page(stranger, item, 404)
    assert stranger.get(reverse("transfers:lineage", args=[uuid.uuid4()])).status_code == 404


def test_the_reseller_on_record_sees_what_it_is_credited_with(client_for):
    world = make_world(target=OrganizationKind.INDIRECT_PROVIDER)
    new = move(world, world.licenses())
    shown = page(client_for(make_member(world.reseller)), new)
    assert world.source.name in shown
    assert new.partner_on_record in shown


def test_a_long_history_costs_as_many_queries_as_a_short_one(world):
    item = world.licenses()
    costs = []
    for _time in range(3):
        with CaptureQueriesContext(connection) as captured:
            lineage_of(make_actor(world.source), item.pk)
        costs.append(sum("customers_subscription" in query["sql"] for query in captured))
        newest = Subscription.objects.latest("created_at")
        newest.status, newest.transferred_at = "transferred", timezone.now()
        newest.save()
        newest.transferred_from_id, newest.pk, newest._state.adding = newest.pk, uuid.uuid4(), True
        newest.created_at += datetime.timedelta(days=1)
        newest.entitlement_id = item.pk
        newest.status, newest.transferred_at = "active", None
        newest.save(force_insert=True)
    assert costs == [3, 3, 3]


def test_by_api_each_party_gets_its_own_part(world):
    item = world.licenses()
    arrived = move(world, item)

    def asked(partner, subscription, customer=world.customer):
        path = f"/v1/customers/{customer.pk}/subscriptions/{subscription.pk}/lineage"
        return api_client(partner).get(path)

    (gone,) = asked(world.source, item).json()["items"]
    assert (gone["billingOwner"], gone["status"]) == (world.source.name, "transferred")
    assert gone["wentTo"].keys() == {"name", "movedTime", "transferId"}
    assert "cameFrom" not in gone
    (here,) = asked(world.target, arrived).json()["items"]
    assert (here["subscriptionId"], here["cameFrom"]["name"]) == (str(arrived.pk), world.source.name)
    assert here["cameFrom"]["subscriptionId"] == str(item.pk)
    assert asked(world.target, item).status_code == 404
    assert asked(make_partner(), item).status_code == 404
    assert asked(world.source, item, make_relationship(world.source).customer).status_code == 404
