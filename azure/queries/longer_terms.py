"""The longer terms a subscription may take, by their names in the catalog (API reference, section 4.7)."""

import datetime
from uuid import UUID

from azure import prices
from azure.rules import next_terms as rules
from customers.enums import Term
from customers.models import Subscription
from customers.presentation import term_text
from customers.subscription_changes import Eligibility
from portal.accounts.actor import Actor
from portal.core.errors import Refusal


def of_subscription(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> list[Eligibility]:
    """Return the longer terms of today's price list, each with the reason against it."""
    row = Subscription.objects.visible_to(actor).get(pk=subscription_id)
    ways, refusal = prices.ways_for(row, now.date()), None
    try:
        rules.check_can_lengthen(row, ways)
    except Refusal as refused:
        refusal = refused
    terms = {way.term: way for way in reversed(rules.longer_ways(row, ways))}
    return [
        Eligibility(
            catalog_item=prices.offer_id_for(row, term),
            title=row.product_name,
            description=term_text(Term(term), way.billing_frequency),
            refusal=refusal,
        )
        for term, way in terms.items()
    ]
