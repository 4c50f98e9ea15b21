"""Groups of an organization: kept by its admins, seen by nobody else, filled and emptied with a log."""

import pytest
from django.urls import reverse

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from portal.directory import rules, workflow
from portal.directory.models import Group, GroupMember
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.portal.directory.factories import make_group

pytestmark = pytest.mark.django_db
LIST = "/account-settings/groups/"


def create(actor, name="Operators", **fields):
    return workflow.create_group(
        **{"name": name, "description": "", "is_offered": False} | fields, actor=actor, now=NOON
    )


def page_of(group, rest=""):
    return f"{LIST}{group.pk}/{rest}"


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def admin(partner):
    return make_actor(partner, Role.GLOBAL_ADMIN)


def deactivate(membership):
    Membership.objects.filter(pk=membership.pk).update(is_active=False, deactivated_at=NOON)


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
def test_who_manages_users_keeps_groups_and_nobody_else(role, partner, client_for):
    group, person = make_group(partner), make_member(partner)
    actor = make_actor(partner, role)
    who = {"actor": actor, "now": NOON}
    steps = (
        lambda: create(actor, "Others"),
        lambda: workflow.offer_group(group_id=group.pk, is_offered=True, **who),
        lambda: workflow.add_member(group_id=group.pk, membership_id=person.pk, **who),
        lambda: workflow.remove_member(group_id=group.pk, member_id=GroupMember.objects.get().pk, **who),
        lambda: workflow.remove_group(group_id=group.pk, **who),
    )
    for step in steps:
        if Permission.USER_MANAGE in ROLE_PERMISSIONS[role]:
            step()
        else:
            GroupMember.objects.get_or_create(
                group=group, membership=person, defaults={"added_by_name": "Kim", "added_at": NOON}
            )
            with pytest.raises(PermissionDenied):
                step()
    group.refresh_from_db()
    assert (group.removed_at is not None) == (Permission.USER_MANAGE in ROLE_PERMISSIONS[role])
    browser = client_for(make_member(partner, role))
    assert browser.get(LIST).status_code == (200 if Permission.USER_VIEW in ROLE_PERMISSIONS[role] else 403)


def test_a_name_is_used_once_and_not_for_what_follows_a_role(admin):
    first = create(admin)
    for taken in ("OPERATORS", "AdminAgents", "helpdeskagents"):
        with pytest.raises(InvalidInput) as refused:
            create(admin, taken)
        assert refused.value.field == "name"
    workflow.remove_group(group_id=first.pk, actor=admin, now=NOON)
    create(admin)
    create(make_actor(make_partner(), Role.GLOBAL_ADMIN))


def test_each_step_is_logged_once_and_repeating_changes_nothing(admin, partner):
    group, person = create(admin), make_member(partner)
    who = {"group_id": group.pk, "actor": admin, "now": NOON}
    for _ in range(2):
        member = workflow.add_member(membership_id=person.pk, **who)
        workflow.offer_group(is_offered=True, **who)
    workflow.remove_member(member_id=member.pk, **who)
    workflow.remove_group(**who)

    events = AuditEvent.objects.filter(subject_type="group").order_by("id")
    assert [event.event_type for event in events] == [
        "group-created",
        "group-member-added",
        "group-offer-changed",
        "group-member-removed",
        "group-removed",
    ]
    assert events[1].after == {"member": person.user.email}
    assert {party.organization_id for event in events for party in event.parties.all()} == {partner.pk}


def test_only_active_people_of_the_own_organization_are_added(admin, partner):
    group, left = create(admin), make_member(partner)
    deactivate(left)
    who = {"group_id": group.pk, "actor": admin, "now": NOON}
    with pytest.raises(rules.MemberDeactivated):
        workflow.add_member(membership_id=left.pk, **who)
    with pytest.raises(Membership.DoesNotExist):
        workflow.add_member(membership_id=make_member().pk, **who)
    with pytest.raises(Group.DoesNotExist):
        workflow.add_member(membership_id=left.pk, **{**who, "actor": make_actor(make_partner(), Role.GLOBAL_ADMIN)})


def test_the_pages_create_fill_empty_and_remove(partner, client_for):
    browser = client_for(make_member(partner, Role.GLOBAL_ADMIN, email="ada@agents.example"))
    person = make_member(partner, Role.ADMIN_AGENT, name="Zoé Agent", email="zoe@agents.example")
    left = make_member(partner, name="Gone Away")
    deactivate(left)
    text = browser.get(LIST).text
    assert "Everybody with the role Admin agent: 1 person" in text
    assert "No group yet" in text
    assert browser.post(f"{LIST}new/", {"name": "AdminAgents"}).status_code == 422
    assert browser.post(f"{LIST}new/", {"name": "Operators", "is_offered": "on"}).status_code == 302
    group = Group.objects.get()

    text = browser.get(page_of(group)).text
    assert "reaches nobody" in text
    assert ("Zoé Agent" in text, "Gone Away" in text) == (True, False)
    found = browser.get(page_of(group, "?find=ZOE"), headers={"HX-Request": "true"}).text
    assert ("Zoé Agent" in found, "ada@agents.example" in found) == (True, False)
    assert browser.post(page_of(group, "add/"), {"membership": str(person.pk)}).status_code == 302
    assert browser.post(page_of(group, "add/"), {"membership": "nonsense"}).status_code == 404
    assert "is deactivated" in browser.post(page_of(group, "add/"), {"membership": str(left.pk)}).text
    member = GroupMember.objects.get()
    assert "1</td>" in browser.get(f"{LIST}?q=oper").text
    assert "No group of this name." in browser.get(f"{LIST}?q=sales").text
    take = page_of(group, f"members/{member.pk}/remove/")
    assert "loses every right" in browser.get(take, headers={"HX-Request": "true"}).text
    assert browser.post(take).status_code == 302
    assert browser.post(take).status_code == 404
    assert browser.post(page_of(group, "offer/")).status_code == 302
    assert "Only your company" in browser.get(page_of(group)).text
    assert "cannot be brought back" in browser.get(page_of(group, "remove/")).text
    assert browser.post(page_of(group, "remove/")).headers["Location"] == LIST
    assert browser.get(page_of(group)).status_code == 404


def test_a_customer_keeps_groups_and_others_see_none_of_them(client_for):
    customer = make_organization(OrganizationKind.CUSTOMER)
    browser = client_for(make_member(customer, Role.CUSTOMER_ADMIN))
    text = browser.get(LIST).text
    assert "AdminAgents" not in text
    assert reverse("directory:new_group") in text
    group = make_group(customer, name="Night watch")
    assert group.name in browser.get(LIST).text
    stranger = client_for(make_member(None, Role.GLOBAL_ADMIN))
    assert stranger.get(page_of(group)).status_code == 404
    assert group.name not in stranger.get(LIST).text
