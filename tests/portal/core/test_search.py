"""Universal search: pages, actions and objects the role may see; an id leads straight to its object."""

import uuid

import pytest
from django.urls import reverse

from portal.accounts.enums import AccountEvent, Role
from portal.audit import log
from portal.core import navigation, search
from tests.factories import NOON, make_member, make_organization, make_partner
from tests.portal.accounts.helpers import actor_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin():
    return make_member(make_partner(name="Contoso"), Role.GLOBAL_ADMIN, name="Ada Admin", email="ada@contoso.example")


def found(member, text):
    return {group.label: [result.label for result in group.results] for group in search.find(actor_of(member), text)}


def urls(member, text):
    return [result.url for group in search.find(actor_of(member), text) for result in group.results]


def test_without_text_it_offers_every_page_and_action_of_the_role(admin):
    for member in (
        admin,
        make_member(None, Role.HELPDESK_AGENT),
        make_member(make_organization(), Role.CUSTOMER_ADMIN),
    ):
        actor = actor_of(member)
        expected = {
            reverse(item.url_name)
            for space in navigation.workspaces_for(actor)
            for item in (*space.items_for(actor), *space.actions_for(actor))
        }
        assert set(urls(member, "")) == expected


@pytest.mark.parametrize("text", ["user management", "USER", "manägement user", "invitations to new"])
def test_pages_are_found_by_any_of_their_words(text, admin):
    assert "User management" in found(admin, text)["Pages"]


def test_a_word_in_the_name_of_a_page_counts_more_than_one_in_its_description(admin):
    assert found(admin, "roles")["Pages"][0] == "Roles and permissions"


def test_pages_and_actions_of_other_roles_are_not_found(admin):
    helpdesk = make_member(admin.organization, Role.HELPDESK_AGENT)
    assert "Invite a user" in found(admin, "invite")["Actions"]
    assert "Actions" not in found(helpdesk, "invite a user")
    assert "User management" not in found(helpdesk, "user management").get("Pages", [])


def test_colleagues_are_found_by_name_and_address_but_strangers_are_not(admin):
    make_member(admin.organization, Role.SALES_AGENT, name="Élan Öberg", email="elan@contoso.example")
    make_member(None, Role.SALES_AGENT, name="Elan Stranger")
    assert found(admin, "elan")["Users"] == ["Élan Öberg"]
    assert found(admin, "elan@contoso")["Users"] == ["Élan Öberg"]
    assert "Users" not in found(make_member(admin.organization, Role.SALES_AGENT), "elan")
    assert found(admin, "e").get("Users") is None


@pytest.mark.parametrize("form", [str, lambda value: value.hex, lambda value: f"{{{value}}}".upper()])
def test_a_pasted_id_in_any_form_leads_straight_to_the_person(form, client_for, admin):
    colleague = make_member(admin.organization, Role.SALES_AGENT)
    response = client_for(admin).get("/search/", {"q": f" {form(colleague.user_id)} "})
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("accounts:user", args=[colleague.user_id])


def test_the_own_organization_is_found_by_microsoft_id_partner_id_domain_and_name(client_for, admin):
    organization = admin.organization
    number = organization.partner.locations.get().partner_id_number
    client = client_for(admin)
    for text in (str(organization.pk), number):
        assert client.get("/search/", {"q": text}).headers["Location"] == reverse("accounts:organization")
    for text in ("contoso", organization.domain):
        assert found(admin, text)["Your organization"] == ["Contoso"]


def test_an_event_is_found_by_its_id_by_those_who_may_read_the_log(client_for, admin):
    event = log.record(
        event_type=AccountEvent.ORGANIZATION_UPDATED,
        organization_ids=[admin.organization_id],
        subject_type="organization",
        subject_id=admin.organization_id,
        actor=None,
        occurred_at=NOON,
    )
    location = client_for(admin).get("/search/", {"q": str(event.public_id)}).headers["Location"]
    assert str(event.public_id) in location
    for outsider in (make_member(admin.organization, Role.SALES_AGENT), make_member(None, Role.GLOBAL_ADMIN)):
        assert found(outsider, str(event.public_id)) == {}


def test_ids_of_others_are_not_found(client_for, admin):
    stranger = make_member(None, Role.GLOBAL_ADMIN)
    for foreign in (stranger.user_id, stranger.organization_id, uuid.uuid4()):
        response = client_for(admin).get("/search/", {"q": str(foreign)})
        assert response.status_code == 200
        assert "Nothing found" in response.text


def test_an_exact_id_stands_first_while_typing_and_nothing_is_redirected(client_for, admin):
    response = client_for(admin).get("/search/", {"q": str(admin.user_id)}, headers=HTMX)
    assert response.status_code == 200
    assert response.context["groups"][0].label == "Found by ID"
    assert "<html" not in response.text


def test_suggestions_are_links_few_per_group_and_told_to_the_live_region(client_for, admin):
    for number in range(20):
        make_member(admin.organization, Role.SALES_AGENT, name=f"Kim {number:02}")
    response = client_for(admin).get("/search/", {"q": "kim"}, headers=HTMX)
    assert response.text.count('class="menu__item"') == 7
    assert '{"announce": {"value": "6 results"}}' in response.headers["HX-Trigger"]
    nothing = client_for(admin).get("/search/", {"q": "zzzzz"}, headers=HTMX)
    assert "No results" in nothing.headers["HX-Trigger"]


def test_an_empty_box_suggests_nothing(client_for, admin):
    response = client_for(admin).get("/search/", {"q": "  "}, headers=HTMX)
    assert "menu__item" not in response.text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "%_\\'\";--", "\u202eevil", "x" * 5000, "🎈", "a\nb"])
def test_strange_texts_are_harmless(text, client_for, admin):
    for headers in ({}, HTMX):
        response = client_for(admin).get("/search/", {"q": text}, headers=headers)
        assert response.status_code in (200, 414)
        assert "<script>alert" not in response.text


@pytest.mark.parametrize(
    ("text", "is_uuid"),
    [("x" * 32, False), ("1" * 32, True), ("1" * 31, False), ("", False), ("urn:uuid:" + "1" * 32, True)],
)
def test_what_counts_as_a_uuid(text, is_uuid):
    assert (search.as_uuid(text) is not None) == is_uuid
