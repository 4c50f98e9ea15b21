"""Sessions end by themselves, from elsewhere and for good, and the sign-in page says why (quality row 19)."""

import datetime

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.enums import AccountEvent, OrganizationKind
from portal.accounts.sign_in.devices import Device
from portal.accounts.workflow import sessions as workflow
from tests.factories import PASSWORD, make_member, make_organization
from tests.sign_in import events_of, is_signed_in, mails_about, send_password

pytestmark = pytest.mark.django_db

START = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
NEW_PASSWORD = "seven blue lanterns at dusk"
FIREFOX_ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI_ON_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def customer():
    return make_member(make_organization(OrganizationKind.CUSTOMER))


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def browser_of(customer, user_agent: str = FIREFOX_ON_LINUX, address: str = "192.0.2.1") -> Client:
    """A browser in which the person has signed in."""
    browser = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=address)
    assert send_password(browser, customer.user.email).status_code == 302
    return browser


def key_of(browser: Client) -> str:
    return browser.cookies["sessionid"].value


def sign_in_page_after(browser: Client) -> str:
    response = browser.get(reverse("home"), follow=True)
    assert response.redirect_chain, "nobody was sent to sign in"
    return response.content.decode()


def test_a_session_ends_after_thirty_minutes_without_activity(customer, clock):
    browser = browser_of(customer)
    clock.shift(30 * 60)
    assert is_signed_in(browser)

    clock.shift(30 * 60 + 1)

    assert "not done anything for 30 minutes" in sign_in_page_after(browser)
    (event,) = events_of(customer.user, AccountEvent.SESSION_ENDED)
    assert event.details == {"reason": "idle"}
    assert event.actor_user_id is None


def test_a_busy_session_ends_after_twelve_hours(customer, clock):
    browser = browser_of(customer)
    for _ in range(36):
        clock.shift(20 * 60)
        assert is_signed_in(browser)

    clock.shift(60)

    assert "signed in for 12 hours" in sign_in_page_after(browser)


def test_the_reason_is_told_once(customer, clock):
    browser = browser_of(customer)
    clock.shift(31 * 60)

    assert "30 minutes" in sign_in_page_after(browser)
    assert "30 minutes" not in browser.get(reverse("account_login")).content.decode()


def test_an_expired_session_stays_dead_in_every_copy(customer, clock):
    browser = browser_of(customer)
    key = key_of(browser)
    clock.shift(31 * 60)
    browser.get(reverse("home"))

    assert not Session.objects.filter(session_key=key).exists()
    assert not UserSession.objects.filter(session_key=key).exists()


def test_activity_is_noted_at_most_once_a_minute(customer, clock, django_assert_num_queries):
    browser = browser_of(customer)
    browser.get(reverse("accounts:security"))

    def last_seen():
        return UserSession.objects.get().last_seen_at

    clock.shift(59)
    browser.get(reverse("accounts:security"))
    assert last_seen() == START
    clock.shift(1)
    browser.get(reverse("accounts:security"))
    assert last_seen() == START + datetime.timedelta(seconds=60)


def test_the_list_names_devices_in_words_and_marks_the_current_one(customer, clock):
    browser_of(customer, SAFARI_ON_IPHONE, "198.51.100.7")
    clock.shift(60)
    browser = browser_of(customer)

    listed = browser.get(reverse("accounts:security")).context["sessions"]

    assert [(str(one.device), one.address, one.is_current) for one in listed] == [
        ("Firefox on Linux", "192.0.2.1", True),
        ("Safari on iPhone", "198.51.100.7", False),
    ]


def test_the_list_leaves_out_sessions_that_have_run_out(customer, clock):
    browser_of(customer, SAFARI_ON_IPHONE)
    clock.shift(31 * 60)
    browser = browser_of(customer)

    assert len(browser.get(reverse("accounts:security")).context["sessions"]) == 1


def test_a_session_ended_from_another_device_is_gone_from_database_and_redis(
    customer, django_capture_on_commit_callbacks
):
    phone, laptop = browser_of(customer, SAFARI_ON_IPHONE), browser_of(customer)
    assert is_signed_in(phone)
    session = UserSession.objects.get(session_key=key_of(phone))

    with django_capture_on_commit_callbacks(execute=True):
        response = laptop.post(reverse("accounts:end_session", args=[session.pk]), follow=True)

    assert "The session has ended." in response.content.decode()
    assert not Session.objects.filter(session_key=session.session_key).exists()
    assert caches["redis"].get(f"django.contrib.sessions.cached_db{session.session_key}") is None
    assert "ended from another device" in sign_in_page_after(phone)
    assert is_signed_in(laptop)
    (event,) = events_of(customer.user, AccountEvent.SESSION_ENDED)
    assert event.details == {
        "reason": "elsewhere",
        "address": "192.0.2.1",
        "browser": "Safari",
        "system": "iPhone",
    }


def test_a_copy_in_redis_that_outlived_its_row_dies_within_a_minute(customer, clock):
    browser = browser_of(customer)
    assert is_signed_in(browser)
    Session.objects.all().delete()  # as if Redis had been away when the session was ended
    assert is_signed_in(browser)

    clock.shift(60)

    assert "ended from another device" in sign_in_page_after(browser)


def test_the_other_sessions_end_all_at_once(customer, django_capture_on_commit_callbacks):
    others, laptop = [browser_of(customer), browser_of(customer)], browser_of(customer)

    with django_capture_on_commit_callbacks(execute=True):
        response = laptop.post(reverse("accounts:end_other_sessions"), follow=True)

    assert "2 other sessions have ended." in response.content.decode()
    assert [is_signed_in(browser) for browser in others] == [False, False]
    assert is_signed_in(laptop)
    (event,) = events_of(customer.user, AccountEvent.SESSION_ENDED)
    assert event.details == {"reason": "elsewhere", "count": 2}


def test_nobody_ends_somebody_else_s_session(customer):
    stranger = browser_of(make_member(make_organization(OrganizationKind.CUSTOMER)))
    browser = browser_of(customer)
    session = UserSession.objects.get(session_key=key_of(browser))

    stranger.post(reverse("accounts:end_session", args=[session.pk]))

    assert is_signed_in(browser)
    assert not events_of(customer.user, AccountEvent.SESSION_ENDED)


def test_the_current_session_is_ended_by_signing_out_only(customer):
    browser = browser_of(customer)
    session = UserSession.objects.get(session_key=key_of(browser))

    response = browser.post(reverse("accounts:end_session", args=[session.pk]), follow=True)

    assert "sign out" in response.content.decode()
    assert is_signed_in(browser)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(customer, django_capture_on_commit_callbacks):
    phone, laptop = browser_of(customer, SAFARI_ON_IPHONE), browser_of(customer)

    with django_capture_on_commit_callbacks(execute=True):
        form = {"current_password": PASSWORD, "password": NEW_PASSWORD}
        response = laptop.post(reverse("accounts:change_password"), form)

    assert response.headers["Location"] == reverse("accounts:security")
    assert "because your password was changed" in sign_in_page_after(phone)
    assert is_signed_in(laptop)
    listed = laptop.get(reverse("accounts:security")).context["sessions"]
    assert [one.is_current for one in listed] == [True]
    (event,) = events_of(customer.user, AccountEvent.PASSWORD_CHANGED)
    assert event.details["by"] == "person"
    assert event.details["sessions_ended"] == 1
    assert PASSWORD not in str(event.details)
    assert [mail.recipient for mail in mails_about(AccountEvent.PASSWORD_CHANGED)] == [customer.user.email]


def test_the_current_password_must_be_right_and_tries_are_counted(customer):
    browser = browser_of(customer)

    def change():
        form = {"current_password": "wrong", "password": NEW_PASSWORD}
        return browser.post(reverse("accounts:change_password"), form).status_code

    assert [change() for _ in range(11)] == [422] * 10 + [429]
    customer.user.refresh_from_db()
    assert customer.user.check_password(PASSWORD)


def test_a_deactivated_person_is_out_at_the_next_request(customer):
    browser = browser_of(customer)
    customer.user.is_active = False
    customer.user.save(update_fields=["is_active"])

    assert "your account was deactivated" in sign_in_page_after(browser)


def test_a_made_up_session_cookie_is_nobody(client):
    client.cookies["sessionid"] = "x" * 32

    assert not is_signed_in(client)


def test_dead_rows_are_cleared_away_and_living_ones_stay(customer, clock):
    browser_of(customer)
    clock.shift(13 * 3600)
    browser = browser_of(customer)

    workflow.clear_expired(now=timezone.now())

    assert [row.session_key for row in UserSession.objects.all()] == [key_of(browser)]
    assert list(Session.objects.values_list("session_key", flat=True)) == [key_of(browser)]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX_ON_LINUX, "Firefox on Linux"),
        (SAFARI_ON_IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Microsoft Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/18.0 Safari/605.1", "Safari on macOS"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_devices_are_named_in_words(user_agent, words):
    assert str(Device.of(user_agent)) == words
