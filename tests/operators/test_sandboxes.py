"""The operator creates a sandbox account from a partner's page (P8)."""

import html

import pytest

from portal.accounts.enums import Role
from portal.accounts.models import Organization
from sandbox import queries
from tests.factories import make_member, make_partner
from tests.sandbox.factories import make_sandbox_partner
from tests.support.factories import make_operator

pytestmark = pytest.mark.django_db


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def test_the_form_names_its_consequences_and_creates_the_account_once(client_for):
    browser = client_for(make_operator())
    partner = make_partner(domain="belfort.example")
    make_member(partner, Role.GLOBAL_ADMIN, name="Hélène Marchand")
    other = make_sandbox_partner(domain="sandbox.fjallvind.example")
    address = f"/programme/partners/{partner.pk}/sandbox/"

    assert address in body(browser.get(f"/programme/partners/{partner.pk}/"))
    page = body(browser.get(address))
    assert "sandbox.belfort.example" in page
    assert "Hélène Marchand" in page
    assert "No sandbox partner has this" in body(browser.post(address, {"pair_with": partner.domain}), 422)
    assert not Organization.objects.filter(domain="sandbox.belfort.example").exists()
    made = browser.post(address, {"pair_with": " Sandbox.Fjallvind.example "})
    account = Organization.objects.get(domain="sandbox.belfort.example")
    assert made.headers["Location"] == f"/programme/partners/{account.pk}/"
    assert queries.others_in_sandbox(account.pk) == [other]

    assert "has a sandbox account already" in body(browser.post(address), 409)
    page = body(browser.get(f"/programme/partners/{partner.pk}/"))
    assert "has a sandbox account already" in page
    assert f"/programme/partners/{account.pk}/" in page
    assert "is a sandbox account itself" in body(browser.get(f"/programme/partners/{account.pk}/"))


def test_nobody_but_the_operator_creates_one(client_for):
    partner = make_partner()
    browser = client_for(make_member(partner, Role.GLOBAL_ADMIN))
    address = f"/programme/partners/{partner.pk}/sandbox/"
    assert (browser.get(address).status_code, browser.post(address).status_code) == (403, 403)
    assert Organization.objects.filter(is_sandbox=True).count() == 0
