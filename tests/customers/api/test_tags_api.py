"""Tags over the API: list, add, delete, and those of one customer."""

import pytest

from customers.models import ResellerRelationship, Tag
from portal.accounts.enums import Role
from tests.customers.factories import make_relationship
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship():
    return make_relationship()


@pytest.fixture
def client(relationship):
    return api_client(relationship.partner.organization)


def test_tags_are_added_listed_and_deleted_when_no_customer_has_them(client, relationship):
    made = client.send("POST", "/v1/tags", {"names": ["North", "Gold"]}).json()
    assert [one["name"] for one in made["items"]] == ["North", "Gold"]
    assert [one["name"] for one in client.get("/v1/tags").json()["items"]] == ["Gold", "North"]
    of_customer = f"/v1/customers/{relationship.customer_id}/tags"
    assert client.send("PUT", of_customer, {"names": ["gold", "New"]}).json()["names"] == ["Gold", "New"]
    assert client.get(of_customer).json()["names"] == ["Gold", "New"]
    gold, north = Tag.objects.get(name="Gold"), Tag.objects.get(name="North")
    in_use = client.send("DELETE", f"/v1/tags/{gold.pk}")
    assert (in_use.status_code, in_use.json()["code"]) == (400, 2000)
    assert client.send("DELETE", f"/v1/tags/{north.pk}").status_code == 204
    assert client.send("PUT", of_customer, {"names": []}).json()["names"] == []
    assert client.send("DELETE", f"/v1/tags/{gold.pk}").status_code == 204


def test_wrong_words_other_partners_and_roles_that_only_read_change_nothing(client, relationship):
    of_customer = f"/v1/customers/{relationship.customer_id}/tags"
    for names in (["a,b"], [""], ["x" * 300], "Gold", [1]):
        assert client.send("PUT", of_customer, {"names": names}).status_code == 400
    assert client.send("PUT", of_customer, {"names": [f"tag {number}" for number in range(151)]}).status_code == 400
    stranger = api_client()
    tag = client.send("POST", "/v1/tags", {"names": ["North"]}).json()["items"][0]
    assert stranger.send("PUT", of_customer, {"names": ["Gold"]}).status_code == 404
    assert stranger.send("DELETE", f"/v1/tags/{tag['id']}").status_code == 404
    assert stranger.get("/v1/tags").json()["items"] == []
    helpdesk = api_client(relationship.partner.organization, Role.HELPDESK_AGENT)
    assert helpdesk.get(of_customer).status_code == 200
    assert helpdesk.send("PUT", of_customer, {"names": ["Gold"]}).status_code == 403
    assert ResellerRelationship.objects.get(pk=relationship.pk).tags == []
