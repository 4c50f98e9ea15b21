"""A relationship request is mailed while no mail server answers: the page says so, and the mail goes out once."""

import contextlib
import datetime
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from customers.models import RelationshipInvitation
from portal.accounts.enums import Role
from portal.local.ports import answers, free_port
from portal.notifications.enums import EmailStatus, Undelivered
from portal.notifications.models import OutgoingEmail
from tests import live
from tests.factories import make_member, make_partner
from tests.portal.local.helpers import eventually
from tests.portal.notifications.builders import make_email
from tests.portal.notifications.test_worker import Worker

REQUESTS, NEW = "/customers/requests/", "/customers/requests/new/"
ADDRESS = "marie@dupont.example"


def mail_request(browser):
    """Create a request and send its message from the portal, by the pages; return it with its mail."""
    terms = {"customer_label": "Dupont", "language": "fr", "recipient_email": ADDRESS}
    message = browser.post(NEW, terms).headers["Location"]
    form = browser.get(message).context["form"]
    assert browser.post(message, {name: form[name].value() for name in form.fields}).status_code == 302
    return RelationshipInvitation.objects.get(), OutgoingEmail.objects.get(recipient=ADDRESS)


def page_of(browser, invitation):
    return browser.get(f"{REQUESTS}{invitation.pk}/").content.decode()


@contextlib.contextmanager
def captured_mails(port, folder):
    """Run the mail server of the embedded run; yield a function that reads what it took."""
    command = [sys.executable, "-m", "portal.local.mail_server", "--port", str(port), "--folder", str(folder)]
    process = subprocess.Popen(command)
    try:
        assert eventually(lambda: answers(port))
        yield lambda: [json.loads(path.read_text()) for path in folder.glob("*.json")]
    finally:
        live.end(process)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_mail_waits_for_the_mail_server_and_then_goes_out_once(client_for, tmp_path):
    partner = make_partner()
    browser = client_for(make_member(partner, Role.SALES_AGENT))
    port = free_port()
    worker = Worker(tmp_path, SimpleNamespace(port=port), processes=2)
    worker.start()
    try:
        invitation, mail = mail_request(browser)
        worker.ask("notifications.send_waiting", until=lambda: reason(mail) == Undelivered.SERVER_AWAY)
        assert attempts(mail) == 1

        page = page_of(browser, invitation)
        assert f"The mail to {ADDRESS} is not out yet." in page
        assert str(Undelivered.SERVER_AWAY.label) in page
        assert "Mail not out yet" in browser.get(REQUESTS).content.decode()

        with captured_mails(port, tmp_path / "mails") as read:
            OutgoingEmail.objects.filter(pk=mail.pk).update(next_attempt_at=timezone.now())  # its wait is over
            worker.ask("notifications.sweep", until=lambda: status(mail) == EmailStatus.SENT)
            assert len(read()) == 1
            for _number in range(3):
                current_app.send_task("notifications.sweep", queue=worker.queue)
            later = make_email("later@example.com", now=timezone.now())
            worker.ask("notifications.sweep", until=lambda: status(later) == EmailStatus.SENT)

            taken = [kept for kept in read() if kept["to"] == ADDRESS]
    finally:
        worker.kill()

    assert len(taken) == 1, "the mail went out more than once"
    page = page_of(browser, invitation)
    assert "is not out yet" not in page
    assert "Mail not out yet" not in browser.get(REQUESTS).content.decode()
    mail.refresh_from_db()
    assert (mail.attempts, mail.sealed_secrets) == (2, None)
    (link,) = re.findall(r"http://testserver(/admin-center/\S+)", taken[0]["text"])
    assert partner.name in Client().get(link, follow=True).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("status", [EmailStatus.FAILED, EmailStatus.UNCONFIRMED])
def test_a_mail_that_is_lost_is_said_with_the_way_out(status, client_for):
    browser = client_for(make_member(make_partner(), Role.SALES_AGENT))
    invitation, mail = mail_request(browser)
    started = timezone.now() if status == EmailStatus.UNCONFIRMED else None
    OutgoingEmail.objects.filter(pk=mail.pk).update(
        status=status, reason=Undelivered.REFUSED, next_attempt_at=None, started_at=started
    )

    page = page_of(browser, invitation)

    assert f"The mail to {ADDRESS} did not arrive" in page
    assert str(Undelivered.REFUSED.label) in page
    assert "Send again" in page


@pytest.mark.django_db
def test_only_the_newest_mail_of_a_request_counts(client_for):
    browser = client_for(make_member(make_partner(), Role.SALES_AGENT))
    invitation, mail = mail_request(browser)
    OutgoingEmail.objects.filter(pk=mail.pk).update(
        status=EmailStatus.FAILED, reason=Undelivered.SERVER_AWAY, next_attempt_at=None
    )
    again = browser.post(f"{REQUESTS}{invitation.pk}/resend/").headers["Location"]
    form = browser.get(again).context["form"]
    browser.post(again, {name: form[name].value() for name in form.fields})
    now = timezone.now()
    OutgoingEmail.objects.filter(recipient=ADDRESS, status=EmailStatus.WAITING).update(
        status=EmailStatus.SENT, sent_at=now, started_at=now, next_attempt_at=None, sealed_secrets=None
    )

    assert "mail-not-out" not in page_of(browser, invitation)
    assert "Mail not out yet" not in browser.get(REQUESTS).content.decode()


def attempts(mail):
    return OutgoingEmail.objects.get(pk=mail.pk).attempts


def reason(mail):
    return OutgoingEmail.objects.get(pk=mail.pk).reason


def status(mail):
    return OutgoingEmail.objects.get(pk=mail.pk).status


@pytest.mark.django_db
def test_a_mail_that_was_just_written_is_no_cause_for_alarm_but_one_that_waits_is(client_for):
    browser = client_for(make_member(make_partner(), Role.SALES_AGENT))
    invitation, mail = mail_request(browser)
    assert "mail-not-out" not in page_of(browser, invitation)
    assert "Mail not out yet" not in browser.get(REQUESTS).content.decode()

    OutgoingEmail.objects.filter(pk=mail.pk).update(created_at=timezone.now() - datetime.timedelta(minutes=2))

    assert "mail-not-out" in page_of(browser, invitation)
    assert "Mail not out yet" in browser.get(REQUESTS).content.decode()
