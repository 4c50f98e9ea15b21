"""The people of an organization through the API: listed, deactivated, reactivated."""

import datetime

import pytest
from django.utils import timezone
from pydantic import TypeAdapter

from portal.accounts.enums import InvitationStatus, Role
from portal.accounts.models import Membership, UserInvitation
from portal.accounts.users_api import InvitationCollection
from portal.core.links import make_token
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


def invite(member, name, *, hours, **fields):
    now = timezone.now()
    known = {"email": f"{name.lower()}@example.com", "name": name, "roles": [Role.SALES_AGENT]}
    times = {"created_at": now, "sent_at": now, "expires_at": now + datetime.timedelta(hours=hours)}
    people = {"organization": member.organization, "invited_by": member.user, "token_hash": make_token()}
    return UserInvitation.objects.create(**known | times | people | fields)


def test_invitations_say_what_became_of_them_and_never_the_link():
    partner = make_partner()
    member = make_member(partner, Role.GLOBAL_ADMIN, name="Ada")
    invite(member, "First", hours=9, status=InvitationStatus.ACCEPTED, closed_at=timezone.now())
    invite(member, "Late", hours=-1)
    invite(member, "Open", hours=9)
    invite(make_member(make_partner(), Role.GLOBAL_ADMIN), "Foreign", hours=9)
    admin = api_client(partner, Role.GLOBAL_ADMIN, person=True)

    reply = admin.get("/v1/users/invitations")
    found = TypeAdapter(InvitationCollection).validate_python(reply.json())["items"]
    assert [(one["displayName"], one["status"]) for one in found] == [
        ("Open", "open"),
        ("Late", "expired"),
        ("First", "accepted"),
    ]
    assert found[0]["invitedBy"] == "Ada"
    assert "oken" not in str(found)
    narrowed = admin.get("/v1/users/invitations?status=Accepted&size=1").json()["items"]
    assert [one["displayName"] for one in narrowed] == ["First"]
    assert admin.get("/v1/users/invitations?status=lost").status_code == 400
    assert api_client(partner, Role.SALES_AGENT, person=True).get("/v1/users/invitations").json()["code"] == 900150
