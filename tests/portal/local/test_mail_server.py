import json
import re
import smtplib
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from portal.local.mail_server import MailFolder, parts
from portal.local.ports import answers, free_port
from tests import live
from tests.portal.local.helpers import eventually

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def portal_mail():
    mail = EmailMessage()
    mail["Subject"] = "Demande de relation envoyée à Åsa"
    mail["From"] = "Partner Portal <portal@localhost>"
    mail["To"] = "asa@example.com"
    mail["X-Portal-Event"] = "relationship-requested"
    mail.set_content("Bonjour Åsa,\nvoilà.\n")
    mail["Content-Language"] = "fr"  # Python's own mailer moves it into the first part, Django's leaves it at the top
    mail.add_alternative("<p>Bonjour <b>Åsa</b></p>\n", subtype="html")
    return mail


@pytest.fixture
def mail_server(tmp_path):
    """A mail server process; gives its port."""
    port = free_port()
    command = [sys.executable, "-m", "portal.local.mail_server", "--port", str(port), "--folder", str(tmp_path)]
    process = subprocess.Popen(command)
    try:
        assert eventually(lambda: answers(port))
        yield port
    finally:
        live.end(process)
    assert process.returncode == 0


def kept(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def test_a_mail_sent_by_smtp_is_kept_with_all_its_parts(mail_server, tmp_path):
    with smtplib.SMTP("127.0.0.1", mail_server) as client:
        client.send_message(portal_mail(), from_addr="bounce@localhost", to_addrs=["asa@example.com"])

    (mail,) = kept(tmp_path)
    sent_at = datetime.fromisoformat(mail.pop("sent_at"))
    assert datetime.now(UTC) - sent_at < timedelta(minutes=1)
    assert mail == {
        "id": mail["id"],
        "to": "asa@example.com",
        "from": "Partner Portal <portal@localhost>",
        "subject": "Demande de relation envoyée à Åsa",
        "language": "fr",
        "event": "relationship-requested",
        "text": "Bonjour Åsa,\nvoilà.\n",
        "html": "<p>Bonjour <b>Åsa</b></p>\n",
    }
    assert b"X-Portal-Event: relationship-requested" in (tmp_path / f"{mail['id']}.eml").read_bytes()


def test_a_connection_with_nonsense_does_not_stop_the_server(mail_server, tmp_path):
    with socket.create_connection(("127.0.0.1", mail_server)) as client:
        client.sendall(b"\xff\xfe\r\nDATA\r\n" + b"x" * 5000 + b"\r\n")
    with smtplib.SMTP("127.0.0.1", mail_server) as client:
        client.sendmail("a@localhost", ["b@localhost"], b"Subject: after\r\n\r\n" + b"long " * 50_000)

    assert [mail["subject"] for mail in kept(tmp_path)] == ["after"]


def test_names_sort_by_time_and_never_collide(tmp_path):
    folder = MailFolder(tmp_path)

    late = folder.keep(b"", sender="", recipients=[], now=NOON + timedelta(milliseconds=1))
    early = [folder.keep(b"", sender="", recipients=[], now=NOON) for _ in range(3)]

    assert sorted([late, *early])[-1] == late
    assert len(set(early)) == 3
    assert re.fullmatch(r"20261121T120000000000-[0-9a-f]{32}", early[0])


def test_a_reader_never_sees_a_draft(tmp_path):
    MailFolder(tmp_path).keep(b"Subject: x\n\ny", sender="a@b", recipients=["c@d"])

    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".eml", ".json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def test_without_a_sender_line_the_envelope_names_the_sender(tmp_path):
    MailFolder(tmp_path).keep(b"Subject: x\n\ny", sender="a@localhost", recipients=["b@localhost", "c@localhost"])

    (mail,) = kept(tmp_path)
    assert (mail["from"], mail["to"]) == ("a@localhost", "b@localhost, c@localhost")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", {"subject": "", "text": "", "html": ""}),
        (b"\x00\xff\xfe", {"subject": ""}),
        (b"no header at all", {"subject": ""}),
        (b"Subject: =?utf-8?q?caf=C3=A9?=\n\nx", {"subject": "café"}),
        (b"Subject: =?x-unknown?q?caf=E9?=\n\nx", {"subject": "=?x-unknown?q?caf=E9?="}),
        (b"Subject: raw caf\xc3\xa9\n\nx", {}),
        (b"Subject: in two\n lines\nContent-Language: sv\n\nx", {"subject": "in two lines", "language": "sv"}),
        (b"Content-Type: text/plain; charset=x-unknown\n\ncaf\xc3\xa9", {"text": "café"}),
        (b"Content-Type: text/plain; charset=utf-8\n\ncut \xc3", {"text": "cut \ufffd"}),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!not base64!", {}),
        (b"Content-Type: text/plain\n\nnul\x00 byte", {"text": "nul byte"}),
        (b"Content-Type: text/html\n\n<b>only html</b>", {"text": "", "html": "<b>only html</b>"}),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nunclosed",
            {"text": "unclosed"},
        ),
        (b"Content-Type: multipart/mixed\n\nno boundary", {"text": ""}),
        (b"Content-Type: nonsense\n\nstill text", {"text": "still text"}),
    ],
)
def test_an_odd_mail_is_kept_as_well_as_it_can_be_read(tmp_path, content, expected):
    mail_id = MailFolder(tmp_path).keep(content, sender="a@localhost", recipients=["b@localhost"])

    (mail,) = kept(tmp_path)
    assert {name: mail[name] for name in expected} == expected
    assert (tmp_path / f"{mail_id}.eml").read_bytes() == content


def test_an_attached_text_is_not_taken_for_the_body():
    mail = portal_mail()
    mail.add_attachment("a,b\n", subtype="plain", filename="list.txt")

    assert parts(mail.as_bytes())["text"] == "Bonjour Åsa,\nvoilà.\n"


def test_half_a_character_in_a_header_does_not_spoil_the_json(tmp_path):
    MailFolder(tmp_path).keep(b"Subject: \xed\xa0\x80\n\nx", sender="", recipients=["b@localhost"])

    (mail,) = kept(tmp_path)
    mail["subject"].encode("utf-8")
