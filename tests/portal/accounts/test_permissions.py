"""The permission table: complete, and as the documents say."""

import pytest

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import (
    AREA_LABELS,
    ROLE_PERMISSIONS,
    ROLE_SUMMARIES,
    ROLES_BY_KIND,
    Permission,
    permissions_of,
    role_labels,
    roles_allowing,
)
from portal.accounts.rules import ADMIN_ROLES

P = Permission


def may(permission, kind=OrganizationKind.DIRECT_BILL):
    return {str(role) for role in roles_allowing(permission, kind=kind)}


def test_every_role_has_a_row_a_kind_of_organization_and_a_sentence():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(ROLE_SUMMARIES) == set(Role)
    assert frozenset().union(*ROLES_BY_KIND.values()) == set(Role)
    assert all(ROLE_PERMISSIONS.values())


def test_every_kind_of_organization_has_roles_and_one_that_rules_it():
    assert set(ROLES_BY_KIND) == set(ADMIN_ROLES) == set(OrganizationKind)
    for kind, role in ADMIN_ROLES.items():
        assert role in ROLES_BY_KIND[kind]
        assert {P.USER_VIEW, P.USER_MANAGE, P.ORGANIZATION_MANAGE} <= ROLE_PERMISSIONS[role]


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_stands_in_some_role_and_in_a_named_area(permission):
    assert roles_allowing(permission)
    assert permission.split(".")[0] in AREA_LABELS
    assert str(permission.label)


def test_no_area_is_named_for_nothing():
    assert set(AREA_LABELS) == {permission.split(".")[0] for permission in Permission}


def test_only_admin_agents_create_cancel_accept_and_decline_transfers():
    for kind in (OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER):
        assert may(P.TRANSFER_CREATE, kind) == may(P.TRANSFER_ACCEPT, kind) == {"admin_agent"}


def test_admin_and_sales_agents_request_relationships_and_buy():
    for permission in (P.RELATIONSHIP_REQUEST, P.SUBSCRIPTION_BUY, P.AGREEMENT_ATTEST):
        assert may(permission) == {"admin_agent", "sales_agent"}


def test_sales_agents_do_not_change_marketplace_subscriptions():
    assert may(P.MARKETPLACE_SUBSCRIPTION_UPDATE) == {"admin_agent"}
    assert may(P.SUBSCRIPTION_UPDATE) == {"admin_agent", "sales_agent"}


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (P.PARTNER_AGREEMENT_SIGN, {"global_admin"}),
        (P.USER_MANAGE, {"global_admin", "account_admin", "user_management_admin"}),
        (P.BILLING_VIEW, {"global_admin", "billing_admin", "admin_agent"}),
        (P.CUSTOMER_TAG, {"admin_agent"}),
        (P.CUSTOMER_SET_PERMISSIONS, {"admin_agent"}),
        (P.RELATIONSHIP_REMOVE, {"global_admin", "admin_agent"}),
        (P.SUPPORT_REQUEST, {"admin_agent", "helpdesk_agent"}),
        (P.TRANSFER_VIEW, {"admin_agent", "sales_agent", "helpdesk_agent"}),
    ],
)
def test_the_matrix_of_the_reference_holds(permission, roles):
    assert may(permission) == roles


def test_roles_of_one_kind_of_organization_do_nothing_in_another():
    assert may(P.PUBLISHER_OFFER_MANAGE) == set()
    assert may(P.PROGRAMME_OPERATE) == set()
    assert may(P.TRANSFER_CREATE, OrganizationKind.CUSTOMER) == set()


def test_an_indirect_reseller_has_no_sales_agent():
    assert Role.SALES_AGENT not in ROLES_BY_KIND[OrganizationKind.INDIRECT_RESELLER]


def test_several_roles_add_up():
    both = permissions_of(frozenset({Role.BILLING_ADMIN, Role.HELPDESK_AGENT}))
    assert both == ROLE_PERMISSIONS[Role.BILLING_ADMIN] | ROLE_PERMISSIONS[Role.HELPDESK_AGENT]
    assert permissions_of(frozenset()) == frozenset()


def test_roles_are_named_in_the_order_of_the_table():
    assert role_labels(["sales_agent", "global_admin"]) == ["Global admin", "Sales agent"]
