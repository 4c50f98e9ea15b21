"""Every code of a refusal in the source has a number of the original and a page with cause and remedy (issue 5)."""

import ast

import pytest
from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.html import escape

from portal.accounts.enums import Role
from portal.api.error_codes import NUMBERS
from portal.api.error_help import HELP, all_codes, code_at
from tests.factories import make_member, make_partner
from tests.test_architecture import own_code, tree


def codes_in_the_source():
    for name in own_code():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ClassDef) and node.bases:
                for part in node.body:
                    is_code = isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "code"
                    if is_code and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str):
                        yield part.value.value


def test_every_code_has_a_number_and_a_status():
    missing = set(codes_in_the_source()) - NUMBERS.keys()
    assert not missing, f"Add to portal/api/error_codes.py: {sorted(missing)}"
    assert all(number > 0 and 400 <= status < 600 for number, status in NUMBERS.values())


def test_every_code_has_cause_and_remedy():
    assert not NUMBERS.keys() - HELP.keys(), f"Add to portal/api/error_help.py: {sorted(NUMBERS.keys() - HELP.keys())}"
    assert not HELP.keys() - NUMBERS.keys()
    assert all(isinstance(text, Promise) for texts in HELP.values() for text in texts)  # said in three languages
    assert all(str(cause).endswith(".") and str(remedy).endswith(".") for cause, remedy in HELP.values())


@pytest.mark.django_db
def test_the_page_of_errors_shows_every_code(client_for):
    page = client_for(make_member(make_partner(), Role.ADMIN_AGENT)).get("/help/api/errors/")
    body = page.content.decode()
    assert not [one.code for one in all_codes() if f'id="{one.anchor}"' not in body]
    assert not [one.code for one in all_codes() if f'href="/help/api/errors/{one.anchor}/"' not in body]


def test_every_code_has_an_address_of_its_own():
    codes = all_codes()
    addresses = {reverse("api:error", args=[one.anchor]): one for one in codes}
    assert len(addresses) == len(codes)
    assert not [one for address, one in addresses.items() if code_at(**resolve(address).kwargs) != one]


@pytest.mark.django_db
def test_the_page_of_a_code_says_what_is_wrong_and_what_to_do(client_for):
    client = client_for(make_member(make_partner(), Role.HELPDESK_AGENT))
    codes = all_codes()
    for one in (*codes[::60], *{each.area: each for each in codes}.values()):  # every page is drawn alike
        page = client.get(reverse("api:error", args=[one.anchor]))
        body = page.content.decode()
        assert page.status_code == 200
        said = (one.code, f">{one.number}<", f">{one.status} ", escape(one.cause), escape(one.remedy))
        assert not [text for text in said if text not in body], one.anchor
    assert client.get("/help/api/errors/no-such-code/").status_code == 404
