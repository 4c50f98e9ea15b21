"""What the pages of webhooks do, done by API (issue 6: no screen can do what the API cannot)."""

import pytest
from django.utils import timezone

from portal.accounts.enums import Role
from tests.factories import make_partner
from tests.portal.api.factories import api_client
from tests.portal.webhooks.factories import EVENT, deliver, happen, register

pytestmark = pytest.mark.django_db
ALL = "/webhooks/v1/registrations"


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def client(partner):
    return api_client(partner)


@pytest.fixture
def webhook(partner, receiver):
    events = (EVENT, "test-created")
    return register(receiver.url, organization=partner, events=events, now=timezone.now()).registration


def test_several_webhooks_are_made_changed_paused_renewed_and_deleted(client, receiver):
    body = {"WebhookUrl": receiver.url, "WebhookEvents": [EVENT]}
    made = [client.send("POST", ALL, body) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    first, second = (answer.json() for answer in made)
    assert first["secret"] != second["secret"]
    listed = client.get(ALL).json()
    assert [one["id"] for one in listed["items"]] == [first["id"], second["id"]]
    assert "secret" not in listed["items"][0]
    oldest = client.get("/webhooks/v1/registration").json()
    assert oldest["lastModifiedTimestamp"][:16] == first["createdDate"][:16]

    here = f"{ALL}/{second['id']}"
    changed = client.send("PUT", here, body | {"webhookEvents": ["test-created"]}).json()
    assert changed["webhookEvents"] == ["test-created"]
    assert client.send("POST", f"{here}/pause").json()["state"] == "paused"
    assert client.send("POST", f"{here}/pause").json()["data"] == ["webhook-paused-already"]
    assert client.send("POST", f"{here}/resume").json()["state"] == "active"
    renewed = client.send("POST", f"{here}/secret").json()
    assert renewed["secret"] != second["secret"]
    assert "secretOverlapsUntil" in client.get(here).json()
    assert client.send("POST", f"{here}/validationEvents").json().keys() == {"correlationId"}
    assert client.send("DELETE", here).status_code == 204
    assert client.get(here).status_code == 404
    assert client.get(ALL).json()["totalCount"] == 1


def test_deliveries_are_listed_read_and_sent_again(client, webhook, receiver):
    delivery = happen(webhook, subject_id="transfer-7", now=timezone.now())
    happen(webhook, "test-created", now=timezone.now())
    deliver(timezone.now())
    here = f"{ALL}/{webhook.pk}"

    page = client.get(f"{here}/deliveries?size=1").json()
    assert page["totalCount"] == 1
    token = {"MS-ContinuationToken": page["continuationToken"]}
    rest = client.get(f"{here}/deliveries?size=1&seekOperation=Next", headers=token).json()
    assert {page["items"][0]["eventName"], rest["items"][0]["eventName"]} == {EVENT, "test-created"}
    for query, count in (("q=transfer-7", 1), ("event=test-created", 1), ("state=failed", 0), ("to=9999-12-31", 2)):
        assert client.get(f"{here}/deliveries?{query}").json()["totalCount"] == count, query
    assert client.get(f"{here}/deliveries?state=lost").status_code == 400

    one = client.get(f"/webhooks/v1/deliveries/{delivery.pk}").json()
    assert one["requestBody"].encode() == next(got.body for got in receiver.received if b"transfer-7" in got.body)
    [attempt] = one["results"]
    assert (attempt["statusCode"], attempt["result"], attempt["responseBody"]) == (200, "delivered", "{}")
    assert attempt["requestHeaders"]["webhook-id"] == one["eventId"]

    again = client.send("POST", f"/webhooks/v1/deliveries/{delivery.pk}/replay").json()
    assert (again["replayOf"], again["state"]) == (one["id"], "waiting")
    assert client.get(f"{here}/replay").json() == {"count": 1}
    assert client.send("POST", f"{here}/replay?event=test-created").json() == {"count": 1}
    assert client.send("POST", f"{here}/replay?event=test-created").json()["data"] == ["webhook-nothing-to-replay"]
    proof = client.get(f"/webhooks/v1/events/{one['eventId']}/deliveries").json()
    assert [row["id"] for row in proof["items"]] == [one["id"], again["id"]]


def test_others_reach_none_of_it(webhook):
    delivery = happen(webhook, now=timezone.now())
    stranger = api_client()
    for path in ("", "/deliveries", "/replay"):
        assert stranger.get(f"{ALL}/{webhook.pk}{path}").status_code == 404, path
    for path in ("/pause", "/resume", "/secret", "/validationEvents", "/replay"):
        assert stranger.send("POST", f"{ALL}/{webhook.pk}{path}").status_code == 404, path
    assert stranger.send("DELETE", f"{ALL}/{webhook.pk}").status_code == 404
    assert stranger.get(f"/webhooks/v1/deliveries/{delivery.pk}").status_code == 404
    assert stranger.send("POST", f"/webhooks/v1/deliveries/{delivery.pk}/replay").status_code == 404
    assert stranger.get(f"/webhooks/v1/events/{delivery.event.public_id}/deliveries").status_code == 404
    without_right = api_client(webhook.organization, Role.USER_MANAGEMENT_ADMIN)
    assert without_right.get(ALL).json()["code"] == 900150
