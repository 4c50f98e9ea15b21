"""What nothing answers: calls of the original that are not offered, and addresses that never were."""

import pytest
from django.test import Client

from portal.api.unknown import NOT_OFFERED

CUSTOMER = "6b1f0d52-7a35-4c7e-9d0b-2f5b3f0c1a11"


@pytest.mark.parametrize("call", NOT_OFFERED)
def test_a_call_that_is_not_offered_says_so(call, db):
    here = "/v1/" + call.replace("*", CUSTOMER)
    for method, address in (("GET", here), ("POST", f"{here.upper().replace('/V1', '/v1')}/"), ("PATCH", f"{here}/7")):
        reply = Client().generic(method, address)
        assert (reply.status_code, reply.json()["code"]) == (400, 800042), (method, address)


@pytest.mark.parametrize("rest", ["usersx", "customers", f"customers/{CUSTOMER}/usersx", "offersandmore", "x/offers"])
def test_other_addresses_are_unknown(rest, db):
    reply = Client().get(f"/v1/{rest}x")
    assert (reply.status_code, reply.json()["code"]) == (404, 1000)
