"""A direct bill partner becomes an indirect reseller: what is left, step by step (T4, decision 0022)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import queries, rules
from customers.forms.partnerships import StartForm
from customers.models import ResellerRelationship
from customers.workflow import becoming_reseller as workflow
from portal.accounts.access import requires
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal, explanation_of, refusal_of
from portal.core.http import PortalRequest, page_or_fragment, redirect_to


@require_safe
@requires(Permission.PARTNERSHIP_REQUEST)
def becoming_reseller(request: PortalRequest) -> HttpResponse:
    """Offer to begin, or show what is done and what is left."""
    return _page(request)


def _page(request: PortalRequest, *, form: StartForm | None = None, refusal: Refusal | None = None) -> HttpResponse:
    detail = queries.becoming_detail(request.actor)
    try:
        rules.check_direct_bill(detail.partner)
    except Refusal as not_for_you:
        refusal = refusal or not_for_you
    providers = queries.providers_of(request.actor)
    context = {
        "detail": detail,
        "form": form or StartForm(providers=providers),
        "has_providers": bool(providers),
        "is_direct_bill": not isinstance(refusal, rules.NotDirectBill),
        "refusal": refusal,
        "why_not": {
            "manage": request.actor.why_not(Permission.PARTNERSHIP_MANAGE),
            "cancel": _why_not_cancel(request, detail.partner),
            "move": request.actor.why_not(Permission.PARTNERSHIP_REQUEST),
        },
    }
    wrong = 422 if form is not None and form.errors else 200
    return render(
        request, "customers/becoming_reseller.html", context, status=refusal.http_status if refusal else wrong
    )


def _why_not_cancel(request: PortalRequest, partner: Partner) -> str:
    return explanation_of(rules.check_can_cancel, partner) or request.actor.why_not(Permission.PARTNERSHIP_MANAGE)


@require_POST
@requires(Permission.PARTNERSHIP_MANAGE)
def start(request: PortalRequest) -> HttpResponse:
    """Begin the change with one of the providers that have agreed to a partnership."""
    form = StartForm(request.POST, providers=queries.providers_of(request.actor))
    if not form.is_valid():
        return _page(request, form=form)
    try:
        workflow.start_becoming_reseller(
            provider_id=UUID(form.cleaned_data["provider"]), actor=request.actor, now=timezone.now()
        )
    except Refusal as refusal:
        return _page(request, refusal=refusal)
    messages.success(request, _("Your company is becoming an indirect reseller. Move your customers now."))
    return redirect("customers:becoming_reseller")


@require_POST
@requires(Permission.PARTNERSHIP_REQUEST)
def move(request: PortalRequest) -> HttpResponse:
    """Move the chosen customers to the provider, each by itself: one that cannot move keeps no other back."""
    chosen = [queries.as_uuid(text) for text in request.POST.getlist("selected")[: queries.OFFERED_AT_ONCE]]
    found = queries.chosen_customers(request.actor, [customer_id for customer_id in chosen if customer_id])
    moved, refusal = _move_all(request, found)
    if moved:
        words = ngettext("%(count)d customer has moved.", "%(count)d customers have moved.", moved)
        messages.success(request, words % {"count": moved})
    elif refusal is None:
        messages.warning(request, _("Choose the customers to move first."))
    return _page(request, refusal=refusal) if refusal else redirect("customers:becoming_reseller")


def _move_all(request: PortalRequest, found: list[ResellerRelationship]) -> tuple[int, Refusal | None]:
    moved, refusal = 0, None
    for relationship in found:
        try:
            workflow.move_customer(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            moved += 1
    return moved, refusal


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNERSHIP_MANAGE)
def cancel(request: PortalRequest) -> HttpResponse:
    """Ask, and stay a direct bill partner."""
    consequences = [
        _("Your company stays a direct bill partner and can win customers in its own name again."),
        _("Relationship requests through the provider that are still open are revoked."),
        _("The partnership with the provider stays active. The provider is told."),
    ]
    done = gettext_lazy("Your company stays a direct bill partner.")
    return _question(request, "cancel", workflow.cancel_becoming_reseller, consequences, done)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNERSHIP_MANAGE)
def finish(request: PortalRequest) -> HttpResponse:
    """Ask, and become an indirect reseller."""
    consequences = [
        _("Your company is an indirect reseller from now on. There is no way back from here."),
        _("Nothing can be billed to your company any more, and it takes part in no transfer."),
        _("Relationship requests in your own name that are still open are revoked: their links stop working."),
    ]
    done = gettext_lazy("Your company is an indirect reseller now.")
    return _question(request, "finish", workflow.finish_becoming_reseller, consequences, done)


def _why_not_yet(request: PortalRequest, name: str) -> Refusal | None:
    """Return what stands in the way of the step that is asked about."""
    check = {"cancel": rules.check_can_cancel, "finish": rules.check_can_finish}[name]
    return refusal_of(check, queries.becoming_detail(request.actor).partner)


def _question(
    request: PortalRequest, name: str, change: Callable[..., Any], consequences: list[str], done: Any
) -> HttpResponse:
    """Name the consequences and ask, as a dialog for htmx and a page for everybody else; then do it."""
    refusal = _why_not_yet(request, name) if request.method != "POST" else None
    if request.method == "POST":
        try:
            change(actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, str(done))
            return redirect_to(request, reverse("customers:becoming_reseller" if name == "cancel" else "home"))
    titles = {"cancel": _("Stay a direct bill partner?"), "finish": _("Become an indirect reseller now?")}
    labels = {"cancel": _("Stay a direct bill partner"), "finish": _("Become an indirect reseller")}
    return page_or_fragment(
        request,
        page="customers/becoming_reseller_question.html",
        fragment="customers/_becoming_reseller_dialog.html",
        context={
            "title": titles[name],
            "submit_label": labels[name],
            "action_url": reverse(f"customers:{name}_becoming_reseller"),
            "consequences": consequences,
            "refusal": refusal,
        },
        status=refusal.http_status if refusal and request.method == "POST" else 200,
    )
