"""The plans of a publisher's offer: limits, trial, countries, and prices per term and billing frequency."""

import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.forms.publisher import PlanForm, PriceForm, cycle_label
from marketplace.models import Margin, Plan, PlanAudience, PlanPrice
from marketplace.presentation import tenant_name
from marketplace.queries import publishers as queries
from marketplace.views.publisher_offers import FORM_METHODS, at_field, form_page
from marketplace.workflow import catalog
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.countries import country_name
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, posted
from portal.core.money import money_text


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_plan(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Add a plan to an offer."""
    offer = queries.own_offer(request.actor, offer_id)
    form = PlanForm(posted(request), is_new=True)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        code, is_per_seat = facts.pop("code"), facts.pop("is_per_seat")
        try:
            plan = catalog.add_plan(
                offer_id=offer.pk,
                code=code,
                is_per_seat=is_per_seat,
                facts=facts,
                actor=request.actor,
                now=timezone.now(),
            )
        except Refusal as refused:
            refusal = at_field(form, refused)
        else:
            messages.success(request, _("The plan is added. Nobody can buy it before it has a price."))
            return redirect("publisher:plan", plan.pk)
    cancel_url = reverse("publisher:offer", args=[offer.pk])
    return form_page(request, form, refusal, title=_("New plan"), button=_("Add"), cancel_url=cancel_url, offer=offer)


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def plan(request: PortalRequest, plan_id: UUID) -> HttpResponse:
    """Show a plan with its prices, the newest first, and what is metered."""
    one = queries.own_plan(request.actor, plan_id)
    prices = one.prices.order_by("term", "billing_frequency", "currency", "-valid_from")
    running = set(PlanPrice.objects.filter(plan=one).on(timezone.now().date()).values_list("pk", flat=True))
    context = {
        "plan": one,
        "offer": one.offer,
        "facts": _facts(one),
        "prices": [_price_row(price, running) for price in prices],
        "dimensions": [
            {
                "id": dimension.pk,
                "name": dimension.name,
                "code": dimension.code,
                "unit": dimension.unit,
                "included": dimension.included_monthly,
                "prices": ", ".join(money_text(price.unit_price, price.currency) for price in dimension.prices.all()),
            }
            for dimension in one.dimensions.prefetch_related("prices").order_by("name", "pk")
        ],
        "audience": [_tenant(row) for row in queries.audience_of(one)] if one.is_private else [],
        "margins": [_margin_row(margin) for margin in queries.margins_of(one)],
        "meter_reason": _("Only a flat rate meters usage; this plan is priced by license.") if one.is_per_seat else "",
    }
    return render(request, "marketplace/publisher/plan.html", context)


def _price_row(price: PlanPrice, running: set[Any]) -> dict[str, Any]:
    if price.pk in running:
        tone, state = ("success", _("Holds today")) if price.is_offered else ("neutral", _("Renewals only"))
    elif price.valid_from > timezone.now().date():
        tone, state = "info", _("Begins later")
    else:
        tone, state = "neutral", _("Replaced")
    return {
        "cycle": cycle_label(price.term, price.billing_frequency),
        "price": money_text(price.unit_price, price.currency),
        "valid_from": price.valid_from,
        "tone": tone,
        "state": state,
    }


def _tenant(row: PlanAudience) -> dict[str, Any]:
    return {"pk": row.pk, "name": tenant_name(row.organization)}


def _margin_row(margin: Margin) -> dict[str, Any]:
    today = timezone.now().date()
    last = margin.ends_on - datetime.timedelta(days=1) if margin.ends_on else None
    if margin.starts_on > today:
        tone, state = "info", _("Begins later")
    elif last is not None and last < today:
        tone, state = "neutral", _("Over")
    else:
        tone, state = "success", _("Holds today")
    return {
        "id": margin.pk,
        "partner": margin.partner.organization.name,
        "customer": margin.customer_id or _("All customers"),
        "percent": number_format(margin.percent.normalize()),
        "first": margin.starts_on,
        "last": last,
        "tone": tone,
        "state": state,
        "has_begun": margin.starts_on <= today,
        "can_end": last is None or last > today,
    }


def _facts(one: Plan) -> list[dict[str, Any]]:
    quantities = _("%(least)s to %(most)s licenses") % {
        "least": number_format(one.min_quantity, force_grouping=True),
        "most": number_format(one.max_quantity, force_grouping=True),
    }
    trial = ngettext("%(days)d day", "%(days)d days", one.trial_days) % {"days": one.trial_days}
    facts = [
        (_("Identifier"), one.code),
        (_("Description"), one.description or "–"),
        (_("Price model"), _("By license") if one.is_per_seat else _("Flat rate")),
        (_("Quantity"), quantities if one.is_per_seat else "1"),
        (_("Free trial"), trial if one.trial_days else _("None")),
        (_("Countries"), ", ".join(country_name(code) for code in one.countries) or _("Everywhere")),
        (_("Audience"), _("Private: chosen organizations") if one.is_private else _("Everybody")),
        (_("Activates itself"), _("Yes") if one.activates_itself else _("No")),
        (_("Sold"), _("No") if one.is_stopped else _("Yes")),
    ]
    return [{"label": label, "value": value} for label, value in facts]


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def edit_plan(request: PortalRequest, plan_id: UUID) -> HttpResponse:
    """Change a plan for what is bought from now on."""
    one = queries.own_plan(request.actor, plan_id)
    initial = {name: getattr(one, name) for name in catalog.PLAN_FACTS} | {"countries": ", ".join(one.countries)}
    form = PlanForm(posted(request), is_new=False, initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            catalog.change_plan(plan_id=one.pk, facts=form.cleaned_data, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = at_field(form, refused)
        else:
            messages.success(request, _("Your changes are saved."))
            return redirect("publisher:plan", one.pk)
    return _plan_form(request, form, refusal, one, title=_("Change the plan"))


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_price(request: PortalRequest, plan_id: UUID) -> HttpResponse:
    """Set what a plan costs from a day on."""
    one = queries.own_plan(request.actor, plan_id)
    initial = {"valid_from": timezone.now().date()}
    form = PriceForm(posted(request), currencies=queries.currencies_of_partners(), initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        term, _slash, frequency = facts.pop("cycle").partition("/")
        try:
            catalog.set_price(
                plan_id=one.pk,
                term=term,
                billing_frequency=frequency,
                **facts,
                actor=request.actor,
                now=timezone.now(),
            )
        except Refusal as refused:
            refusal = at_field(form, refused)
        else:
            messages.success(request, _("The price is set."))
            return redirect("publisher:plan", one.pk)
    return _plan_form(request, form, refusal, one, title=_("New price"))


def _plan_form(request: PortalRequest, form: Form, refusal: Refusal | None, one: Plan, *, title: str) -> HttpResponse:
    cancel_url = reverse("publisher:plan", args=[one.pk])
    return form_page(
        request, form, refusal, title=title, button=_("Save"), cancel_url=cancel_url, offer=one.offer, plan=one
    )
