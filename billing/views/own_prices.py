"""What a partner charges its own customers: prices, terms, and the price list with the margin (A13)."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.enums import PriceRuleKind
from billing.forms.own_prices import OwnPriceForm, OwnTermsForm
from billing.forms.prices import entry_filter
from billing.models import OwnPrice, PriceListEntry
from billing.presentation import month_in_sentence
from billing.prices_own import CustomerPrice, PriceBook
from billing.queries import own_prices as queries
from billing.queries import prices as lists
from billing.views.ending import ask_last_day
from billing.views.prices import (
    EXPORT_BATCH,
    choice_of,
    filter_values,
    list_options,
    plain_number,
    price_text,
    terms_text,
)
from billing.workflow import own_prices as workflow
from billing.workflow.own_prices import PriceTerms
from customers.enums import ProductFamily
from customers.models import ResellerRelationship
from customers.queries import customer_named
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import walk

SHORTENED = 300  # characters of terms in a list


@require_safe
@requires(Permission.PRICING_VIEW)
def own_prices(request: PortalRequest) -> HttpResponse:
    """List the partner's prices and terms for its customers."""
    today = timezone.now().date()
    address = ListAddress.read(request, {"ended": ("yes",), "cursor": None})
    with_ended = address.get("ended") == "yes"
    page = queries.own_price_page(request.actor, today=today, with_ended=with_ended, cursor=address.get("cursor"))
    reason = request.actor.why_not(Permission.PRICING_MANAGE)
    context = {
        "rows": [_row(row, may_end=not reason) for row in page],
        "pager": address.pager(page),
        "terms": [
            {
                "customer": terms.customer.organization.name if terms.customer else _("All customers"),
                "text": terms.text if len(terms.text) <= SHORTENED else f"{terms.text[:SHORTENED]}…",
                "valid_from": terms.valid_from,
                "by": terms.set_by_name,
            }
            for terms in queries.terms_of(request.actor)
        ],
        "with_ended": with_ended,
        "ended_url": address.url(ended="" if with_ended else "yes", cursor=""),
        "why_not": reason,
    }
    return render(request, "billing/own/prices.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def new_own_price(request: PortalRequest) -> HttpResponse:
    """Set a price for one customer or for all."""
    first = {name: request.GET.get(name, "") for name in ("customer", "family", "product_id", "sku_id")}
    form = OwnPriceForm(posted(request), actor=request.actor, initial=first | {"valid_from": timezone.now().date()})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        customer: ResellerRelationship | None = values.pop("customer")
        terms = PriceTerms(customer_id=customer.customer_id if customer else None, **values)
        try:
            workflow.set_own_price(terms=terms, actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error(refusal.field, refusal.explanation)
        else:
            messages.success(request, _("Price set."))
            return redirect_to(request, reverse("pricing:own_prices"))
    return render(request, "billing/own/price.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def end_own_price(request: PortalRequest, price_id: UUID) -> HttpResponse:
    """Let a price hold no longer from a day on."""
    row = get_object_or_404(OwnPrice.objects.visible_to(request.actor), pk=price_id)
    return ask_last_day(
        request,
        partial(workflow.end_own_price, price_id=row.pk),
        done=_("The price ends."),
        back="pricing:own_prices",
        template="billing/own/end_price.html",
        context={"row": _row(row, may_end=False)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def own_terms(request: PortalRequest) -> HttpResponse:
    """Write the partner's own terms for one customer or for all."""
    today = timezone.now().date()
    now_held = queries.terms_in_force(request.actor, customer_id=None, on=today)
    first = {"text": now_held.text if now_held else "", "valid_from": today}
    form = OwnTermsForm(posted(request), actor=request.actor, initial=first)
    if request.method == "POST" and form.is_valid():
        customer: ResellerRelationship | None = form.cleaned_data["customer"]
        workflow.set_own_terms(
            customer_id=customer.customer_id if customer else None,
            text=form.cleaned_data["text"],
            valid_from=form.cleaned_data["valid_from"],
            actor=request.actor,
            now=timezone.now(),
        )
        messages.success(request, _("Terms written."))
        return redirect_to(request, reverse("pricing:own_prices"))
    return render(request, "billing/own/terms.html", {"form": form}, status=422 if form.errors else 200)


# --- the price list with the customer's price and the margin ---------------------------------------------------------
@require_safe
@requires(Permission.PRICING_VIEW)
def margins(request: PortalRequest) -> HttpResponse:
    """Show what the partner pays, what the customer pays, and what remains."""
    address, choice = choice_of(request)
    customer = _customer(request)
    price_list = lists.list_in_force(choice)
    page = lists.entry_page(price_list, entry_filter(address), cursor=address.get("cursor")) if price_list else None
    book = _book(request, customer)
    kept = {"customer": request.GET.get("customer", "")[:253]}
    here = ListAddress(address.path, {**address.values, **{name: value for name, value in kept.items() if value}})
    context = {
        "rows": [_margin(entry, book.price(queries.sold(entry)), choice.currency) for entry in page] if page else [],
        "pager": here.pager(page) if page else {},
        "values": filter_values(address, choice) | kept,
        "options": list_options(request, choice),
        "month": month_in_sentence(choice.month),
        "customer": customer,
        "is_unknown": bool(kept["customer"]) and customer is None,
        "path": address.path,
        "export_url": here.url(reverse("pricing:margins_export"), cursor=""),
        "is_filtered": bool(address.get("q")),
        "clear_url": here.url(q="", cursor=""),
    }
    return page_or_fragment(
        request, page="billing/own/margins.html", fragment="billing/own/_margins.html", context=context
    )


@require_safe
@requires(Permission.PRICING_VIEW)
def margins_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list with prices and margins as a CSV file."""
    address, choice = choice_of(request)
    price_list = lists.list_in_force(choice)
    found: Iterable[PriceListEntry] = ()
    if price_list is not None:
        rows = lists.entries(price_list, entry_filter(address)).select_related("price_list")
        found = walk(rows, order=lists.ENTRY_ORDER, size=EXPORT_BATCH)
    allowed = while_allowed(request.actor, Permission.PRICING_VIEW, found, every=EXPORT_BATCH)
    header = (
        _("Product"),
        _("Product ID"),
        _("SKU ID"),
        _("Segment"),
        _("Term"),
        _("Billing frequency"),
        _("Unit"),
        _("Currency"),
        _("Your price"),
        _("Customer price"),
        _("Margin"),
        _("Margin in percent"),
        _("Retail price"),
    )
    book = _book(request, _customer(request))
    return csv_response(f"margins-{choice.family}-{choice.month:%Y-%m}.csv", header, _margin_rows(allowed, book))


def _margin_rows(entries: Iterable[PriceListEntry], book: PriceBook) -> Iterator[tuple[object, ...]]:
    for entry in entries:
        found = book.price(queries.sold(entry))
        yield (
            entry.sku_title,
            entry.product_id,
            entry.sku_id,
            entry.segment,
            entry.term,
            entry.billing_frequency,
            entry.unit_of_measure,
            entry.price_list.currency,
            plain_number(entry.unit_price),
            plain_number(found.price),
            plain_number(found.margin),
            found.margin_percent,
            plain_number(entry.retail_price),
        )


def _customer(request: PortalRequest) -> ResellerRelationship | None:
    text = request.GET.get("customer", "").strip()[:253]
    return customer_named(request.actor, text) if text else None


def _book(request: PortalRequest, customer: ResellerRelationship | None) -> PriceBook:
    return PriceBook.of(
        request.actor.organization_id,
        customer_id=customer.customer_id if customer else None,
        on=timezone.now().date(),
    )


def _margin(entry: PriceListEntry, found: CustomerPrice, currency: str) -> dict[str, Any]:
    return {
        "product": entry.sku_title,
        "terms": terms_text(entry),
        "unit": entry.unit_of_measure,
        "cost": price_text(found.cost, currency),
        "price": price_text(found.price, currency),
        "margin": price_text(found.margin, currency),
        "percent": f"{number_format(found.margin_percent)} %",
        "tone": "error" if found.margin < 0 else "",
        "rule": rule_text(found.rule) if found.rule else _("Retail price"),
        "set_url": f"{reverse('pricing:new_own_price')}?product_id={entry.product_id}&sku_id={entry.sku_id}",
    }


def rule_text(rule: OwnPrice) -> str:
    """Return how a price is worked out, in words."""
    if rule.amount is not None:
        return _("Fixed: %(price)s") % {"price": price_text(rule.amount, rule.currency)}
    facts = {"percent": number_format(plain_number(rule.percent)) if rule.percent is not None else "0"}
    if rule.kind == PriceRuleKind.MARKUP:
        return _("Your price + %(percent)s %%") % facts
    return _("Retail price − %(percent)s %%") % facts


def _row(row: OwnPrice, *, may_end: bool) -> dict[str, Any]:
    what = ":".join(part for part in (row.product_id, row.sku_id) if part)
    return {
        "pk": row.pk,
        "customer": row.customer.organization.name if row.customer else _("All customers"),
        "family": ProductFamily(row.family).label if row.family else _("All families"),
        "product": what,
        "rule": rule_text(row),
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "note": row.note,
        "by": row.set_by_name,
        "end_url": reverse("pricing:end_own_price", args=[row.pk]) if may_end and not row.valid_until else "",
    }
