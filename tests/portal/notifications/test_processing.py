import datetime
import threading
from email.utils import parsedate_to_datetime

import pytest
from django.db import IntegrityError, connection, connections, transaction

from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core import sealing
from portal.notifications import processing, queries, rules
from portal.notifications.enums import ActionKind, EmailStatus, NotificationEvent, Undelivered
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.portal.notifications.builders import make_email, make_event, queue_sample

pytestmark = pytest.mark.django_db
LINK = "https://portal.example/join/canary-0123456789abcdef?a=1&b=2"


def send(now=NOON):
    return processing.send_waiting(clock=lambda: now)


def statuses():
    return sorted(OutgoingEmail.objects.values_list("status", flat=True))


def test_a_waiting_mail_is_sent_once_and_notes_when(mail_server):
    email = make_email("ada@example.com", subject="Grüße", text="Zwölf\n", html="<p>Zwölf</p>")

    send()
    send()

    assert mail_server.recipients == ["ada@example.com"]
    email.refresh_from_db()
    assert (email.status, email.sent_at, email.attempts) == (EmailStatus.SENT, NOON, 1)


def test_the_message_says_what_it_is_and_speaks_for_itself(mail_server, settings):
    settings.DEFAULT_FROM_EMAIL = "Partner Portal <portal@portal.example>"
    email = make_email("ada@example.com", subject="Grüße", text="Zwölf\n", html="<p>Zwölf</p>", language="sv")

    send()

    [message] = mail_server.mails
    assert message["From"] == "Partner Portal <portal@portal.example>"
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == f"<{email.pk}@portal.example>"
    assert message["Content-Language"] == "sv"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Portal-Event"] == email.event_type
    assert message["X-Portal-Event-Id"] == str(email.event_id)
    assert parsedate_to_datetime(message["Date"])
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().strip() == "Zwölf"
    assert "<p>Zwölf</p>" in message.get_body(("html",)).get_content()


def test_a_batch_uses_one_connection_and_a_refused_recipient_does_not_stop_it(mail_server):
    for number in range(5):
        make_email(f"p{number}@example.com", now=NOON + datetime.timedelta(seconds=number))
    mail_server.answers["p1@example.com"] = "450 4.2.1 Try later"
    mail_server.answers["p2@example.com"] = "550 5.1.1 No such user"

    send(NOON + datetime.timedelta(minutes=1))

    assert mail_server.connections == 1
    assert mail_server.recipients == ["p0@example.com", "p3@example.com", "p4@example.com"]
    assert statuses() == ["failed", "sent", "sent", "sent", "waiting"]


def test_secrets_are_filled_in_at_the_hand_over_and_forgotten_after_it(mail_server):
    email = queue_sample("ada@example.com", secrets={"link": LINK})["ada@example.com"]

    send()

    [message] = mail_server.mails
    assert LINK in message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert f'href="{LINK.replace("&", "&amp;")}"' in html
    assert "[[secret" not in html
    email.refresh_from_db()
    assert email.sealed_secrets is None
    assert "canary" not in email.text + email.html


def test_a_secret_that_the_server_quotes_reaches_neither_row_nor_log_nor_audit(mail_server, capfd, caplog):
    queue_sample("ada@example.com", event=make_event([make_partner()]), secrets={"link": LINK})
    mail_server.answers["DATA"] = f"550 5.7.1 Blocked address: {LINK}"

    send()

    with connection.cursor() as cursor:
        for table in ("notifications_outgoingemail", "audit_auditevent", "notifications_actionitem"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%canary%'")
            assert cursor.fetchone() == (0,)
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "email_not_handed_over" in logged
    assert "canary" not in logged
    assert "[[secret:link" in OutgoingEmail.objects.get().last_error


def test_secrets_that_cannot_be_read_any_more_fail_the_mail_and_send_nothing(mail_server, settings):
    queue_sample("ada@example.com", secrets={"link": LINK})
    settings.SECRET_KEY = "another" + "x" * 50

    send()

    assert mail_server.mails == []
    assert OutgoingEmail.objects.get().status == EmailStatus.FAILED
    assert OutgoingEmail.objects.get().reason == Undelivered.UNREADABLE


@pytest.mark.parametrize("where", ["RCPT", "DATA"])
def test_a_refusal_for_now_lets_the_mail_wait_longer_each_time_and_fails_after_72_hours(mail_server, where):
    email = make_email(event=make_event([make_partner()]))
    mail_server.answers[where] = "451 4.7.1 Greylisted"
    now, waits = NOON, []

    while True:
        send(now)
        email.refresh_from_db()
        if email.status != EmailStatus.WAITING:
            break
        assert "Greylisted" in email.last_error
        waits.append(email.next_attempt_at - now)
        send(email.next_attempt_at - datetime.timedelta(seconds=1))  # too early: nothing happens
        now = email.next_attempt_at

    assert waits == sorted(waits)
    assert len(waits) == len(rules.RETRY_MINUTES)
    assert email.status == EmailStatus.FAILED
    assert email.attempts == len(rules.RETRY_MINUTES) + 1
    assert datetime.timedelta(hours=64) < now - NOON < datetime.timedelta(hours=80)


def test_the_waits_add_up_to_72_hours_and_differ_between_mails():
    assert sum(rules.RETRY_MINUTES) == 72 * 60
    ids = [make_email(f"p{number}@example.com").pk for number in range(20)]
    times = {rules.next_attempt_at(attempts=5, email_id=pk, now=NOON) for pk in ids}
    assert len(times) > 15
    wait = datetime.timedelta(minutes=rules.RETRY_MINUTES[4])
    assert all(0.9 * wait <= time - NOON <= 1.1 * wait for time in times)


def test_a_refusal_for_good_fails_the_mail_at_once(mail_server):
    email = make_email()
    mail_server.answers["RCPT"] = "550 5.1.1 No such user"

    send()

    email.refresh_from_db()
    assert (email.status, email.last_error) == (EmailStatus.FAILED, "550 5.1.1 No such user")
    assert processing.sweep(now=NOON + datetime.timedelta(days=9)) is False


def test_an_unreachable_server_keeps_every_mail_waiting_and_costs_one_of_them_a_try(mail_server):
    for number in range(3):
        make_email(f"p{number}@example.com")
    mail_server.stop()

    send()

    assert statuses() == ["waiting"] * 3
    assert sorted(OutgoingEmail.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert OutgoingEmail.objects.get(attempts=1).reason == Undelivered.SERVER_AWAY


def test_a_server_that_says_it_closes_ends_the_batch_without_losing_a_mail(mail_server):
    make_email("a@example.com")
    make_email("b@example.com")
    mail_server.answers["RCPT"] = "421 4.3.2 Closing down"

    send()

    assert statuses() == ["waiting", "waiting"]
    assert mail_server.connections == 1


def test_a_line_cut_before_the_content_is_a_clean_refusal(mail_server):
    email = make_email()
    mail_server.cut = "RCPT"

    send()

    email.refresh_from_db()
    assert email.status == EmailStatus.WAITING
    assert email.reason == Undelivered.SERVER_AWAY


def test_a_line_cut_after_the_content_leaves_the_mail_unconfirmed_and_it_is_never_sent_again(mail_server):
    email = make_email()
    mail_server.cut = "DATA"

    send()

    email.refresh_from_db()
    assert (email.status, email.reason) == (EmailStatus.UNCONFIRMED, Undelivered.CUT_OFF)
    mail_server.cut = ""
    for hours in (1, 100, 1000):
        later = NOON + datetime.timedelta(hours=hours)
        processing.sweep(now=later)
        send(later)
    assert len(mail_server.mails) == 1


def test_a_server_that_hangs_after_the_content_leaves_the_mail_unconfirmed(mail_server, settings):
    settings.EMAIL_TIMEOUT = 0.5
    make_email("a@example.com")
    make_email("b@example.com", now=NOON + datetime.timedelta(seconds=1))
    mail_server.hang_at = 0

    send(NOON + datetime.timedelta(minutes=1))

    assert statuses() == ["unconfirmed", "waiting"]


def test_a_server_that_keeps_cutting_the_line_is_left_alone_for_a_while(mail_server):
    for number in range(6):
        make_email(f"p{number}@example.com")
    mail_server.cut = "DATA"

    for _round in range(6):
        send()
    assert statuses() == ["unconfirmed"] * 3 + ["waiting"] * 3

    mail_server.cut = ""
    send(NOON + rules.SUSPECT_FOR + datetime.timedelta(seconds=1))
    assert statuses() == ["sent"] * 3 + ["unconfirmed"] * 3


@pytest.mark.parametrize("recipient", ["ada@example.com\nBcc: all@example.com", ""])
def test_an_address_that_is_none_fails_and_injects_nothing(mail_server, recipient):
    make_email(recipient)
    make_email("good@example.com", now=NOON + datetime.timedelta(seconds=1))

    send(NOON + datetime.timedelta(minutes=1))

    assert mail_server.recipients == ["good@example.com"]
    assert statuses() == ["failed", "sent"]


def test_the_sweeper_marks_an_abandoned_hand_over_unconfirmed_after_the_time_of_grace():
    email = make_email(status=EmailStatus.SENDING)

    processing.sweep(now=NOON + rules.UNCONFIRMED_AFTER)
    email.refresh_from_db()
    assert email.status == EmailStatus.SENDING

    processing.sweep(now=NOON + rules.UNCONFIRMED_AFTER + datetime.timedelta(seconds=1))
    email.refresh_from_db()
    assert (email.status, email.reason) == (EmailStatus.UNCONFIRMED, Undelivered.PROCESS_ENDED)


def test_a_confirmation_that_comes_after_the_sweeper_still_counts():
    make_email()
    claimed = processing.claim_next(now=NOON)
    processing.sweep(now=NOON + datetime.timedelta(hours=1))

    processing.confirm(email=claimed, now=NOON + datetime.timedelta(hours=1))

    assert statuses() == ["sent"]


def test_a_late_refusal_does_not_undo_what_happened_since():
    make_email()
    claimed = processing.claim_next(now=NOON)
    processing.sweep(now=NOON + datetime.timedelta(hours=1))

    processing.put_back(
        email=claimed, reason=Undelivered.REFUSED, answer="451 later", now=NOON + datetime.timedelta(hours=1)
    )

    assert statuses() == ["unconfirmed"]
    assert AuditEvent.objects.filter(event_type=NotificationEvent.EMAIL_NOT_DELIVERED).count() == 1


def test_a_batch_ends_by_number_and_by_time_and_says_that_more_is_left(mail_server, monkeypatch):
    for number in range(3):
        make_email(f"p{number}@example.com")
    monkeypatch.setattr(processing, "BATCH_SIZE", 2)
    assert send() is True
    assert send() is False

    make_email("late@example.com")
    times = iter([NOON, NOON + processing.BATCH_TIME])
    assert processing.send_waiting(clock=lambda: next(times)) is True
    assert "late@example.com" not in mail_server.recipients


class TestWhoIsTold:
    def failed(self, recipient, organizations, *, actor=None, mail_server):
        event = make_event(organizations, actor=actor)
        make_email(recipient, event=event)
        mail_server.answers["RCPT"] = "550 5.1.1 No such user"
        send()
        return OutgoingEmail.objects.get(event_id=event.public_id)

    def test_the_recipients_own_organization_if_it_is_a_party(self, mail_server):
        partner, other = make_partner(), make_partner()
        member = make_member(partner)

        email = self.failed(member.user.email, [other, partner], mail_server=mail_server)

        assert email.organization == partner
        item = ActionItem.objects.get()
        assert (item.organization, item.kind, item.url) == (partner, ActionKind.RECOMMENDED, "/action-center/mails/")
        assert item.roles == ["account_admin", "global_admin"]
        assert queries.open_action_count(make_actor(partner, Role.ACCOUNT_ADMIN)) == 1
        assert queries.open_action_count(make_actor(partner, Role.ADMIN_AGENT)) == 0
        assert queries.open_action_count(make_actor(other, Role.ACCOUNT_ADMIN)) == 0

    def test_else_the_organization_that_acted(self, mail_server):
        partner, customer = make_partner(), make_organization()

        email = self.failed(
            "stranger@example.com", [customer, partner], actor=make_actor(partner), mail_server=mail_server
        )

        assert email.organization == partner

    def test_else_the_operator(self, mail_server):
        operator = make_organization(OrganizationKind.OPERATOR)

        email = self.failed("stranger@example.com", [make_partner()], mail_server=mail_server)

        assert email.organization == operator

    def test_the_log_tells_it_with_the_reason(self, mail_server):
        partner = make_partner()
        email = self.failed(make_member(partner).user.email, [partner], mail_server=mail_server)

        event = AuditEvent.objects.get(event_type=NotificationEvent.EMAIL_NOT_DELIVERED)
        assert event.details["answer"] == "550 5.1.1 No such user"
        assert event.subject_id == str(email.pk)
        assert event.parties.get().organization_id == partner.pk

    def test_one_open_action_stands_for_all_lost_mails_of_an_organization(self, mail_server):
        partner = make_partner()
        for _number in range(3):
            self.failed(make_member(partner).user.email, [partner], mail_server=mail_server)

        assert ActionItem.objects.filter(completed_at__isnull=True).count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_three_senders_at_once_send_each_mail_once(mail_server):
    for number in range(40):
        make_email(f"p{number}@example.com")

    def work():
        try:
            send()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert statuses() == ["sent"] * 40
    assert sorted(mail_server.recipients) == sorted(f"p{number}@example.com" for number in range(40))


def test_sealed_secrets_cannot_stay_with_a_sent_mail():
    with pytest.raises(IntegrityError, match="email_secrets_erased_once_sent"), transaction.atomic():
        make_email(status=EmailStatus.SENT, sealed_secrets=sealing.seal(b"{}"))


@pytest.mark.parametrize(
    ("mails", "index"),
    [
        (OutgoingEmail.objects.due(now=NOON).order_by("next_attempt_at", "pk"), "email_due"),
        (OutgoingEmail.objects.begun_before(NOON), "email_begun"),
        (OutgoingEmail.objects.unconfirmed_since(NOON), "email_begun"),
        (OutgoingEmail.objects.undelivered().order_by("-created_at", "-pk"), "email_undelivered"),
    ],
    ids=["due", "begun", "unconfirmed", "undelivered"],
)
def test_what_the_sender_asks_is_answered_by_an_index_however_many_mails_were_sent(mails, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert index in mails.explain()
