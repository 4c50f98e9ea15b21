"""What a publisher sees of itself: offers, subscriptions, calls to its webhooks, reported usage."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from marketplace.enums import LIVING
from marketplace.models import Offer, Plan, Publisher, SaaSSubscription, UsageRecord, WebhookAttempt, WebhookCall
from portal.accounts.actor import Actor


def publisher_of(actor: Actor) -> Publisher:
    """Return the actor's own publisher. Raises: Http404."""
    publisher = Publisher.objects.select_related("organization").filter(pk=actor.organization_id).first()
    if publisher is None:
        raise Http404
    return publisher


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
