"""Whatever is sent, no call answers a fault, and every refusal has the form of its API (figures of issue 5)."""

import json
import random
import uuid

import pytest

from portal.accounts.enums import Role
from portal.api.access import ApiAccess
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import make_partner
from tests.portal.api.factories import api_client
from tests.url_map import pages

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TEXTS = [
    "", " ", "x", "0", "-1", "1e400", "9" * 30, "null", "true", "é\u202e😀", "a" * 300, "%00", "'; --", "{}", "[", "*",
    "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999-14:00", "13/40/2026 99:99:99 AM",
    "1/1/2026 12:00:00 PM", "WyJuIiwxXQ", "eyJhIjoxfQ", "../..", "Next", "starts_with",
    "6B1F0D52-7A35-4C7E-9D0B-2F5B3F0C1A11",
]  # fmt: skip
NUMBERS = [0, -1, 1, 2**31, 2**63, 2**64, 1e308, 1.5]
NAMES = [
    "filter", "size", "seekOperation", "startDate", "endDate", "after", "mpnId", "tenantId", "relationship_type",
    "order_id", "mpn_id", "agreementType", "indirectResellerId", "DAP", "country", "language",
]  # fmt: skip
HEADERS = ["MS-ContinuationToken", "MS-RequestId", "If-Match", "X-Locale", "MS-CorrelationId", "MS-CV", "Content-Type"]
ROUNDS = 12


def some_value(chance, depth=0):
    kind = chance.randrange(8 if depth < 3 else 5)
    if kind < 2:
        return chance.choice(TEXTS)
    if kind == 2:
        return chance.choice(NUMBERS)
    if kind < 5:
        return chance.choice([None, True, False, str(uuid.uuid4())])
    if kind == 5:
        return [some_value(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {chance.choice(TEXTS): some_value(chance, depth + 1) for _ in range(chance.randrange(4))}


def some_body(chance, schema, depth=0):
    """Mostly what the call reads, with something wrong in it."""
    if schema is None or depth > 3 or chance.random() < 0.15:
        return some_value(chance)
    body = {}
    for name, field in schema.model_fields.items():
        inner = field.annotation
        spelled = chance.choice([name.replace("_", ""), name.replace("_", "").upper(), name.title().replace("_", "")])
        if chance.random() < 0.1:
            continue
        if hasattr(inner, "model_fields"):
            body[spelled] = some_body(chance, inner, depth + 1)
        else:
            body[spelled] = chance.choice([some_value(chance), "FR", "a@b.example", "none", "2026-01-01", "x.example"])
    return body


def raw(chance, value):
    if chance.random() < 0.1:
        return chance.choice([b"", b"\xff", b"{", b"\xef\xbb\xbf{}", b'{"a":1,}', b"[" * 3000, b'"\\ud800"', b"NaN"])
    try:
        return json.dumps(value).encode("utf-8", "replace")
    except ValueError:
        return b"{}"


CALLS = [page for page in pages() if isinstance(getattr(page.callback, "access", None), ApiAccess)]


@pytest.mark.parametrize(
    "page", [page for page in CALLS if page.callback.access.style.name == "partner"], ids=lambda page: page.view_name
)
def test_no_call_answers_a_fault(page):
    chance = random.Random(page.view_name)
    partner = make_partner()
    subscription = make_subscription(make_relationship(partner))
    client = api_client(partner, Role.ADMIN_AGENT, Role.GLOBAL_ADMIN, person=True)
    own = {"customer_id": str(subscription.customer_id), "subscription_id": str(subscription.pk)}
    for number in range(ROUNDS):
        for method, operation in page.callback.access.operations.items():
            values = {
                name: own.get(name, "x") if number % 3 else chance.choice(TEXTS).replace("/", "") or "x"
                for name in page.parameters
            }
            names = [*NAMES, *(operation.query or {})]
            query = {chance.choice(names): chance.choice(TEXTS) for _ in range(chance.randrange(3))}
            if "filter" in query and chance.random() < 0.7:
                query["filter"] = json.dumps(some_value(chance))
            headers = {
                name: chance.choice(TEXTS).encode("ascii", "ignore").decode()
                for name in chance.sample(HEADERS[:-1], chance.randrange(4))
            }
            body = raw(chance, some_body(chance, operation.body)) if method != "GET" else b""
            reply = client.generic(
                method, page.path(**values), body, content_type="application/json", headers=headers, query_params=query
            )
            told = (method, page.path(**values), query, headers, body[:300], reply.content[:300])
            assert reply.status_code < 500, told
            if reply.status_code >= 400 and reply.status_code != 404:
                assert reply.json().keys() >= {"code", "description", "data", "source"}, told
                assert isinstance(reply.json()["code"], int)
