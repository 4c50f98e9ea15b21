"""A publisher's offers: list, page, texts, technical configuration, publish and withdraw; its app for calls."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace import rules
from marketplace.enums import OfferCategory, OfferStatus, Refund
from marketplace.forms.publisher import ApplicationForm, ConfigurationForm, OfferForm
from marketplace.models import Offer, Plan
from marketplace.queries import publishers as queries
from marketplace.workflow import catalog
from marketplace.workflow import offers as workflow
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.api import queries as apps
from portal.core.countries import country_name
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, posted
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page

FORM_METHODS = ["GET", "HEAD", "POST"]
TONES = {OfferStatus.DRAFT: "info", OfferStatus.PUBLISHED: "success", OfferStatus.WITHDRAWN: "neutral"}


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def offers(request: PortalRequest) -> HttpResponse:
    """List the publisher's offers in every state."""
    address = ListAddress.read(request, {"cursor": None})
    found = queries.offers_of(request.actor)
    page = keyset_page(found, order=("name_key", "pk"), cursor=address.get("cursor"), with_total=True)
    rows = [
        {
            "url": reverse("publisher:offer", args=[one.pk]),
            "name": one.name,
            "code": one.code,
            "category": one.get_category_display(),
            "tone": TONES[OfferStatus(one.status)],
            "status": one.get_status_display(),
            "running": one.running,
        }
        for one in page
    ]
    return render(request, "marketplace/publisher/offers.html", {"rows": rows, "pager": address.pager(page)})


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def new_offer(request: PortalRequest) -> HttpResponse:
    """Draft an offer."""
    form = OfferForm(posted(request), is_new=True)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            offer = catalog.create_offer(code=facts.pop("code"), facts=facts, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = at_field(form, refused)
        else:
            messages.success(request, _("The offer is drafted. Add plans, prices and addresses, then publish it."))
            return redirect("publisher:offer", offer.pk)
    labels = {"title": _("New offer"), "button": _("Draft the offer"), "cancel_url": reverse("publisher:offers")}
    return form_page(request, form, refusal, **labels)


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def offer(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Show an offer: its plans, its addresses, its terms."""
    one = queries.own_offer(request.actor, offer_id)
    plans = [_plan_row(plan) for plan in queries.plans_of(one)]
    context = {
        "offer": one,
        "tone": TONES[OfferStatus(one.status)],
        "plans": plans,
        "facts": _facts(one),
        "is_published": one.status == OfferStatus.PUBLISHED,
        "partners": queries.exclusive_partners_of(one) if one.is_exclusive else [],
    }
    return render(request, "marketplace/publisher/offer.html", context)


def _plan_row(plan: Plan) -> dict[str, Any]:
    return {
        "url": reverse("publisher:plan", args=[plan.pk]),
        "name": plan.name,
        "code": plan.code,
        "kind": _("By license") if plan.is_per_seat else _("Flat rate"),
        "countries": [country_name(code) for code in plan.countries],
        "price_count": len(plan.prices.all()),
        "is_stopped": plan.is_stopped,
        "is_private": plan.is_private,
    }


def _facts(one: Offer) -> list[dict[str, Any]]:
    yes, no = _("Yes"), _("No")
    facts = [
        (_("Identifier"), one.code),
        (_("Category"), OfferCategory(one.category).label),
        (_("Summary"), one.summary),
        (_("Partners may sell it"), yes if one.is_sold_by_partners else no),
        (_("Exclusive to chosen partners"), yes if one.is_exclusive else no),
        (_("Once per customer"), yes if one.is_once_per_customer else no),
        (_("You may change and cancel what partners bought"), yes if one.publisher_may_change else no),
        (_("Refund for canceling in time"), Refund(one.refund).label),
        (_("Hours to cancel a term of one month"), one.monthly_window_hours),
        (_("Hours to cancel a longer term"), one.longer_window_hours),
        (_("Documentation"), one.documentation_url),
        (_("Support"), " ".join(part for part in (one.support_email, one.support_phone) if part)),
        (_("Engineering contact"), one.engineering_email),
        (_("Contact for partners"), one.partner_contact_email),
    ]
    return [{"label": label, "value": value} for label, value in facts if value != ""]


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def edit_offer(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Change texts and terms of an offer."""
    one = queries.own_offer(request.actor, offer_id)
    initial = {name: getattr(one, name) for name in catalog.OFFER_FACTS}
    form = OfferForm(posted(request), is_new=False, initial=initial)
    if request.method == "POST" and form.is_valid():
        catalog.change_offer(offer_id=one.pk, facts=form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("Your changes are saved."))
        return redirect("publisher:offer", one.pk)
    return _offer_form(request, form, None, one, title=_("Change the offer"))


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def configuration(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Set landing page and webhook; each is looked at before it is taken."""
    one = queries.own_offer(request.actor, offer_id)
    initial = {"landing_page_url": one.landing_page_url, "webhook_url": one.webhook_url}
    form = ConfigurationForm(posted(request), initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            rules.check_configuration(**form.cleaned_data)
            workflow.configure_offer(offer_id=one.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = at_field(form, refused)
        else:
            messages.success(request, _("Your changes are saved."))
            return redirect("publisher:offer", one.pk)
    return _offer_form(request, form, refusal, one, title=_("Technical configuration"))


@require_POST
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def publish(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Let partners buy an offer."""
    one = queries.own_offer(request.actor, offer_id)
    workflow.publish_offer(offer_id=one.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s is published: partners can buy it.") % {"name": one.name})
    return redirect("publisher:offer", one.pk)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def withdraw(request: PortalRequest, offer_id: UUID) -> HttpResponse:
    """Name the consequences and sell an offer no more."""
    one = queries.own_offer(request.actor, offer_id)
    if request.method == "POST":
        workflow.withdraw_offer(offer_id=one.pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is no longer sold.") % {"name": one.name})
        return redirect("publisher:offer", one.pk)
    return render(request, "marketplace/publisher/withdraw.html", {"offer": one})


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def application(request: PortalRequest) -> HttpResponse:
    """Choose the app that calls to webhooks are made out to; its credentials stand at the app registrations."""
    own = queries.find_publisher(request.actor)
    known = [(str(app.pk), app.name) for app in apps.apps_of(request.actor, now=timezone.now())]
    initial = {"application_id": str(own.application_id), "sends_subscribe": own.sends_subscribe} if own else {}
    form = ApplicationForm(posted(request), apps=known, initial=initial)
    if request.method == "POST" and own is not None and form.is_valid():
        workflow.choose_application(**form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("Your changes are saved."))
        return redirect("publisher:application")
    context = {"form": form, "publisher": own, "apps": known}
    return render(request, "marketplace/publisher/application.html", context, status=422 if form.errors else 200)


# --- shared with plans -----------------------------------------------------------------------------------------------
def at_field(form: Form, refused: Refusal) -> Refusal | None:
    """Put a refusal at the field it belongs to; return one that belongs to none."""
    if isinstance(refused, InvalidInput) and refused.field in form.fields:
        form.add_error(refused.field, " ".join(str(part) for part in (refused.message, refused.next_step) if part))
        return None
    return refused


def form_page(request: PortalRequest, form: Form, refusal: Refusal | None, **context: Any) -> HttpResponse:
    """Render a form of the workspace. ``context``: title, button, cancel_url; offer and plan where there is one."""
    status = refusal.http_status if refusal else 422 if form.errors else 200
    values = {"offer": None, "plan": None, **context, "form": form, "refusal": refusal}
    return render(request, "marketplace/publisher/form.html", values, status=status)


def _offer_form(request: PortalRequest, form: Form, refusal: Refusal | None, one: Offer, *, title: str) -> HttpResponse:
    cancel_url = reverse("publisher:offer", args=[one.pk])
    return form_page(request, form, refusal, title=title, button=_("Save"), cancel_url=cancel_url, offer=one)
