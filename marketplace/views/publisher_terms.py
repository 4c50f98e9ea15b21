"""Whom a publisher sells to, on which terms, and what it meters: the small forms of offers and plans (section 7.1)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.forms.publisher_terms import AudienceForm, DimensionForm, DimensionPriceForm, MarginForm, PartnerForm
from marketplace.models import Dimension, ExclusivePartner, Margin, Offer, Plan, PlanAudience
from marketplace.queries import publishers as queries
from marketplace.views.publisher_offers import FORM_METHODS, at_field, form_page
from marketplace.workflow import audience as workflow
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, posted


def _saved(
    request: PortalRequest,
    form: Form,
    save: Callable[[], object],
    *,
    done: str,
    offer: Offer,
    plan: Plan | None,
    title: str,
) -> HttpResponse:
    """Show a form, or save it and go back to the page it belongs to."""
    back = ("publisher:plan", plan.pk) if plan else ("publisher:offer", offer.pk)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except Refusal as refused:
            refusal = at_field(form, refused)
        else:
            messages.success(request, done)
            return redirect(*back)
    cancel_url = reverse(back[0], args=[back[1]])
    labels: dict[str, Any] = {"title": title, "button": _("Save"), "cancel_url": cancel_url}
    return form_page(request, form, refusal, **labels, offer=offer, plan=plan)


# --- tenants of a private plan, partners of an exclusive offer -------------------------------------------------------
@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_audience(request: PortalRequest, plan_id: UUID) -> HttpResponse:
    """Name a tenant that a private plan is for."""
    plan = queries.own_plan(request.actor, plan_id)
    form = AudienceForm(posted(request))

    def save() -> None:
        tenant = form.cleaned_data["tenant"]
        workflow.add_to_audience(plan_id=plan.pk, tenant=tenant, actor=request.actor, now=timezone.now())

    done, title = _("The plan is sold to this tenant from now on."), _("Add a tenant")
    return _saved(request, form, save, done=done, offer=plan.offer, plan=plan, title=title)


@require_POST
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def remove_audience(request: PortalRequest, audience_id: int) -> HttpResponse:
    """Sell a private plan to a tenant no more."""
    own = PlanAudience.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own, pk=audience_id)
    workflow.remove_from_audience(audience_id=audience_id, actor=request.actor, now=timezone.now())
    messages.success(request, _("The plan is no longer sold to this tenant. What it has goes on."))
    return redirect("publisher:plan", found.plan_id)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_exclusive_partner(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Name a partner that may buy an exclusive offer."""
    offer = queries.own_offer(request.actor, offer_id)
    form = PartnerForm(posted(request))

    def save() -> None:
        number = form.cleaned_data["partner_id"]
        workflow.add_exclusive_partner(offer_id=offer.pk, number=number, actor=request.actor, now=timezone.now())

    done, title = _("The partner may buy the offer from now on."), _("Add a partner")
    return _saved(request, form, save, done=done, offer=offer, plan=None, title=title)


@require_POST
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def remove_exclusive_partner(request: PortalRequest, choice_id: int) -> HttpResponse:
    """Let a partner buy an exclusive offer no more."""
    own = ExclusivePartner.objects.filter(offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own, pk=choice_id)
    workflow.remove_exclusive_partner(choice_id=choice_id, actor=request.actor, now=timezone.now())
    messages.success(request, _("The partner can no longer buy the offer. What it bought goes on."))
    return redirect("publisher:offer", found.offer_id)


# --- private offers --------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_margin(request: PortalRequest, plan_id: UUID) -> HttpResponse:
    """Let a partner pay less for a plan between two days."""
    plan = queries.own_plan(request.actor, plan_id)
    form = MarginForm(posted(request), initial={"starts_on": timezone.now().date()})

    def save() -> None:
        values = form.cleaned_data
        workflow.add_margin(
            plan_id=plan.pk,
            number=values["partner_id"],
            percent=values["percent"],
            customer_id=values["customer"],
            starts_on=values["starts_on"],
            ends_on=form.ends_on,
            actor=request.actor,
            now=timezone.now(),
        )

    done, title = _("The private offer is saved."), _("New private offer")
    return _saved(request, form, save, done=done, offer=plan.offer, plan=plan, title=title)


@require_POST
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def end_margin(request: PortalRequest, margin_id: UUID) -> HttpResponse:
    """End a private offer with today."""
    own = Margin.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own, pk=margin_id)
    workflow.end_margin(margin_id=margin_id, actor=request.actor, now=timezone.now())
    messages.success(request, _("The private offer ends today. Terms that run keep their price."))
    return redirect("publisher:plan", found.plan_id)


# --- what is metered -------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_dimension(request: PortalRequest, plan_id: UUID) -> HttpResponse:
    """Meter something of a flat rate."""
    plan = queries.own_plan(request.actor, plan_id)
    form = DimensionForm(posted(request), is_new=True)

    def save() -> None:
        workflow.add_dimension(plan_id=plan.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())

    done, title = _("It is metered. Give it a price next."), _("Meter something")
    return _saved(request, form, save, done=done, offer=plan.offer, plan=plan, title=title)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def edit_dimension(request: PortalRequest, dimension_id: UUID) -> HttpResponse:
    """Call what is metered otherwise."""
    one = _own_dimension(request, dimension_id)
    initial = {"name": one.name, "unit": one.unit, "included_monthly": one.included_monthly}
    form = DimensionForm(posted(request), is_new=False, initial=initial)

    def save() -> None:
        workflow.change_dimension(dimension_id=one.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())

    done, title = _("Your changes are saved."), _("Change what is metered")
    return _saved(request, form, save, done=done, offer=one.plan.offer, plan=one.plan, title=title)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def price_dimension(request: PortalRequest, dimension_id: UUID) -> HttpResponse:
    """Price a unit of what is metered."""
    one = _own_dimension(request, dimension_id)
    form = DimensionPriceForm(posted(request), currencies=queries.currencies_of_partners())

    def save() -> None:
        workflow.set_dimension_price(dimension_id=one.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())

    done, title = _("The price is set."), _("Price of a unit")
    return _saved(request, form, save, done=done, offer=one.plan.offer, plan=one.plan, title=title)


@require_POST
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def remove_dimension(request: PortalRequest, dimension_id: UUID) -> HttpResponse:
    """Meter something no more that was never used."""
    one = _own_dimension(request, dimension_id)
    workflow.remove_dimension(dimension_id=one.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("It is no longer metered."))
    return redirect("publisher:plan", one.plan_id)


def _own_dimension(request: PortalRequest, dimension_id: UUID) -> Dimension:
    own = Dimension.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    return get_object_or_404(own.select_related("plan__offer"), pk=dimension_id)
