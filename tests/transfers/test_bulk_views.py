"""The pages of many transfers: choose a file, see what it would do, send it, follow it, take the result along (X2)."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from customers.models import ResellerRelationship
from portal.accounts.enums import OrganizationKind
from portal.accounts.queries import make_actor
from tests.factories import NOON, make_member, make_partner
from tests.transfers.bulk import carried_out, checked, more_customers, requests, row_of, work_off
from tests.transfers.factories import make_world
from transfers.enums import BulkStatus
from transfers.models import BulkRun, Transfer
from transfers.processing import bulk as processing

pytestmark = pytest.mark.django_db
BULK = reverse("transfers:bulk")


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def member(world):
    return make_member(world.target)


@pytest.fixture
def actor(member):
    return make_actor(member, member.user)


@pytest.fixture
def client(client_for, member):
    return client_for(member)


def send(client, raw: bytes, **fields):
    return client.post(BULK, {"file": SimpleUploadedFile("merger.csv", raw), **fields})


def page_of(run, name: str = "bulk_run") -> str:
    return reverse(f"transfers:{name}", args=[run.pk])


def text(response) -> str:
    return response.content.decode()


def test_a_file_is_chosen_looked_at_sent_and_told_row_by_row(world, client):
    assert "No file yet" in text(client.get(BULK))
    other = more_customers(world.source, world.target, 1)[0]
    response = send(client, requests(row_of(world), row_of(world, other, email="<b>")))
    run = BulkRun.objects.get()
    assert response.url == page_of(run)
    page = text(client.get(response.url))
    assert "Checking the rows" in page
    assert "Stop what is not done yet" in page
    run = work_off(run)
    page = text(client.get(response.url))
    for sentence in (
        "1 request is sent.",
        "Leave out the 1 red row",
        "“&lt;b&gt;” is not an e-mail address.",
        "Who can: an admin agent of your company.",
        "Can be sent, with a warning",
        "Upload a corrected file",
    ):
        assert sentence in page
    response = client.post(page_of(run, "bulk_confirm"))
    assert response.status_code == 422
    assert "Some rows cannot be sent." in text(response)
    assert client.post(page_of(run, "bulk_confirm"), {"leave_out": "on"}).url == page_of(run)
    assert "Sending the requests" in text(client.get(page_of(run)))
    run = work_off(run)
    page = text(client.get(page_of(run)))
    assert reverse("transfers:detail", args=[Transfer.objects.get().pk]) in page
    assert "1 sent · 1 left out" in page
    assert "Try the rest again" in page
    listed = text(client.get(BULK))
    assert "merger.csv" in listed
    assert "1 sent · 1 left out" in listed


def test_failed_rows_are_tried_again_without_sending_the_others_twice(world, client, actor):
    other = more_customers(world.source, world.target, 1)[0]
    run = checked(actor, requests(row_of(world), row_of(world, other)))
    client.post(page_of(run, "bulk_confirm"))
    at_source = ResellerRelationship.objects.filter(partner=world.source.partner, customer=other)
    at_source.update(status="removed", removed_at=NOON)
    work_off(run)
    assert "Try the failed rows again" in text(client.get(page_of(run)))
    at_source.update(status="active", removed_at=None)
    assert client.post(page_of(run, "bulk_check")).url == page_of(run)
    work_off(run)
    assert "1 request is sent." in text(client.get(page_of(run)))
    client.post(page_of(run, "bulk_confirm"))
    run = work_off(run)
    assert (run.status, run.done_count, Transfer.objects.count()) == (BulkStatus.DONE, 2, 2)
    page = text(client.get(page_of(run)))
    assert "Try the" not in page
    assert client.post(page_of(run, "bulk_check")).status_code == 409
    assert client.post(page_of(run, "bulk_confirm")).status_code == 409
    assert client.post(page_of(run, "bulk_stop")).status_code == 409


def test_stopping_says_how_many_were_sent(world, client, actor):
    run = checked(actor, requests(row_of(world)))
    response = client.post(page_of(run, "bulk_stop"), follow=True)
    assert "Stopped. Nothing was sent." in text(response)
    run = checked(actor, requests(row_of(world)))
    client.post(page_of(run, "bulk_confirm"))
    processing.process_batch(run_id=run.pk, now=NOON)
    assert "Stopped. 1 request was sent before." in text(client.post(page_of(run, "bulk_stop"), follow=True))


def test_progress_is_a_fragment_while_it_works_and_leads_to_the_page_afterwards(world, client, actor):
    from_page = {"HTTP_HX_REQUEST": "true"}
    run = checked(actor, requests(row_of(world)))
    client.post(page_of(run, "bulk_confirm"))
    fragment = text(client.get(page_of(run, "bulk_progress"), **from_page))
    assert 'hx-trigger="every 2s"' in fragment
    assert "0 of 1 rows" in fragment
    work_off(run)
    assert client.get(page_of(run, "bulk_progress"), **from_page).headers["HX-Redirect"] == page_of(run)
    assert client.get(page_of(run, "bulk_progress")).url == page_of(run)


def read_csv(response) -> list[list[str]]:
    whole = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(whole)))


def test_the_downloads_are_files_that_can_be_uploaded_again(world, client, actor):
    template = read_csv(client.get(reverse("transfers:bulk_template")))
    assert len(template) == 2
    run = checked(actor, "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in template).encode())
    assert (run.row_count, run.red_count, run.ignored_columns) == (1, 1, [])
    run = carried_out(actor, requests(row_of(world, note="=1+1"), row_of(world, email="x")))
    every = read_csv(client.get(page_of(run, "bulk_rows")))
    assert [line[-4:-2] for line in every[1:]] == [
        ["Can be sent, with a warning", "Done"],
        ["Cannot be sent", "Left out"],
    ]
    assert every[1][-1] == str(Transfer.objects.get().pk)
    assert "is not an e-mail address" in every[2][-2]
    wrong = read_csv(client.get(page_of(run, "bulk_rows") + "?rows=left_out"))
    assert len(wrong) == 2
    raw = "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in every).encode()
    again = checked(actor, raw)
    assert again.rows.get(number=2).values["note"] == "=1+1"
    assert again.rows.get(number=2).values["email"] == "contact@customer.example"


def test_a_file_that_cannot_be_used_is_refused_at_its_field(client):
    response = send(client, b"a,b\n1,2\n")
    assert response.status_code == 422
    assert "names no column" in text(response)
    assert client.post(BULK, {}).context["form"].errors["file"]
    assert not BulkRun.objects.exists()


def test_a_corrected_file_replaces_the_one_it_was_opened_from(world, client, actor):
    run = checked(actor, requests(row_of(world, email="x")))
    page = text(client.get(f"{BULK}?replaces={run.pk}"))
    assert f'value="{run.pk}"' in page
    send(client, requests(row_of(world)), replaces=run.pk)
    run.refresh_from_db()
    assert (run.status, BulkRun.objects.count()) == (BulkStatus.STOPPED, 2)


def test_sending_asks_for_a_fresh_sign_in(world, member, actor, client_for):
    run = checked(actor, requests(row_of(world)))
    response = client_for(member, fresh=False).post(page_of(run, "bulk_confirm"))
    assert response.status_code == 302
    assert page_of(run) != response.url
    run.refresh_from_db()
    assert run.status == BulkStatus.CHECKED


def test_nobody_sees_the_files_of_another_partner(world, actor, client_for):
    run = carried_out(actor, requests(row_of(world)))
    stranger = client_for(make_member(world.source))
    for name in ("bulk_run", "bulk_progress", "bulk_rows"):
        assert stranger.get(page_of(run, name)).status_code == 404
    for name in ("bulk_confirm", "bulk_check", "bulk_stop"):
        assert stranger.post(page_of(run, name)).status_code == 404
    assert "merger.csv" not in text(stranger.get(BULK))


def test_an_indirect_reseller_is_told_that_its_provider_sends(client_for):
    reseller = client_for(make_member(make_partner(OrganizationKind.INDIRECT_RESELLER)))
    response = reseller.get(BULK)
    assert response.status_code == 403
    assert "its provider does" in text(response)


def test_a_page_of_rows_costs_the_same_queries_for_one_and_for_twenty(
    world, client, actor, django_assert_max_num_queries
):
    customers = more_customers(world.source, world.target, 20)
    run = checked(actor, requests(*(row_of(world, customer) for customer in customers)))
    client.get(page_of(run))
    with django_assert_max_num_queries(8):
        assert len(client.get(page_of(run)).context["rows"]) == 20
