"""The groups of an organization through the API: read by who may see its people, and by nobody else."""

import pytest
from pydantic import TypeAdapter

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.directory.api import GroupAnswer, GroupCollection
from tests.factories import NOON, make_member, make_partner
from tests.portal.api.factories import api_client
from tests.portal.directory.factories import make_group

pytestmark = pytest.mark.django_db
HERE = "/v1/groups"


def test_groups_and_their_members_are_read_by_name():
    partner = make_partner()
    zoe = make_member(partner, Role.SALES_AGENT, name="Zoe")
    ada = make_member(partner, Role.SALES_AGENT, name="Ada")
    Membership.objects.filter(pk=ada.pk).update(is_active=False, deactivated_at=NOON)
    second = make_group(partner, zoe, ada, name="Sellers", is_offered=True)
    make_group(partner, name="Builders")
    make_group(partner, name="Gone", removed_at=NOON)
    foreign = make_group(make_partner())
    client = api_client(partner, Role.GLOBAL_ADMIN, person=True)

    listed = TypeAdapter(GroupCollection).validate_python(client.get(HERE).json())
    assert [(one["displayName"], one["memberCount"]) for one in listed["items"]] == [("Builders", 0), ("Sellers", 1)]
    assert "members" not in listed["items"][1]
    found = TypeAdapter(GroupAnswer).validate_python(client.get(f"{HERE}/{second.pk}").json())
    assert [(one["displayName"], one["state"]) for one in found["members"]] == [("Ada", "inactive"), ("Zoe", "active")]
    assert found["isOffered"]
    assert client.get(f"{HERE}/{foreign.pk}").status_code == 404


def test_groups_need_a_person_who_may_see_people():
    partner = make_partner()
    assert api_client(partner, Role.GLOBAL_ADMIN).get(HERE).json()["code"] == 900329
    assert api_client(partner, Role.SALES_AGENT, person=True).get(HERE).json()["code"] == 900150
