"""What a publisher sees of itself: offers, subscriptions, calls to its webhooks, reported usage."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from marketplace.enums import LIVING
from marketplace.models import (
    ExclusivePartner,
    Margin,
    Offer,
    Plan,
    PlanAudience,
    Publisher,
    SaaSSubscription,
    UsageRecord,
    WebhookAttempt,
    WebhookCall,
)
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


def offers_of(actor: Actor) -> QuerySet[Offer]:
    """Return the publisher's own offers in every state; sorted by ("name_key", "pk"). Adds ``running``."""
    living = Count("plans__subscriptions", filter=Q(plans__subscriptions__status__in=LIVING))
    return Offer.objects.filter(publisher_id=actor.organization_id).annotate(running=living)


def own_offer(actor: Actor, offer_id: UUID) -> Offer:
    """Return one of the publisher's own offers. Raises: Http404."""
    offer = Offer.objects.filter(publisher_id=actor.organization_id, pk=offer_id).first()
    if offer is None:
        raise Http404
    return offer


def plans_of(offer: Offer) -> QuerySet[Plan]:
    """Return the plans of an offer with prices and dimensions, in their order."""
    return Plan.objects.filter(offer=offer).prefetch_related("prices", "dimensions__prices").order_by("position", "pk")


def subscriptions_of_publisher(publisher_id: UUID) -> QuerySet[SaaSSubscription]:
    """Return all purchases of a publisher's offers, in every state; sorted by ("purchased_at", "pk")."""
    return SaaSSubscription.objects.filter(publisher_id=publisher_id).with_rows()


def calls_of(actor: Actor, *, status: str = "") -> QuerySet[WebhookCall]:
    """Return the calls to a publisher's webhooks; sorted by ("-created_at", "-pk")."""
    calls = WebhookCall.objects.filter(publisher_id=actor.organization_id)
    calls = calls.filter(status=status) if status else calls
    return calls.select_related("operation__saas__subscription", "operation__saas__plan__offer")


def own_call(actor: Actor, call_id: UUID) -> WebhookCall:
    """Return one call to a publisher's webhook. Raises: Http404."""
    call = calls_of(actor).filter(pk=call_id).first()
    if call is None:
        raise Http404
    return call


def attempts_of(call: WebhookCall) -> QuerySet[WebhookAttempt]:
    """Return the tries of one call, newest first."""
    return WebhookAttempt.objects.filter(call=call).order_by("-started_at", "-pk")


def usage_of(actor: Actor) -> QuerySet[UsageRecord]:
    """Return the usage a publisher has reported; sorted by ("-hour", "-pk")."""
    own = UsageRecord.objects.filter(saas__publisher_id=actor.organization_id)
    return own.select_related("dimension", "saas__subscription__customer__organization")


def own_plan(actor: Actor, plan_id: UUID) -> Plan:
    """Return a plan of one of the publisher's own offers. Raises: Http404."""
    plan = Plan.objects.filter(offer__publisher_id=actor.organization_id, pk=plan_id).select_related("offer").first()
    if plan is None:
        raise Http404
    return plan


def purchases_of(actor: Actor, *, text: str = "", status: str = "") -> QuerySet[SaaSSubscription]:
    """Return the purchases of a publisher, newest first by ("-purchased_at", "-pk"), narrowed down.

    Found by what the publisher is told: the subscription's name, its identifier, the addresses of buyer and user.
    """
    rows = subscriptions_of_publisher(actor.organization_id)
    rows = rows.filter(status=status) if status else rows
    if not text:
        return rows
    try:
        return rows.filter(pk=UUID(text))
    except ValueError:
        named = Q(subscription__friendly_name__icontains=text)
        people = Q(beneficiary_email__icontains=text) | Q(purchaser_email__icontains=text)
        return rows.filter(named | people)


def own_purchase(actor: Actor, subscription_id: UUID) -> SaaSSubscription:
    """Return one purchase of the publisher's offers. Raises: Http404."""
    saas = subscriptions_of_publisher(actor.organization_id).filter(pk=subscription_id).first()
    if saas is None:
        raise Http404
    return saas


def currencies_of_partners() -> list[str]:
    """Return the currencies that partners are billed in, for prices."""
    return sorted(Partner.objects.order_by().values_list("currency", flat=True).distinct())


def find_publisher(actor: Actor) -> Publisher | None:
    """Return the actor's own publisher; ``None`` before its first offer."""
    return Publisher.objects.filter(pk=actor.organization_id).first()


def audience_of(plan: Plan) -> QuerySet[PlanAudience]:
    """Return the tenants that a private plan is for, as they were named."""
    return PlanAudience.objects.filter(plan=plan).select_related("organization").order_by("pk")


def exclusive_partners_of(offer: Offer) -> QuerySet[ExclusivePartner]:
    """Return the partners that may buy an exclusive offer, by name."""
    chosen = ExclusivePartner.objects.filter(offer=offer).select_related("partner__organization")
    return chosen.order_by("partner__organization__name_key", "pk")


def margins_of(plan: Plan) -> QuerySet[Margin]:
    """Return the private offers of a plan, the newest first."""
    rows = Margin.objects.filter(plan=plan).select_related("partner__organization")
    return rows.order_by("-starts_on", "pk")
