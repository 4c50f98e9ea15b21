"""One request id from page to task to mail, and no token in any log, seen from outside on real processes."""

import json
import re
import time

import pytest

from portal.audit.models import AuditEvent
from tests import live
from tests.factories import make_user
from tests.portal.notifications.mail_server import TestMailServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
REQUEST_ID = "trace-me-0123456789"


@pytest.fixture
def mail_server():
    server = TestMailServer()
    server.start()
    yield server
    server.stop()


def lines(log):
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_a_request_can_be_followed_into_the_mailbox_and_its_token_nowhere(tmp_path, mail_server):
    user = make_user()
    variables = live.environment(EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}")
    with live.Site(tmp_path, variables) as site, live.worker(tmp_path, variables) as worker_log:
        page = site.ask("/account/password/reset/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        cookie = re.search(r"csrftoken=[^;]+", page.headers["set-cookie"])[0]
        answer = site.ask(
            "/account/password/reset/",
            method="POST",
            headers={"Cookie": cookie, "X-Request-ID": REQUEST_ID},
            form={"csrfmiddlewaretoken": token, "email": user.email},
        )
        assert answer.status == 302
        assert answer.headers["x-request-id"] == REQUEST_ID
        end = time.monotonic() + live.PATIENCE_SECONDS
        while not mail_server.mails and time.monotonic() < end:
            time.sleep(0.2)
        (mail,) = mail_server.mails
        link = re.search(
            r"http://127\.0\.0\.1:\d+(/account/password/reset/\S+)", mail.get_body(("plain",)).get_content()
        )[1]
        site.ask(f"{link}?next={link}")  # a link opened, as its owner will
        site.ask("/nowhere" + link)
    web, worker = site.log, worker_log.read_text()  # both have ended, so they have said everything

    assert mail["X-Request-ID"] == REQUEST_ID
    assert AuditEvent.objects.get(subject_id=str(user.pk)).request_id == REQUEST_ID
    assert [line["request"] for line in lines(web) if line.get("request_id") == REQUEST_ID and "request" in line] == [
        "POST /account/password/reset/"
    ]
    followed = [line for line in lines(worker) if line.get("request_id") == REQUEST_ID]
    assert {"task_started", "email_sent", "task_succeeded"} <= {line["event"] for line in followed}

    secret = link.rstrip("/").rpartition("/")[2]
    assert len(secret) > 20
    for text in (web, worker):
        assert secret not in text
        assert token not in text
        assert user.email not in text
