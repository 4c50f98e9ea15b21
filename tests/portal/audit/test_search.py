import pytest
from django.urls import reverse

from portal.accounts.enums import Role
from portal.core.search import find
from tests.factories import make_actor, make_partner
from tests.portal.audit.helpers import record

pytestmark = pytest.mark.django_db


def found(actor, text):
    return [result.url for group in find(actor, text) for result in group.results if result.is_exact]


def test_an_event_is_found_by_its_id_by_who_may_see_it():
    partner = make_partner()
    event = record(partner.pk)
    actor = make_actor(partner)

    assert found(actor, str(event.public_id)) == [reverse("audit:event", args=[event.public_id])]
    assert found(actor, str(record().public_id)) == []
    assert found(make_actor(partner, Role.SALES_AGENT), str(event.public_id)) == []
