"""A person's views of the customer list over the API."""

import pytest

from customers.models import SavedView
from portal.accounts.enums import Role
from tests.factories import make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db
PATH = "/v1/customerviews"


def test_a_person_keeps_lists_replaces_and_deletes_its_own_views():
    partner = make_partner()
    client, colleague = (api_client(partner, Role.SALES_AGENT, person=True) for _ in range(2))
    made = client.send("POST", PATH, {"name": "France", "query": "country=FR"})
    assert (made.status_code, made.json()["query"]) == (201, "country=FR")
    assert (
        client.send("POST", PATH, {"name": "France", "query": "country=FR&sort=name"}).json()["id"]
        == (made.json()["id"])
    )
    assert [one["query"] for one in client.get(PATH).json()["items"]] == ["country=FR&sort=name"]
    assert colleague.get(PATH).json()["items"] == []
    one = f"{PATH}/{made.json()['id']}"
    assert colleague.send("DELETE", one).status_code == 404
    for wrong in ({}, {"name": ""}, {"name": "x" * 61}, {"name": "x", "query": "q" * 2001}):
        assert client.send("POST", PATH, wrong).status_code == 400
    assert api_client(partner, Role.SALES_AGENT).get(PATH).json()["code"] == 900329
    assert client.send("DELETE", one).status_code == 204
    assert not SavedView.objects.exists()
