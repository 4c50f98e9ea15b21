"""Two equal requests at the same instant: one is executed, the other gets its answer or is told to wait (P4)."""

import threading
import uuid

import pytest
from django.db import connection

from customers.models import ResellerRelationship
from portal.accounts.models import Organization
from portal.api.models import StoredAnswer
from tests.customers.api.test_customers_api import NEW
from tests.factories import make_partner
from tests.portal.api.factories import ApiClient, make_app, token_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.parametrize("same_id", [True, False])
def test_two_requests_at_once_add_one_customer(same_id):
    token = token_of(make_app(make_partner()))
    given = str(uuid.uuid4())
    start, replies = threading.Barrier(4), []

    def send():
        try:
            start.wait()
            reply = ApiClient(token).send(
                "POST", "/v1/customers", NEW, **{"MS-RequestId": given if same_id else str(uuid.uuid4())}
            )
            replies.append(reply.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Organization.objects.filter(domain="nordlys.onmicrosoft.example").count() == 1
    assert ResellerRelationship.objects.count() == 1
    others = {201, 409} if same_id else {400}  # with ids of their own they are different requests: the domain is taken
    assert replies.count(201) >= 1
    assert {status for status in replies if status != 201} <= others
    if same_id:
        again = ApiClient(token).send("POST", "/v1/customers", NEW, **{"MS-RequestId": given})
        assert again.status_code == 201
        assert StoredAnswer.objects.count() == 1
