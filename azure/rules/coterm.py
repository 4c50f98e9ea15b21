"""On which day the first term of a new subscription may end instead of its own last one (section 8, co-term)."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from azure.rules.buying import Article
from azure.rules.families import LIFECYCLES
from customers.enums import ProductFamily, SubscriptionStatus, Term
from customers.models import Subscription
from customers.rules.buying import Buyer
from customers.terms import TERM_MONTHS, add_months
from portal.core.errors import InvalidInput


@dataclass(frozen=True)
class EndDate:
    """A first day after the term; ``like`` names the subscription that ends on it too, and is empty for a month."""

    ends_on: datetime.date
    like: str = ""


def end_dates(article: Article, buyer: Buyer) -> list[EndDate]:
    """Return the days on which a first term can end, up to its longest way: ends of months and of other subscriptions.

    Not those of trials, and none for families whose terms are whole.
    """
    months = max((TERM_MONTHS.get(Term(way.term), 0) for way in article.ways), default=0)
    if not LIFECYCLES[article.family].can_coterm or not months:
        return []
    last, first = add_months(buyer.today, months), buyer.today.replace(day=1)
    found = {day: EndDate(day) for n in range(1, months + 1) if (day := add_months(first, n)) < last}
    others = Subscription.objects.filter(
        customer=buyer.customer,
        billing_owner=buyer.partner,
        product_family=ProductFamily.LICENSE_BASED,
        status=SubscriptionStatus.ACTIVE,
        is_trial=False,
        ends_on__gt=buyer.today,
        ends_on__lt=last,
    )
    for row in others.order_by("-created_at", "-pk"):
        if row.ends_on is not None:
            found[row.ends_on] = EndDate(row.ends_on, row.friendly_name)
    return [found[day] for day in sorted(found)]


def check_end(article: Article, buyer: Buyer, *, term: str, ends_on: datetime.date | None) -> None:
    """Raises: InvalidInput for a day on which the first term cannot end; ``None`` is the day of the term itself."""
    if ends_on is None:
        return
    whole = add_months(buyer.today, TERM_MONTHS.get(Term(term), 0))
    if ends_on >= whole or ends_on not in {one.ends_on for one in end_dates(article, buyer)}:
        raise InvalidInput(
            _("The first term can end earlier with a month, or with another subscription of the customer."),
            field="ends_on",
        )
