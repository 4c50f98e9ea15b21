"""The cart beside the products, and the steps of ordering (section 1.10)."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from azure.queries.catalogue import article_of
from azure.queries.dates import buyer_of
from azure.rules.families import LICENSED
from customers.catalog import Standing, WantedLine
from customers.enums import BillingFrequency, Term
from customers.presentation import day, term_text, unit_price_text
from customers.rules.buying import Buyer
from customers.subscription_changes import frequency_of
from customers.workflow.carts import lines_of
from customers.workflow.own_carts import first_total, key_of, open_cart, standings
from portal.core.http import PortalRequest
from portal.core.money import money_text

STEPS = ("select", "review", "confirm")


def steps_of(current: str, customer_id: UUID) -> list[dict[str, Any]]:
    """Return the steps of ordering, for components/wizard_steps.html."""
    labels = {"select": _("Select"), "review": _("Review"), "confirm": _("Confirm")}
    at = STEPS.index(current)
    back = reverse("azure:products", args=[customer_id])
    return [
        {
            "label": labels[name],
            "state": "current" if number == at else "done" if number < at else "todo",
            "url": back if name == "select" and current == "review" else "",
        }
        for number, name in enumerate(STEPS)
    ]


def cart_context(request: PortalRequest, customer_id: UUID) -> dict[str, Any]:
    """Return what azure/_cart.html needs."""
    buyer = buyer_of(request.actor.organization_id, customer_id, today=timezone.now().date())
    cart = open_cart(request.actor, customer_id, now=timezone.now())
    found = standings(lines_of(cart), buyer) if cart else []
    return {
        "cart_rows": line_rows(found, buyer),
        "cart_total": money_text(first_total(found), buyer.partner.currency) if found else "",
        "change_url": reverse("azure:change_line", args=[customer_id]),
        "review_url": reverse("azure:review", args=[customer_id]),
        "leave_url": reverse("customers:subscriptions", args=[customer_id]),
        "said": "",
        "wrong": "",
    }


def line_rows(found: Sequence[Standing], buyer: Buyer) -> list[dict[str, Any]]:
    """Lay out the lines of a cart."""
    return [_row(one, buyer) for one in found]


def _row(one: Standing, buyer: Buyer) -> dict[str, Any]:
    line, quote = one.line, one.quote
    product, sku, *_rest = [*line.catalog_item.split(":"), "", ""]
    article = article_of(buyer, product, sku)
    frequency = _frequency(line)
    has_price = quote is not None and frequency != BillingFrequency.USAGE
    per_seat = article is not None and article.family in LICENSED
    return {
        "key": key_of(line),
        "name": article.name if article else line.catalog_item,
        "friendly_name": line.friendly_name,
        "term": _term(line, frequency),
        "price": unit_price_text(quote.unit_price, quote.currency, frequency, is_per_seat=per_seat)
        if quote and has_price
        else "",
        "total": money_text(quote.at_once(line.quantity), quote.currency) if quote and has_price else "",
        "quantity": line.quantity,
        "is_counted": article is not None and article.is_counted,
        "why_not": one.refusal.explanation if one.refusal else "",
    }


def _term(line: WantedLine, frequency: str) -> str:
    """Say for how long, how it is billed, and where the first term ends early."""
    text = term_text(line.term or Term.NONE, frequency)
    if not line.ends_on:
        return text
    last = datetime.date.fromisoformat(line.ends_on) - datetime.timedelta(days=1)
    return _("%(term)s · the first one ends on %(date)s") % {"term": text, "date": day(last)}


def _frequency(line: WantedLine) -> str:
    return frequency_of(line.billing_cycle, line.term or Term.NONE) or BillingFrequency.ONE_TIME
