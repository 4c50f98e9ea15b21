"""Choosing a new password by a link to one's mailbox: the link is unique, hashed, works once, and tells nothing."""

import re

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.enums import AccountEvent, OrganizationKind
from portal.accounts.models import PasswordReset
from portal.accounts.sign_in.devices import Device, Origin
from portal.accounts.sign_in.rules import PasswordResetClosed
from portal.accounts.workflow import passwords, sessions
from portal.audit.models import AuditEvent
from portal.core.links import hash_token
from portal.notifications.models import OutgoingEmail
from tests.factories import make_member, make_organization
from tests.sign_in import (
    events_of,
    give_authenticator_app,
    is_signed_in,
    mails_about,
    parties_of,
    path_of_link,
    secrets_of,
    send_password,
)

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "seven blue lanterns at dusk"
ORIGIN = Origin(address="192.0.2.1", device=Device.of(""))


@pytest.fixture
def customer():
    return make_member(make_organization(OrganizationKind.CUSTOMER), language="sv")


def ask(client, email):
    return client.post(reverse("account_reset_password"), {"email": email})


def asked_link(customer) -> str:
    """Ask for a new password and return the path of the link in the mail."""
    ask(Client(), customer.user.email)
    return path_of_link(mails_about(AccountEvent.PASSWORD_RESET_REQUESTED)[-1])


def test_the_whole_way_to_a_new_password(customer, client):
    link = asked_link(customer)

    form = client.get(link, follow=True)
    assert form.status_code == 200
    assert customer.user.email in form.content.decode()
    done = client.post(form.redirect_chain[-1][0], {"password": NEW_PASSWORD})

    assert done.headers["Location"] == reverse("account_login")
    assert not is_signed_in(client)
    assert send_password(Client(), customer.user.email).status_code == 422
    assert send_password(Client(), customer.user.email, NEW_PASSWORD).status_code == 302


def test_the_mail_speaks_the_owner_s_language_and_holds_the_link_sealed(customer, client):
    ask(client, customer.user.email)

    (mail,) = mails_about(AccountEvent.PASSWORD_RESET_REQUESTED)
    (link,) = secrets_of(mail)
    token = link.rstrip("/").rpartition("/")[2]
    assert mail.language == "sv"
    assert mail.recipient == customer.user.email
    assert len(token) >= 43  # 256 bits
    assert token not in mail.text + mail.html + mail.subject
    assert PasswordReset.objects.get().token_hash == hash_token(token)
    (event,) = events_of(customer.user, AccountEvent.PASSWORD_RESET_REQUESTED)
    assert parties_of(event) == {customer.organization_id}
    assert token not in str(event.details)


def test_known_unknown_and_deactivated_addresses_get_the_same_answer(customer):
    gone = make_member(make_organization(OrganizationKind.CUSTOMER), is_active=False)
    answers = [ask(Client(), email) for email in (customer.user.email, "stranger@example.com", gone.user.email)]

    assert {(answer.status_code, answer.headers["Location"], answer.content) for answer in answers} == {
        (302, reverse("account_reset_password_done"), b"")
    }
    assert [mail.recipient for mail in OutgoingEmail.objects.all()] == [customer.user.email]


def test_an_unknown_address_does_the_same_work_and_leaves_no_trace(customer, django_assert_max_num_queries):
    counts = []
    for email in (customer.user.email, "stranger@example.com"):
        with django_assert_max_num_queries(100) as queries:
            ask(Client(), email)
        counts.append(len(queries))

    assert abs(counts[0] - counts[1]) <= 4  # the link's row, the party's row, and the session that is not there
    assert not AuditEvent.objects.filter(parties__isnull=True).exists()


def test_opening_the_link_spends_nothing(customer):
    link = asked_link(customer)

    for _ in range(3):
        assert Client().get(link, follow=True).status_code == 200
    assert PasswordReset.objects.count() == 1


def test_the_token_leaves_the_address_and_stands_nowhere_readable(customer, client):
    link = asked_link(customer)
    token = link.rstrip("/").rpartition("/")[2]

    response = client.get(link)

    assert response.status_code == 302
    assert token not in response.headers["Location"]
    assert token not in str(dict(client.session))
    assert all(token not in session.session_data for session in Session.objects.all())


def test_used_expired_withdrawn_and_unknown_links_get_the_same_answer(customer):
    def answer(link):
        response = Client().get(link)
        return response.status_code, re.sub(r'nonce="[^"]+"', "", response.content.decode())

    used, withdrawn = asked_link(customer), asked_link(customer)
    browser = Client()
    browser.post(browser.get(used).headers["Location"], {"password": NEW_PASSWORD})
    expired = asked_link(customer)
    unknown = reverse("account_reset_password_from_key", args=["x" * 43])

    answers = {answer(used), answer(withdrawn), answer(unknown)}
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=61)):
        answers.add(answer(expired))
    assert len(answers) == 1
    assert answers.pop()[0] == 410


def test_the_link_works_for_one_of_two_browsers_that_opened_it(customer):
    link = asked_link(customer)
    first, second = Client(), Client()
    form = first.get(link).headers["Location"]
    second.get(link)

    assert first.post(form, {"password": NEW_PASSWORD}).status_code == 302
    assert second.post(form, {"password": "another good password here"}).status_code == 410
    assert send_password(Client(), customer.user.email, NEW_PASSWORD).status_code == 302


def test_the_form_without_an_opened_link_is_closed(client):
    assert client.get(reverse("account_reset_password_from_key_form")).status_code == 410


@pytest.mark.parametrize("weak", ["short", "123456789012", "password1234", "{email}"])
def test_a_weak_password_is_refused_and_the_link_stays_open(customer, client, weak):
    link = asked_link(customer)
    form = client.get(link).headers["Location"]

    response = client.post(form, {"password": weak.format(email=customer.user.email)})

    assert response.status_code == 422
    assert PasswordReset.objects.count() == 1
    assert client.post(form, {"password": NEW_PASSWORD}).status_code == 302


def test_a_new_password_ends_every_session_and_is_mailed(customer):
    signed_in = Client()
    send_password(signed_in, customer.user.email)
    link = asked_link(customer)
    browser = Client()
    browser.post(browser.get(link).headers["Location"], {"password": NEW_PASSWORD})

    page = signed_in.get(reverse("home"), follow=True)
    assert "because your password was changed" in page.content.decode()
    (event,) = events_of(customer.user, AccountEvent.PASSWORD_CHANGED)
    assert event.details["by"] == "link"
    assert event.details["sessions_ended"] == 1
    assert [mail.recipient for mail in mails_about(AccountEvent.PASSWORD_CHANGED)] == [customer.user.email]


def test_a_new_password_does_not_pass_by_the_second_factor(customer, client):
    give_authenticator_app(customer.user)
    link = asked_link(customer)
    client.post(client.get(link).headers["Location"], {"password": NEW_PASSWORD})

    response = send_password(client, customer.user.email, NEW_PASSWORD)

    assert response.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_asking_is_limited_per_account_and_per_address(customer):
    per_account = [ask(Client(REMOTE_ADDR=f"192.0.2.{n}"), "a@example.com").status_code for n in range(11)]
    per_address = [ask(Client(REMOTE_ADDR="198.51.100.1"), f"a{n}@example.com").status_code for n in range(11)]

    assert per_account == per_address == [302] * 10 + [429]


def test_guessing_links_is_limited_but_opening_right_ones_is_not(customer, client):
    link = asked_link(customer)
    assert [client.get(link).status_code for _ in range(12)] == [302] * 12

    guesses = [
        client.get(reverse("account_reset_password_from_key", args=[f"guess-{n}"])).status_code for n in range(11)
    ]
    assert guesses == [410] * 10 + [429]


def test_the_workflow_refuses_an_unknown_token_itself(customer):
    with pytest.raises(PasswordResetClosed):
        passwords.reset_password(token="nothing", password=NEW_PASSWORD, origin=ORIGIN, now=timezone.now())
    assert not events_of(customer.user, AccountEvent.PASSWORD_CHANGED)


def test_expired_requests_are_cleared_away(customer):
    asked_link(customer)

    sessions.clear_expired(now=timezone.now())
    assert PasswordReset.objects.count() == 1
    sessions.clear_expired(now=timezone.now() + timezone.timedelta(minutes=61))
    assert PasswordReset.objects.count() == 0
