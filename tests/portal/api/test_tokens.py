"""Asking for tokens at the original's addresses, and what becomes of them (issue 5, row X11)."""

import base64
import datetime
import uuid

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.api.caller import AudienceRefused, PersonRequired, TokenMissing, TokenRefused, WrongApi, identify
from portal.api.models import SigningKey
from portal.api.tokens import audiences, claims, keys
from tests.factories import make_member, make_organization, make_partner
from tests.portal.api.factories import make_app, secret_of, token_of

pytestmark = pytest.mark.django_db

PARTNER_RESOURCE = "https://api.partnercenter.microsoft.com"
PUBLISHER_RESOURCE = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"


def ask(secret, *, version=1, tenant=None, **form):
    values = {"grant_type": "client_credentials", "client_id": str(secret.app_id), "client_secret": secret_of(secret)}
    if version == 1:
        values["resource"] = PARTNER_RESOURCE
    else:
        values["scope"] = f"{PARTNER_RESOURCE}/.default"
    values = {name: value for name, value in (values | form).items() if value is not None}
    part = "v2.0/" if version == 2 else ""
    return Client().post(f"/{tenant or secret.app.organization_id}/oauth2/{part}token", values)


def identified(token, accepted=None, now=None):
    return identify(f"Bearer {token}", accepted=accepted or audiences.partner_audiences(), now=now or timezone.now())


def test_an_app_gets_a_token_with_its_secret_and_the_api_knows_it_by_it():
    secret = make_app()
    reply = ask(secret).json()
    caller = identified(reply["access_token"])
    assert caller.actor.organization_id == secret.app.organization_id
    assert caller.app_id == secret.app_id
    assert caller.actor.roles == {Role.ADMIN_AGENT}
    assert not caller.is_person


def test_version_1_answers_every_number_as_text():
    reply = ask(make_app()).json()
    assert reply.keys() == {
        "token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token"
    }  # fmt: skip
    assert all(isinstance(value, str) for value in reply.values())
    assert reply["expires_in"] == "3599"
    assert reply["resource"] == PARTNER_RESOURCE


def test_version_2_answers_numbers_and_leaves_out_three_members():
    reply = ask(make_app(), version=2).json()
    assert reply.keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert reply["expires_in"] == reply["ext_expires_in"] == 3599


@pytest.mark.parametrize(("version", "app_claim"), [(1, "appid"), (2, "azp")])
def test_a_token_is_a_jwt_that_the_published_keys_check(version, app_claim):
    secret = make_app()
    tenant = secret.app.organization_id
    token = ask(secret, version=version).json()["access_token"]
    part = "v2.0/" if version == 2 else ""
    document = Client().get(f"/{tenant}/{part}.well-known/openid-configuration").json()
    assert document["token_endpoint"].endswith(f"/{tenant}/oauth2/{part}token")
    published = Client().get(f"/{tenant}/discovery/{part}keys").json()
    key = jwt.PyJWKSet.from_dict(published)[jwt.get_unverified_header(token)["kid"]]
    read = jwt.decode(token, key, audience=PARTNER_RESOURCE, issuer=document["issuer"], algorithms=["RS256"])
    assert read["tid"] == str(tenant)
    assert read[app_claim] == str(secret.app_id)
    assert read["oid"] == str(secret.app.principal_id)
    assert "upn" not in read
    assert "scp" not in read


def test_a_tenant_may_be_named_by_its_domain():
    secret = make_app()
    assert ask(secret, tenant=secret.app.organization.domain.upper()).status_code == 200


def test_the_secret_may_come_in_the_authorization_header():
    secret = make_app()
    basic = base64.b64encode(f"{secret.app_id}:{secret_of(secret)}".encode()).decode()
    reply = Client().post(
        f"/{secret.app.organization_id}/oauth2/token",
        {"grant_type": "client_credentials", "resource": PARTNER_RESOURCE},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert reply.status_code == 200


def test_an_old_client_may_send_its_api_version_in_the_address():
    secret = make_app()
    form = {"grant_type": "client_credentials", "client_id": str(secret.app_id), "client_secret": secret_of(secret)}
    assert Client().post(f"/{secret.app.organization_id}/oauth2/token?api-version=1.0", form).status_code == 200


def test_a_publisher_s_app_gets_tokens_for_the_publisher_api_alone():
    secret = make_app(make_organization(OrganizationKind.PUBLISHER))
    token = ask(secret, version=2, scope=f"{PUBLISHER_RESOURCE}/.default").json()["access_token"]
    assert identified(token, audiences.publisher_audiences()).actor.roles == {Role.PUBLISHER_ADMIN}
    with pytest.raises(WrongApi):
        identified(token)


def test_a_token_for_the_old_directory_is_given_and_refused_by_the_api():
    token = ask(make_app(), resource="https://graph.windows.net").json()["access_token"]
    with pytest.raises(AudienceRefused):
        identified(token)


@pytest.mark.parametrize(
    ("form", "version", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 1, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 1, 400, "invalid_request", 900144),
        ({"client_id": str(uuid.uuid4())}, 1, 400, "unauthorized_client", 700016),
        ({"client_id": "no guid"}, 1, 400, "unauthorized_client", 700016),
        ({"client_id": None}, 1, 400, "invalid_request", 900144),
        ({"grant_type": None}, 1, 400, "invalid_request", 900144),
        ({"grant_type": "password", "username": "a", "password": "b"}, 1, 400, "unsupported_grant_type", 70003),
        ({"resource": "https://elsewhere.example"}, 1, 400, "invalid_resource", 500011),
        ({"scope": None}, 2, 400, "invalid_request", 900144),
        ({"scope": f"{PARTNER_RESOURCE}/user_impersonation"}, 2, 400, "invalid_scope", 1002012),
        ({"scope": "https://elsewhere.example/.default"}, 2, 400, "invalid_scope", 70011),
        ({"grant_type": "refresh_token", "refresh_token": "x", "authorization": "y", "grant": "z"}, 1, 400,
         "invalid_grant", 9002313),
        ({"grant_type": "authorization_code", "code": "x", "authorization": "y"}, 1, 400, "invalid_grant", 9002313),
    ],
)  # fmt: skip
def test_a_refusal_has_the_original_s_shape_and_number(form, version, status, error, number):
    reply = ask(make_app(), version=version, **form)
    assert (reply.status_code, reply.json()["error"], reply.json()["error_codes"]) == (status, error, [number])
    assert reply.json().keys() == {
        "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"
    }  # fmt: skip
    assert reply.json()["error_description"].startswith(f"AADSTS{number}: ")


def test_an_unknown_tenant_is_refused():
    reply = ask(make_app(), tenant="nowhere.example")
    assert (reply.status_code, reply.json()["error_codes"]) == (400, [90002])


def test_another_organization_s_app_is_unknown_in_a_tenant():
    assert ask(make_app(), tenant=make_partner().pk).json()["error_codes"] == [700016]


def test_a_secret_that_ran_out_is_told_from_a_wrong_one():
    secret = make_app()
    secret.created_at -= datetime.timedelta(days=200)
    secret.expires_at = timezone.now() - datetime.timedelta(seconds=1)
    secret.save()
    assert ask(secret).json()["error_codes"] == [7000222]


def test_a_token_notes_when_its_secret_was_last_used():
    secret = make_app()
    ask(secret)
    secret.refresh_from_db()
    assert secret.last_used_at is not None
    assert secret.app.last_used_at is None or secret.app.last_used_at <= timezone.now()


def test_too_many_requests_for_tokens_are_refused_for_a_while(settings):
    settings.API_TOKEN_REQUESTS_PER_MINUTE = 0
    reply = ask(make_app())
    assert (reply.status_code, reply.json()["error_codes"]) == (429, [90055])
    assert 1 <= int(reply.headers["Retry-After"]) <= 60


def removed_app(secret):
    secret.app.removed_at = timezone.now()
    secret.app.save()


def revoked_secret(secret):
    secret.revoked_at = timezone.now()
    secret.save()


def expired_secret(secret):
    secret.created_at -= datetime.timedelta(days=200)
    secret.expires_at = timezone.now() - datetime.timedelta(seconds=1)
    secret.save()


@pytest.mark.parametrize("end", [removed_app, revoked_secret, expired_secret])
def test_a_token_is_worthless_as_soon_as_what_it_was_issued_on_is_gone(end):
    secret = make_app()
    token = token_of(secret)
    identified(token)
    end(secret)
    with pytest.raises(TokenRefused):
        identified(token)


def test_a_role_taken_from_an_app_is_without_effect_on_the_next_request():
    secret = make_app()
    token = token_of(secret)
    assert identified(token).actor.may("customer.view")
    secret.app.roles = [str(Role.BILLING_ADMIN)]
    secret.app.save()
    assert not identified(token).actor.may("customer.view")


def test_an_app_acts_with_the_roles_of_the_person_behind_it():
    secret = make_app()
    member = make_member(secret.app.organization, Role.HELPDESK_AGENT)
    token = token_of(secret, member)
    caller = identified(token)
    assert (caller.actor.user_id, caller.actor.roles) == (member.user_id, {Role.HELPDESK_AGENT})
    caller.require_person()
    member.is_active, member.deactivated_at = False, timezone.now()
    member.save()
    with pytest.raises(TokenRefused):
        identified(token)


def test_an_app_alone_is_told_from_a_person():
    with pytest.raises(PersonRequired):
        identified(token_of(make_app())).require_person()


def test_tokens_of_strangers_and_of_other_times_are_refused():
    secret = make_app()
    good = token_of(secret)
    head, body, signature = good.split(".")
    other = jwt.encode({"tid": "x"}, "k" * 32, algorithm="HS256", headers={"kid": SigningKey.objects.get().kid})
    unsigned = jwt.encode(jwt.decode(good, options={"verify_signature": False}), None, algorithm="none")
    late = timezone.now() - claims.LIFETIME - datetime.timedelta(minutes=1)
    grant = claims.Grant(secret=secret, audience=PARTNER_RESOURCE, version=1)
    changed = ("A" if signature[9] != "A" else "B").join([signature[:9], signature[10:]])
    for token in ("x", "a.b.c", f"{head}.{body}.{changed}", other, unsigned, claims.issue(grant, now=late)):
        with pytest.raises(TokenRefused):
            identified(token)
    for header in ("", "Basic abc", "Bearer ", "Bearer"):
        with pytest.raises(TokenMissing):
            identify(header, accepted=audiences.partner_audiences(), now=timezone.now())


def test_keys_take_turns_and_the_one_before_still_checks_its_tokens():
    now = timezone.now()
    secret = make_app()
    old = token_of(secret)
    later = now + keys.ROTATION + datetime.timedelta(minutes=1)
    assert keys.signing_key(later).kid != jwt.get_unverified_header(old)["kid"]
    identified(old)
    assert len(keys.published()["keys"]) == 2
    assert keys.forget_old(later + keys.KEPT_AFTERWARDS) == 1
    assert SigningKey.objects.count() == 1


def test_private_keys_stand_sealed():
    key = keys.signing_key(timezone.now())
    assert b"PRIVATE" not in bytes(key.private_key)
    assert keys.private_key(key).public_key() == keys.public_key(key.kid)
