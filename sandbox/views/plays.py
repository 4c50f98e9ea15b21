"""Play the customer and the publisher, each by one click or one form (P8)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers import queries as customer_queries
from customers.enums import ProductFamily
from customers.models import RelationshipInvitation, ResellerRelationship
from customers.workflow.sandbox import Sample, add_sample
from customers.workflow.standing_requests import standing_request
from marketplace.models import SaaSSubscription
from portal.accounts.access import requires
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, posted
from sandbox import queries
from sandbox.forms import AcceptForm, SampleForm
from sandbox.workflow import plays

OVERVIEW = "sandbox:overview"


@require_POST
@requires(Permission.SANDBOX_PLAY)
def create_request(request: PortalRequest) -> HttpResponse:
    """Make a relationship request that any customer of the sandbox may answer."""
    plays.check(request.actor)
    standing_request(
        provider_id=None, reseller_id=None, include_admin_rights=True, actor=request.actor, now=timezone.now()
    )
    messages.success(request, _("The request is open. Accept or decline it as a customer."))
    return redirect(OVERVIEW)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SANDBOX_PLAY)
def accept_request(request: PortalRequest, request_id: UUID) -> HttpResponse:
    """Choose who accepts a relationship request, and accept it."""
    invitation = get_object_or_404(queries.open_requests(request.actor), pk=request_id)
    plays.check(request.actor)
    partner = Partner.objects.get(pk=invitation.partner_id)
    form = AcceptForm(
        posted(request),
        customers=queries.customers(request.actor),
        countries=customer_queries.countries_of_market(partner.market, on=timezone.now().date()),
        initial={"country": partner.organization.country},
    )
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            relationship = _accept(request, invitation, form)
        except InvalidInput as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.explanation)
        except Refusal as refused:
            refusal = refused
        else:
            done = _("%(customer)s accepted the relationship and the customer agreement.")
            messages.success(request, done % {"customer": relationship.customer_name})
            return redirect(OVERVIEW)
    status = 422 if form.errors else refusal.http_status if refusal else 200
    context = {"form": form, "refusal": refusal, "invitation": invitation}
    return render(request, "sandbox/accept_request.html", context, status=status)


def _accept(request: PortalRequest, invitation: RelationshipInvitation, form: AcceptForm) -> ResellerRelationship:
    return plays.accept_request(
        invitation_id=invitation.pk,
        customer_id=form.customer_id,
        registration=form.registration(),
        email=f"admin@{form.cleaned_data['domain'].lower()}",
        actor=request.actor,
        now=timezone.now(),
    )


@require_POST
@requires(Permission.SANDBOX_PLAY)
def decline_request(request: PortalRequest, request_id: UUID) -> HttpResponse:
    """Decline a relationship request as a customer."""
    invitation = get_object_or_404(queries.open_requests(request.actor), pk=request_id)
    plays.decline_request(
        invitation_id=invitation.pk,
        customer_id=None,
        reason=_("Declined in the sandbox."),
        actor=request.actor,
        now=timezone.now(),
    )
    messages.success(request, _("The customer declined the request."))
    return redirect(OVERVIEW)


@require_POST
@requires(Permission.SANDBOX_PLAY)
def accept_agreement(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Accept the customer agreement as the customer."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    plays.accept_agreement(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
    done = _("%(customer)s accepted the customer agreement.")
    messages.success(request, done % {"customer": relationship.customer_name})
    return redirect(OVERVIEW)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SANDBOX_PLAY)
def remove_relationship(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Name what ends, and end the relationship as the customer wishes it."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    plays.check(request.actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            plays.remove_relationship(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            done = _("%(customer)s ended the relationship.")
            messages.success(request, done % {"customer": relationship.customer_name})
            return redirect(OVERVIEW)
    context = {"relationship": relationship, "refusal": refusal}
    return render(request, "sandbox/remove_relationship.html", context, status=refusal.http_status if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SANDBOX_PLAY)
def add_subscription(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Give a customer a subscription to practice with."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    plays.check(request.actor)
    form = SampleForm(posted(request))
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        sample = Sample(
            name=form.cleaned_data["name"],
            quantity=form.cleaned_data["quantity"],
            family=ProductFamily(form.cleaned_data["family"]),
        )
        try:
            add_sample(relationship_id=relationship.pk, sample=sample, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            done = _("%(customer)s has %(product)s now.")
            messages.success(request, done % {"customer": relationship.customer_name, "product": sample.name})
            return redirect(OVERVIEW)
    status = 422 if form.errors else refusal.http_status if refusal else 200
    context = {"form": form, "refusal": refusal, "relationship": relationship}
    return render(request, "sandbox/add_subscription.html", context, status=status)


@require_POST
@requires(Permission.SANDBOX_PLAY)
def activate(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Activate a purchase as its publisher."""
    _purchase(request, subscription_id)
    plays.activate(subscription_id=subscription_id, actor=request.actor, now=timezone.now())
    messages.success(request, _("The publisher activated the subscription. Its term and its charges begin today."))
    return redirect(OVERVIEW)


@require_POST
@requires(Permission.SANDBOX_PLAY)
def confirm_change(request: PortalRequest, subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Confirm a change as the publisher."""
    return _decide(request, subscription_id, operation_id, succeeded=True)


@require_POST
@requires(Permission.SANDBOX_PLAY)
def refuse_change(request: PortalRequest, subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Refuse a change as the publisher."""
    return _decide(request, subscription_id, operation_id, succeeded=False)


def _decide(request: PortalRequest, subscription_id: UUID, operation_id: UUID, *, succeeded: bool) -> HttpResponse:
    saas = _purchase(request, subscription_id)
    get_object_or_404(saas.operations, pk=operation_id)
    plays.decide(
        subscription_id=subscription_id,
        operation_id=operation_id,
        succeeded=succeeded,
        actor=request.actor,
        now=timezone.now(),
    )
    done = _("The publisher confirmed the change.") if succeeded else _("The publisher refused the change.")
    messages.success(request, done)
    return redirect(OVERVIEW)


def _purchase(request: PortalRequest, subscription_id: UUID) -> SaaSSubscription:
    return get_object_or_404(SaaSSubscription.objects.visible_to(request.actor), pk=subscription_id)
