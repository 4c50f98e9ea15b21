"""The activity log as a file: exactly what the page filters, as long as the right lasts (quality rows 16, 26, 37)."""

import csv
import datetime
import io
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts import queries as account_queries
from portal.accounts.enums import AccountEvent, Role
from portal.audit import views
from portal.audit.models import Outcome
from tests.factories import make_actor, make_member, make_partner
from tests.portal.audit.helpers import record

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def partner():
    return make_partner(name="Contoso")


@pytest.fixture
def member(partner):
    return make_member(partner, name="Ada Agent", email="ada@contoso.example")


@pytest.fixture
def client(client_for, member):
    return client_for(member)


def export(client, **query):
    response = client.get(reverse("audit:export"), query)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_each_event_is_one_row_with_all_that_the_page_knows(client, partner, member):
    at = datetime.datetime(2026, 11, 3, 4, 5, 6, tzinfo=datetime.UTC)
    customer_id, subject_id = uuid.uuid4(), uuid.uuid4()
    event = record(
        partner.pk,
        occurred_at=at,
        actor=account_queries.make_actor(member, member.user),
        customer_id=customer_id,
        customer_name="Fabrikam",
        subject_id=subject_id,
        subject_name="Marc",
        outcome=Outcome.FAILED,
        before={"roles": ["sales_agent"]},
        after={"roles": []},
        details={"ö": 1},
        party_details={partner.pk: {"own": True}},
    )

    (row,) = export(client, history="all")

    assert row == {
        "Date-Time (UTC)": "2026-11-03T04:05:06+00:00",
        "Affected customer": "Fabrikam",
        "Customer ID": str(customer_id),
        "Action": "User roles changed",
        "Event type": "user-roles-changed",
        "Performed by": "Ada Agent",
        "E-mail address": "ada@contoso.example",
        "Organization": "Contoso",
        "Outcome": "Failed",
        "Subject": "Marc",
        "Subject type": "user",
        "Subject ID": str(subject_id),
        "Before": '{"roles": ["sales_agent"]}',
        "After": '{"roles": []}',
        "Details": '{"ö": 1}',
        "Details for your organization": '{"own": true}',
        "Request ID": "",
        "Event ID": str(event.public_id),
    }


@pytest.mark.parametrize(
    "query", [{}, {"history": "all"}, {"action": "user-invited"}, {"customer": "fabri", "history": "all"}]
)
def test_the_file_holds_exactly_what_all_pages_of_the_list_hold(client, partner, query):
    for number in range(130):
        record(
            partner.pk,
            occurred_at=NOW - datetime.timedelta(hours=9 * number),
            event_type=[AccountEvent.USER_INVITED, AccountEvent.USER_JOINED][number % 2],
            customer_name=["Fabrikam", "Northwind", ""][number % 3],
        )
    record()

    listed, address = [], reverse("audit:log")
    page = client.get(address, query)
    while True:
        listed += [str(row["public_id"]) for row in page.context["rows"]]
        if not page.context["pager"]["next_url"]:
            break
        page = client.get(page.context["pager"]["next_url"])
    linked = client.get(client.get(address, query).context["export_url"])

    assert [row["Event ID"] for row in export(client, **query)] == listed
    assert b"".join(linked.streaming_content).count(b"\n") == len(listed) + 1


def test_a_foreign_persons_address_is_left_out(client, partner):
    stranger = make_actor(make_partner())
    record(partner.pk, actor=stranger, occurred_at=NOW)

    (row,) = export(client)

    assert row["Performed by"] == stranger.name
    assert row["E-mail address"] == ""


def test_names_cannot_become_formulas(client, partner):
    record(partner.pk, occurred_at=NOW, customer_name='=HYPERLINK("http://evil.example")', subject_name="@SUM(A1)")

    (row,) = export(client)

    assert row["Affected customer"].startswith("'=")
    assert row["Subject"] == "'@SUM(A1)"


def test_the_titles_speak_the_readers_language_and_the_moments_do_not(client, partner, member):
    member.user.language = "fr"
    member.user.save()
    record(partner.pk, occurred_at=NOW)

    (row,) = export(client)

    assert NOW.isoformat(timespec="seconds") in row.values()


def test_a_role_removed_while_the_file_runs_ends_it(client, partner, member, monkeypatch):
    monkeypatch.setattr(views, "EXPORT_BATCH", 100)
    for _ in range(450):
        record(partner.pk, occurred_at=NOW)
    parts = iter(client.get(reverse("audit:export")).streaming_content)
    received = [next(parts), next(parts)]

    member.roles = [Role.SALES_AGENT]
    member.save()
    received += parts

    lines = b"".join(received).decode().splitlines()
    assert 200 <= len(lines) < 450
    assert "Your role does not allow this" in lines[-1]
