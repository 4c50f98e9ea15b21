"""Every call with values made from the OpenAPI document: no fault, no answer outside its schema (figures of issue 6).

``make fuzz`` runs it for longer, with other values each time.
"""

import datetime
import json
import os
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.catalog import WantedLine
from customers.workflow import carts
from marketplace.api.subscriptions import TOKEN_HEADER
from marketplace.workflow import activation, changes
from portal.accounts.enums import Role
from portal.api.openapi import calls, document
from tests.factories import make_actor
from tests.marketplace.factories import admin_of, make_active, make_dimension, make_order, make_plan
from tests.portal.api.factories import api_client
from tests.portal.api.schemas import ODD, TEXTS, misfits, values
from tests.transfers.factories import make_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
QUICK = 3


@pytest.fixture
def known():
    """A sandbox partner with one of everything, and what stands in addresses for it."""
    fields = {"is_sandbox": True, "contact_email": "hello@skog.example", "address": "Storgata 1\n0155 Oslo"}
    world, now = make_world(source_fields={"is_sandbox": True}, target_fields=fields), timezone.now()
    partner, relationship = world.target, world.at_target
    transfer = world.send(now=now)
    saas = make_active(relationship, now=now)
    make_dimension(saas.plan, code="calls")
    changing = make_active(relationship, plan=saas.plan, now=now - datetime.timedelta(hours=2))
    change = changes.change_quantity(subscription_id=changing.pk, quantity=20, actor=admin_of(saas), now=now)
    landing = activation.issue_purchase_token(subscription_id=saas.pk, actor=admin_of(saas), now=now)
    order = make_order(relationship, make_plan())
    actor = make_actor(partner, Role.ADMIN_AGENT)
    item = f"{saas.plan.offer_id.hex}:{saas.plan.code}:P1M"
    lines = [WantedLine(item, 12, "monthly")]
    cart = carts.create_cart(customer_id=relationship.customer_id, lines=lines, is_attested=True, actor=actor, now=now)
    return {
        "partner": partner,
        "publisher": saas.publisher.organization,
        "customer_id": str(relationship.customer_id),
        "subscription_id": str(saas.pk),
        "changing": str(changing.pk),
        "operation_id": str(change.pk),
        "token": parse_qs(urlsplit(landing).query)["token"][0],
        "order_id": str(order.pk),
        "cart_id": str(cart.pk),
        "transfer_id": str(transfer.pk),
        "source": str(world.source.pk),
        "other_item": f"{saas.plan.offer_id.hex}:{make_plan(saas.offer).code}:P1M",
        "product": saas.plan.offer_id.hex,
        "sku": saas.plan.code,
        "availability": "P1M",
        "number": "0",
        "country": "FR",
        "item": item,
    }


def hints_of(known):
    """What makes sense as a property of this name, so that calls get past their first check."""
    template = api_client(known["partner"]).get("/v1/agreements").json()["items"][0]["templateId"]
    return {
        "country": ["FR"],
        "email": ["a@b.example"],
        "customeremailid": ["a@b.example"],
        "domain": ["new.example", "other.example"],
        "language": ["fr"],
        "culture": ["fr-FR"],
        "catalogitemid": [known["item"]],
        "offerid": [known["item"]],
        "tocatalogitemid": [known["other_item"], known["item"]],
        "productid": [known["product"]],
        "skuid": [known["sku"]],
        "customerid": [known["customer_id"]],
        "sourcepartnertenantid": [known["source"]],
        "transfertype": [3, "5"],
        "quantity": [12, 20],
        "lineitemnumber": [0],
        "billingcycle": ["monthly", "annual"],
        "termduration": ["P1M"],
        "status": ["Cancel", "deleted", "active", "Accept", "Success"],
        "planid": [known["sku"]],
        "resourceid": [known["changing"]],
        "dimension": ["calls"],
        "effectivestarttime": [(timezone.now() - datetime.timedelta(hours=1)).isoformat()],
        "usagestartdate": ["2020-01-01"],
        "relationshiptopartner": ["none"],
        "qualification": ["Education"],
        "templateid": [template],
        "type": ["MicrosoftCustomerAgreement"],
        "dateagreed": ["2026-01-02", "1/2/2026 12:00:00 AM"],
        "userid": [known["customer_id"]],
        "webhookurl": ["https://93.184.216.34/hook"],
        "webhookevents": ["test-created", "create-transfer"],
        "tenantid": [known["source"]],
        "filter": ['{"Field":"CompanyName","Value":"n","Operator":"starts_with"}'],
        "targetview": ["MarketplaceSaaS"],
        "api-version": ["2018-08-31"],
    }


def address_of(call, known):
    """The path with what is there, or something else in one place of six."""
    places = {
        name: st.integers(0, 5).flatmap(
            lambda dice, name=name: st.just(known.get(name, str(uuid.UUID(int=5)))) if dice else ODD
        )
        for name, _kind in call.parameters
    }
    return st.fixed_dictionaries(places).map(
        lambda given: call.path.format(**{name: text.replace("/", "") or "x" for name, text in given.items()})
    )


def query_of(call, hints):
    names = list(call.operation.query or {})
    if not names:
        return st.just({})
    parts = {name: st.one_of(TEXTS, st.sampled_from(hints.get(name.lower(), ["x"])).map(str)) for name in names}
    always = {name: st.just(hints[name][0]) for name in ("api-version", "country") if name in parts}
    return st.fixed_dictionaries(always, optional={name: part for name, part in parts.items() if name not in always})


def body_of(described, hints):
    schema = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return st.just(None) if schema is None else values(schema, document(), hints)


def check(call, described, reply, told):
    assert reply.status_code < 500, told
    if reply.status_code == 304 or not reply.content:
        return
    answers = described["responses"]
    answer = answers.get(str(reply.status_code)) or answers["default"]
    assert reply.status_code >= 400 or str(reply.status_code) in answers, told
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return
    value = json.loads(reply.content)
    if reply.status_code == 429:
        return
    assert not misfits(value, schema, document()), (told, misfits(value, schema, document()))


def fuzz(call, known, hints, client):
    described = document()["paths"][call.path][call.method.lower()]
    headers = {"If-Match": "*", TOKEN_HEADER: known["token"]}

    @settings(
        max_examples=EXAMPLES or QUICK,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(address_of(call, known), query_of(call, hints), body_of(described, hints))
    def one(path, query, body):
        data = b"" if body is None else json.dumps(body).encode("utf-8", "replace")
        with transaction.atomic():
            reply = client.generic(call.method, path, data, "application/json", query_params=query, headers=headers)
            transaction.set_rollback(True)
        check(call, described, reply, (call.method, path, query, data[:500], reply.status_code, reply.content[:500]))

    one()


def test_no_call_answers_a_fault_or_something_its_schema_does_not_describe(known, settings):
    settings.API_REQUESTS_PER_MINUTE = 10**9
    clients = {
        "partner": api_client(known["partner"], Role.ADMIN_AGENT, Role.GLOBAL_ADMIN, person=True),
        "publisher": api_client(known["publisher"]),
    }
    hints = hints_of(known)
    places = {"partner": known, "publisher": {**known, "subscription_id": known["changing"]}}
    for call in calls():
        fuzz(call, places[call.style], hints, clients[call.style])


def test_a_misfit_is_found():
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    assert misfits({"a": 1}, schema, {}) == []
    assert misfits({"a": True}, schema, {})
    assert misfits({}, schema, {})
    assert misfits({"a": 1, "b": 2}, schema, {}) == ["$.b is not described"]
