"""Price sheets and the rate card through the API (A9)."""

import csv
import datetime
import io

import pytest
from django.utils import timezone

from customers.enums import ProductFamily
from portal.accounts.enums import Role
from tests.billing.price_factories import make_price, make_price_list
from tests.factories import make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db

SHEET = "/v1/sales/pricesheets(Market='{}',PricesheetView='{}')/$value"


@pytest.fixture
def this_month() -> datetime.date:
    return timezone.now().date().replace(day=1)


def test_a_price_sheet_comes_as_the_file_that_the_page_gives(this_month):
    make_price(make_price_list(month=this_month), unit_price="9.36")
    client = api_client(make_partner(), Role.SALES_AGENT, person=True)

    answer = client.send("GET", SHEET.format("fr", "updatedlicensebased"))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["UnitPrice"], row["Market"], row["TermDuration"]) == ("9.36", "FR", "P1Y")


def test_the_rate_card_has_each_meter_once_with_its_tiers(this_month):
    card = make_price_list(ProductFamily.AZURE_PLAN, month=this_month)
    meter = {"meter_id": "meter-1", "billing_frequency": "usage", "term": "none"}
    make_price(card, unit_price="0.02", **meter)
    make_price(card, unit_price="0.01", tier_from=1000, **meter)

    answer = api_client(make_partner(), Role.ADMIN_AGENT, person=True).send("GET", "/v1/ratecards/azure")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["currency"], body["attributes"]["objectType"]) == ("EUR", "AzureRateCard")
    (found,) = body["meters"]
    assert (found["id"], found["rates"]) == ("meter-1", {"0": 0.02, "1000": 0.01})


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (SHEET.format("FR", "updatedlicensebased"), 404, 1000),
        (SHEET.format("US", "updatedlicensebased"), 404, 1000),
        (SHEET.format("FR", "everything"), 400, 2000),
        ("/v1/ratecards/azure?currency=SEK", 404, 1000),
    ],
)
def test_a_list_that_is_not_there_or_of_another_market_is_said_so(this_month, path, status, code):
    make_price(make_price_list(country="US", currency="EUR", month=this_month))

    answer = api_client(make_partner(), Role.ADMIN_AGENT, person=True).send("GET", path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_helpdesk_agent_reads_no_prices():
    client = api_client(make_partner(), Role.HELPDESK_AGENT, person=True)

    assert client.send("GET", "/v1/ratecards/azure").status_code == 403
