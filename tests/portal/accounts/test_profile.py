"""The own profile: name, language and keys; the language applies at once."""

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.enums import AccountEvent
from portal.accounts.workflow import profile as workflow
from tests.factories import make_member
from tests.sign_in import events_of, parties_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return make_member(name="Ada Agent")


def save(browser, **changes):
    form = {"name": "Ada Agent", "language": "en", "shortcuts_enabled": "on", **changes}
    return browser.post(reverse("accounts:profile"), {key: value for key, value in form.items() if value is not None})


def test_the_page_shows_what_is_stored_and_the_address(member, client_for):
    page = client_for(member).get(reverse("accounts:profile"))

    assert page.context["form"].initial == {"name": "Ada Agent", "language": "en", "shortcuts_enabled": True}
    assert member.user.email in page.content.decode()


def test_a_change_is_saved_and_logged_with_before_and_after(member, client_for):
    response = save(client_for(member), name="  Ada Adler ", shortcuts_enabled=None)

    assert response.headers["Location"] == reverse("accounts:profile")
    member.user.refresh_from_db()
    assert (member.user.name, member.user.name_key, member.user.shortcuts_enabled) == ("Ada Adler", "ada adler", False)
    (event,) = events_of(member.user, AccountEvent.PROFILE_UPDATED)
    assert event.before == {"name": "Ada Agent", "shortcuts_enabled": True}
    assert event.after == {"name": "Ada Adler", "shortcuts_enabled": False}
    assert parties_of(event) == {member.organization_id}
    assert event.actor_user_id == member.user_id


def test_the_language_applies_from_the_next_page_on(member, client_for):
    browser = client_for(member)

    save(browser, language="sv")

    page = browser.get(reverse("accounts:profile"))
    assert page.headers["Content-Language"] == "sv"
    assert '<html lang="sv">' in page.content.decode()


def test_each_language_is_offered_by_its_own_name(member, client_for):
    form = client_for(member).get(reverse("accounts:profile")).context["form"]

    assert [label for _code, label in form.fields["language"].choices] == ["English", "français", "svenska"]


def test_single_keys_are_off_everywhere_once_switched_off(member, client_for):
    browser = client_for(member)
    assert "data-shortcuts" in browser.get(reverse("home")).content.decode()

    save(browser, shortcuts_enabled=None)

    assert "data-shortcuts" not in browser.get(reverse("home")).content.decode()


@pytest.mark.parametrize("changes", [{"name": ""}, {"name": "x" * 201}, {"language": "tlh"}, {"language": None}])
def test_what_cannot_be_stored_is_refused_and_nothing_changes(member, client_for, changes):
    response = save(client_for(member), **changes)

    assert response.status_code == 422
    assert response.context["form"].errors
    member.user.refresh_from_db()
    assert (member.user.name, member.user.language) == ("Ada Agent", "en")
    assert not events_of(member.user, AccountEvent.PROFILE_UPDATED)


def test_the_same_values_again_change_nothing(member):
    workflow.update_profile(
        user_id=member.user_id, name="Ada Agent", language="en", shortcuts_enabled=True, now=timezone.now()
    )

    assert not events_of(member.user, AccountEvent.PROFILE_UPDATED)
