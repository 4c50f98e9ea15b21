"""A fresh sign-in before sensitive steps, and the way back to the step that waited (quality row 18)."""

import json

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, reverse
from django.utils import timezone

from portal import urls as portal_urls
from portal.accounts.access import fresh_sign_in, public, requires, signed_in
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import Permission
from tests.factories import PASSWORD, make_member, make_organization, make_partner
from tests.sign_in import SoftwarePasskey, give_passkey, page_data, send_password, totp_code

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

done: list[dict] = []


@signed_in("a test")
@fresh_sign_in
def step(request):
    done.append({"method": request.method, "htmx": bool(request.htmx), "name": request.POST.get("name")})
    return HttpResponse(f"done {request.POST.get('name', '')} {request.GET.get('kind', '')}")


@fresh_sign_in
@requires(Permission.WEBHOOK_MANAGE)
def step_of_a_role(request):
    done.append({})
    return HttpResponse("done")


@fresh_sign_in
@signed_in("a test")
def step_guarded_in_the_other_order(request):
    return HttpResponse("done")


@public("a test")
def page(request):
    return HttpResponse("the page one came from")


urlpatterns = [
    path("step/", step),
    path("step-of-a-role/", step_of_a_role),
    path("other-order/", step_guarded_in_the_other_order),
    path("page/", page),
    path("", include(portal_urls.urlpatterns)),
]
handler429 = portal_urls.handler429


@pytest.fixture(autouse=True)
def nothing_done():
    done.clear()


@pytest.fixture
def stale(client_for):
    """A partner's person whose sign-in is older than five minutes."""
    return client_for(make_member(make_partner(), Role.ADMIN_AGENT), fresh=False)


def confirm(browser: Client, location: str, **how: str):
    return browser.post(location, how or {"password": PASSWORD})


def test_a_sign_in_is_fresh_for_five_minutes():
    member = make_member(make_organization(OrganizationKind.CUSTOMER))
    browser = Client()
    with time_machine.travel("2026-11-20 12:00", tick=False) as clock:
        send_password(browser, member.user.email)
        clock.shift(299)
        assert browser.get("/step/").status_code == 200
        clock.shift(2)
        assert browser.get("/step/").status_code == 302


def test_a_page_is_shown_after_confirming_by_password(stale):
    asked = stale.get("/step/?kind=a%26b")

    assert asked.headers["Location"] == reverse("account_reauthenticate") + "?next=%2Fstep%2F%3Fkind%3Da%2526b"
    assert done == []
    confirmed = confirm(stale, asked.headers["Location"])
    assert confirmed.headers["Location"] == "/step/?kind=a%26b"
    assert stale.get(confirmed.headers["Location"]).content == b"done  a&b"


def test_a_wrong_password_confirms_nothing(stale):
    asked = stale.get("/step/")

    assert confirm(stale, asked.headers["Location"], password="wrong").status_code == 422
    assert stale.get("/step/").status_code == 302


def test_a_form_that_waited_is_sent_after_confirming(stale):
    asked = stale.post("/step/?kind=x", {"name": "Contoso"}, headers={"referer": "http://testserver/page/"})

    assert asked.headers["Location"] == reverse("account_reauthenticate") + "?next=%2Fpage%2F"
    assert done == []
    assert confirm(stale, asked.headers["Location"]).content == b"done Contoso x"
    assert done == [{"method": "POST", "htmx": False, "name": "Contoso"}]


def test_a_form_of_htmx_moves_the_whole_page_and_is_sent_after_confirming(stale):
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://testserver/page/?q=1"}

    asked = stale.post("/step/", {"name": "Contoso"}, headers=htmx)

    assert asked.status_code == 200
    assert asked.headers["HX-Redirect"] == reverse("account_reauthenticate") + "?next=%2Fpage%2F%3Fq%3D1"
    assert confirm(stale, asked.headers["HX-Redirect"]).content == b"done Contoso "
    assert done == [{"method": "POST", "htmx": False, "name": "Contoso"}]


def test_a_fragment_that_needs_it_leads_back_to_its_page(stale):
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://testserver/page/"}

    asked = stale.get("/step/", headers=htmx)

    assert confirm(stale, asked.headers["HX-Redirect"]).headers["Location"] == "/page/"
    assert done == []


def test_what_waits_is_sealed_and_done_once(stale):
    asked = stale.post("/step/", {"name": "canary-4711"}, headers={"referer": "http://testserver/page/"})
    assert "canary-4711" not in json.dumps(dict(stale.session))
    assert all("canary-4711" not in session.session_data for session in Session.objects.all())

    confirm(stale, asked.headers["Location"])
    confirm(stale, asked.headers["Location"])

    assert len(done) == 1


def test_what_waits_is_not_done_on_the_way_to_somewhere_else(stale):
    stale.post("/step/", {"name": "Contoso"}, headers={"referer": "http://testserver/page/"})

    confirm(stale, reverse("account_reauthenticate") + "?next=/elsewhere/")

    assert done == []


def test_what_waits_is_forgotten_when_something_else_is_asked_for(stale):
    stale.post("/step/", {"name": "Contoso"}, headers={"referer": "http://testserver/page/"})
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://testserver/page/"}
    asked = stale.get("/step/", headers=htmx)

    confirm(stale, asked.headers["HX-Redirect"])

    assert done == []


def test_what_waits_does_not_wait_for_ever(stale):
    asked = stale.post("/step/", {"name": "Contoso"}, headers={"referer": "http://testserver/page/"})

    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=11)):
        answer = confirm(stale, asked.headers["Location"])

    assert answer.headers["Location"] == "/page/"
    assert done == []


def test_a_form_too_long_to_keep_leads_back_to_its_page(stale):
    asked = stale.post("/step/", {"name": "x" * 70_000}, headers={"referer": "http://testserver/page/"})

    assert confirm(stale, asked.headers["Location"]).headers["Location"] == "/page/"
    assert done == []


def test_rights_are_checked_again_when_the_form_is_sent(client_for):
    member = make_member(make_partner(), Role.ADMIN_AGENT)
    browser = client_for(member, fresh=False)
    asked = browser.post("/step-of-a-role/", {}, headers={"referer": "http://testserver/page/"})
    member.roles = [str(Role.ACCOUNT_ADMIN)]
    member.save(update_fields=["roles"])

    assert confirm(browser, asked.headers["Location"]).status_code == 403
    assert done == []


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/"])
def test_confirming_leads_to_no_other_site(stale, elsewhere):
    response = confirm(stale, f"{reverse('account_reauthenticate')}?next={elsewhere}")

    assert response.headers["Location"] == reverse("home")


def test_strangers_are_sent_to_sign_in_not_to_confirm(client):
    for address in ("/step/", "/other-order/", reverse("account_reauthenticate")):
        assert client.get(address).headers["Location"].startswith(reverse("account_login"))


def test_confirming_by_a_code_of_the_app(client_for):
    member = make_member(make_partner())
    browser = client_for(member, fresh=False)
    app = Authenticator.objects.get(user=member.user, type=Authenticator.Type.TOTP)
    code = totp_code(decrypt(app.data["secret"]))

    assert confirm(browser, browser.get("/step/").headers["Location"], code="000000").status_code == 422
    assert confirm(browser, browser.get("/step/").headers["Location"], code=code).headers["Location"] == "/step/"


def test_confirming_by_a_passkey(client_for):
    member = make_member(make_organization(OrganizationKind.CUSTOMER))
    browser, passkey = client_for(member), SoftwarePasskey()
    give_passkey(browser, passkey)
    stale = client_for(member, fresh=False)
    asked = stale.get("/step/", secure=True)

    options = page_data(stale.get(asked.headers["Location"], secure=True))["request_options"]
    response = stale.post(asked.headers["Location"], {"credential": passkey.get(options)}, secure=True)

    assert response.headers["Location"] == "/step/"


def test_guessing_the_password_here_is_limited_like_at_sign_in(stale):
    address = reverse("account_reauthenticate")

    assert [confirm(stale, address, password="wrong").status_code for _ in range(11)] == [422] * 10 + [429]


def test_who_came_through_a_provider_signs_in_again(client_for):
    """Without a password and without a second factor there is nothing here to confirm with."""
    member = make_member(make_organization(OrganizationKind.CUSTOMER), password=None)
    browser = client_for(member, fresh=False)
    member.user.authenticator_set.all().delete()

    asked = browser.get("/step/")

    assert asked.headers["Location"] == reverse("account_login") + "?next=%2Fstep%2F"
    assert SESSION_KEY not in browser.session
    assert "needs a fresh sign-in" in browser.get(asked.headers["Location"]).content.decode()
