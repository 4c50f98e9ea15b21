"""What something costs on a day by the price list, and a clear refusal where the list has no price (A9)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from billing.enums import Segment
from billing.models import PriceList, PriceListEntry
from customers.enums import BillingFrequency, Term
from portal.core.countries import country_name
from portal.core.errors import Refusal


class NoPrice(Refusal):
    """The price list has no price for what is asked."""

    code = "no-list-price"


@dataclass(frozen=True)
class PriceQuestion:
    """What is bought, where the customer is, in which currency the partner pays, and when.

    ``country`` is the customer's, ``currency`` the partner's by its agreement (A8): a list in another currency is not
    an answer, because nothing is converted silently.
    """

    product_id: str
    sku_id: str
    country: str
    currency: str
    term: str
    billing_frequency: str
    on: datetime.date
    segment: str = Segment.COMMERCIAL
    quantity: int = 1


def unit_price(
    *,
    product_id: str,
    sku_id: str,
    country: str,
    currency: str,
    term: str,
    billing_frequency: str,
    on: datetime.date,
    segment: str = Segment.COMMERCIAL,
    quantity: int = 1,
) -> Decimal:
    """Return what the partner pays for one unit and one billing cycle. Raises: NoPrice."""
    question = PriceQuestion(product_id, sku_id, country, currency, term, billing_frequency, on, segment, quantity)
    return list_entry(question).unit_price


def list_entry(question: PriceQuestion) -> PriceListEntry:
    """Return the row of the price list that answers, with its list. Raises: NoPrice."""
    found = _entry(question)
    if found is None or not _is_in_force(found.price_list, question.on):
        raise _no_price(question)
    return found


def month_of(day: datetime.date) -> datetime.date:
    """Return the first day of a day's month: what price lists are dated by."""
    return day.replace(day=1)


def _entry(question: PriceQuestion) -> PriceListEntry | None:
    """Return the row of the latest list up to the day that has the product at all."""
    rows = PriceListEntry.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=question.on),
        product_id=question.product_id,
        sku_id=question.sku_id,
        segment=question.segment,
        term=question.term,
        billing_frequency=question.billing_frequency,
        price_list__country=question.country,
        price_list__currency=question.currency,
        price_list__month__lte=question.on,
        starts_on__lte=question.on,
        tier_from__lte=question.quantity,
    )
    return rows.select_related("price_list").order_by("-price_list__month", "-tier_from", "-starts_on", "-pk").first()


def _is_in_force(price_list: PriceList, day: datetime.date) -> bool:
    """Say whether no later list up to the day has taken the place of this one."""
    later = PriceList.objects.filter(
        family=price_list.family,
        country=price_list.country,
        currency=price_list.currency,
        month__gt=price_list.month,
        month__lte=day,
    )
    return not later.exists()


def _no_price(question: PriceQuestion) -> NoPrice:
    facts = {
        "product": f"{question.product_id}:{question.sku_id}",
        "country": country_name(question.country),
        "currency": question.currency,
        "term": Term(question.term).label,
        "billing": BillingFrequency(question.billing_frequency).label,
        "day": question.on.isoformat(),
    }
    return NoPrice(
        _(
            "The price list of %(day)s has no price of %(product)s for customers in %(country)s in %(currency)s"
            " (%(term)s, %(billing)s)."
        )
        % facts,
        who=_("the programme operator, who publishes the price lists"),
        next_step=_("Choose another term or billing frequency, or look the product up in the price list."),
    )
