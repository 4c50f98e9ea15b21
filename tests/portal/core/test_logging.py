"""Logs are JSON lines with one request id, and no secret stands in them (quality rows 21 and 23)."""

import io
import json
import logging
import uuid
from urllib.parse import urlencode

import pytest
import structlog
from django.test import Client

from portal.core.links import make_token
from portal.settings.logging import HIDDEN, hidden
from tests.factories import PASSWORD, make_member

TOKEN = "Zk3_-9xQwErTyUiOpAsDfGhJkLzXcVbNm1234567890"


@pytest.fixture
def logged():
    """Return a function that gives every line the root logger has written, as the handler of the settings does."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    "text",
    [
        f"GET /account-settings/join/{TOKEN}/",
        "/invitations/accept/short-but-secret/",
        "POST /account/password/reset/key/4f-c8h2x1-0123456789abcdef/",
        f"Authorization: Bearer {TOKEN}",
        f"https://portal.example/callback?code={TOKEN[:12]}&state=xyz12",
        f'{{"password": "{TOKEN[:8]}", "a": 1}}',
        f"csrfmiddlewaretoken={TOKEN[:20]}&email=a@b.example",
        f"psycopg.errors: Key (token_hash)=({'ab12' * 16}) exists",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text):
    shown = hidden(text)

    assert HIDDEN in shown
    for secret in (
        TOKEN,
        TOKEN[:20],
        TOKEN[:12],
        TOKEN[:8],
        "short-but-secret",
        "0123456789abcdef",
        "ab12ab12",
        "xyz12",
    ):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /customers/0b5f6f62-8a4e-4f0e-9c0e-2f1a7f1f1a11/",
        "/srv/app/lib/python3.11/site-packages/django/core/handlers/exception.py",
        "test_a_long_name_of_a_function_that_stands_in_a_traceback_somewhere",
        "The mail server cannot be reached: [Errno 111] Connection refused",
        "2026-11-20T12:00:00.000000Z",
    ],
)
def test_what_an_operator_needs_stays(text):
    assert hidden(text) == text


def test_secrets_inside_lists_and_dictionaries_are_hidden_too():
    assert hidden({"a": [f"token={TOKEN}", 5, None], "b": (TOKEN,)}) == {
        "a": [f"token={HIDDEN}", 5, None],
        "b": [HIDDEN],
    }


def test_a_request_leaves_one_line_with_its_id_and_without_its_query(logged, db):
    Client().get("/account/login/?q=what-somebody-searched", headers={"X-Request-ID": "request-12345"})

    (line,) = [line for line in logged() if line["event"] == "request_finished"]
    assert line["request_id"] == "request-12345"
    assert line["request"] == "GET /account/login/"
    assert line["code"] == 200
    assert line["duration_ms"] >= 0
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(("proxies", "named"), [(0, "127.0.0.1"), (1, "203.0.113.5")])
def test_the_line_names_the_address_that_our_own_proxies_vouch_for(logged, db, settings, proxies, named):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies

    Client().get("/account/login/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.5"})

    assert logged()[-1]["ip"] == named


def test_the_line_names_the_person_by_id_alone(logged, client_for):
    member = make_member()

    client_for(member).get("/")

    (line,) = [line for line in logged() if line["event"] == "request_finished"]
    assert line["user_id"] == str(member.user_id)
    assert member.user.email not in json.dumps(line)


@pytest.mark.urls("tests.portal.core.faulty_urls")
def test_a_bug_is_logged_with_its_traceback_and_the_same_id(logged):
    Client(raise_request_exception=False).get("/raises/bug/", headers={"X-Request-ID": "request-67890"})

    (line,) = [line for line in logged() if line["level"] == "error"]
    assert line["request_id"] == "request-67890"
    assert "ValueError" in line["exception"]


@pytest.mark.urls("tests.portal.core.faulty_urls")
def test_an_absent_database_is_one_line_without_a_traceback(logged):
    Client(raise_request_exception=False).get("/raises/away/")

    lines = [line for line in logged() if line["level"] != "info"]
    assert [line["event"] for line in lines] == ["database_away"]
    assert "exception" not in lines[0]


def test_probes_leave_no_line(logged, db):
    for path in ("/healthz", "/readyz", "/metrics"):
        Client().get(path)

    assert logged() == []


def test_a_traceback_hides_the_secrets_in_it(logged):
    try:
        raise ValueError(f"cannot use token={TOKEN}")
    except ValueError:
        logging.getLogger("any.library").exception("It failed with %s", TOKEN)
        structlog.get_logger("ours").exception("it_failed", link=f"/join/{TOKEN}/")

    written = json.dumps(logged())
    assert "ValueError" in written
    assert TOKEN not in written


def test_canaries_sent_in_every_place_of_a_request_appear_in_no_line(logged, db):
    member = make_member()
    canaries = {
        place: f"Canary-{place}-{uuid.uuid4().hex}-{make_token()}"
        for place in ("path", "query", "form", "cookie", "header")
    }
    visitor = Client(raise_request_exception=False)
    visitor.cookies["sessionid"] = canaries["cookie"]

    for path in (
        f"/account/password/reset/key/{canaries['path']}/",
        f"/account-settings/join/{canaries['path']}/",
        "/account/login/",
    ):
        visitor.get(
            f"{path}?{urlencode({'token': canaries['query'], 'next': canaries['query']})}",
            headers={"Authorization": f"Bearer {canaries['header']}"},
        )
        visitor.post(path, {"password": canaries["form"], "password1": canaries["form"], "login": member.user.email})
    visitor.post("/account/login/", {"login": member.user.email, "password": PASSWORD})

    written = json.dumps(logged())
    assert "request_finished" in written
    for canary in (*canaries.values(), PASSWORD):
        assert canary not in written
        assert canary[-20:] not in written


def test_a_task_goes_on_under_the_request_id_of_the_page(logged):
    """django-structlog carries the context in the message's headers; here both ends run in one process."""
    from django_structlog.celery.receivers import CeleryReceiver

    receiver, headers = CeleryReceiver(), {}
    with structlog.contextvars.bound_contextvars(request_id="request-abcde"):
        receiver.receiver_before_task_publish(headers=headers)

    assert headers["__django_structlog__"]["request_id"] == "request-abcde"
