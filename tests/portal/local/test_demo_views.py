"""One-click sign-in, in the demo installation and nowhere else."""

import time

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.sign_in import fresh
from portal.accounts.sign_in.devices import Device, Origin
from portal.audit.models import AuditEvent
from portal.local.demo import loading
from portal.local.demo.history import set_up_second_factor
from portal.local.demo.organizations import PARTNERS, organization_id
from portal.local.demo.people import PEOPLE, membership_id
from tests.factories import NOON, make_member

PAGE = "/demo/"
BELFORT = PARTNERS[0]
CAMILLE = next(person for person in PEOPLE if person.name == "Camille Rousseau")


@pytest.fixture(scope="module")
def people(rows_of_module):
    with rows_of_module():
        loading.populate(now=NOON)
        for person in PEOPLE[:10]:
            set_up_second_factor(person, Origin("203.0.113.1", Device("", "")), NOON)


@pytest.fixture(autouse=True)
def fresh_world(people, db):
    """The same people for each test, whatever another one did to them."""


def sign_in(client, person, domain=None):
    return client.post(f"{PAGE}{membership_id(person, domain or person.places[0][0])}/")


def test_the_page_shows_everybody_by_organization_to_a_stranger(client):
    page = client.get(PAGE).content.decode()

    for person in PEOPLE:
        assert person.email in page
    assert page.index("Belfort Cloud") < page.index("Fjällvind Data AB") < page.index("Partner Programme Office")
    assert "US Government" in page
    assert "Sandbox" in page


@pytest.mark.parametrize(
    ("text", "found", "missing"),
    [
        ("camille", "camille.rousseau@", "karim.benali@"),
        ("HELENE", "helene.marchand@", "camille.rousseau@"),
        ("admin agent fjällvind", "erik.nystrom@", "camille.rousseau@"),
        ("publisher", "oskar.bjork@", "camille.rousseau@"),
        ("<script>", "Nobody found", "camille.rousseau@"),
    ],
)
def test_the_search_box_finds_by_name_organization_and_role(client, text, found, missing):
    page = client.get(PAGE, {"q": text}).content.decode()

    assert found in page
    assert missing not in page
    assert "<script>" not in page


def test_htmx_gets_the_list_alone(client):
    response = client.get(PAGE, {"q": "camille"}, headers={"HX-Request": "true"})

    assert response.content.decode().lstrip().startswith('<div id="people"')
    assert "HX-Request" in response.headers["Vary"]


def test_one_click_signs_in_for_the_chosen_organization_past_the_second_factor(client):
    response = sign_in(client, CAMILLE)

    assert response.headers["Location"] == "/"
    home = client.get("/")
    assert home.status_code == 200
    assert home.wsgi_request.actor.organization_id == BELFORT.id
    assert home.wsgi_request.actor.email == CAMILLE.email


def test_the_same_person_signs_in_for_its_other_organization(client):
    sign_in(client, CAMILLE, "sandbox.belfortcloud.example")

    actor = client.get("/").wsgi_request.actor
    assert actor.organization_id == organization_id("sandbox.belfortcloud.example")
    assert actor.is_sandbox


def test_the_sign_in_counts_as_fresh_for_five_minutes(client, monkeypatch):
    sign_in(client, CAMILLE)
    request = client.get("/").wsgi_request

    assert fresh.is_fresh(request)
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 301)
    assert not fresh.is_fresh(request)


def test_the_log_notes_it_like_any_other_sign_in(client):
    sign_in(client, CAMILLE)

    event = AuditEvent.objects.filter(event_type="signed-in", parties__organization_id=BELFORT.id).get()
    assert event.subject_id == str(CAMILLE.id)
    assert event.details["methods"] == ["demo"]


def test_signing_in_as_somebody_else_signs_the_first_one_out(client):
    sign_in(client, CAMILLE)
    key = client.session.session_key
    other = next(person for person in PEOPLE if person.name == "Karim Benali")

    sign_in(client, other)

    assert client.get("/").wsgi_request.actor.email == other.email
    assert client.session.session_key != key
    assert AuditEvent.objects.filter(event_type="signed-out", subject_id=str(CAMILLE.id)).exists()


def test_a_deactivated_person_cannot_be_chosen(client):
    Membership.objects.filter(pk=membership_id(CAMILLE, BELFORT.domain)).update(is_active=False, deactivated_at=NOON)

    assert sign_in(client, CAMILLE).status_code == 404
    assert "camille.rousseau@belfortcloud.example" in client.get(PAGE).content.decode()  # the sandbox still has her


def test_only_demo_people_can_be_chosen(client):
    stranger = make_member(None, Role.ADMIN_AGENT)

    assert client.post(f"{PAGE}{stranger.pk}/").status_code == 404
    assert stranger.user.email not in client.get(PAGE).content.decode()


def test_a_link_signs_nobody_in(client):
    assert client.get(f"{PAGE}{membership_id(CAMILLE, BELFORT.domain)}/").status_code == 405
    assert client.get("/").status_code == 302


def test_a_foreign_form_signs_nobody_in():
    strict = Client(enforce_csrf_checks=True)

    assert sign_in(strict, CAMILLE).status_code == 403


def test_outside_a_demo_installation_neither_page_exists(client, settings):
    settings.DEMO = False

    assert client.get(PAGE).status_code == 404
    assert sign_in(client, CAMILLE).status_code == 404
    assert "/demo/" not in client.get(reverse("account_login")).content.decode()


def test_the_sign_in_page_leads_here_in_a_demo_installation(client):
    assert 'href="/demo/"' in client.get(reverse("account_login")).content.decode()
