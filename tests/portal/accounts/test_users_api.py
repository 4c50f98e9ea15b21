"""The people of an organization through the API: listed, deactivated, reactivated."""

import pytest

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from tests.factories import make_member, make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


def test_people_are_listed_and_deactivated_and_come_back():
    partner = make_partner()
    seller = make_member(partner, Role.SALES_AGENT, name="Zoe")
    stranger = make_member(make_partner(), Role.SALES_AGENT)
    admin = api_client(partner, Role.GLOBAL_ADMIN, person=True)
    last = admin.get("/v1/users").json()["items"][-1]
    assert (last["id"], last["displayName"], last["roles"]) == (str(seller.user_id), "Zoe", [str(Role.SALES_AGENT)])
    path = f"/v1/users/{seller.user_id}"
    gone = admin.send("PATCH", path, {"state": "inactive"})
    assert (gone.status_code, gone.json()["state"], "deactivatedTime" in gone.json()) == (200, "inactive", True)
    assert not Membership.objects.get(pk=seller.pk).is_active
    assert admin.send("PATCH", path, {"state": "Active"}).json()["state"] == "active"
    assert admin.send("PATCH", path, {"roles": ["global-admin"]}).status_code == 400
    for method, body in (("GET", None), ("PATCH", {"state": "inactive"})):
        assert admin.send(method, f"/v1/users/{stranger.user_id}", body).status_code == 404


def test_users_need_a_person_who_manages_them_and_the_last_admin_stays():
    partner = make_partner()
    seller = make_member(partner, Role.SALES_AGENT)
    assert api_client(partner, Role.GLOBAL_ADMIN).get("/v1/users").json()["code"] == 900329
    assert api_client(partner, Role.SALES_AGENT, person=True).get("/v1/users").json()["code"] == 900150
    admin = api_client(partner, Role.GLOBAL_ADMIN, person=True)
    own = Membership.objects.with_role(Role.GLOBAL_ADMIN).get(organization=partner)
    refused = admin.send("PATCH", f"/v1/users/{own.user_id}", {"state": "inactive"})
    assert (refused.status_code, refused.json()["code"]) == (403, 900308)
    assert Membership.objects.get(pk=own.pk).is_active
    assert Membership.objects.get(pk=seller.pk).is_active
