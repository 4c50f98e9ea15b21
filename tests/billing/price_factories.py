"""Rows of price lists that are valid by default."""

import datetime
import uuid
from typing import Any

from billing.enums import PriceRuleKind
from billing.models import OwnPrice, PriceList, PriceListEntry, PriceSheet
from customers.enums import BillingFrequency, ProductFamily, Term
from portal.accounts.models import Organization
from tests.factories import NOON

NOVEMBER = datetime.date(2026, 11, 1)


def make_price_list(
    family: str = ProductFamily.LICENSE_BASED, *, month: datetime.date = NOVEMBER, **fields: Any
) -> PriceList:
    """The list of a family for France in euro, or the one there is already."""
    named = {"family": family, "month": month, "country": "FR", "currency": "EUR"} | fields
    return PriceList.objects.get_or_create(**named, defaults={"created_at": NOON})[0]


def make_price(price_list: PriceList | None = None, **fields: Any) -> PriceListEntry:
    """A license-based SKU on a yearly term that is billed each month, at 10 with a retail price of 12.50."""
    price_list = price_list or make_price_list()
    defaults = {
        "price_list": price_list,
        "product_id": "CFQ7TTC0LDPB",
        "sku_id": "0001",
        "product_title": "Office Suite",
        "sku_title": "Office Suite Standard",
        "term": Term.YEAR,
        "billing_frequency": BillingFrequency.MONTHLY,
        "unit_price": 10,
        "retail_price": "12.50",
        "starts_on": price_list.month,
    }
    return PriceListEntry.objects.create(**defaults | fields)


def make_price_sheet(**fields: Any) -> PriceSheet:
    """A file of one row that was checked and waits for a yes."""
    defaults = {
        "family": ProductFamily.LICENSE_BASED,
        "month": NOVEMBER,
        "file_name": "prices.csv",
        "row_count": 1,
        "wrong_count": 1,
        "started_by_id": uuid.uuid4(),
        "started_by_name": "Kim",
        "created_at": NOON,
    }
    return PriceSheet.objects.create(**defaults | fields)


def make_own_price(partner: Organization, **fields: Any) -> OwnPrice:
    """A price of a partner: ten percent on top of what it pays, for all customers and products."""
    defaults = {"partner": partner.partner, "kind": PriceRuleKind.MARKUP, "percent": 10, "valid_from": NOVEMBER}
    return OwnPrice.objects.create(**defaults | {"set_by_name": "Kim", "created_at": NOON} | fields)
