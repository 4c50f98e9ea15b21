"""The demo world has a case in every state, an incident, and a nomination (contract)."""

from customers import demo as customers_demo
from operators import demo as operators_demo
from operators.models import ProviderNomination
from portal.local import demo as people_demo
from support import demo
from support.enums import CaseStatus
from support.invariants import breaches
from support.models import CaseAttachment, ServiceIncident, SupportCase
from tests.factories import NOON


def test_there_is_a_case_in_every_state_and_something_is_wrong_just_now(db):
    people_demo.load(now=NOON)
    customers_demo.load(now=NOON)
    demo.load(now=NOON)
    operators_demo.load(now=NOON)

    assert set(SupportCase.objects.values_list("status", flat=True)) == set(CaseStatus)
    assert SupportCase.objects.filter(customer__isnull=False).exists()
    assert CaseAttachment.objects.exists()
    assert not SupportCase.objects.filter(modified_at__gt=NOON).exists()
    assert list(breaches()) == []
    assert ServiceIncident.objects.filter(resolved_at=None, kind="incident").count() == 1
    assert ServiceIncident.objects.filter(resolved_at__isnull=False).exists()
    assert ProviderNomination.objects.get().status == "requested"
