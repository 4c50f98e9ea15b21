"""Every address × every role × strangers answers as the table says, and no other way (quality rows 13, 14, 24, 25).

The addresses come from the URL map and the roles from the table, so a new page is covered from its first day: it must
say who may open it, and a new kind of object in an address needs a line in tests/access_objects.py.
"""

import re
import uuid

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from django.urls.converters import IntConverter, UUIDConverter
from django.utils.html import escape

from portal.accounts.access import access_of
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND
from portal.accounts.sign_in import sessions
from portal.audit import catalogue
from tests.access_objects import (
    NAMED_BY_DOMAIN,
    OBJECTS,
    OF_EVERY_PARTNER,
    OPEN_TO_ALL,
    OPEN_TO_EVERY_ROLE,
    WRITES,
    is_for_machines,
)
from tests.explained import unexplained
from tests.factories import make_member, make_organization, make_partner, make_user
from tests.url_map import Page, pages

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PAGES = [page for page in pages() if not is_for_machines(page)]
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
PROBES = {"healthz", "readyz", "metrics"}  # answered before anything else, to machines
SIGN_IN, CONFIRM = "/account/login/", "/account/reauthenticate/"
PARTNER = OrganizationKind.DIRECT_BILL
ACTORS = [(PARTNER, role) for role in Role if role in ROLES_BY_KIND[PARTNER]] + [
    (kind, role)
    for kind in (OrganizationKind.CUSTOMER, OrganizationKind.PUBLISHER, OrganizationKind.OPERATOR)
    for role in sorted(ROLES_BY_KIND[kind])
]
# Undoing what is undone already is no fault and tells nothing, so these answer alike in another way than 404.
ALIKE_BUT_FOUND = {"accounts:end_session"}
# Pages of partners' objects below a right that others have as well: for those others no such object exists.
PARTNERS_ONLY = {"customers:activity"}
# A GET may note that somebody was there, and count tries; nothing else.
NOTED_BY_READING = {"django_session", "usersessions_usersession", "throttle"}


def access(page: Page):
    return access_of(page.callback, page.view_name)


MARKED = [page for page in PAGES if access(page)]  # all of them, or the first test fails
GUARDED = [page for page in MARKED if not access(page).public]


class CheckedClient(Client):
    """A client that looks at every answer: the headers stand on it, and it is no fault of ours."""

    def request(self, **request):
        response = super().request(**request)
        path = request.get("PATH_INFO")
        assert response.status_code < 500 or path == "/readyz", (request.get("REQUEST_METHOD"), path)
        policy = response.headers["Content-Security-Policy"]
        assert "'unsafe" not in policy
        for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response.headers["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin")
        assert "no-store" in response.headers["Cache-Control"]
        if not response.streaming and b"<html" in response.content[:1000]:
            assert not unexplained(response.content.decode()), path
        return response


def checked(client: Client) -> CheckedClient:
    """The same browser, looking at every answer."""
    twin = CheckedClient()
    twin.cookies = client.cookies
    return twin


def organization_of(kind):
    return make_partner() if kind == PARTNER else make_organization(kind)


def address(page: Page, member=None) -> str:
    """The address with an object of the member's own in it, or with one that does not exist."""
    app = page.view_name.partition(":")[0]
    values = {}
    for parameter in page.parameters if member else ():
        key = f"{app}:{parameter}"
        assert key in OBJECTS, f"tests/access_objects.py does not know how to build {key!r} for {page.view_name}"
        values[parameter] = str(OBJECTS[key](member))
    return page.path(**values)


def send(client: Client, method: str, path: str, **extra):
    """Send one request and undo whatever it did, in the database and in the browser."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        response = client.generic(method, path, **extra)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies)
    if settings.SESSION_COOKIE_NAME in response.cookies:  # the session was written or ended, which has been undone
        caches["redis"].clear()  # its copy
    return response, body.decode(errors="replace")


def leads_to(response, path: str) -> bool:
    target = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""
    return target.startswith(path)


class Insiders:
    """One person per kind of organization who holds all its roles, each signed in."""

    def __init__(self, client_for):
        kinds = dict.fromkeys(kind for kind, _role in ACTORS)
        self.members = {kind: make_member(organization_of(kind), *sorted(ROLES_BY_KIND[kind])) for kind in kinds}
        self.clients = {kind: checked(client_for(member)) for kind, member in self.members.items()}

    def of(self, page: Page):
        """The first of them who may open the page, and its browser."""
        permission = access(page).permission
        for kind, member in self.members.items():
            if permission is None or any(permission in ROLE_PERMISSIONS[role] for role in ROLES_BY_KIND[kind]):
                return member, self.clients[kind]
        raise AssertionError(f"nobody may open {page.view_name}")


@pytest.fixture(autouse=True)
def sessions_that_stay_fresh(monkeypatch):
    """Spare the note of who was seen: undone with each request, it would be written by each one after a minute."""
    monkeypatch.setattr(sessions, "SEEN_EVERY_SECONDS", 3600)


@pytest.fixture
def insiders(client_for):
    return Insiders(client_for)


@pytest.fixture
def outsiders(client_for):
    return Insiders(client_for)


def test_the_sweep_sees_the_portal():
    assert len(PAGES) > 60
    assert {"home", "accounts:users", "audit:log", "account_login"} <= {page.view_name for page in PAGES}


def test_every_page_says_who_may_open_it():
    assert not [page.view_name for page in PAGES if access(page) is None]
    assert not [page.view_name for page in MARKED if not access(page).permission and not access(page).reason]


def test_pages_without_a_permission_are_the_ones_we_decided_on():
    assert {page.view_name for page in MARKED if access(page).public} == OPEN_TO_ALL
    assert {page.view_name for page in GUARDED if not access(page).permission} == OPEN_TO_EVERY_ROLE


def test_every_page_has_a_name_of_its_own():
    names = [page.view_name for page in PAGES]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.endswith("None")]


def test_strangers_are_led_to_sign_in_from_every_page_that_is_not_public(client):
    client, wrong = checked(client), {}
    for page in GUARDED:
        for method in ("GET", *UNSAFE):
            response, _ = send(client, method, address(page))
            if not (response.status_code == 302 and leads_to(response, SIGN_IN)):
                wrong[page.view_name, method] = response.status_code
        response, body = send(client, "GET", address(page), headers={"HX-Request": "true"})
        if not leads_to(response, SIGN_IN) or body:
            wrong[page.view_name, "htmx"] = response.status_code
    assert not wrong


def test_pages_open_to_all_never_ask_strangers_to_sign_in(client):
    client, wrong = checked(client), {}
    for page in (page for page in MARKED if access(page).public and page.view_name not in PROBES):
        response, _ = send(client, "GET", address(page))
        if response.status_code == 403 or (leads_to(response, SIGN_IN) and "next=" in response.headers["Location"]):
            wrong[page.view_name] = response.status_code
    assert not wrong


@pytest.mark.parametrize(("kind", "role"), ACTORS, ids=lambda value: str(value))
def test_a_role_opens_exactly_the_pages_the_table_allows(kind, role, client_for):
    member = make_member(organization_of(kind), role)
    client, wrong = checked(client_for(member)), {}
    RecoveryCodes.activate(member.user)
    for page in GUARDED:
        permission = access(page).permission
        allowed = permission is None or permission in ROLE_PERMISSIONS[role]
        path = address(page, member if allowed else None)
        for method in ("GET", "POST"):
            response, body = send(client, method, path)
            if allowed:
                right = response.status_code not in (401, 403) and not leads_to(response, SIGN_IN)
                is_there = method == "POST" or response.status_code != 404 or page.view_name in PARTNERS_ONLY
                right = right and not leads_to(response, CONFIRM) and is_there
            else:
                right = response.status_code == 403 and escape(str(permission.label)) in body
            if not right:
                wrong[page.view_name, method] = response.status_code, response.headers.get("Location", "")
    assert not wrong


def test_who_belongs_nowhere_opens_only_the_own_account(client_for):
    client = Client()
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    client, wrong = checked(client), {}
    for page in GUARDED:
        response, body = send(client, "GET", address(page))
        refused = response.status_code == 403 and "You do not belong to any organization" in body
        if refused == access(page).without_organization:
            wrong[page.view_name] = response.status_code
    assert not wrong


def test_a_partner_s_person_without_second_factor_opens_nothing_but_its_set_up():
    client = Client()
    client.force_login(
        make_member(make_partner(), Role.GLOBAL_ADMIN).user,
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    client, wrong = checked(client), []
    for page in (page for page in GUARDED if access(page).permission):
        response, _ = send(client, "GET", address(page))
        if not leads_to(response, "/account-settings/security/second-factor/"):
            wrong.append(page.view_name)
    assert not wrong


def plain(body: str, *values: str) -> str:
    """A page without what differs each time: nonces, request ids, the tokens of forms, and the address itself."""
    body = re.sub(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": "[^"]*"', "", body)
    for value in values:
        body = body.replace(value, "").replace(value.replace("-", ""), "")
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "", body)


def missing(page: Page) -> str:
    """The address with an object that does not exist."""
    unused = {
        name: "987654321" if isinstance(one, IntConverter) else str(uuid.uuid4()) for name, one in page.converters
    }
    return page.path(**unused)


def test_objects_of_others_answer_exactly_like_objects_that_do_not_exist(insiders, outsiders):
    """Quality row 14: for every page with an id in its address, by GET and POST, as page and as fragment."""
    wrong, seen, others = {}, 0, NAMED_BY_DOMAIN | OF_EVERY_PARTNER
    for page in (page for page in GUARDED if page.parameters and page.view_name not in others):
        assert all(isinstance(one, UUIDConverter | IntConverter) for _name, one in page.converters), page.view_name
        _member, client = insiders.of(page)
        stranger, _ = outsiders.of(page)
        paths = address(page, stranger), missing(page)
        for method in ("GET", "POST"):
            for headers in ({}, {"HX-Request": "true"}):
                (one, one_body), (two, two_body) = (send(client, method, path, headers=headers) for path in paths)
                alike = plain(one_body, paths[0]) == plain(two_body, paths[1]) and one.status_code == two.status_code
                if not alike or (one.status_code not in (404, 405) and page.view_name not in ALIKE_BUT_FOUND):
                    wrong[page.view_name, method, bool(headers)] = one.status_code, two.status_code
                seen += 1
    assert seen > 40
    assert not wrong


def rows_written() -> dict[str, int]:
    """Rows inserted, changed or deleted in the open transaction, by table: counted even if undone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return {table: written for table, written in cursor.fetchall() if table not in NOTED_BY_READING}


def test_following_any_link_leaves_the_database_as_it_was(insiders):
    """Quality row 25: every page, with an object that is there, by GET and HEAD."""
    wrong = {}
    for page in MARKED:
        member, client = insiders.of(page)
        path = address(page, member if page in GUARDED else None)
        for method in ("GET", "HEAD"):
            before = rows_written()
            send(client, method, path)
            after = rows_written()
            if changed := {table for table in after if after[table] != before.get(table, 0)}:
                wrong[page.view_name, method] = changed
    assert not wrong


def test_the_count_of_rows_written_notices_a_write_that_is_undone(insiders):
    before = rows_written()
    with transaction.atomic():
        make_user()
        transaction.set_rollback(True)
    assert rows_written() != before


def test_every_unsafe_request_needs_the_token_of_a_form(insiders):
    """Quality row 25: with a session and without, by every method, from htmx too."""
    wrong = {}
    for cookies in (insiders.clients[PARTNER].cookies, {}):
        client = CheckedClient(enforce_csrf_checks=True)
        client.cookies.load({name: getattr(value, "value", value) for name, value in cookies.items()})
        client.cookies.pop("csrftoken", None)
        for page in (page for page in PAGES if page.view_name not in PROBES):
            for method, headers in [*((method, {}) for method in UNSAFE), ("POST", {"HX-Request": "true"})]:
                response, body = send(client, method, address(page), headers=headers)
                if response.status_code != 403 or "form is no longer valid" not in body:
                    wrong[page.view_name, method] = response.status_code
    assert not wrong


def test_no_view_is_exempt_from_the_token():
    assert not [page.view_name for page in PAGES if getattr(page.callback, "csrf_exempt", False)]


def takes_forms(page: Page, insiders) -> bool:
    member, client = insiders.of(page)
    response, _ = send(client, "POST", address(page, member if page in GUARDED else None))
    return response.status_code != 405


def test_every_page_that_takes_a_form_says_what_it_writes_into_the_log(insiders):
    forms = {page.view_name for page in MARKED if page.view_name not in PROBES and takes_forms(page, insiders)}
    assert forms - WRITES.keys() == set(), "say in tests/access_objects.py what these write"
    assert WRITES.keys() - forms == set(), "these take no form"


def test_every_event_named_here_is_known_to_the_log():
    known = {event_type for event_type, _label in catalogue.choices()}
    named = {event for events in WRITES.values() if isinstance(events, tuple) for event in events}
    assert named <= known
