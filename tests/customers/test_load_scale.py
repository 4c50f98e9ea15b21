"""The large world: the same for the same seed, whole, and never made by mistake."""

import datetime
import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from customers import scale
from customers.models import Customer, CustomerAgreement, ResellerRelationship, Subscription, Tag
from customers.queries import CustomerFilter, customer_page
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner
from portal.audit.models import AuditEvent
from portal.core.fields import name_key
from tests.factories import NOON, make_actor, make_partner

pytestmark = pytest.mark.django_db


def load(*arguments):
    out = io.StringIO()
    call_command("load_scale", *arguments, stdout=out)
    return out.getvalue()


def test_the_world_is_whole():
    partner = make_partner(created_at=NOON - datetime.timedelta(days=1))
    make_partner()

    told = load("--customers", "300")

    assert "300 customers" in told
    rows = ResellerRelationship.objects.all()
    assert rows.filter(partner_id=partner.pk).count() == rows.count() == Customer.objects.count() == 300
    for row in rows.select_related("customer__organization"):
        organization = row.customer.organization
        assert (row.customer_name, row.customer_domain, row.customer_country) == (
            organization.name,
            organization.domain,
            organization.country,
        )
        assert row.customer_name_key == organization.name_key == name_key(organization.name)
        assert 1 <= row.customer.subscriptions.count() <= 3
    signed = set(CustomerAgreement.objects.values_list("customer_id", flat=True))
    assert signed == set(rows.filter(has_agreement=True).values_list("customer_id", flat=True))
    assert 200 < len(signed) < 300
    assert {tag for tags in rows.values_list("tags", flat=True) for tag in tags} <= set(
        Tag.objects.filter(partner_id=partner.pk).values_list("name", flat=True)
    )
    assert AuditEvent.objects.count() == 300 // 20 + 1
    assert not Subscription.objects.exclude(billing_owner_id=partner.pk).exists()
    assert not Subscription.objects.filter(ends_on__lt=F("starts_on")).exists()
    assert len(customer_page(make_actor(partner), CustomerFilter()).rows) == 50


def test_a_second_run_adds_nothing_and_a_larger_one_what_is_missing(monkeypatch):
    monkeypatch.setattr(scale, "BATCH", 7)
    make_partner()
    load("--customers", "20")
    first = set(Organization.objects.values_list("pk", "name", "domain", "country"))

    assert "New: 0 customers, 0 relationships, 0 agreements, 0 subscriptions, 0 events." in load("--customers", "20")
    assert "New: 5 customers" in load("--customers", "25")
    assert first < set(Organization.objects.values_list("pk", "name", "domain", "country"))


def test_another_seed_makes_other_customers():
    make_partner()
    load("--customers", "10")

    assert "New: 10 customers" in load("--customers", "10", "--seed", "2")
    assert Customer.objects.count() == 20


def test_without_a_partner_one_is_made():
    load("--customers", "3")

    partner = Partner.objects.get()
    assert partner.organization.kind == OrganizationKind.DIRECT_BILL
    assert partner.locations.filter(is_headquarters=True).count() == 1


def test_outside_the_embedded_run_it_asks_first(settings):
    settings.DEMO = False
    make_partner()

    with pytest.raises(CommandError, match="--yes"):
        load("--customers", "3")
    assert not Customer.objects.exists()
    assert "New: 3 customers" in load("--customers", "3", "--yes")


@pytest.mark.parametrize("count", ["0", "-5"])
def test_a_world_has_at_least_one_customer(count):
    with pytest.raises(CommandError, match="above zero"):
        load("--customers", count)
