"""Every API call × strangers, other tokens and every role answers as its mark says (quality rows 13, 14, 16)."""

import uuid

import pytest
from django.test import Client

from portal.accounts.access import access_of
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND
from portal.api.access import ApiAccess, api_requires, endpoint
from portal.api.tokens import audiences
from tests.access_objects import FOR_MACHINES, is_for_machines
from tests.factories import make_member, make_organization, make_partner
from tests.portal.api.factories import ApiClient, make_app, token_of
from tests.url_map import pages

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MACHINES = [page for page in pages() if is_for_machines(page)]
CALLS = [page for page in MACHINES if isinstance(page.callback.access, ApiAccess)]
PARTNER_CALLS = [page for page in CALLS if page.callback.access.style.name == "partner"]
METHODS = [(page, method) for page in CALLS for method in page.callback.access.operations]
PARTNER_METHODS = [(page, method) for page in PARTNER_CALLS for method in page.callback.access.operations]
KINDS = [OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_RESELLER, OrganizationKind.OPERATOR]


@pytest.fixture(autouse=True)
def no_limit_of_wrong_tokens(settings):
    """The sweep alone sends more of them in a minute than an address may."""
    settings.API_WRONG_TOKENS_PER_MINUTE = settings.API_REQUESTS_PER_MINUTE = 10**6


def path(page):
    return page.path(**dict.fromkeys(page.parameters, str(uuid.uuid4())))


def test_the_sweep_sees_the_api():
    assert len(METHODS) > 20


def test_every_address_for_machines_is_a_call_or_one_we_decided_on():
    assert {page.view_name for page in MACHINES if page not in CALLS} <= FOR_MACHINES
    assert all(access_of(page.callback, page.view_name) for page in MACHINES)


def test_a_handler_without_a_mark_becomes_no_address():
    with pytest.raises(TypeError):
        endpoint(GET=lambda request: None)
    with pytest.raises(TypeError):
        api_requires()


def test_a_call_without_a_permission_says_why():
    for page in CALLS:
        for operation in page.callback.access.operations.values():
            assert operation.permission or operation.reason


def test_strangers_are_refused_by_every_call(settings):
    settings.API_WRONG_TOKENS_PER_MINUTE = 1_000_000  # there are more calls than one address may get wrong
    client, wrong = Client(), {}
    for page, method in METHODS:
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
            reply = client.generic(method, path(page), headers=headers)
            if reply.status_code != (403 if page.callback.access.style.name == "publisher" else 401):
                wrong[page.view_name, method] = reply.status_code
    assert not wrong


def test_tokens_of_the_other_api_are_refused_by_every_call(settings):
    settings.API_WRONG_TOKENS_PER_MINUTE = 1_000_000
    publisher = make_app(make_organization(OrganizationKind.PUBLISHER))
    wrong, client = {}, ApiClient(token_of(publisher, audience=audiences.PUBLISHER_RESOURCE))
    for page, method in PARTNER_METHODS:
        reply = client.generic(method, path(page))
        if reply.status_code != 403 or reply.json()["code"] != 900308:
            wrong[page.view_name, method] = reply.status_code
    assert not wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_role_makes_exactly_the_calls_the_table_allows(kind):
    wrong = {}
    for role in sorted(ROLES_BY_KIND[kind]):
        is_operator = kind == OrganizationKind.OPERATOR
        secret = make_app(make_organization(kind) if is_operator else make_partner(kind), role)
        member = make_member(secret.app.organization, role)
        clients = {False: ApiClient(token_of(secret)), True: ApiClient(token_of(secret, member))}
        for page, method in PARTNER_METHODS:
            operation = page.callback.access.operations[method]
            allowed = operation.permission is None or operation.permission in ROLE_PERMISSIONS[role]
            reply = clients[operation.person].generic(method, path(page), b"{}", content_type="application/json")
            code = reply.json()["code"] if reply.status_code == 403 and reply.content else 0
            if allowed == (code in (900150, 900329)) or reply.status_code >= 500:
                wrong[page.view_name, method, role] = reply.status_code, code
    assert not wrong


def test_calls_for_people_are_refused_to_apps():
    client, wrong = ApiClient(token_of(make_app())), {}
    for page, method in PARTNER_METHODS:
        if page.callback.access.operations[method].person:
            reply = client.generic(method, path(page), b"{}", content_type="application/json")
            if (reply.status_code, reply.json()["code"]) != (403, 900329):
                wrong[page.view_name, method] = reply.status_code
    assert not wrong


def test_every_call_has_a_name():
    names = [page.view_name for page in CALLS]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.endswith("None")]


def test_a_second_factor_is_asked_of_people_of_partners():
    secret = make_app()
    member = make_member(secret.app.organization, Role.ADMIN_AGENT)
    reply = ApiClient(token_of(secret, member, has_second_factor=False)).get("/v1/customers")
    assert (reply.status_code, reply.json()["code"]) == (401, 900309)
