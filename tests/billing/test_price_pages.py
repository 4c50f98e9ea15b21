"""Price lists, rate card and release notes as partners see them; price sheets as the operator does (A9)."""

import csv
import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.models import PriceListEntry, PriceSheet
from customers.enums import BillingFrequency, ProductFamily, Term
from portal.accounts.enums import OrganizationKind, Role
from tests.billing.price_factories import make_price, make_price_list
from tests.billing.test_price_sheets import LICENSES
from tests.factories import make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db

OCTOBER = date(2026, 10, 1)
LISTS, CHANGES = reverse("pricing:lists"), reverse("pricing:changes")


def content(response) -> str:
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode()


def table(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(response).removeprefix("\ufeff"))))


@pytest.fixture
def agent(client_for):
    return client_for(make_member(make_partner(), Role.SALES_AGENT))


def test_a_partner_sees_first_the_list_of_its_own_country_and_currency(agent):
    make_price(product_title="Office Suite", unit_price="9.36", retail_price="11.70")
    make_price(make_price_list(country="SE", currency="SEK"), product_title="Kontorspaket")

    text = content(agent.get(LISTS))

    assert "Office Suite" in text
    assert "€9.36" in text
    assert "€11.70" in text
    assert "Kontorspaket" not in text
    assert "Kontorspaket" in content(agent.get(LISTS, {"country": "SE", "currency": "SEK"}))


def test_a_list_of_another_market_is_not_shown(agent):
    make_price(make_price_list(country="US", currency="USD"), product_title="Elsewhere")

    assert "Elsewhere" not in content(agent.get(LISTS, {"country": "US", "currency": "USD"}))


def test_search_and_filters_leave_what_fits_and_the_file_has_just_that(agent):
    make_price(product_title="Office Suite", sku_id="0001", tags=["popular"])
    make_price(product_title="Office Suite", sku_id="0002", term=Term.MONTH)
    make_price(product_title="Letters", product_id="CFQ2")

    asked = {"q": "office", "term": Term.MONTH}
    assert "Letters" not in content(agent.get(LISTS, asked))
    rows = table(agent.get(reverse("pricing:export"), asked))
    assert [(row["SkuId"], row["TermDuration"], row["BillingPlan"]) for row in rows] == [("0002", "P1M", "Monthly")]
    assert [row["SkuId"] for row in table(agent.get(reverse("pricing:export"), {"q": "popular"}))] == ["0001"]


def test_the_file_of_a_list_can_be_brought_in_again_as_it_is(agent, client_for):
    make_price(sku_description="For =offices", tags=["a", "b"], ends_on=date(2026, 12, 1))
    make_price(term=Term.NONE, billing_frequency=BillingFrequency.ONE_TIME, segment="nonprofit", tier_from=5)
    file = content(agent.get(reverse("pricing:export")))
    operator = client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))

    answer = operator.post(
        reverse("pricing:sheets"),
        {"file": SimpleUploadedFile("list.csv", file.encode()), "family": "license_based", "month": "2026-11"},
    )

    assert answer.status_code == 302
    sheet = PriceSheet.objects.get()
    assert (sheet.row_count, sheet.same_count, sheet.ignored_columns) == (2, 2, [])


def test_the_rate_card_shows_meters_with_all_their_decimals(agent):
    card = make_price_list(ProductFamily.AZURE_PLAN)
    make_price(
        card,
        product_title="Blob Storage",
        sku_title="Hot",
        meter_id="meter-1",
        unit_price="0.0196000001",
        retail_price="0.0196",
    )
    make_price(product_title="Office Suite")

    text = content(agent.get(reverse("pricing:rate_card")))

    assert "0.0196000001 EUR" in text
    assert "meter-1" in text
    assert "Office Suite" not in text
    assert table(agent.get(reverse("pricing:rate_card_export")))[0]["UnitPrice"] == "0.0196000001"


def test_a_month_without_a_list_shows_the_one_that_still_holds_and_says_so(agent):
    make_price(make_price_list(month=OCTOBER), product_title="Office Suite")

    text = content(agent.get(LISTS, {"month": "2026-11"}))

    assert "Office Suite" in text
    assert "the list of October 2026 holds" in text


def test_release_notes_tell_what_is_new_gone_and_at_another_price_with_a_link_to_share(agent):
    before = make_price_list(month=OCTOBER)
    make_price(before, sku_title="Dearer", sku_id="1", unit_price=10)
    make_price(before, sku_title="Withdrawn", sku_id="2")
    make_price(before, sku_title="Alike", sku_id="3")
    make_price(sku_title="Dearer", sku_id="1", unit_price=11)
    make_price(sku_title="Alike", sku_id="3")
    make_price(sku_title="Fresh", sku_id="4")

    text = content(agent.get(CHANGES, {"month": "2026-11"}))

    assert "+10.0 %" in text
    assert "Alike" not in text
    assert "family=license_based&amp;country=FR&amp;currency=EUR&amp;month=2026-11" in text
    rows = table(agent.get(reverse("pricing:changes_export"), {"month": "2026-11"}))
    assert [(row["Product"], row["What changed"]) for row in rows] == [
        ("Dearer", "Other price"),
        ("Fresh", "New"),
        ("Withdrawn", "No longer sold"),
    ]


def test_a_list_and_its_changes_cost_the_same_queries_however_long_they_are(agent, django_assert_max_num_queries):
    for number in range(60):
        make_price(sku_id=str(number))
    with django_assert_max_num_queries(20):
        assert "More than" not in content(agent.get(LISTS))
    page = agent.get(LISTS)
    assert page.context["pager"]["next_url"]
    assert len(page.context["rows"]) == 50


def test_the_operator_sees_the_result_of_each_row_before_it_publishes(client_for):
    operator = client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))
    bad = LICENSES.replace("SE,SEK,105", "Sweden,SEK,105")
    file = SimpleUploadedFile("prices.csv", bad.encode())
    sent = {"file": file, "family": "license_based", "month": "2026-11"}

    page = operator.post(reverse("pricing:sheets"), sent, follow=True)

    assert "not a country code" in content(page)
    sheet = PriceSheet.objects.get()
    wrong = table(operator.get(reverse("pricing:sheet_rows", args=[sheet.pk]), {"result": "wrong"}))
    assert [(row["Row"], row["Country"]) for row in wrong] == [("4", "SWEDEN")]
    done = operator.post(reverse("pricing:publish_sheet", args=[sheet.pk]), follow=True)
    assert "2 prices published." in content(done)
    assert PriceListEntry.objects.count() == 2
    again = operator.post(reverse("pricing:cancel_sheet", args=[sheet.pk]))
    assert again.status_code == 409
    assert "not waiting" in content(again)


def test_a_file_that_cannot_be_read_is_told_at_the_field(client_for):
    operator = client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))
    file = SimpleUploadedFile("prices.csv", b"ProductId\n1\n")

    page = operator.post(reverse("pricing:sheets"), {"file": file, "family": "license_based", "month": "2026-11"})

    assert page.status_code == 422
    assert "The first line names no column" in content(page)


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.GLOBAL_ADMIN, True),
        (Role.BILLING_ADMIN, True),
        (Role.ADMIN_AGENT, True),
        (Role.SALES_AGENT, True),
        (Role.HELPDESK_AGENT, False),
        (Role.ACCOUNT_ADMIN, False),
        (Role.USER_MANAGEMENT_ADMIN, False),
    ],
)
def test_who_sees_prices(client_for, role, sees):
    client = client_for(make_member(make_partner(), role))
    names = ("lists", "export", "rate_card", "rate_card_export", "changes", "changes_export")

    assert {client.get(reverse(f"pricing:{name}")).status_code for name in names} == {200 if sees else 403}
    assert client.get(reverse("pricing:sheets")).status_code == 403
