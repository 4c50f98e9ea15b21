"""The pages of imports: choose a file, see what it would do, let it run, take the result along; and by whom."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from customers.enums import ImportStatus
from customers.models import Customer, ImportRow, ImportRun
from customers.processing import imports as processing
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.queries import make_actor
from tests.customers.factories import make_customer, make_partnership, make_relationship, make_subscription
from tests.customers.imports import (
    SUBSCRIPTIONS,
    confirm,
    csv,
    customers,
    imported,
    many_customers,
    preview,
    upload,
    work_off,
)
from tests.factories import NOON, make_member, make_partner

pytestmark = pytest.mark.django_db
IMPORTS = reverse("customers:imports")
BAKERY = uuid.UUID(int=0xBA)
ONE = customers((BAKERY, "Bäckerei <b>Müller</b>", "baeckerei.example", "Cloud Reseller", "VIP"))


@pytest.fixture
def member():
    return make_member(make_partner())


@pytest.fixture
def actor(member):
    return make_actor(member, member.user)


@pytest.fixture
def client(client_for, member):
    return client_for(member)


def send(client, text: str | bytes, url: str = IMPORTS, name: str = "export.csv", **fields):
    raw = text if isinstance(text, bytes) else text.encode()
    return client.post(url, {"file": SimpleUploadedFile(name, raw), "country": "FR", **fields})


def page_of(run, name: str = "import_run") -> str:
    return reverse(f"customers:{name}", args=[run.pk])


def test_a_file_is_chosen_looked_at_imported_and_told_row_by_row(client):
    response = send(client, ONE)
    run = ImportRun.objects.get()
    assert response.url == page_of(run)
    assert "Checking the rows" in client.get(response.url).content.decode()
    work_off(run)
    page = client.get(response.url).content.decode()
    assert "New customers: 1." in page
    assert "Import now" in page
    assert "New tags:" in page
    assert "Bäckerei &lt;b&gt;Müller&lt;/b&gt;" in page
    assert client.post(page_of(run, "confirm_import")).url == response.url
    work_off(run)
    page = client.get(response.url).content.decode()
    assert reverse("customers:customer", args=[BAKERY]) in page
    assert "Import now" not in page
    assert "export.csv" in client.get(IMPORTS).content.decode()


def test_a_file_imported_before_says_that_everything_is_here(client, actor):
    imported(actor, ONE)
    run = preview(actor, ONE)
    page = client.get(page_of(run)).content.decode()
    assert "Everything in this file is here already" in page
    assert "Import now" not in page
    response = client.post(page_of(run, "confirm_import"))
    assert response.status_code == 409
    assert "No row of this file would change anything." in response.content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Company name,City\n1,2\n", "names no column"),
        (b"PK\x03\x04", "This is a workbook"),
        (csv(SUBSCRIPTIONS, (uuid.UUID(int=7), "Office", "1", "Active", "")), "does not say whose subscriptions"),
        (b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_at_its_field(client, text, sentence):
    response = send(client, text)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not ImportRun.objects.exists()


def test_a_form_without_a_file_says_so(client):
    response = client.post(IMPORTS, {"country": "FR"})
    assert response.status_code == 422
    assert response.context["form"].errors["file"]


def test_a_country_outside_the_market_cannot_be_chosen(client):
    assert send(client, ONE, country="US").context["form"].errors["country"]


def test_a_file_may_be_larger_than_other_requests_but_not_without_end(client, settings):
    settings.REQUEST_MAX_BYTES, settings.UPLOAD_MAX_BYTES = 2_000, 20_000
    assert send(client, many_customers(100)).status_code == 302
    assert send(client, many_customers(400)).status_code == 413
    assert client.post(reverse("customers:tags"), {"name": "x" * 2_000}).status_code == 413


def test_a_provider_chooses_the_reseller_of_the_file(client_for):
    partnership = make_partnership()
    member = make_member(partnership.provider.organization)
    client = client_for(member)
    assert partnership.reseller.organization.name in client.get(IMPORTS).content.decode()
    send(client, ONE, reseller=str(partnership.reseller_id))
    run = ImportRun.objects.get()
    assert run.reseller_id == partnership.reseller_id
    assert partnership.reseller.organization.name in client.get(page_of(run)).content.decode()


def test_an_indirect_reseller_is_told_who_imports(client_for):
    client = client_for(make_member(make_partner(OrganizationKind.INDIRECT_RESELLER)))
    response = client.get(IMPORTS)
    assert response.status_code == 409
    assert "your indirect provider" in response.content.decode()


def test_the_page_shows_each_wrong_row_with_reason_next_step_and_the_way_there(client, actor):
    stranger = make_customer()
    run = preview(actor, customers((stranger.pk, "Inn", "inn.example", "", ""), ("7", "Bar", "bar.example", "", "")))
    page = client.get(page_of(run), {"result": "wrong"}).content.decode()
    assert "is here already and is not your customer" in page
    assert reverse("customers:new_relationship") in page
    assert "“7” is no ID." in page
    assert "No row of this file would change anything." in page
    assert "No row has this result" in client.get(page_of(run), {"result": "new"}).content.decode()


def test_rows_are_paged_by_their_number(client, actor):
    run = preview(actor, many_customers(60))
    first = client.get(page_of(run))
    assert len(first.context["rows"]) == 50
    second = client.get(first.context["pager"]["next_url"])
    assert [row["number"] for row in second.context["rows"]] == list(range(52, 62))
    assert second.context["pager"]["previous_url"]


def test_a_page_of_rows_costs_the_same_queries_for_few_and_for_many(client, actor, django_assert_max_num_queries):
    runs = [preview(actor, many_customers(count)) for count in (1, 60)]
    for run in runs:
        with django_assert_max_num_queries(6):
            client.get(page_of(run))


def test_wrong_rows_are_downloaded_corrected_and_imported(client, actor):
    rows = [(BAKERY, "=1+1", "bakery", "Cloud Reseller", "VIP"), (uuid.uuid4(), "Inn", "inn.example", "", "")]
    run = imported(actor, customers(*rows))
    response = client.get(page_of(run, "import_rows"), {"result": "wrong"})
    text = b"".join(response.streaming_content).decode()
    assert "'=1+1" in text
    assert "Inn" not in text
    assert "“bakery” is no domain." in text
    corrected = imported(actor, text.replace(",bakery,", ",bakery.example,"))
    assert corrected.new_count == 1
    assert Customer.objects.get(pk=BAKERY).organization.name == "=1+1"


def test_our_own_export_of_customers_says_already_here(client, actor, member):
    imported(actor, customers((BAKERY, "'=1+1", "bakery.example", "", "VIP, Gold")))
    response = client.get(reverse("customers:export"))
    run = preview(actor, b"".join(response.streaming_content))
    assert [run.same_count, run.row_count] == [1, 1]


def test_our_own_export_of_subscriptions_says_already_here(client, actor, member):
    customer = make_relationship(member.organization)
    make_subscription(customer, partner_on_record="4567890")
    url = reverse("customers:subscriptions_export", args=[customer.customer_id])
    exported = b"".join(client.get(url, {"status": "all"}).streaming_content)
    response = send(client, exported, reverse("customers:import_subscriptions", args=[customer.customer_id]))
    run = work_off(ImportRun.objects.get())
    assert response.url == page_of(run)
    assert (run.same_count, run.row_count) == (1, 1)
    assert customer.customer_name in client.get(page_of(run)).content.decode()


def test_the_progress_asks_again_while_there_is_work_and_then_loads_the_page(client, actor):
    run = upload(actor, many_customers(3))
    url = page_of(run, "import_progress")
    part = client.get(url, headers={"HX-Request": "true"})
    assert "0 of 3 rows" in part.content.decode()
    assert f'hx-get="{url}"' in part.content.decode()
    assert client.get(url).url == page_of(run)
    work_off(run)
    assert client.get(url, headers={"HX-Request": "true"}).headers["HX-Redirect"] == page_of(run)


def test_an_import_is_canceled_before_and_stopped_while_it_runs(client, actor, monkeypatch):
    first = preview(actor, ONE)
    page = client.post(page_of(first, "cancel_import"), follow=True).content.decode()
    assert "Nothing was imported." in page
    monkeypatch.setattr(processing, "BATCH", 2)
    second = confirm(actor, preview(actor, many_customers(5)))
    processing.process_batch(run_id=second.pk, now=NOON)
    assert "Stop the import" in client.get(page_of(second)).content.decode()
    page = client.post(page_of(second, "cancel_import"), follow=True).content.decode()
    assert "2 rows were dealt with before." in page
    assert client.post(page_of(second, "cancel_import")).status_code == 409
    second.refresh_from_db()
    assert second.status == ImportStatus.CANCELED


@pytest.mark.parametrize(
    ("role", "list_status", "own_status"),
    [(Role.SALES_AGENT, 200, 403), (Role.HELPDESK_AGENT, 403, 403), (Role.USER_MANAGEMENT_ADMIN, 200, 403)],
)
def test_other_roles_see_what_they_may_import_themselves(client_for, actor, member, role, list_status, own_status):
    customer = make_relationship(member.organization)
    text = csv(SUBSCRIPTIONS, (uuid.uuid4(), "Office", "1", "Active", ""))
    of_customers, of_subscriptions = preview(actor, ONE), preview(actor, text, customer_id=customer.customer_id)
    other = client_for(make_member(member.organization, role))
    assert other.get(IMPORTS).status_code == list_status
    assert other.get(page_of(of_customers)).status_code == list_status
    assert other.get(page_of(of_subscriptions)).status_code == (404 if list_status == 200 else 403)
    url = reverse("customers:import_subscriptions", args=[customer.customer_id])
    assert other.get(url).status_code == own_status


def test_an_import_of_another_partner_is_not_found(client_for, actor):
    run = preview(actor, ONE)
    stranger = client_for(make_member(make_partner()))
    for name in ("import_run", "import_progress", "import_rows"):
        assert stranger.get(page_of(run, name)).status_code == 404
    for name in ("confirm_import", "cancel_import"):
        assert stranger.post(page_of(run, name)).status_code == 404
    assert ImportRow.objects.count() == 1


def test_the_list_and_the_subscriptions_page_lead_to_the_import(client, client_for, member):
    customer = make_relationship(member.organization)
    assert IMPORTS in client.get(reverse("customers:list")).content.decode()
    url = reverse("customers:import_subscriptions", args=[customer.customer_id])
    subscriptions_url = reverse("customers:subscriptions", args=[customer.customer_id])
    assert url in client.get(subscriptions_url).content.decode()
    assert "Import subscriptions" in client.get(url).content.decode()
    helpdesk = client_for(make_member(member.organization, Role.HELPDESK_AGENT))
    page = helpdesk.get(subscriptions_url).content.decode()
    assert url not in page
    assert "import-reason" in page


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", "{{ 7*7 }}{% load x %}", "=cmd|' /C calc'!A0", "\u202egnp.exe", "a" * 9_000]
)
def test_evil_words_in_every_cell_are_harmless_on_the_page_and_in_the_download(client, actor, evil):
    run = preview(actor, customers([evil] * 5, [uuid.uuid4(), evil, "evil.example", "", ""]))
    page = client.get(page_of(run)).content.decode()
    assert "<script>alert(1)" not in page
    assert "a" * 300 not in page
    text = b"".join(client.get(page_of(run, "import_rows")).streaming_content).decode()
    assert not [line for line in text.splitlines() if line.startswith("=")]
    assert ",=cmd" not in text


def test_the_way_to_a_relationship_request_carries_the_customer_along(client, actor):
    stranger = make_customer()
    run = preview(actor, customers((stranger.pk, "Inn & Bar", "inn.example", "", "")))
    form = client.get(client.get(page_of(run)).context["rows"][0]["next_url"]).context["form"]
    assert form.initial["expected_tenant_id"] == stranger.pk
    assert form.initial["customer_label"] == "Inn & Bar"
