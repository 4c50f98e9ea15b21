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
from django.views.decorators.http import require_http_methods

from marketplace.forms.publisher_terms import AudienceForm, DimensionForm, DimensionPriceForm, MarginForm, PartnerForm
from marketplace.models import Dimension, Offer, Plan
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


def _own_dimension(request: PortalRequest, dimension_id: UUID) -> Dimension:
    own = Dimension.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    return get_object_or_404(own.select_related("plan__offer"), pk=dimension_id)
