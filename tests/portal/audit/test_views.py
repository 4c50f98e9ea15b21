import datetime
import uuid
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from structlog.contextvars import bound_contextvars

from portal.accounts import queries as account_queries
from portal.accounts.enums import AccountEvent, Role
from portal.audit import processing
from portal.audit.models import AuditEvent, Outcome
from tests.factories import make_actor, make_member, make_partner
from tests.portal.audit.helpers import record

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HTMX = {"HTTP_HX_REQUEST": "true"}
LOG = "/account-settings/activity-log/"


@pytest.fixture
def partner():
    return make_partner(name="Contoso")


@pytest.fixture
def member(partner):
    return make_member(partner, name="Ada Agent", email="ada@contoso.example")


@pytest.fixture
def ada(member):
    return account_queries.make_actor(member, member.user)


@pytest.fixture
def client(client_for, member):
    return client_for(member)


def happened(partner, *, days_ago=0, **fields):
    return record(partner.pk, occurred_at=NOW - datetime.timedelta(days=days_ago), **fields)


def shown(response):
    """The public ids of the events listed, in order."""
    return [row["public_id"] for row in response.context["rows"]]


def test_the_page_has_the_title_and_columns_of_the_original(client, partner, ada):
    event = happened(partner, actor=ada, customer_name="Fabrikam", event_type=AccountEvent.USER_INVITED)

    page = client.get(reverse("audit:log"))

    text = page.content.decode()
    assert page.status_code == 200
    assert reverse("audit:log") == LOG
    for heading in ("Date-Time (UTC)", "Affected customer", "Action", "Performed by", "Outcome"):
        assert f'<th scope="col">{heading}</th>' in text
    assert "Fabrikam" in text
    assert "User invited" in text
    assert "ada@contoso.example" in text
    assert shown(page) == [event.public_id]


def test_only_events_of_the_own_organization_are_listed(client, partner):
    own = happened(partner)
    happened(make_partner())

    assert shown(client.get(LOG)) == [own.public_id]


def test_newest_first_and_fifty_to_a_page(client, partner):
    events = [happened(partner, days_ago=number / 10) for number in range(60)]

    first = client.get(LOG)
    second = client.get(first.context["pager"]["next_url"])
    back = client.get(second.context["pager"]["previous_url"])

    ids = [event.public_id for event in events]
    assert shown(first) == ids[:50]
    assert shown(second) == ids[50:]
    assert shown(back) == ids[:50]


def test_without_a_wish_the_last_month_is_shown_and_the_page_says_so(client, partner):
    recent, old = happened(partner, days_ago=29), happened(partner, days_ago=32)

    page = client.get(LOG)
    whole = client.get(page.context["history_url"])

    assert shown(page) == [recent.public_id]
    assert page.context["chips"][0]["label"].startswith("From ")
    assert shown(client.get(page.context["chips"][0]["url"])) == [recent.public_id, old.public_id]
    assert shown(whole) == [recent.public_id, old.public_id]
    assert not whole.context["chips"]


def test_a_first_day_sent_empty_means_the_whole_history_on_every_page(client, partner):
    for number in range(60):
        happened(partner, days_ago=40 + number)

    first = client.get(LOG, {"from": "", "to": "", "action": ""})

    assert len(shown(first)) == 50
    assert len(shown(client.get(first.context["pager"]["next_url"]))) == 10


def test_days_are_utc_and_both_inclusive(client, partner):
    day = datetime.datetime(2026, 3, 10, tzinfo=datetime.UTC)
    moments = [
        day - datetime.timedelta(seconds=1),
        day,
        day + datetime.timedelta(hours=23, minutes=59),
        day + datetime.timedelta(days=1),
    ]
    _, first, last, _ = (record(partner.pk, occurred_at=moment) for moment in moments)

    page = client.get(LOG, {"from": "2026-03-10", "to": "2026-03-10"})

    assert shown(page) == [last.public_id, first.public_id]


@pytest.mark.parametrize(
    "query",
    [
        {"action": "user-invited"},
        {"outcome": "failed"},
        {"customer": "brik"},
        {"customer": "FÄBRIK"},
        {"customer": "11111111-1111-1111-1111-111111111111"},
        {"person": "lovel"},
        {"person": "ada@"},
        {"person": "22222222-2222-2222-2222-222222222222"},
        {"id": "subject-7"},
        {"id": "11111111-1111-1111-1111-111111111111"},
        {"id": "22222222-2222-2222-2222-222222222222"},
        {"id": "request-9"},
        {"action": "user-invited", "outcome": "failed", "customer": "fabri", "person": "love", "id": "subject-7"},
    ],
)
def test_each_filter_finds_the_event_and_leaves_the_others_out(client, partner, query):
    actor = replace(
        make_actor(partner),
        user_id=uuid.UUID(int=0x22222222222222222222222222222222),
        name="Ada Lovelace",
        email="ada@x.example",
    )
    with bound_contextvars(request_id="request-9"):
        wanted = happened(
            partner,
            event_type=AccountEvent.USER_INVITED,
            outcome=Outcome.FAILED,
            customer_id=uuid.UUID(int=0x11111111111111111111111111111111),
            customer_name="Fabrikam",
            actor=actor,
            subject_id="subject-7",
        )
    happened(partner, customer_id=uuid.uuid4(), customer_name="Northwind", actor=make_actor(partner))

    page = client.get(LOG, query)

    assert shown(page) == [wanted.public_id]
    labels = [chip["label"] for chip in page.context["chips"]]
    assert len(labels) == len(query) + ("id" not in query)


def test_an_id_is_looked_for_in_the_whole_history(client, partner):
    old = happened(partner, days_ago=400)

    assert shown(client.get(LOG, {"id": str(old.public_id)})) == [old.public_id]


def test_an_id_that_belongs_to_somebody_elses_event_finds_nothing(client):
    foreign = record(customer_id=uuid.uuid4())

    for reference in (foreign.public_id, foreign.subject_id, foreign.customer_id):
        assert shown(client.get(LOG, {"id": str(reference)})) == []


@pytest.mark.parametrize("text", ["100%", "under_score", "back\\slash", "a'b", '"', "%", "_"])
def test_signs_with_a_meaning_in_sql_are_searched_as_they_are(client, partner, text):
    happened(partner, customer_name="Plain 100 underXscore")
    wanted = happened(partner, customer_name=f"Firm {text} Ltd")

    assert shown(client.get(LOG, {"customer": text})) == [wanted.public_id]


def test_a_foreign_persons_address_is_neither_shown_nor_searchable(client, partner):
    other = make_partner(name="Northwind")
    stranger = make_actor(other)
    event = record(partner.pk, other.pk, actor=stranger, occurred_at=NOW)

    page = client.get(LOG)
    assert shown(page) == [event.public_id]
    assert stranger.email not in page.content.decode()
    assert "Northwind" in page.content.decode()
    assert stranger.email not in client.get(reverse("audit:event", args=[event.public_id])).content.decode()
    assert shown(client.get(LOG, {"person": stranger.email})) == []
    assert shown(client.get(LOG, {"person": stranger.name})) == [event.public_id]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-02-30"},
        {"action": "no-such-thing"},
        {"outcome": "x"},
        {"customer": "x" * 300},
    ],
)
def test_a_filter_that_cannot_be_read_is_refused_and_nothing_is_listed(client, partner, query):
    happened(partner)

    page = client.get(LOG, query)

    assert page.status_code == 422
    assert not page.context["rows"]
    assert client.get(reverse("audit:export"), query).status_code == 422


def test_a_last_day_before_the_first_day_is_refused_beside_its_field(client):
    page = client.get(LOG, {"from": "2026-03-10", "to": "2026-03-09"})

    assert page.status_code == 422
    text = " ".join(page.content.decode().split())
    assert '<a href="#log-to"> To: This day lies before the first day. </a>' in text
    assert 'value="2026-03-10"' in page.content.decode()


def test_an_empty_list_says_so_and_offers_the_full_history(client, partner):
    happened(partner, days_ago=90)

    text = client.get(LOG).content.decode()

    assert "Nothing is logged here" in text
    assert f'href="{LOG}?history=all"' in text


def test_htmx_gets_the_very_part_of_the_page_and_the_plain_address(client, partner):
    happened(partner, customer_name="Fabrikam")
    query = {"from": "", "to": "", "customer": " fabri ", "action": "", "person": "", "outcome": "", "id": ""}

    part = client.get(LOG, query, **HTMX)
    page = client.get(part.headers["HX-Push-Url"])

    assert part.headers["HX-Push-Url"] == f"{LOG}?customer=fabri&history=all"
    assert part.content.decode().strip().startswith('<section id="activity-log"')
    assert "".join(part.content.decode().split()) in "".join(page.content.decode().split())
    assert "HX-Request" in page.headers["Vary"]


def test_a_row_opens_to_its_details_and_closes_again(client, partner):
    event = happened(
        partner, before={"roles": ["sales_agent"]}, after={"roles": ["admin_agent"]}, details={"reason": "holiday"}
    )
    address = reverse("audit:event", args=[event.public_id])

    opened = client.get(address, **HTMX).content.decode()
    closed = client.get(address, {"closed": ""}, **HTMX).content.decode()

    assert opened.strip().startswith("<tbody")
    for text in (
        "Sales agent",
        "Admin agent",
        "holiday",
        str(event.public_id),
        'aria-expanded="true"',
        f'{address}?closed"',
    ):
        assert text in opened
    assert "Admin agent" not in closed
    assert 'aria-expanded="false"' in closed
    list_row = client.get(LOG).content.decode()
    assert "".join(closed.split()) in "".join(list_row.split())


def test_an_event_has_a_page_of_its_own_with_its_seal(client, partner):
    event = happened(partner)
    address = reverse("audit:event", args=[event.public_id])

    waiting = client.get(address).content.decode()
    processing.seal_waiting()
    sealed = client.get(address).content.decode()

    assert "Waits for its seal" in waiting
    event.refresh_from_db()
    assert event.seal.hash in sealed
    assert "Number 1 in the chain" in sealed


def test_a_foreign_event_answers_exactly_like_one_that_does_not_exist(client):
    foreign = client.get(reverse("audit:event", args=[record().public_id]))
    unknown = client.get(reverse("audit:event", args=[uuid.uuid4()]))

    assert foreign.status_code == unknown.status_code == 404
    assert client.get(reverse("audit:event", args=[record().public_id]), **HTMX).status_code == 404


def test_each_party_reads_its_own_part_only(client_for, member, partner):
    other = make_member()
    event = record(
        partner.pk,
        other.organization_id,
        occurred_at=NOW,
        party_details={partner.pk: {"note": "for contoso"}, other.organization_id: {"note": "for the other"}},
    )
    address = reverse("audit:event", args=[event.public_id])

    own, others = (client_for(person).get(address).content.decode() for person in (member, other))

    assert "for contoso" in own
    assert "for the other" not in own
    assert "for the other" in others
    assert "for contoso" not in others


@pytest.mark.parametrize("name", ["audit:log", "audit:export", "audit:event"])
def test_a_role_without_the_right_is_refused_and_told_who_may(client_for, partner, name):
    event = happened(partner)
    client = client_for(make_member(partner, Role.SALES_AGENT))

    page = client.get(reverse(name, args=[event.public_id] if name == "audit:event" else []))

    assert page.status_code == 403
    assert "Admin agent" in page.content.decode()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "{% now 'Y' %}"]
)
def test_text_from_outside_is_shown_as_text(client, partner, text):
    event = happened(
        partner,
        customer_name=text,
        subject_name=text,
        before={text: text},
        after={text: [text]},
        details={"x": {text: 1}},
    )

    for page in (
        client.get(LOG),
        client.get(reverse("audit:event", args=[event.public_id])),
        client.get(LOG, {"customer": text}),
    ):
        assert page.status_code == 200
        content = page.content.decode()
        assert "<script>alert" not in content
        assert "<img src=x" not in content
        assert escape(text) in content


def test_the_number_of_queries_is_the_same_for_few_and_many_rows(client, partner):
    counts = []
    for amount in (3, 47):
        for _ in range(amount):
            happened(partner, customer_name="Fabrikam")
        client.get(LOG)
        with CaptureQueriesContext(connection) as found:
            client.get(LOG)
        counts.append(len(found))

    assert counts[0] == counts[1] <= 6


def test_following_every_link_changes_nothing(client, partner):
    event = happened(partner)
    for address in (LOG, reverse("audit:event", args=[event.public_id]), reverse("audit:export")):
        response = client.get(address)
        b"".join(response.streaming_content) if response.streaming else response.content

    assert AuditEvent.objects.count() == 1
    assert client.post(LOG).status_code == 405
