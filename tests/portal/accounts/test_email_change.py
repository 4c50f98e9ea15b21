"""A person changes the address it signs in by: link to the new one, notice to the old one, no word on who has which."""

import datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.enums import AccountEvent, OrganizationKind, Role
from portal.accounts.models import EmailChange, PasswordReset, User
from portal.accounts.sign_in.devices import Device, Origin
from portal.accounts.sign_in.rules import EmailChangeClosed
from portal.accounts.workflow import emails as workflow
from portal.accounts.workflow.sessions import clear_expired
from portal.notifications.models import OutgoingEmail
from tests.factories import NOON, make_member, make_organization, make_user
from tests.portal.accounts.helpers import events_of, token_in, traces
from tests.sign_in import is_signed_in, mails_about, path_of_link, send_password

pytestmark = pytest.mark.django_db
NEW = "ada.new@example.com"
ASK, CONFIRM, PROFILE = "accounts:change_email", "accounts:confirm_email", "accounts:profile"
ORIGIN = Origin(address="192.0.2.1", device=Device.of(""))


@pytest.fixture
def member():
    return make_member(make_organization(OrganizationKind.CUSTOMER), email="ada@example.com", language="sv")


@pytest.fixture
def client(client_for, member):
    return client_for(member)


def ask(client, email=NEW):
    return client.post(reverse(ASK), {"email": email}, follow=True)


def mails_to(address):
    return list(OutgoingEmail.objects.filter(recipient=address).order_by("created_at"))


def open_link(client, address=NEW):
    return client.get(path_of_link(mails_to(address)[-1]), follow=True)


def address_of(member):
    return User.objects.get(pk=member.user_id).email


def test_the_new_address_is_confirmed_by_a_link_to_it_and_both_addresses_are_told(client, member):
    PasswordReset.objects.create(user=member.user, token_hash="x", created_at=NOON, expires_at=timezone.now())
    ask(client, "Ada.New@Example.com")
    (link_mail,) = mails_to(NEW)
    assert (address_of(member), link_mail.language, mails_to("ada@example.com")) == ("ada@example.com", "sv", [])
    assert token_in(link_mail) not in link_mail.text + link_mail.html
    assert token_in(link_mail) != EmailChange.objects.get().token_hash

    page = open_link(client)
    assert page.redirect_chain[-1][0] == reverse(CONFIRM)
    assert NEW in page.text
    assert address_of(member) == "ada@example.com"  # opening spends and changes nothing
    client.post(reverse(CONFIRM))

    assert address_of(member) == NEW
    assert {mail.recipient for mail in mails_about(AccountEvent.EMAIL_CHANGED)} == {"ada@example.com", NEW}
    (event,) = events_of(member.organization, AccountEvent.EMAIL_CHANGED)
    assert (event.before, event.after) == ({"email": "ada@example.com"}, {"email": NEW})
    assert event.actor_user_id == member.user_id
    assert not PasswordReset.objects.exists()  # those links went to the former address
    assert is_signed_in(client)


def test_afterwards_one_signs_in_by_the_new_address_only(member):
    browser = Client()
    send_password(browser, "ada@example.com")
    ask(browser)
    open_link(browser)
    browser.post(reverse(CONFIRM))

    former, new = Client(), Client()
    assert send_password(former, "ada@example.com").status_code == 422
    send_password(new, NEW)
    assert is_signed_in(new)


def test_a_link_opened_in_another_browser_leads_through_sign_in(client, member):
    ask(client)
    other = Client()
    open_link(other)
    assert address_of(member) == "ada@example.com"

    Authenticator.objects.filter(user=member.user).delete()  # the password is enough for a customer's person
    send_password(other, "ada@example.com")
    other.post(reverse(CONFIRM))
    assert address_of(member) == NEW


def test_whoever_reads_the_new_mailbox_but_is_somebody_else_gets_no_further(client, client_for, member):
    ask(client)
    stranger = client_for(make_member(make_organization(OrganizationKind.CUSTOMER)))

    assert open_link(stranger).status_code == 410
    assert stranger.post(reverse(CONFIRM)).status_code == 410
    assert address_of(member) == "ada@example.com"
    open_link(client)
    client.post(reverse(CONFIRM))
    assert address_of(member) == NEW


def test_a_link_works_once_for_an_hour_and_until_there_is_a_newer_one(client, member):
    ask(client)
    first = path_of_link(mails_to(NEW)[0])
    ask(client, "ada.other@example.com")
    assert client.get(first, follow=True).status_code == 410
    assert client.get(reverse("accounts:open_email_link", args=["never-made"])).status_code == 410

    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=61)):
        assert Client().get(path_of_link(mails_to("ada.other@example.com")[0])).status_code == 410
        clear_expired(now=timezone.now())
    assert not EmailChange.objects.exists()

    ask(client)
    used = path_of_link(mails_to(NEW)[-1])
    client.get(used)
    client.post(reverse(CONFIRM))
    assert client.get(used).status_code == 410
    assert client.post(reverse(CONFIRM)).status_code == 410
    assert address_of(member) == NEW


def test_nobody_learns_who_has_an_address(client, member):
    User.objects.filter(pk=member.user_id).update(language="en")
    holder = make_user(email="grace@example.com", language="fr")

    free, taken = ask(client, NEW), ask(client, "grace@example.com")

    assert free.redirect_chain == taken.redirect_chain
    assert f"If {NEW} can be used, a link is on its way" in free.text
    assert "If grace@example.com can be used, a link is on its way" in taken.text
    for event in events_of(member.organization, AccountEvent.EMAIL_CHANGE_REQUESTED):
        assert "example.com" not in f"{event.details} {event.before} {event.after}"
    (told,) = mails_to("grace@example.com")
    assert told.language == holder.language
    assert told.sealed_secrets is None  # no link
    assert "ada" not in told.text.lower()
    assert OutgoingEmail.objects.count() == 2


def test_an_address_that_was_taken_meanwhile_is_not_changed(member):
    workflow.request_email_change(user_id=member.user_id, email=NEW, origin=ORIGIN, now=NOON)
    token = token_in(mails_to(NEW)[0])
    make_user(email=NEW)
    before = traces()

    with pytest.raises(EmailChangeClosed):
        workflow.confirm_email_change(user_id=member.user_id, token=token, origin=ORIGIN, now=NOON)
    assert address_of(member) == "ada@example.com"
    assert traces() == before


@pytest.mark.parametrize("wrong", ["", "ada", "ADA@example.com", "a@b@c.example", f"{'a' * 250}@example.com"])
def test_impossible_and_own_addresses_are_refused_beside_the_field(wrong, client):
    before = traces()
    answer = ask(client, wrong)

    assert answer.status_code == 422
    assert 'class="error-summary"' in answer.text
    assert traces() == before


def test_it_needs_a_fresh_sign_in_and_stops_after_ten_times(client, client_for, member):
    stale = client_for(member, fresh=False).post(reverse(ASK), {"email": NEW})
    assert stale.url.startswith(reverse("account_reauthenticate"))
    assert not EmailChange.objects.exists()

    answers = [ask(client, f"ada{number}@example.com").status_code for number in range(11)]
    assert answers == [200] * 10 + [429]


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.HELPDESK_AGENT])
def test_every_role_does_it_and_the_profile_leads_there(role, client_for):
    client = client_for(make_member(None, role))

    assert reverse(ASK) in client.get(reverse(PROFILE)).text
    assert client.get(reverse(ASK)).status_code == 200
    assert "a link is on its way" in ask(client).text


def test_the_pages_are_for_people_who_are_signed_in():
    for name in (ASK, CONFIRM):
        assert Client().get(reverse(name)).url.startswith(reverse("account_login"))
