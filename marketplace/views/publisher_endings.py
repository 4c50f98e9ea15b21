"""What a publisher takes back, each asked first: tenants, partners, private offers, what is metered (section 7.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.models import Dimension, ExclusivePartner, Margin, Offer, Plan, PlanAudience
from marketplace.presentation import tenant_name
from marketplace.rules import audience as rules
from marketplace.views.publisher_offers import FORM_METHODS
from marketplace.workflow import audience as workflow
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal, refusal_of
from portal.core.http import PortalRequest


@dataclass(frozen=True)
class _Question:
    """What is asked before something is taken back: of which plan, or offer, with which consequences."""

    title: str
    subject: str
    consequences: list[str]
    button: str
    done: str
    offer: Offer
    plan: Plan | None = None

    @property
    def back_url(self) -> str:
        if self.plan is not None:
            return reverse("publisher:plan", args=[self.plan.pk])
        return reverse("publisher:offer", args=[self.offer.pk])


def _asked(
    request: PortalRequest, question: _Question, act: Callable[[], None], refusal: Refusal | None = None
) -> HttpResponse:
    """Ask, or do what was confirmed; ``refusal`` is known before and leaves nothing to confirm."""
    if request.method == "POST":
        try:
            act()
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, question.done)
            return redirect(question.back_url)
    status = refusal.http_status if refusal and request.method == "POST" else 200
    context = {"question": question, "offer": question.offer, "plan": question.plan, "refusal": refusal}
    return render(request, "marketplace/publisher/take_back.html", context, status=status)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def remove_audience(request: PortalRequest, audience_id: int) -> HttpResponse:
    """Sell a private plan to a tenant no more."""
    own = PlanAudience.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own.select_related("plan__offer", "organization"), pk=audience_id)
    consequences = [
        _("This tenant no longer finds the plan, and it cannot be bought for it."),
        _("Subscriptions that run go on, and renew."),
    ]
    if not own.filter(plan_id=found.plan_id).exclude(pk=audience_id).exists():
        consequences.append(_("It is the last tenant: nobody can buy the private plan until another is named."))
    question = _Question(
        title=_("Remove a tenant"),
        subject=tenant_name(found.organization),
        consequences=consequences,
        button=_("Remove"),
        done=_("The plan is no longer sold to this tenant. What it has goes on."),
        offer=found.plan.offer,
        plan=found.plan,
    )

    def act() -> None:
        workflow.remove_from_audience(audience_id=audience_id, actor=request.actor, now=timezone.now())

    return _asked(request, question, act)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def remove_exclusive_partner(request: PortalRequest, choice_id: int) -> HttpResponse:
    """Let a partner buy an exclusive offer no more."""
    own = ExclusivePartner.objects.filter(offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own.select_related("offer", "partner__organization"), pk=choice_id)
    consequences = [
        _("The partner no longer finds the offer and cannot buy it for its customers."),
        _("Subscriptions that run go on, and renew."),
    ]
    if not own.filter(offer_id=found.offer_id).exclude(pk=choice_id).exists():
        consequences.append(_("It is the last partner: nobody can buy the exclusive offer until another is named."))
    question = _Question(
        title=_("Remove a partner"),
        subject=found.partner.organization.name,
        consequences=consequences,
        button=_("Remove"),
        done=_("The partner can no longer buy the offer. What it bought goes on."),
        offer=found.offer,
    )

    def act() -> None:
        workflow.remove_exclusive_partner(choice_id=choice_id, actor=request.actor, now=timezone.now())

    return _asked(request, question, act)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def end_margin(request: PortalRequest, margin_id: UUID) -> HttpResponse:
    """End a private offer with today, or take back one that has not begun."""
    own = Margin.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own.select_related("plan__offer", "partner__organization"), pk=margin_id)
    has_begun = found.starts_on <= timezone.now().date()
    consequences = [
        _("From tomorrow on this partner buys at the list price.")
        if has_begun
        else _("The private offer has not begun and never will; the list price holds."),
        _("Terms that run keep their price until they renew."),
        _("An ended private offer cannot be taken up again; you make a new one."),
    ]
    question = _Question(
        title=_("End a private offer"),
        subject=found.partner.organization.name,
        consequences=consequences,
        button=_("End today") if has_begun else _("Take back"),
        done=_("The private offer ends today. Terms that run keep their price.")
        if has_begun
        else _("The private offer is taken back."),
        offer=found.plan.offer,
        plan=found.plan,
    )

    def act() -> None:
        workflow.end_margin(margin_id=margin_id, actor=request.actor, now=timezone.now())

    return _asked(request, question, act)


@require_http_methods(FORM_METHODS)
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def remove_dimension(request: PortalRequest, dimension_id: UUID) -> HttpResponse:
    """Meter something no more that was never used."""
    own = Dimension.objects.filter(plan__offer__publisher_id=request.actor.organization_id)
    found = get_object_or_404(own.select_related("plan__offer"), pk=dimension_id)
    question = _Question(
        title=_("Stop metering"),
        subject=found.name,
        consequences=[
            _("Usage that your service reports for %(code)s is refused from now on.") % {"code": found.code},
            _("Its prices are removed with it."),
        ],
        button=_("Remove"),
        done=_("It is no longer metered."),
        offer=found.plan.offer,
        plan=found.plan,
    )
    refusal = refusal_of(rules.check_removable, found)

    def act() -> None:
        workflow.remove_dimension(dimension_id=found.pk, actor=request.actor, now=timezone.now())

    return _asked(request, question, act, refusal)
