"""An indirect provider credits another reseller for a first-party subscription, or none (section 1.7)."""

import datetime

import pytest
from django.db.models import Sum

from azure.enums import AzureEvent
from azure.rules.lifecycle import NotForThisFamily, ProviderChanges, SameAlready
from azure.rules.resellers import NoResellers
from azure.workflow.resellers import change_reseller
from azure.workflow.wanted import apply
from billing.queries import lines
from customers.rules.invitations import ResellerNotYours
from customers.subscription_changes import SubscriptionChange
from portal.accounts.enums import Role
from portal.accounts.models import PartnerLocation
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import PermissionDenied
from tests.azure.factories import LICENSE, PLAN, buy, make_customer_of, make_prices
from tests.billing.invoice_factories import close, make_charge
from tests.customers.factories import make_indirect_relationships, make_partnership
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


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


def test_charges_stay_with_the_reseller_who_was_named_on_their_first_day_whenever_they_are_invoiced():
    make_prices()
    of_provider, of_reseller = make_indirect_relationships(has_agreement=True)
    provider = of_provider.partner.organization
    second, third = (make_partnership(provider=provider).reseller for _ in range(2))
    row = buy(of_provider, LICENSE)
    first_number = row.partner_on_record
    row.charges.all().delete()
    step, today = named(row), NOON.date()

    def change(reseller, days=0):
        change_reseller(**step | {"now": NOON + days * DAY}, reseller_id=reseller and reseller.pk)

    change(third)  # a slip of the same day
    change(second)
    change(None, days=2)
    change(third, days=4)
    for at, days in enumerate((-1, 0, 1, 2, 3, 4, 5)):
        starts_on = today + days * DAY
        make_charge(row, str(10**at), starts_on=starts_on, ends_on=starts_on + DAY, unit_price=1, currency="EUR")
    actor = make_actor(provider, Role.BILLING_ADMIN)
    waiting = lines.unbilled(actor, today, period="current", currency="", after=0, size=50)
    [invoice] = close(datetime.datetime(today.year, today.month, 1, 7, tzinfo=datetime.UTC) + 31 * DAY)

    sums = dict(invoice.subtotals.values_list("reseller_id").annotate(sum=Sum("amount")))
    assert sums == {of_reseller.partner_id: 1, second.pk: 110, None: 11_000, third.pk: 1_100_000}
    numbers = [first_number, *[number_of(second)] * 2, "", "", *[number_of(third)] * 2]
    billed = lines.lines_after(invoice, 0)
    assert [line.partner_on_record for line in billed] == numbers
    told = [(line.reseller_id, line.reseller_name, line.partner_on_record) for line in billed]
    assert [(line.reseller_id, line.reseller_name, line.partner_on_record) for line, _currency in waiting] == told
