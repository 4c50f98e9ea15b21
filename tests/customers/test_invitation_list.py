"""The list of relationship requests: its filters (R1)."""

import re

import pytest
from django.urls import reverse

from tests.factories import make_member

pytestmark = pytest.mark.django_db


def test_every_state_to_filter_by_has_a_name(client_for):
    page = client_for(make_member()).get(reverse("customers:invitations")).content.decode()
    select = page.partition('id="invitation-state"')[2].partition("</select>")[0]
    options = dict(re.findall(r'<option value="(\w*)"[^>]*>([^<]*)</option>', select))
    assert options[""] == "All states"
    assert options["opened"] == "Opened"
    assert all(options.values())
