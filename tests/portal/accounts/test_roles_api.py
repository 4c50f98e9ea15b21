"""Roles and who holds them, through the API (API reference, section 9)."""

import pytest

from portal.accounts.enums import Role
from tests.factories import make_member, make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


def test_roles_and_those_who_hold_them_are_listed():
    partner = make_partner()
    client = api_client(partner, Role.GLOBAL_ADMIN, person=True)
    seller = make_member(partner, Role.SALES_AGENT)
    make_member(make_partner(), Role.SALES_AGENT)
    roles = {one["id"]: one["name"] for one in client.get("/v1/roles").json()["items"]}
    assert str(Role.SALES_AGENT) in roles
    assert str(Role.CUSTOMER_ADMIN) not in roles
    members = client.get(f"/v1/roles/{Role.SALES_AGENT}/userMembers").json()["items"]
    assert [(one["id"], one["userPrincipalName"]) for one in members] == [(str(seller.user_id), seller.user.email)]
    assert client.get("/v1/roles/wizard/usermembers").json()["code"] == 1000


def test_roles_are_for_those_who_see_users_and_need_a_person():
    partner = make_partner()
    assert api_client(partner, Role.GLOBAL_ADMIN).get("/v1/roles").json()["code"] == 900329
    assert api_client(partner, Role.SALES_AGENT, person=True).get("/v1/roles").json()["code"] == 900150
