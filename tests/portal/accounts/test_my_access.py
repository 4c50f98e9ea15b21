"""My access and the table of roles."""

import pytest
from django.urls import reverse

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from portal.accounts.role_table import access_areas, table
from tests.factories import make_member, make_organization, make_partner
from tests.portal.accounts.helpers import actor_of

pytestmark = pytest.mark.django_db


def abilities(actor, people=None):
    return {ability.label: ability for area in access_areas(actor, people or {}) for ability in area.abilities}


def test_it_grants_exactly_what_the_table_grants():
    actor = actor_of(make_member(None, Role.SALES_AGENT))
    shown = abilities(actor)
    for permission in Permission:
        if str(permission.label) in shown:
            assert shown[str(permission.label)].allowed == (permission in ROLE_PERMISSIONS[Role.SALES_AGENT])


def test_it_leaves_out_what_nobody_in_this_kind_of_organization_may():
    shown = abilities(actor_of(make_member(make_organization(), Role.CUSTOMER_ADMIN)))
    assert str(Permission.TRANSFER_CREATE.label) not in shown
    assert str(Permission.PARTNER_RELATIONSHIP_MANAGE.label) in shown


def test_it_names_the_colleagues_who_can_help(client_for):
    member = make_member(make_partner(), Role.SALES_AGENT)
    make_member(member.organization, Role.ADMIN_AGENT, name="Ada Agent")
    gone = make_member(member.organization, Role.ADMIN_AGENT, name="Gone Agent", is_active=False)
    make_member(None, Role.ADMIN_AGENT, name="Other Agent")

    text = client_for(member).get(reverse("accounts:my_access")).text

    assert "Ask Ada Agent. Needed role: Admin agent." in text
    assert gone.user.name not in text
    assert "Other Agent" not in text
    assert "Access granted" in text


def test_where_nobody_holds_the_role_it_says_so(client_for):
    text = client_for(make_member(None, Role.HELPDESK_AGENT)).get(reverse("accounts:my_access")).text
    assert "Nobody in your organization holds a role that allows this: Admin agent." in text


@pytest.mark.parametrize("kind", OrganizationKind)
def test_the_table_shows_every_role_and_its_rights(kind):
    columns, areas = table(kind)
    rows = {row.label: row for _area, rows in areas for row in rows}
    assert set(columns) == ROLES_BY_KIND[kind]
    for permission in Permission:
        allowed = [permission in ROLE_PERMISSIONS[role] for role in columns]
        if any(allowed):
            assert [cell.allowed for cell in rows[str(permission.label)].cells] == allowed
        else:
            assert str(permission.label) not in rows


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.GLOBAL_ADMIN])
def test_everybody_signed_in_reads_the_table(role, client_for):
    response = client_for(make_member(None, role)).get(reverse("accounts:roles"))
    assert response.status_code == 200
    assert "Create and cancel transfers" in response.text
    assert "Your role" in response.text


def test_one_more_colleague_costs_no_more_queries(client_for, django_assert_max_num_queries):
    member = make_member()
    client = client_for(member)

    def count():
        with django_assert_max_num_queries(20) as counted:
            client.get(reverse("accounts:my_access"))
        return len(counted)

    before = count()
    for _ in range(10):
        make_member(member.organization, Role.BILLING_ADMIN)
    assert count() == before
