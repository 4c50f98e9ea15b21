"""Incentives by competency and date: who holds what, what the monthly run earns, and where it is seen (A3)."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import invariants
from billing.models import IncentiveEarning, IncentiveRule, Invoice, PartnerCompetency
from billing.workflow import competencies
from billing.workflow.usage import charge_usage
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from tests.billing.invoice_factories import CLOSING, OCTOBER, close
from tests.billing.usage_factories import (
    import_rows,
    make_azure,
    make_competency,
    make_meter,
    make_operator,
    make_rate,
    make_rule,
    row,
)
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db
SILVER = "Silver Cloud Platform"
NOVEMBER = datetime.date(2026, 11, 1)
MINE, EXPORT = reverse("pricing:earnings"), reverse("pricing:earnings_export")
ALL, ALL_EXPORT = reverse("pricing:all_earnings"), reverse("pricing:all_earnings_export")
COMPETENCIES = reverse("pricing:competencies")


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def azure(partner):
    """An Azure subscription whose meter costs half a euro, without credit, so that what counts is the cost."""
    make_meter("0.50")
    IncentiveRule.objects.all().delete()
    return make_azure(partner)


def set_rule(percent="10", competency=SILVER, **fields):
    return make_rule(**{"percent": Decimal(percent), "competency": competency, "source": "Guide"} | fields)


def earned():
    return [str(amount.normalize()) for amount in IncentiveEarning.objects.order_by("pk").values_list("amount", flat=1)]


@pytest.mark.parametrize(
    ("first", "until", "amount"),
    [
        (5, None, ["2"]),  # four days of five euro, a tenth of them
        (6, None, ["1.5"]),
        (8, None, ["0.5"]),
        (9, None, []),
        (1, 5, []),
        (1, 6, ["0.5"]),
        (6, 8, ["1"]),
        (5, 5, []),  # recorded by mistake
    ],
)
def test_a_competency_earns_from_its_first_day_to_the_day_before_its_end(partner, azure, first, until, amount):
    set_rule()
    end = datetime.date(2026, 10, until) if until else None
    make_competency(partner, valid_from=datetime.date(2026, 10, first), valid_until=end)
    make_competency(make_partner())
    import_rows(*(row(azure, f"2026-10-0{day}") for day in (5, 6, 7, 8)))

    close()

    assert earned() == amount


def test_rules_hold_by_their_dates_and_those_of_several_competencies_add_up(partner, azure):
    set_rule("4", "", valid_until=datetime.date(2026, 10, 6))
    set_rule("8", "", valid_from=datetime.date(2026, 10, 6))
    set_rule("2")
    set_rule("50", "Another one")
    set_rule("50", "", family="azure_legacy")
    make_competency(partner)
    make_competency(partner, competency="Gone", valid_until=datetime.date(2026, 10, 1))
    import_rows(row(azure, "2026-10-05", "100"), row(azure, "2026-10-06", "100"))

    close()

    found = IncentiveEarning.objects.order_by("percent").values_list("percent", "base", "amount", "month")
    assert list(found) == [(2, 100, 2, OCTOBER), (4, 50, 2, OCTOBER), (8, 50, 4, OCTOBER)]
    assert Invoice.objects.get().total == 100  # nothing was netted
    assert not list(invariants.breaches())


def test_what_counts_is_the_cost_after_the_credit_and_neither_spot_nor_third_parties(partner, azure):
    set_rule("10", "")
    make_rule(kind="earned_credit", percent=15, competency="", source="Guide")
    import_rows(
        row(azure, "2026-10-05", "100"),
        row(azure, "2026-10-06", "100", name="D2 Spot"),
        row(azure, "2026-10-07", "100", publisher="Marketplace"),
    )

    close()

    [line] = IncentiveEarning.objects.all()
    assert (line.base, line.amount) == (Decimal("42.5"), Decimal("4.25"))


def test_a_second_run_and_later_rules_change_nothing_and_late_usage_earns_next_month(partner, azure):
    rule = set_rule("10", "")
    import_rows(row(azure, "2026-10-05"))
    close()
    before = list(IncentiveEarning.objects.values())

    close()
    charge_usage(month=OCTOBER, now=CLOSING)
    IncentiveRule.objects.filter(pk=rule.pk).update(percent=20)
    make_competency(partner, valid_from=OCTOBER)
    set_rule("5")
    charge_usage(month=OCTOBER, now=CLOSING + datetime.timedelta(hours=1))
    assert list(IncentiveEarning.objects.values()) == before

    import_rows(row(azure, "2026-10-06"))
    close(datetime.datetime(2026, 12, 1, 7, tzinfo=datetime.UTC))
    late = IncentiveEarning.objects.filter(month=NOVEMBER).order_by("amount")
    assert [line.amount for line in late] == [Decimal("0.25"), Decimal("1")]


def test_amounts_are_whole_cents_of_the_currency_after_conversion(azure):
    set_rule("10", "")
    yen = make_azure(make_partner(currency="JPY"))
    make_meter("0.50", currency="USD", product_id="DZH2")
    make_rate("USD", "JPY", "150.5", OCTOBER)
    import_rows(row(yen, "2026-10-05", "11"), row(azure, "2026-10-05", "0.01"))

    close()

    [line] = IncentiveEarning.objects.all()  # a tenth of half a cent is nothing
    assert (line.currency, line.amount) == ("JPY", 83)


def test_pages_and_files_tell_the_estimate_then_the_statement_and_mark_placeholders(partner, azure, client_for):
    set_rule("10", "")
    set_rule("4", SILVER, source="")
    make_competency(partner, held_as="Solutions Partner")
    import_rows(row(azure, "2026-10-05", "100"))
    client = client_for(make_member(partner, Role.BILLING_ADMIN))
    other = client_for(make_member(make_partner(), Role.BILLING_ADMIN))
    october = {"month": "2026-10"}

    def rows(url, who):
        return list(csv.DictReader(io.StringIO(who.get(url, october).getvalue().decode("utf-8-sig"))))

    page = client.get(MINE, october).content.decode()
    shown = ("Would be earned so far", "€5.00", "€2.00", "Placeholder", "Solutions Partner")
    assert all(text in page for text in shown)
    assert [line["Status"] for line in rows(EXPORT, client)] == ["estimate", "estimate"]
    assert rows(EXPORT, other) == []
    close()

    page = client.get(MINE, october).content.decode()
    assert "Would be earned" not in page
    assert all(text in page for text in ("€5.00", "€2.00", "By placeholders", "Not to be paid"))
    assert "€5.00" not in other.get(MINE, october).content.decode()
    found = [(line["Status"], line["Amount"], line["Percentage"]) for line in rows(EXPORT, client)]
    assert found == [("earned", "5.00", "10"), ("placeholder", "2.00", "4")]
    assert "€5.00" in client.get(reverse("billing:overview")).content.decode()

    operator = client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))
    assert "€5.00" in operator.get(ALL, october).content.decode()
    [statement] = rows(ALL_EXPORT, operator)
    assert (statement["ToBePaid"], statement["NotToBePaid"]) == ("5.00", "2.00")
    assert client_for(make_member(partner, Role.SALES_AGENT)).get(MINE).status_code == 403
    assert client.get(ALL).status_code == 403


def test_the_pages_ask_as_often_for_many_lines_as_for_one(partner, azure, client_for, django_assert_num_queries):
    set_rule("10", "")
    import_rows(row(azure, "2026-10-05", "100"))
    client = client_for(make_member(partner, Role.BILLING_ADMIN))
    close()
    with CaptureQueriesContext(connection) as one:
        client.get(MINE, {"month": "2026-10"})
    more = [make_azure(partner) for _ in range(5)]
    import_rows(*(row(each, "2026-11-05", "100") for each in more))
    close(datetime.datetime(2026, 12, 1, 7, tzinfo=datetime.UTC))

    with django_assert_num_queries(len(one)):
        client.get(MINE, {"month": "2026-11"})


def test_the_operator_records_and_ends_a_competency_on_pages(partner, azure, client_for):
    set_rule()
    operator = client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))
    domain = partner.domain

    form = {"partner": domain, "competency": SILVER, "held_as": "Solutions Partner", "valid_from": "2026-10-01"}
    assert operator.post(COMPETENCIES, form | {"partner": "nobody.example"}).status_code == 422
    assert operator.post(COMPETENCIES, form | {"competency": "Gold"}).status_code == 422
    assert operator.post(COMPETENCIES, form).status_code == 302
    held = PartnerCompetency.objects.get()
    assert (held.partner_id, held.competency, held.held_as) == (partner.pk, SILVER, "Solutions Partner")
    assert operator.post(COMPETENCIES, form | {"valid_from": "2026-10-20"}).status_code == 422
    page = operator.get(COMPETENCIES, {"q": str(partner.pk)}).content.decode()
    assert partner.name in page

    end = reverse("pricing:end_competency", args=[held.pk])
    assert operator.post(end, {"valid_until": "2026-09-30"}).status_code == 422
    assert operator.post(end, {"valid_until": "2026-10-15"}).status_code == 302
    held.refresh_from_db()
    assert held.valid_until == datetime.date(2026, 10, 15)
    assert operator.post(COMPETENCIES, form | {"valid_from": "2026-10-15"}).status_code == 302
    file = operator.get(reverse("pricing:competencies_export"), {"held": "all"}).getvalue().decode("utf-8-sig")
    assert file.count(SILVER) == 2
    events = AuditEvent.objects.filter(subject_type="partner-competency").order_by("pk")
    recorded, ended = "partner-competency-recorded", "partner-competency-ended"
    assert [event.event_type for event in events] == [recorded, ended, recorded]


def test_a_mistake_is_taken_back_and_days_do_not_overlap(partner):
    operator = make_operator()
    facts = {"partner_id": partner.pk, "competency": SILVER, "held_as": "", "actor": operator, "now": NOON}

    def record(first, until=None):
        end = datetime.date(2026, 10, until) if until else None
        first_day = datetime.date(2026, 10, first)
        return competencies.record_competency(**facts, valid_from=first_day, valid_until=end)

    middle = record(10, 20)
    record(20, 25)
    record(5, 10)
    for wrong in ((5, None), (19, 22), (9, 11), (25, 25)):
        with pytest.raises(InvalidInput):
            record(*wrong)
    competencies.end_competency(
        competency_id=middle.pk, valid_until=datetime.date(2026, 10, 10), actor=operator, now=NOON
    )
    record(10, 20)
    with pytest.raises(InvalidInput):  # it ended earlier
        competencies.end_competency(competency_id=middle.pk, valid_until=NOVEMBER, actor=operator, now=NOON)
    with pytest.raises(PermissionDenied):
        competencies.record_competency(
            **facts | {"actor": make_actor(partner, Role.GLOBAL_ADMIN)}, valid_from=NOVEMBER, valid_until=None
        )
