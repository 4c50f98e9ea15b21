"""Signing in and out: what works, what is refused, and that no answer tells more than it should."""

import re

import pytest
import time_machine
from allauth.account.adapter import get_adapter
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.urls import NoReverseMatch, reverse

from portal.accounts.enums import AccountEvent, OrganizationKind
from portal.audit.models import AuditEvent
from tests.factories import PASSWORD, make_member, make_organization, make_user
from tests.sign_in import events_of, is_signed_in, parties_of, send_password

pytestmark = pytest.mark.django_db

CHROME_ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.fixture
def customer():
    """A person who needs no second factor."""
    return make_member(make_organization(OrganizationKind.CUSTOMER))


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is worked on: that is what takes the time."""

    count = 0

    def encode(self, password, salt):
        type(self).count += 1
        return super().encode(password, salt)


def without_tokens(response) -> str:
    """The page without what differs between any two pages."""
    return re.sub(r'(csrf[\w-]*|X-CSRFToken)[^>]*?[\w]{64}|nonce="[^"]+"', "", response.content.decode())


def test_the_right_password_signs_in_and_leads_where_one_wanted_to_go(customer, client):
    address = f"{reverse('account_login')}?next={reverse('accounts:security')}"
    response = client.post(address, {"login": customer.user.email.upper(), "password": PASSWORD})

    assert response.status_code == 302
    assert response.headers["Location"] == reverse("accounts:security")
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true", "HX-Current-URL": "http://testserver/account-settings/"}]
)
def test_a_form_that_comes_without_a_session_leads_back_to_its_page_and_is_not_taken_for_saved(client, headers):
    referer = "http://testserver/account-settings/"
    sent = client.post(reverse("accounts:profile"), {"name": "Ada"}, headers={"Referer": referer, **headers})
    address = sent.headers["HX-Redirect" if headers else "Location"]

    assert address == f"{reverse('account_login')}?next=/account-settings/&unsaved=1"
    assert "what you sent was not saved" in client.get(address).content.decode()
    asked = client.get(reverse("accounts:profile"))
    assert "unsaved" not in asked.headers["Location"]
    foreign = client.post(reverse("accounts:profile"), headers={"Referer": "https://evil.example/x"})
    assert foreign.headers["Location"] == f"{reverse('account_login')}?next=/&unsaved=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(customer, client, elsewhere):
    response = send_password(client, customer.user.email, next=elsewhere)
    response = client.post(
        reverse("account_login"), {"login": customer.user.email, "password": PASSWORD, "next": elsewhere}
    )

    assert response.headers["Location"] == reverse("home")


def test_signing_in_is_logged_for_each_organization_without_telling_of_the_others(customer):
    other = make_member(make_organization(OrganizationKind.CUSTOMER), user=customer.user)
    client = Client(headers={"user-agent": CHROME_ON_WINDOWS})

    send_password(client, customer.user.email)

    events = events_of(customer.user, AccountEvent.SIGNED_IN)
    assert [parties_of(event) for event in events] == [{customer.organization_id}, {other.organization_id}]
    for event, membership in zip(events, (customer, other), strict=True):
        assert event.actor_organization_id == membership.organization_id
        assert event.details == {
            "methods": ["password"],
            "address": "127.0.0.1",
            "browser": "Chrome",
            "system": "Windows",
        }


def test_a_wrong_password_is_refused_and_logged_as_nobody_s_doing(customer, client):
    response = send_password(client, customer.user.email, "not the password at all")

    assert response.status_code == 422
    assert not is_signed_in(client)
    (event,) = events_of(customer.user, AccountEvent.SIGN_IN_FAILED)
    assert event.outcome == "failed"
    assert event.actor_user_id is None
    assert parties_of(event) == {customer.organization_id}
    assert "not the password at all" not in str(event.details)


def test_known_and_unknown_addresses_get_the_same_answer(customer):
    known = send_password(Client(), customer.user.email, "wrong")
    unknown = send_password(Client(), "stranger@example.com", "wrong")

    assert known.status_code == unknown.status_code == 422
    texts = [
        without_tokens(known).replace(customer.user.email, "?"),
        without_tokens(unknown).replace("stranger@example.com", "?"),
    ]
    assert texts[0] == texts[1]


def test_known_and_unknown_addresses_take_the_same_work(customer, settings, django_assert_max_num_queries):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    work = []
    for email in (customer.user.email, "stranger@example.com"):
        CountingHasher.count = 0
        with django_assert_max_num_queries(100) as queries:
            send_password(Client(), email, "wrong")
        work.append((CountingHasher.count, len(queries)))

    (known_hashes, known_queries), (unknown_hashes, unknown_queries) = work
    assert known_hashes == unknown_hashes == 1
    assert abs(known_queries - unknown_queries) <= 3  # the rows of one party, and the look for another address


def test_an_unknown_address_leaves_no_trace(client):
    send_password(client, "stranger@example.com", "wrong")

    assert not AuditEvent.objects.exists()


def test_a_person_without_password_cannot_sign_in_by_one(client):
    member = make_member(make_organization(OrganizationKind.CUSTOMER), password=None)

    assert send_password(client, member.user.email, "").status_code == 422
    assert send_password(client, member.user.email, "!").status_code == 422


def test_a_sign_in_gives_the_session_a_new_id(customer, client):
    client.get(reverse("account_login"))
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted

    send_password(client, customer.user.email)

    assert client.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()
    intruder = Client()
    intruder.cookies["sessionid"] = planted
    assert not is_signed_in(intruder)


def test_signing_out_ends_the_session_for_good_and_is_confirmed(customer, client):
    send_password(client, customer.user.email)
    key = client.cookies["sessionid"].value

    page = client.post(reverse("account_logout"), follow=True)

    assert "You have signed out." in page.content.decode()
    assert not Session.objects.filter(session_key=key).exists()
    assert caches["redis"].get(f"django.contrib.sessions.cached_db{key}") is None
    thief = Client()
    thief.cookies["sessionid"] = key
    assert not is_signed_in(thief)
    assert len(events_of(customer.user, AccountEvent.SIGNED_OUT)) == 1


def test_a_link_to_sign_out_asks_first(customer, client):
    send_password(client, customer.user.email)

    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)


def test_a_deactivated_person_is_told_so_only_after_the_right_password(customer, client):
    customer.user.is_active = False
    customer.user.save(update_fields=["is_active"])

    wrong = send_password(client, customer.user.email, "wrong")
    right = send_password(client, customer.user.email)

    assert wrong.status_code == 422
    assert "deactivated" not in wrong.content.decode()
    assert right.headers["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


def test_nobody_can_sign_up(client):
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    for path in ("signup/", "email/", "confirm-email/", "login/code/confirm/", "2fa/", "sessions/", "3rdparty/"):
        assert client.get(f"/account/{path}").status_code == 404


def test_the_library_never_mails_by_itself(customer, client):
    with pytest.raises(NotImplementedError):
        get_adapter().send_mail("account/email/unknown_account", "a@example.com", {})
    send_password(client, customer.user.email)
    client.post(reverse("account_reset_password"), {"email": "stranger@example.com"})

    assert mail.outbox == []


# --- ten tries per fifteen minutes ------------------------------------------------------------------------------------


def fail(times: int, *, email: str = "anybody{}@example.com", address: str = "192.0.2.{}", **extra) -> list[int]:
    return [
        send_password(
            Client(), email.format(number), "wrong", REMOTE_ADDR=address.format(number % 250), **extra
        ).status_code
        for number in range(times)
    ]


def test_after_ten_wrong_tries_an_account_is_closed_to_every_address(customer):
    assert fail(10, email=customer.user.email) == [422] * 10

    response = send_password(Client(), customer.user.email, REMOTE_ADDR="198.51.100.1")

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "900"
    assert "Too many tries" in response.content.decode()
    assert "<main" in response.content.decode()


def test_an_unknown_account_is_closed_just_the_same():
    assert fail(11, email="stranger@example.com") == [422] * 10 + [429]


def test_after_ten_wrong_tries_an_address_is_closed_to_every_account(customer):
    assert fail(10, address="192.0.2.1") == [422] * 10

    here = send_password(Client(), customer.user.email, REMOTE_ADDR="192.0.2.1")
    elsewhere = send_password(Client(), customer.user.email, REMOTE_ADDR="192.0.2.2")

    assert here.status_code == 429
    assert elsewhere.status_code == 302


def test_the_counters_run_down_after_fifteen_minutes(customer):
    with time_machine.travel("2026-11-20 12:00", tick=False) as clock:
        fail(10, email=customer.user.email)
        clock.shift(14 * 60)
        assert send_password(Client(), customer.user.email).status_code == 429
        clock.shift(61)
        assert send_password(Client(), customer.user.email).status_code == 302


def test_the_counters_outlive_an_emptied_redis(customer):
    fail(10, email=customer.user.email)
    caches["redis"].clear()

    assert send_password(Client(), customer.user.email).status_code == 429


def test_right_passwords_are_not_counted(customer):
    for _ in range(12):
        assert send_password(Client(), customer.user.email).status_code == 302


def test_an_address_claimed_by_the_browser_does_not_count():
    assert fail(11, address="192.0.2.1", HTTP_X_FORWARDED_FOR="203.0.113.7")[-1] == 429
    client = Client(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="203.0.113.8")
    assert send_password(client, "x@example.com", "wrong").status_code == 429


def test_behind_our_proxies_the_last_hops_count_and_nothing_before(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    proxies = {"REMOTE_ADDR": "10.0.0.1"}

    def send(number: int, hops: str) -> int:
        client = Client(HTTP_X_FORWARDED_FOR=hops, **proxies)
        return send_password(client, f"a{number}@example.com", "wrong").status_code

    assert [send(number, f"203.0.113.{number}, 192.0.2.9, 10.0.0.2") for number in range(11)][-1] == 429
    assert send(99, "192.0.2.9, 192.0.2.10, 10.0.0.2") == 422  # another visitor
    assert send(98, "203.0.113.1") == 422  # a chain too short: not through our proxies, so the connection counts


def test_an_ipv6_network_counts_as_one_address():
    assert fail(11, address="2001:db8:1:1::{}")[-1] == 429
    assert fail(1, address="2001:db8:1:2::1") == [422]


# --- people without organization --------------------------------------------------------------------------------------


def test_who_belongs_nowhere_still_gets_in_but_sees_nothing(client):
    user = make_user()

    assert send_password(client, user.email).status_code == 302
    assert client.get(reverse("home")).status_code == 403


def test_a_deactivated_membership_is_without_effect_at_the_next_request(customer, client):
    send_password(client, customer.user.email)
    assert client.get(reverse("home")).status_code == 200

    customer.is_active = False
    customer.deactivated_at = customer.created_at
    customer.save(update_fields=["is_active", "deactivated_at"])

    assert client.get(reverse("home")).status_code == 403
