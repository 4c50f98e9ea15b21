"""What scripts read from demo_accounts, and that it lets them sign in."""

import json
import re
import time
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from portal.accounts.enums import OrganizationKind
from portal.accounts.sign_in.devices import Device, Origin
from portal.local.demo import loading
from portal.local.demo.history import set_up_second_factor
from portal.local.demo.organizations import PARTNERS
from portal.local.demo.people import PEOPLE
from portal.local.demo.sign_in import totp_code
from tests.factories import NOON, make_organization


@pytest.fixture
def document(db, capsys):
    """The JSON of a world in which nothing has happened but the set-up of second factors."""
    loading.populate(now=NOON)
    for person in PEOPLE:
        if person.places[0][0] in {partner.domain for partner in PARTNERS}:
            set_up_second_factor(person, Origin("203.0.113.1", Device("", "")), NOON)
    call_command("demo_accounts", json=True)
    return json.loads(capsys.readouterr().out)


def test_the_json_has_the_shape_of_the_contract(document, settings):
    assert list(document) == ["base_url", "people", "apps", "customers"]
    assert document["base_url"] == settings.BASE_URL
    for app in document["apps"]:
        assert list(app) == ["kind", "tenant_id", "client_id", "client_secret", "name"]
    holders = {app["tenant_id"] for app in document["apps"]}
    sellers = {"direct_bill", "indirect_provider", "indirect_reseller", "publisher"}
    people = [person["organisation"] for person in document["people"] if person["organisation"]["kind"] in sellers]
    assert holders == {organization["tenant_id"] for organization in people}
    for person in document["people"]:
        assert list(person) == ["email", "password", "totp_secret", "name", "roles", "organisation"]
        organization = person["organisation"]
        assert list(organization) == ["kind", "name", "tenant_id", "country", "sandbox"]
        assert organization["kind"] in OrganizationKind.values
        assert uuid.UUID(organization["tenant_id"])
        assert re.fullmatch("[A-Z]{2}", organization["country"])
        assert person["totp_secret"] is None or re.fullmatch("[A-Z2-7]{32}", person["totp_secret"])
    for customer in document["customers"]:
        assert list(customer) == ["tenant_id", "name", "domain", "country", "partners"]
    assert len(document["customers"]) >= 10


def test_people_of_partners_come_first_and_with_a_secret(document):
    emails = [person["email"] for person in document["people"]]

    assert document["people"][0]["organisation"]["kind"] == "direct_bill"
    assert all(
        person["totp_secret"] for person in document["people"] if person["organisation"]["kind"].startswith("direct")
    )
    assert set(emails) == {person.email for person in PEOPLE}


def test_a_script_signs_in_with_password_and_computed_code(document):
    person = next(person for person in document["people"] if person["roles"] == ["admin_agent"])
    visitor = Client()

    answer = visitor.post(reverse("account_login"), {"login": person["email"], "password": person["password"]})
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    answer = visitor.post(answer.headers["Location"], {"code": totp_code(person["totp_secret"], time.time())})

    assert answer.status_code == 302
    home = visitor.get("/").content.decode()
    assert person["organisation"]["name"] in home


def test_a_customer_s_person_signs_in_with_the_password_alone(document):
    person = next(person for person in document["people"] if person["roles"] == ["customer_admin"])
    visitor = Client()

    visitor.post(reverse("account_login"), {"login": person["email"], "password": person["password"]})

    assert person["organisation"]["name"] in visitor.get("/").content.decode()


def test_the_table_for_people_names_everybody_and_the_one_click_page(db, capsys, settings):
    loading.populate(now=NOON)

    call_command("demo_accounts")

    shown = capsys.readouterr().out
    assert all(person.email in shown for person in PEOPLE)
    assert f"{settings.BASE_URL}/demo/" in shown
    assert "Password of everybody" in shown
    assert "Belfort Cloud: Direct bill partner" in shown


def test_the_codes_are_those_of_rfc_6238():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", the RFC's own

    assert [totp_code(secret, at) for at in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


@pytest.mark.parametrize("as_json", [True, False])
def test_without_the_demo_world_one_line_says_so(db, as_json):
    make_organization()

    with pytest.raises(CommandError, match="The demo world is not loaded here"):
        call_command("demo_accounts", json=as_json)


def test_outside_a_demo_installation_one_line_says_so(db, settings):
    loading.populate(now=NOON)
    settings.DEMO = False

    with pytest.raises(CommandError, match="DEMO is off"):
        call_command("demo_accounts", json=True)
