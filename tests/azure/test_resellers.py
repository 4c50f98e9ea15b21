"""An indirect provider credits another reseller for a first-party subscription, or none (section 1.7)."""

import pytest

from azure.enums import AzureEvent
from azure.rules.lifecycle import NotForThisFamily, ProviderChanges, SameAlready
from azure.rules.resellers import NoResellers
from azure.workflow.resellers import change_reseller
from azure.workflow.wanted import apply
from customers.rules.invitations import ResellerNotYours
from customers.subscription_changes import SubscriptionChange
from portal.accounts.enums import Role
from portal.accounts.models import PartnerLocation
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import PermissionDenied
from tests.azure.factories import LICENSE, PLAN, buy, make_customer_of, make_prices
from tests.customers.factories import make_indirect_relationships, make_partnership
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db


def named(row, role=Role.ADMIN_AGENT):
    return {"subscription_id": row.pk, "actor": make_actor(row.billing_owner.organization, role), "now": NOON}


def number_of(reseller):
    return PartnerLocation.objects.get(partner=reseller, is_headquarters=True).partner_id_number


def test_another_reseller_is_credited_or_none_and_both_read_of_it():
    make_prices()
    of_provider, of_reseller = make_indirect_relationships(has_agreement=True)
    other = make_partnership(provider=of_provider.partner.organization).reseller
    row = buy(of_provider, LICENSE)
    first = row.partner_on_record
    change_reseller(**named(row, Role.SALES_AGENT), reseller_id=other.pk)
    row.refresh_from_db()
    assert (row.reseller_id, row.partner_on_record) == (other.pk, number_of(other))
    event = AuditEvent.objects.get(event_type=AzureEvent.RESELLER_CHANGED)
    assert (event.before, event.after) == ({"partner ID": first}, {"partner ID": number_of(other)})
    parties = set(AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True))
    assert parties == {of_provider.partner_id, of_reseller.partner_id, other.pk}
    with pytest.raises(SameAlready):
        change_reseller(**named(row), reseller_id=other.pk)
    change_reseller(**named(row), reseller_id=None)
    row.refresh_from_db()
    assert (row.reseller_id, row.partner_on_record) == (None, "")
    apply(change=SubscriptionChange(partner_on_record=number_of(other)), **named(row))
    row.refresh_from_db()
    assert row.reseller_id == other.pk


def test_who_may_not_and_what_keeps_its_reseller():
    make_prices()
    of_provider, of_reseller = make_indirect_relationships(has_agreement=True)
    stranger = make_partnership().reseller
    plan, row, direct = buy(of_provider, PLAN), buy(of_provider, LICENSE), buy(make_customer_of(), LICENSE)
    for subscription, refusal, reseller in (
        (plan, NotForThisFamily, None),
        (row, ResellerNotYours, stranger.pk),
        (direct, NoResellers, None),
    ):
        with pytest.raises(refusal):
            change_reseller(**named(subscription), reseller_id=reseller)
    with pytest.raises(PermissionDenied):
        change_reseller(**named(row, Role.HELPDESK_AGENT), reseller_id=None)
    with pytest.raises(ProviderChanges):
        change_reseller(
            subscription_id=row.pk,
            actor=make_actor(of_reseller.partner.organization, Role.ADMIN_AGENT),
            now=NOON,
            reseller_id=None,
        )


def test_the_page_lists_the_provider_s_resellers_and_none(client_for):
    make_prices()
    of_provider, _of_reseller = make_indirect_relationships(has_agreement=True)
    other = make_partnership(provider=of_provider.partner.organization).reseller
    row, direct = buy(of_provider, LICENSE), buy(make_customer_of(), LICENSE)
    url = f"/azure/subscriptions/{row.pk}/reseller/"
    client = client_for(make_member(of_provider.partner.organization, Role.ADMIN_AGENT))
    page = client.get(url).content.decode()
    assert other.organization.name in page
    assert "No indirect reseller" in page
    assert client.post(url, {"credited": "123"}).status_code == 422
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"credited": "none"}).status_code == 302
    row.refresh_from_db()
    assert row.reseller_id is None
    client = client_for(make_member(direct.billing_owner.organization, Role.ADMIN_AGENT))
    assert (
        "Only an indirect provider names a reseller"
        in client.get(f"/azure/subscriptions/{direct.pk}/").content.decode()
    )
