"""Partners are reminded 30 and 7 days before a first-party term ends, of a month once, and once each (section 7.8)."""

import datetime

import pytest

from azure.enums import AzureEvent
from azure.models import ProductTerm
from azure.processing import renewals, terms
from azure.workflow import changes
from customers.models import Subscription
from customers.rules.reminders import reminder_due, to_remind
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent, AuditEventParty
from portal.notifications.enums import ActionKind
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.azure.factories import LICENSE, buy, make_customer_of, make_prices, make_ways
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
END = datetime.datetime(2027, 11, 20, 1, tzinfo=datetime.UTC)


def bought(**fields):
    make_prices()
    make_ways(("P1M", "monthly", 12))
    row = buy(make_customer_of(), LICENSE, **fields)
    make_member(row.billing_owner.organization, Role.ADMIN_AGENT)
    return row


def told():
    return AuditEvent.objects.filter(event_type=AzureEvent.RENEWAL_NEAR).count()


@pytest.mark.parametrize(("term", "expected"), [("P1M", [7]), ("P1Y", [30, 7])])
def test_the_end_of_a_term_is_told_thirty_and_seven_days_before_of_a_month_once(term, expected):
    row = bought(term=term)
    ProductTerm.objects.update(billed_until=row.ends_on)
    days = []
    for left in range(33, 0, -1):
        day = row.ends_on - left * DAY
        now = datetime.datetime.combine(day, datetime.time(9), datetime.UTC)
        is_due = ProductTerm.objects.filter(to_remind(day)).exists()
        last = ProductTerm.objects.get().reminded_days
        due = reminder_due(starts_on=row.starts_on, ends_on=row.ends_on, reminded_days=last, today=day)
        assert is_due == (due is not None)
        if terms.run(now=now)["reminded"]:
            days.append(left)
    assert days == expected
    assert told() == OutgoingEmail.objects.filter(event_type=AzureEvent.RENEWAL_NEAR).count() == len(expected)
    item = ActionItem.objects.get(event_type=AzureEvent.RENEWAL_NEAR)
    assert (item.kind, item.due_at.date()) == (ActionKind.RECOMMENDED, row.ends_on)


def test_what_does_not_renew_is_said_to_expire_and_the_customer_reads_nothing():
    row = bought()
    actor = make_actor(row.billing_owner.organization, Role.ADMIN_AGENT)
    changes.set_auto_renew(subscription_id=row.pk, auto_renew=False, actor=actor, now=NOON)
    terms.run(now=END - 20 * DAY)
    item = ActionItem.objects.get(event_type=AzureEvent.RENEWAL_NEAR)
    assert "expires soon" in item.title["en"]
    mail = OutgoingEmail.objects.filter(event_type=AzureEvent.RENEWAL_NEAR).first()
    assert "expires soon" in mail.subject
    assert "expires on" in mail.text
    event = AuditEvent.objects.get(event_type=AzureEvent.RENEWAL_NEAR)
    parties = AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True)
    assert list(parties) == [row.billing_owner_id]

    changes.set_auto_renew(subscription_id=row.pk, auto_renew=True, actor=actor, now=END - 19 * DAY)
    assert not ActionItem.objects.open_actions().filter(event_type=AzureEvent.RENEWAL_NEAR).exists()


def test_the_renewal_closes_the_reminder_and_the_next_term_is_reminded_of_anew():
    row = bought()
    ProductTerm.objects.update(billed_until=row.ends_on)
    terms.run(now=END - 7 * DAY)
    renewals.renew_terms(now=END)
    assert not ActionItem.objects.open_actions().exists()
    assert ProductTerm.objects.get().reminded_days is None
    ends_on = Subscription.objects.get().ends_on
    ProductTerm.objects.update(billed_until=ends_on)
    terms.run(now=datetime.datetime.combine(ends_on - 30 * DAY, datetime.time(9), datetime.UTC))
    assert told() == 2
