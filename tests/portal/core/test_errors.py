"""Whatever goes wrong is answered in the shell, with a way on."""

import json

import pytest
from django.test import Client

from portal.core import error_views

pytestmark = pytest.mark.urls("tests.portal.core.faulty_urls")


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def in_shell(response):
    return 'class="topbar"' in response.content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere/", 404),
        ("/raises/forbidden/", 403),
        ("/raises/suspicious/", 400),
        ("/raises/refused/", 409),
        ("/raises/invalid/", 422),
        ("/?q=%00", 400),
        ("/" + "a" * 7000, 414),
    ],
)
def test_a_mistake_is_answered_in_the_shell(visitor, path, status, db):
    response = visitor.get(path)

    assert response.status_code == status
    assert in_shell(response)
    assert "<h1" in response.content.decode()


def test_a_wrong_method_names_the_right_ones(visitor, db):
    response = visitor.get("/takes-forms/")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert in_shell(response)


def test_a_form_from_a_foreign_page_is_refused_in_words(db):
    response = Client(enforce_csrf_checks=True).post("/takes-forms/", {"a": "b"})

    assert response.status_code == 403
    assert in_shell(response)
    assert "no longer valid" in response.content.decode()


def test_a_bug_is_a_500_that_tells_nothing_but_its_number(visitor):
    response = visitor.get("/raises/bug/", headers={"X-Request-ID": "number-to-quote"})

    assert response.status_code == 500
    assert "canary-in-the-message" not in response.content.decode()
    assert "number-to-quote" in response.content.decode()


def test_a_mistake_in_a_query_is_a_bug_and_no_absent_database(visitor):
    assert visitor.get("/raises/query/").status_code == 500


@pytest.mark.parametrize("kind", ["away", "closed"])
def test_an_absent_database_is_a_503_that_says_when_to_come_back(visitor, kind):
    response = visitor.get(f"/raises/{kind}/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == str(error_views.RETRY_AFTER_SECONDS)
    assert "Back in a moment" in response.content.decode()


def test_an_absent_database_is_a_message_where_htmx_asked(visitor):
    response = visitor.get("/raises/away/", headers={"HX-Request": "true"})

    assert response.status_code == 503
    assert response.headers["HX-Retarget"] == "#messages"
    assert response.headers["Retry-After"]
    assert "<html" not in response.content.decode().lower()
    assert "cannot reach its database" in response.content.decode()


@pytest.mark.parametrize(("kind", "status", "code"), [("away", 503, "database-away"), ("bug", 500, "internal-error")])
def test_a_program_gets_its_faults_as_json(visitor, kind, status, code):
    response = visitor.get(f"/raises/{kind}/", headers={"Accept": "application/json"})

    assert response.status_code == status
    assert json.loads(response.content)["code"] == code


@pytest.mark.parametrize("path", ["/nowhere/", "/raises/away/", "/raises/bug/", "/?q=%00"])
@pytest.mark.parametrize(
    ("language", "text"), [("fr-FR,fr;q=0.9", 'lang="fr"'), ("sv", 'lang="sv"'), ("xx", 'lang="en"')]
)
def test_an_error_speaks_the_browser_s_language_whatever_the_thread_spoke_before(visitor, path, language, text, db):
    visitor.get("/nowhere/", headers={"Accept-Language": "sv" if "fr" in language else "fr"})

    assert text in visitor.get(path, headers={"Accept-Language": language}).content.decode()


def test_a_view_that_nobody_marked_opens_for_nobody(visitor, db):
    response = visitor.get("/unmarked/")

    assert response.status_code == 403
    assert in_shell(response)


def test_a_head_request_gets_the_same_answer_without_a_body(visitor, db):
    response = visitor.head("/nowhere/")

    assert response.status_code == 404
    assert response.content == b""
