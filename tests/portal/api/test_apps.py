"""App registrations and their secrets: pages, workflow and warnings; consent to act for a person."""

import base64
import datetime
import hashlib
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.test import Client
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.api import rules
from portal.api.models import AppConsent, AppRegistration, AppSecret, AuthorizationCode, RefreshToken
from portal.api.tasks import sweep
from portal.api.workflow import apps, grants
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.core.links import hash_token
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.portal.api.factories import ApiClient, make_app, secret_of, token_of

pytestmark = pytest.mark.django_db

BACK = "https://tool.example/back"


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def admin(partner):
    return make_member(partner, Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)


@pytest.fixture
def browser(client_for, admin):
    return client_for(admin)


def register(actor, **fields):
    defaults = {"name": "Reports", "roles": ["admin_agent"], "redirect_uris": []}
    return apps.register_app(**defaults | fields, actor=actor, now=NOON)


def events():
    return list(AuditEvent.objects.order_by("id").values_list("event_type", flat=True))


def test_an_app_gets_a_secret_that_is_shown_once_and_works(browser, partner):
    page = browser.post(
        "/account-settings/apps/new/", {"name": "Reports", "roles": ["admin_agent"], "redirect_uris": BACK}, follow=True
    )
    app = AppRegistration.objects.get()
    assert (app.name, app.roles, app.redirect_uris, app.kind) == ("Reports", ["admin_agent"], [BACK], "partner")
    assert str(app.pk) in page.content.decode()
    here = f"/account-settings/apps/{app.pk}/"
    page = browser.post(f"{here}secrets/new/", {"description": "Nightly", "days": 180}, follow=True)
    text = re.search(r'data-copy="(pps[\w-]{43})"', page.content.decode())[1]
    assert text not in browser.get(here).content.decode()
    kept = AppSecret.objects.get()
    assert (kept.secret_hash, kept.prefix) == (hash_token(text), text[:7])
    assert kept.expires_at - kept.created_at == datetime.timedelta(days=180)
    form = {"grant_type": "client_credentials", "client_id": str(app.pk), "client_secret": text}
    assert Client().post(f"/{partner.pk}/oauth2/token", form).status_code == 200
    assert events() == ["app-registered", "app-secret-added"]
    assert text not in str(list(AuditEvent.objects.values()))


def test_a_secret_is_revoked_after_a_question(browser, partner):
    secret = make_app(partner)
    here = f"/account-settings/apps/{secret.app_id}/secrets/{secret.pk}/revoke/"
    assert "stop working at once" in browser.get(here).content.decode()
    browser.post(here)
    secret.refresh_from_db()
    assert secret.revoked_at is not None
    assert events() == ["app-secret-revoked"]
    assert browser.post(here).status_code == 409


def test_an_app_is_changed_and_removed(browser, partner):
    secret = make_app(partner)
    here = f"/account-settings/apps/{secret.app_id}/"
    browser.post(f"{here}edit/", {"name": "Other", "roles": ["helpdesk_agent", "sales_agent"], "redirect_uris": ""})
    app = AppRegistration.objects.get()
    assert (app.name, app.roles) == ("Other", ["helpdesk_agent", "sales_agent"])
    assert AuditEvent.objects.get().before == {"name": "Reports", "roles": ["admin_agent"]}
    browser.post(f"{here}remove/")
    assert browser.get(here).status_code == 404
    assert ApiClient(token_of(secret)).get("/v1/customers").status_code == 401
    assert events() == ["app-changed", "app-removed"]


@pytest.mark.parametrize(
    "form", [{"name": ""}, {"roles": []}, {"roles": ["operator_admin"]}, {"redirect_uris": "http://tool.example/"}]
)
def test_a_form_that_cannot_be_used_comes_back(browser, form):
    values = {"name": "Reports", "roles": ["admin_agent"], "redirect_uris": ""} | form
    reply = browser.post("/account-settings/apps/new/", values)
    assert reply.status_code == 422
    assert not AppRegistration.objects.exists()


def test_publishers_register_apps_and_customers_do_not():
    assert register(
        make_actor(make_organization(OrganizationKind.PUBLISHER), Role.PUBLISHER_ADMIN), roles=["publisher_admin"]
    )
    with pytest.raises(PermissionDenied):
        register(make_actor(make_organization(), Role.CUSTOMER_ADMIN), roles=["customer_admin"])
    with pytest.raises(PermissionDenied):
        register(make_actor(make_partner(), Role.ADMIN_AGENT))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"roles": ["publisher_admin"]}, rules.AppRoleUnknown),
        ({"roles": []}, rules.AppRoleUnknown),
        ({"redirect_uris": ["http://tool.example"]}, rules.RedirectAddressUnsafe),
        ({"redirect_uris": ["javascript:alert(1)"]}, rules.RedirectAddressUnsafe),
        ({"redirect_uris": ["https://tool.example/#x"]}, rules.RedirectAddressUnsafe),
    ],
)
def test_an_app_that_cannot_be_is_refused(partner, fields, refusal):
    with pytest.raises(refusal):
        register(make_actor(partner, Role.GLOBAL_ADMIN), **fields)


def test_apps_and_secrets_have_limits(partner, monkeypatch):
    actor = make_actor(partner, Role.GLOBAL_ADMIN)
    monkeypatch.setattr(rules, "APPS", 1)
    monkeypatch.setattr(rules, "SECRETS", 1)
    app = register(actor)
    with pytest.raises(rules.TooManyApps):
        register(actor)
    apps.add_secret(app_id=app.pk, description="", days=90, actor=actor, now=NOON)
    with pytest.raises(rules.TooManySecrets):
        apps.add_secret(app_id=app.pk, description="", days=90, actor=actor, now=NOON)


def test_another_organization_s_apps_are_out_of_reach(partner):
    actor, foreign = make_actor(partner, Role.GLOBAL_ADMIN), make_app()
    for change in (
        lambda: apps.remove_app(app_id=foreign.app_id, actor=actor, now=NOON),
        lambda: apps.add_secret(app_id=foreign.app_id, description="", days=90, actor=actor, now=NOON),
        lambda: apps.revoke_secret(secret_id=foreign.pk, actor=actor, now=NOON),
    ):
        with pytest.raises(ObjectDoesNotExist):
            change()


def test_a_secret_is_warned_of_thirty_seven_and_one_day_before_its_end(admin, partner):
    secret = make_app(partner)
    end = secret.expires_at
    warned = [
        days
        for days in (31, 30, 29, 8, 7, 6, 2, 1, 0.5)
        if apps.warn_of_expiry(secret_id=secret.pk, now=end - datetime.timedelta(days=days))
    ]
    assert warned == [30, 7, 1]
    assert OutgoingEmail.objects.filter(recipient=admin.user.email).count() == 3
    assert ActionItem.objects.exists()
    assert "30 days" in OutgoingEmail.objects.order_by("created_at").first().subject


def test_the_sweep_warns_once_and_clears_away(admin, partner):
    secret = make_app(partner)
    AppSecret.objects.update(expires_at=timezone.now() + datetime.timedelta(days=5))
    sweep()
    sweep()
    assert OutgoingEmail.objects.count() == 1
    secret.refresh_from_db()
    assert secret.warned_days == 7
    assert events().count("app-secret-expires-soon") == 1


# --- consent ----------------------------------------------------------------------------------------------------------


def authorize(app, version="", **more):
    query = {"client_id": str(app.pk), "redirect_uri": BACK, "response_type": "code", "state": "s 1"} | more
    return f"/{app.organization_id}/oauth2/{version}authorize?{urlencode(query)}"


@pytest.fixture
def secret(partner):
    return make_app(partner, redirect_uris=[BACK])


def came_back(reply):
    assert reply.status_code == 302, reply.content
    assert reply["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(reply["Location"]).query).items()}


def redeem(secret, code, **more):
    form = {
        "grant_type": "authorization_code",
        "client_id": str(secret.app_id),
        "client_secret": secret_of(secret),
        "redirect_uri": BACK,
        "code": code,
    } | more
    return Client().post(f"/{secret.app.organization_id}/oauth2/token", form)


def test_an_app_acts_for_a_person_who_let_it(browser, admin, secret):
    address = authorize(secret.app, resource="https://api.partnercenter.microsoft.com")
    page = browser.get(address)
    assert "Reports" in page.content.decode()
    assert "form-action 'self' https://tool.example" in page["Content-Security-Policy"]
    assert not AuthorizationCode.objects.exists()
    answer = came_back(browser.post(address, {"answer": "allow"}))
    assert answer["state"] == "s 1"
    reply = redeem(secret, answer["code"]).json()
    client = ApiClient(reply["access_token"])
    assert client.get("/v1/agreements").status_code == 200
    form = {
        "grant_type": "refresh_token",
        "client_id": str(secret.app_id),
        "client_secret": secret_of(secret),
        "refresh_token": reply["refresh_token"],
        "scope": "https://api.partnercenter.microsoft.com/user_impersonation",
    }
    for _again in range(2):
        fresh = Client().post(f"/{secret.app.organization_id}/oauth2/v2.0/token", form).json()
        assert ApiClient(fresh["access_token"]).get("/v1/customers/relationshiprequests").status_code == 200
    assert events()[0] == "app-consent-given"
    assert "Reports" in browser.get("/account-settings/my-apps/").content.decode()
    browser.post(f"/account-settings/my-apps/{AppConsent.objects.get().pk}/revoke/")
    assert client.get("/v1/agreements").status_code == 401
    reply = Client().post(f"/{secret.app.organization_id}/oauth2/v2.0/token", form)
    assert (reply.status_code, reply.json()["error_codes"]) == (400, [700082])


def test_a_person_may_say_no(browser, secret):
    answer = came_back(browser.post(authorize(secret.app), {"answer": "decline"}))
    assert (answer["error"], answer["state"]) == ("access_denied", "s 1")
    assert not AppConsent.objects.exists()


def test_strangers_sign_in_first_and_come_back(secret):
    reply = Client().get(authorize(secret.app))
    assert reply.status_code == 302
    assert parse_qs(urlsplit(reply["Location"]).query)["next"] == [authorize(secret.app)]


def test_a_code_works_once_and_a_second_use_ends_its_tokens(browser, secret):
    code = came_back(browser.post(authorize(secret.app), {"answer": "allow"}))["code"]
    assert redeem(secret, code).status_code == 200
    assert RefreshToken.objects.count() == 1
    assert redeem(secret, code).json()["error_codes"] == [54005]
    assert not RefreshToken.objects.exists()


def test_a_code_is_for_the_app_and_address_it_was_given_to(browser, secret, partner):
    code = came_back(browser.post(authorize(secret.app), {"answer": "allow"}))["code"]
    other = make_app(partner, redirect_uris=[BACK])
    assert redeem(other, code).json()["error"] == "invalid_grant"
    assert redeem(secret, code, redirect_uri="https://tool.example/other").status_code == 400


def test_a_code_runs_out(browser, secret):
    code = came_back(browser.post(authorize(secret.app), {"answer": "allow"}))["code"]
    AuthorizationCode.objects.update(expires_at=timezone.now())
    assert redeem(secret, code).json()["error_codes"] == [70008]


def test_a_code_with_a_challenge_needs_its_verifier(browser, secret):
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    for given, status in (({"code_verifier": verifier}, 200), ({"code_verifier": "w" * 50}, 400), ({}, 400)):
        address = authorize(secret.app, "v2.0/", code_challenge=challenge, code_challenge_method="S256")
        code = came_back(browser.post(address, {"answer": "allow"}))["code"]
        assert redeem(secret, code, **given).status_code == status


def test_an_id_token_comes_with_openid(browser, admin, secret):
    address = authorize(secret.app, "v2.0/", scope="openid offline_access", nonce="n1")
    code = came_back(browser.post(address, {"answer": "allow"}))["code"]
    assert redeem(secret, code).json()["id_token"].count(".") == 2


@pytest.mark.parametrize(
    "more",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://tool.example/back/more"},
        {"client_id": "00000000-0000-0000-0000-000000000000"},
        {"client_id": "x"},
    ],
)
def test_a_code_never_goes_to_an_address_that_is_not_registered(browser, secret, more):
    for method in (browser.get, browser.post):
        reply = (
            method(authorize(secret.app, **more), {"answer": "allow"})
            if method == browser.post
            else method(authorize(secret.app, **more))
        )
        assert reply.status_code == 400
        assert "Location" not in reply
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"resource": "https://elsewhere.example"}, "invalid_resource"),
        ({"scope": "https://elsewhere.example/x"}, "invalid_scope"),
    ],
)
def test_a_request_for_something_else_goes_back_with_the_reason(browser, secret, more, error):
    assert came_back(browser.get(authorize(secret.app, **more)))["error"] == error


def test_a_program_on_the_same_machine_takes_any_port(browser, partner):
    secret = make_app(partner, redirect_uris=["http://localhost/cb"])
    reply = browser.post(authorize(secret.app, redirect_uri="http://localhost:4711/cb"), {"answer": "allow"})
    assert reply["Location"].startswith("http://localhost:4711/cb?code=")


def test_another_organization_s_app_gets_no_consent(client_for, secret):
    stranger = client_for(make_member(make_partner(), Role.ADMIN_AGENT))
    assert stranger.post(authorize(secret.app), {"answer": "allow"}).status_code == 403
    assert not AppConsent.objects.exists()


def test_old_codes_and_tokens_are_forgotten(browser, secret):
    code = came_back(browser.post(authorize(secret.app), {"answer": "allow"}))["code"]
    redeem(secret, code)
    grants.forget_old(timezone.now() + datetime.timedelta(days=91))
    assert not RefreshToken.objects.exists()
    assert not AuthorizationCode.objects.exists()
