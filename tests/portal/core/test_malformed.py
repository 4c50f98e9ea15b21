"""Malformed requests are answered with a clear 4xx in the shell, never with a 500, on every page there is.

The pages are found by walking the URL map, so a new page is covered from its first day.
"""

import contextlib
import re
from urllib.parse import quote, unquote, urlencode

import pytest
from django.core.cache import caches
from django.db import transaction
from django.http import UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import Resolver404, resolve

from portal.accounts.enums import Role
from portal.core.middleware import MalformedRequestMiddleware
from portal.core.tasks import heartbeat
from tests.factories import make_member, make_partner, make_user
from tests.sign_in import signed_in
from tests.url_map import pages

PAGES = pages()


def area_of(page):
    """The part of the portal it belongs to: each is one test, whose failure names the page."""
    return page.view_name.rpartition(":")[0] or "account"


AREAS = sorted({area_of(page) for page in PAGES})
SAMPLE = ("/", "/account/login/", "/demo/", "/account-settings/", "/nowhere/")  # middleware is the same for all
FIELD = re.compile(r"<(?:input|select|textarea|button)\b[^>]*\bname=\"(\w+)\"")
EVERYTHING = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
METHODS_OF_VIEWS = ("GET", "POST", "PUT", "BREW")  # what a view itself tells apart; the rest is middleware's
PARAMETERS = (
    *("q", "page", "after", "before", "cursor", "sort", "order", "status", "state", "role", "kind", "type", "tab"),
    *("from", "to", "date", "customer", "person", "action", "event", "organization", "id", "next", "language", "size"),
)
VALUES = ("", "-1", "9" * 20, "2026-13-99", "'\"<>../..\u202e🙂", "a" * 2000)
BAD_QUERIES = ("q=%00", "%ff", "q=%&a[]=1&a[]=2&=&&")  # refused by middleware, but for the last
BAD_IDS = ("not-a-uuid", "%00", "a" * 1500, quote("ö/å"), "9" * 40)
BAD_HEADERS = (
    {"Accept-Language": "x" * 5000},
    {"Accept-Language": "fr;q=NaN, \x80;;=,sv-"},
    {"Cookie": "language=" + "z" * 3000},
    {"Cookie": "sessionid=\x00; language=\x00"},
    {"Cookie": "sessionid=" + "é" * 40 + "; csrftoken=;;;=; messages=["},
    {"Accept": "\x80/;q=x, */*;;"},
    {"HX-Request": "true", "HX-Current-URL": "http://[::"},
    {"HX-Request": "true", "HX-Target": "\x00"},
    {"HX-Request": "true", "HX-Current-URL": "javascript:alert(1)"},
    {"User-Agent": "\x00" + "x" * 9000},
    {"Referer": "http://[", "Origin": "null"},
    {"If-None-Match": "W/", "If-Modified-Since": "yesterday", "Range": "bytes=9-1"},
    {"X-Forwarded-For": "unknown, ::::, 999.1.1.1", "X-Forwarded-Proto": "gopher"},
    {"Content-Length": "-5"},
)

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
BAD_BODIES = (
    (FORM, b"a=%00"),
    (FORM, b"a=%ff"),
    (FORM, b"\xff\xfe\x00"),
    (FORM, b"&".join(b"f%d=1" % number for number in range(3000))),
    (FORM, b"a=" + b"x" * (3 * 1024 * 1024)),
    (FORM + "; charset=utf-16", b"a=1"),
    (FORM + "; charset=hex", b"a=1"),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"),
    (
        "multipart/form-data; boundary=x; charset=hex",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    ),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x00\r\n--x--'),
    ("multipart/form-data; boundary=" + "y" * 300, b"--y--"),
    ("application/json", b"{"),
    ("application/json", b'"\\u0000\\ud800"'),
    ("text/plain; =;;", b"x"),
    ("", b"\x00"),
)


def cookies_of(client):
    return {name: morsel.value for name, morsel in client.cookies.items()}


def check(response):
    """Read the answer to its end and return it as text; it must not be a fault of ours."""
    body = response.getvalue()
    path = response.request["PATH_INFO"]
    assert response.status_code < 500 or path == "/readyz", (response.status_code, path, body[:300])
    return body.decode(errors="replace")


def on_each_page(area, ask, *browsers):
    """Ask each page of an area, browsers and database being as they were at first; a failure names the page."""
    at_first = [cookies_of(browser) for browser in browsers]
    for page in (page for page in PAGES if area_of(page) == area):
        for browser, cookies in zip(browsers, at_first, strict=True):
            browser.cookies.clear()
            browser.cookies.load(cookies)
        try:
            with transaction.atomic():
                ask(page)
                transaction.set_rollback(True)
        except BaseException as fault:
            fault.add_note(f"The page was {page.view_name}: {page.path()}")
            raise
        caches["redis"].clear()  # copies of a session that is undone


@pytest.fixture(scope="module")
def session(rows_of_module):
    """The cookies of somebody who may do almost everything, so that requests reach the views."""
    with rows_of_module():
        return cookies_of(signed_in(make_member(make_partner(), *EVERYTHING)))


@pytest.fixture
def admin(session, db):
    """A new browser in that session, as it was at first; /readyz has seen a worker."""
    heartbeat()
    client = Client()
    client.cookies.load(session)
    yield client
    caches["redis"].clear()  # copies of a session that is undone


@pytest.mark.parametrize("area", AREAS)
def test_no_method_breaks_a_page(area, admin):
    stranger = Client()

    def ask(page):
        for method in METHODS_OF_VIEWS:
            check(admin.generic(method, page.path()))
        for method in ("GET", "POST"):
            stranger.cookies.clear()
            check(stranger.generic(method, page.path()))

    on_each_page(area, ask, admin)


@pytest.mark.parametrize("path", SAMPLE)
def test_no_method_breaks_what_every_page_goes_through(path, admin):
    for method in METHODS:
        check(admin.generic(method, path))
        check(Client().generic(method, path))


@pytest.mark.parametrize("area", AREAS)
def test_no_query_breaks_a_page(area, admin):
    def ask(page):
        check(admin.get(f"{page.path()}?{BAD_QUERIES[-1]}"))
        for value in VALUES:
            check(admin.get(f"{page.path()}?{urlencode(dict.fromkeys(PARAMETERS, value))}"))

    on_each_page(area, ask, admin)


@pytest.mark.parametrize("query", BAD_QUERIES)
@pytest.mark.parametrize("path", SAMPLE)
def test_no_query_breaks_what_every_page_goes_through(path, query, admin):
    check(admin.get(f"{path}?{query}"))


@pytest.mark.parametrize("area", AREAS)
def test_no_form_breaks_a_page(area, admin):
    def ask(page):
        fields = {*PARAMETERS, *FIELD.findall(check(admin.get(page.path())))}
        for value in VALUES:
            check(admin.post(page.path(), dict.fromkeys(fields, value)))
        check(admin.post(page.path(), dict.fromkeys(fields, "x"), headers={"HX-Request": "true"}))

    on_each_page(area, ask, admin)


def leads_to_a_view(path):
    with contextlib.suppress(Resolver404):
        return resolve(unquote(path))


@pytest.mark.parametrize("area", sorted({area_of(page) for page in PAGES if page.parameters}))
def test_no_id_breaks_a_page(area, admin):
    """Most ids are UUIDs, and nothing else reaches the view: the next test sends the rest once for all pages."""

    def ask(page):
        for value in BAD_IDS if page.parameters else ():
            path = page.path(**dict.fromkeys(page.parameters, value))
            if leads_to_a_view(path):
                check(admin.get(path))
                check(admin.post(path))

    on_each_page(area, ask, admin)


@pytest.mark.parametrize("value", BAD_IDS)
def test_no_id_breaks_the_answer_to_an_address_without_a_view(value, admin):
    path = f"/customers/{value}/"
    assert not leads_to_a_view(path)
    check(admin.get(path))
    check(admin.post(path))


def test_a_bad_id_does_reach_the_views_that_take_any_text():
    assert any(leads_to_a_view(page.path(**dict.fromkeys(page.parameters, "%00"))) for page in PAGES if page.parameters)


@pytest.mark.parametrize("area", AREAS)
def test_a_person_without_any_organization_breaks_no_page(area, db):
    nobody = Client()
    nobody.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")

    def ask(page):
        for headers in ({}, {"HX-Request": "true"}):
            check(nobody.get(page.path(), headers=headers))
            check(nobody.post(page.path(), headers=headers))

    on_each_page(area, ask, nobody)


@pytest.mark.parametrize("headers", BAD_HEADERS, ids=str)
@pytest.mark.parametrize("path", SAMPLE)
def test_no_header_breaks_a_page(path, headers, admin):
    session = admin.cookies.output(header="", sep=";").strip()
    check(admin.get(path, headers=headers))
    check(Client().get(path, headers=headers))
    if "Cookie" in headers:  # the good cookie and the bad one together
        check(Client().get(path, headers={"Cookie": f"{session}; {headers['Cookie']}"}))


@pytest.mark.parametrize(("content_type", "body"), BAD_BODIES)
@pytest.mark.parametrize("path", SAMPLE)
def test_no_body_breaks_a_page(path, content_type, body, admin):
    check(admin.generic("POST", path, body, content_type=content_type))
    check(Client().generic("POST", path, body, content_type=content_type))


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (FORM, b"a=%00", 400),
        (FORM, b"a=%ff", 400),
        (FORM, b"a=%EF%BF%BD", 200),  # the character that stands for a broken one may be typed
        (FORM, "a=år&b=東京".encode(), 200),
        (FORM, b"&".join(b"f%d=1" % number for number in range(2001)), 413),
        (FORM, b"a=" + b"x" * (2 * 1024 * 1024 + 1), 413),
        (FORM + "; charset=latin-1", b"a=%e9", 400),
        ("multipart/form-data", b"x", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x00\r\n--x--',
            400,
        ),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nok\r\n--x--', 200),
    ],
)
@pytest.mark.urls("tests.portal.core.faulty_urls")
def test_a_body_is_taken_or_refused_for_its_own_reason(content_type, body, status, db):
    response = Client().generic("POST", "/takes-forms/", body, content_type=content_type)

    assert response.status_code == status
    if status != 200:
        assert 'class="topbar"' in response.content.decode()


@pytest.mark.urls("tests.portal.core.faulty_urls")
def test_a_huge_upload_is_refused_by_its_announced_length_before_it_is_read(db):
    class NeverRead:
        def read(self, *_):
            raise AssertionError("the body was read")

        readline = read

    response = Client().post("/takes-forms/", CONTENT_LENGTH="104857600", **{"wsgi.input": NeverRead()})

    assert response.status_code == 413


def test_a_request_that_broke_off_is_a_400():
    def broken(*_):
        raise UnreadablePostError("gone")

    request = RequestFactory().post("/", b"a=b", content_type=FORM)
    request._stream.read = broken

    with pytest.raises(Exception, match="broke off"):
        MalformedRequestMiddleware(lambda _: None).process_view(request)
