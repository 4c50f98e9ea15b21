"""The plans a marketplace subscription may become, by their names in the catalog (API reference, section 4.7)."""

import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from customers.subscription_changes import Eligibility
from marketplace import rules
from marketplace.models import Plan, SaaSSubscription
from marketplace.queries.subscriptions import other_plans
from portal.accounts.actor import Actor
from portal.core.errors import InvalidInput


def of_subscription(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> list[Eligibility]:
    """Return the other plans of the offer, each with the reason against it."""
    saas = SaaSSubscription.objects.visible_to(actor).with_rows().get(pk=subscription_id)
    return [
        Eligibility(
            catalog_item=rules.catalog_id(choice.plan, saas.subscription.term),
            title=rules.product_name(choice.plan),
            description=choice.plan.description,
            refusal=choice.refusal,
        )
        for choice in other_plans(saas, today=now.date())
    ]


def plan_of_item(saas: SaaSSubscription, item: str) -> Plan:
    """Return the plan of the same offer, for the term that runs, that a catalog item names. Raises: InvalidInput."""
    product, _colon, rest = item.partition(":")
    sku, _colon, term = rest.partition(":")
    fits = product.lower() == saas.plan.offer_id.hex and term.upper() in ("", saas.subscription.term)
    plan = Plan.objects.filter(offer=saas.plan.offer_id, code=sku.lower()).first() if fits else None
    if plan is None:
        raise InvalidInput(_("The offer has no such plan for the term that runs."), field="toCatalogItemId")
    return plan
