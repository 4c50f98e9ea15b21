import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from portal.local import mailbox
from portal.local.mail_server import MailFolder

pytestmark = pytest.mark.django_db
MAILBOX = "/mailbox/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def folder(tmp_path, settings):
    mailbox._load.cache_clear()
    settings.MAILBOX_DIR = str(tmp_path)
    return MailFolder(tmp_path)


@pytest.fixture
def client():
    return Client()


def keep(folder, number=0, *, to="ada@example.com", subject="Hello", text="Hello", html="<p>Hello</p>"):
    """Let the capture server keep a mail as the outbox sends it."""
    content = (
        f"From: Portal <portal@example.com>\r\nTo: {to}\r\nSubject: {subject}\r\nContent-Language: sv\r\n"
        "X-Portal-Event: user-invited\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
    ).encode()
    return folder.keep(content, sender="portal@example.com", recipients=[to], now=NOON + timedelta(minutes=number))


def text(response):
    return response.content.decode()


def test_messages_json_is_what_the_contract_says(folder, client):
    first, second = keep(folder, 1, to="a@example.com"), keep(folder, 2, to="b@example.com")

    mails = client.get(MAILBOX + "messages.json").json()

    assert [mail["id"] for mail in mails] == [second, first]
    assert set(mails[0]) == {"id", "to", "from", "subject", "language", "text", "html", "sent_at", "event"}
    assert mails[0] | {"id": ""} == {
        "id": "",
        "to": "b@example.com",
        "from": "Portal <portal@example.com>",
        "subject": "Hello",
        "language": "sv",
        "text": mails[0]["text"],
        "html": mails[0]["html"],
        "sent_at": "2026-11-20T12:02:00Z",
        "event": "user-invited",
    }
    assert mails[0]["text"].strip() == "Hello"


def test_an_empty_mailbox_says_so(folder, client):
    assert client.get(MAILBOX + "messages.json").json() == []
    assert "No mail yet" in text(client.get(MAILBOX))


def test_without_a_folder_there_is_no_mailbox(settings, client):
    settings.MAILBOX_DIR = None
    for path in ("", "messages.json", "20261120/", "20261120/html/"):
        assert client.get(MAILBOX + path).status_code == 404


def test_the_list_is_newest_first_paged_searched_and_filtered(folder, client):
    for number in range(30):
        keep(folder, number, to=f"p{number % 3}@example.com", subject=f"Mail {number}", text=f"word{number}x")

    def shown(query=""):
        return [mail["subject"] for mail in client.get(MAILBOX + query).context["mails"]]

    assert shown()[:2] == ["Mail 29", "Mail 28"]
    assert len(shown()) == mailbox.PAGE_SIZE
    assert shown("?page=2") == [f"Mail {number}" for number in range(4, -1, -1)]
    assert shown("?page=999") == shown("?page=bogus&page=2")
    assert shown("?q=WORD7X") == ["Mail 7"]
    assert shown("?to=p1@example.com&page=1") == [f"Mail {number}" for number in range(28, 0, -3)]
    assert "No mail matches" in text(client.get(MAILBOX + "?q=nothing-like-this"))


def test_the_page_asks_again_and_gets_an_answer_only_when_there_is_a_newer_mail(folder, client):
    keep(folder, 1)
    poll = client.get(MAILBOX).context["poll_url"]

    assert client.get(poll, headers=HTMX).status_code == 204

    keep(folder, 2, subject="Second")
    answer = client.get(poll, headers=HTMX)
    assert answer.status_code == 200
    assert "Second" in text(answer)
    assert "<html" not in text(answer)
    assert answer.context["poll_url"] != poll


def test_asking_again_keeps_the_filters_and_stops_on_later_pages(folder, client):
    for number in range(30):
        keep(folder, number)

    assert "q=Hello" in client.get(MAILBOX + "?q=Hello").context["poll_url"]
    assert client.get(MAILBOX + "?page=2").context["poll_url"] == ""


def test_a_mail_shows_both_parts_and_its_links(folder, client):
    mail_id = keep(folder, text="Open https://portal.example/join/abc?x=1 now", html="<p>its own words</p>")

    response = client.get(f"{MAILBOX}{mail_id}/")

    assert '<a href="https://portal.example/join/abc?x=1"' in text(response)
    assert f'src="{MAILBOX}{mail_id}/html/"' in text(response)
    assert "its own words" not in text(response)
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe-inline" not in response["Content-Security-Policy"]


def test_the_html_part_is_shut_in(folder, client):
    mail_id = keep(folder, html='<html><head></head><body><script>alert(1)</script><a href="/x">x</a></body></html>')

    response = client.get(f"{MAILBOX}{mail_id}/html/")

    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'unsafe-inline'"
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "script-src" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Content-Language"] == "sv"
    assert '<head><base target="_blank"></head>' in text(response)


def test_scripts_in_subject_and_text_are_text(folder, client):
    mail_id = keep(folder, subject="<script>alert(1)</script>", text="<img src=x onerror=alert(1)>")

    for path in (MAILBOX, f"{MAILBOX}{mail_id}/"):
        assert "<script>alert(1)" not in text(client.get(path))
        assert "<img src=x" not in text(client.get(path))


@pytest.mark.parametrize("mail_id", ["nothing", "..%2F..%2Fetc%2Fpasswd", "..", "a.json"])
def test_an_unknown_or_crooked_id_is_a_404(folder, client, mail_id):
    (folder.folder.parent / "secret.json").write_text("{}")
    for path in (f"{MAILBOX}{mail_id}/", f"{MAILBOX}{mail_id}/html/"):
        assert client.get(path).status_code == 404


def test_half_written_and_broken_files_are_passed_over(folder, client):
    keep(folder, 1)
    (folder.folder / "20261120-broken.json").write_text("{")
    (folder.folder / "20261120-list.json").write_text("[]")
    (folder.folder / ".20261120.json").write_text("{}")

    assert len(client.get(MAILBOX + "messages.json").json()) == 1
    assert client.get(MAILBOX).status_code == 200
    assert client.get(MAILBOX + "20261120-broken/").status_code == 404


def test_production_does_not_know_the_mailbox():
    program = (
        "import django; django.setup(); from django.urls import resolve; from django.conf import settings;"
        "assert not settings.MAILBOX_DIR and not settings.DEMO; resolve('/mailbox/')"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings.production",
        "SECRET_KEY": secrets.token_hex(40),
        "BASE_URL": "https://portal.example",
        "ALLOWED_HOSTS": "portal.example",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "MAIL_FROM": "portal@portal.example",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "MAILBOX_DIR": "/tmp",
    }
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert "Resolver404" in result.stderr
