"""Security headers stand on every answer, whatever it is (quality row 24)."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.portal.core.faulty_urls")

PATHS = [
    "/fine/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/account/login/",
    "/nowhere/",
    "/raises/bug/",
    "/raises/away/",
    "/raises/forbidden/",
    "/raises/suspicious/",
    "/raises/refused/",
    "/takes-forms/",
    "/unmarked/",
    "/?q=%00",
    "/" + "a" * 7000,
]


@pytest.fixture
def visitor(db):
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(visitor, path):
    headers = visitor.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy


def test_a_host_that_is_not_ours_is_refused_with_the_headers(visitor):
    response = visitor.get("/fine/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_methods_that_no_page_answers_are_refused_with_the_headers(visitor):
    response = visitor.generic("TRACE", "/fine/", headers={"Cookie": "session=secret"})

    assert response.status_code == 405
    assert "secret" not in response.content.decode()
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/account/login/", "/nowhere/", "/raises/bug/"])
def test_no_page_holds_a_script_or_style_in_line(visitor, path):
    page = visitor.get(path).content.decode()

    scripts = re.findall(r"<script\b[^>]*>", page)
    assert all(" src=" in script or 'type="application/json"' in script for script in scripts)
    assert "<style" not in page
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert not re.search(r"<[^>]+\son[a-z]+=", page)


@pytest.mark.parametrize("given", ["a-proxy.Made_this-1", "0123456789"])
def test_a_sensible_request_id_is_kept(visitor, given):
    assert visitor.get("/fine/", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "new\tline", "<script>alert(1)</script>", "é" * 10])
def test_any_other_request_id_is_replaced(visitor, given):
    answered = visitor.get("/fine/", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert answered != given
    assert re.fullmatch(r"[0-9a-f-]{36}", answered)
