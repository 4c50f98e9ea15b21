"""The pages of the company profile and the partner agreement."""

import pytest
from django.urls import reverse

from portal.accounts.enums import OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Organization, Partner, Partnership
from tests.factories import NOON, make_member, make_organization, make_partner
from tests.portal.accounts.helpers import event_names

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PROFILE, EDIT = "/account-settings/company/", "/account-settings/company/edit/"
AGREEMENT, SIGN = "/account-settings/company/agreement/", "/account-settings/company/agreement/sign/"


@pytest.fixture
def admin():
    return make_member(make_partner(name="Contoso", agreement_signed=False), Role.GLOBAL_ADMIN, name="Ada Admin")


def test_the_profile_shows_identifiers_places_and_agreement(client_for, admin):
    text = client_for(admin).get(PROFILE).text
    place = admin.organization.partner.locations.get()
    for fact in (str(admin.organization_id), place.partner_id_number, "Headquarters", "France", "EUR", "Direct bill"):
        assert fact in text
    assert f'data-copy="{admin.organization_id}"' in text
    assert "waits for your signature" in text


def test_a_sandbox_says_that_it_is_one(client_for):
    member = make_member(make_partner(is_sandbox=True), Role.GLOBAL_ADMIN)
    assert "This is a sandbox account" in client_for(member).get(PROFILE).text


def test_a_customer_has_a_profile_without_what_only_partners_have(client_for):
    member = make_member(make_organization(), Role.CUSTOMER_ADMIN)
    client = client_for(member)
    text = client.get(PROFILE).text
    assert "PartnerID" not in text
    assert "Partner agreement" not in text
    assert "There is nothing to sign" in client.get(AGREEMENT).text


def test_partnerships_name_the_other_side(client_for):
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER, name="Provider One")
    reseller = make_partner(OrganizationKind.INDIRECT_RESELLER, name="Reseller One")
    ended = make_partner(OrganizationKind.INDIRECT_RESELLER, name="Former Reseller")
    Partnership.objects.create(
        provider=provider.partner,
        reseller=reseller.partner,
        status=PartnershipStatus.ACTIVE,
        requested_at=NOON,
        accepted_at=NOON,
    )
    Partnership.objects.create(
        provider=provider.partner,
        reseller=ended.partner,
        status=PartnershipStatus.ENDED,
        requested_at=NOON,
        ended_at=NOON,
    )
    for status in (PartnershipStatus.DECLINED, PartnershipStatus.WITHDRAWN):
        other = make_partner(OrganizationKind.INDIRECT_RESELLER, name=f"{status.label} Reseller")
        Partnership.objects.create(
            provider=provider.partner, reseller=other.partner, status=status, requested_at=NOON, ended_at=NOON
        )
    of_provider = client_for(make_member(provider, Role.GLOBAL_ADMIN)).get(PROFILE).text
    of_reseller = client_for(make_member(reseller, Role.GLOBAL_ADMIN)).get(PROFILE).text
    assert "Reseller One" in of_provider
    for none in ("Former Reseller", "Declined Reseller", "Withdrawn Reseller"):
        assert none not in of_provider
    assert "Provider One" in of_reseller


def test_the_profile_is_changed_in_a_panel_or_on_a_page(client_for, admin):
    client = client_for(admin)
    form = {"name": "Contoso Nordic", "address": "Main Street 1\r\nLyon", "language": "fr"}
    assert "<dialog" in client.get(EDIT, headers=HTMX).text
    assert "<dialog" not in client.get(EDIT).context["form"].as_p()

    response = client.post(EDIT, form, follow=True)
    organization = Organization.objects.get(pk=admin.organization_id)
    assert "The company profile has been saved." in response.text
    assert (organization.name, organization.address, organization.language) == (
        "Contoso Nordic",
        "Main Street 1\nLyon",
        "fr",
    )
    client.post(EDIT, form)
    assert event_names(organization) == ["organization-updated"]


def test_wrong_input_is_kept_and_explained(client_for, admin):
    response = client_for(admin).post(EDIT, {"name": "", "contact_email": "nobody", "language": "fr"}, headers=HTMX)
    assert response.status_code == 422
    assert 'value="nobody"' in response.text
    assert "<dialog" in response.text


def test_who_may_only_look_finds_no_way_to_change(client_for, admin):
    client = client_for(make_member(admin.organization, Role.SALES_AGENT))
    assert EDIT not in client.get(PROFILE).text
    assert client.get(EDIT).status_code == 403
    assert client.post(EDIT, {"name": "Other"}).status_code == 403


def test_signing_needs_both_boxes_and_happens_once(client_for, admin):
    client = client_for(admin)
    assert SIGN in client.get(AGREEMENT).text
    assert client.post(SIGN, {"authorized": "on"}).status_code == 422
    assert Partner.objects.get(pk=admin.organization_id).agreement_signed_at is None

    signed = client.post(SIGN, {"authorized": "on", "accepted": "on"}, follow=True)
    assert "You have signed the partner agreement" in signed.text
    assert "Ada Admin" in client.get(PROFILE).text
    again = client.post(SIGN, {"authorized": "on", "accepted": "on"})
    assert again.status_code == 409
    assert event_names(admin.organization) == ["partner-agreement-signed"]


def test_signing_asks_for_a_fresh_sign_in(client_for, admin):
    client = client_for(admin, fresh=False)
    response = client.post(SIGN, {"authorized": "on", "accepted": "on"})
    assert response.headers["Location"].startswith("/account/reauthenticate/")
    assert event_names(admin.organization) == []


def test_who_may_not_sign_is_told_whom_to_ask(client_for, admin):
    client = client_for(make_member(admin.organization, Role.ACCOUNT_ADMIN))
    text = client.get(AGREEMENT).text
    assert "Your role does not allow signing. Ask Ada Admin." in text
    assert SIGN not in text
    assert client.get(SIGN).status_code == 403


def test_a_newer_version_waits_beside_the_one_that_is_signed(client_for, settings):
    settings.PARTNER_AGREEMENT_VERSION = "2027-03"
    member = make_member(make_partner(), Role.GLOBAL_ADMIN)
    text = client_for(member).get(reverse("accounts:partner_agreement")).text
    assert "Version 2027-03 waits for your signature; version 2026-01 is signed" in text
