"""What publishers do with their offers: where customers land, who is told of changes, what is sold (issue 4)."""

import datetime
from uuid import UUID

from django.db import transaction

from marketplace import rules
from marketplace.announcements import announce_offer
from marketplace.enums import MarketplaceEvent, OfferStatus
from marketplace.models import Offer, Publisher
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.api.models import AppRegistration


def own_offer_locked(offer_id: UUID, actor: Actor) -> Offer:
    """Return one of the publisher's own offers, locked. Raises: PermissionDenied, Offer.DoesNotExist."""
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    Offer.objects.get(pk=offer_id, publisher_id=actor.organization_id)
    return Offer.objects.locked(offer_id)


@transaction.atomic
def configure_offer(
    *, offer_id: UUID, landing_page_url: str, webhook_url: str, actor: Actor, now: datetime.datetime
) -> Offer:
    """Set the landing page and the webhook of an offer (fulfillment reference, section 6).

    The addresses are looked at by rules.check_configuration before the transaction: that asks the name service.
    Raises: PermissionDenied, Offer.DoesNotExist, rules.OfferIncomplete.
    """
    offer = own_offer_locked(offer_id, actor)
    wanted = {"landing_page_url": landing_page_url.strip(), "webhook_url": webhook_url.strip()}
    if offer.status == OfferStatus.PUBLISHED:
        rules.check_complete(**wanted)
    before = {name: getattr(offer, name) for name in wanted}
    if before == wanted:
        return offer
    for name, value in wanted.items():
        setattr(offer, name, value)
    offer.save(update_fields=list(wanted))
    announce_offer(
        MarketplaceEvent.CONFIGURATION_CHANGED,
        offer,
        actor=actor,
        now=now,
        before={"landing page": before["landing_page_url"], "webhook": before["webhook_url"]},
        after={"landing page": wanted["landing_page_url"], "webhook": wanted["webhook_url"]},
    )
    return offer


@transaction.atomic
def choose_application(
    *, application_id: UUID, sends_subscribe: bool, actor: Actor, now: datetime.datetime
) -> Publisher:
    """Choose the app that the publisher's webhook calls are made out to, and whether it hears of activations.

    Raises: PermissionDenied, Publisher.DoesNotExist, AppRegistration.DoesNotExist.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    publisher = Publisher.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.organization_id)
    app = AppRegistration.objects.visible_to(actor).get(pk=application_id)
    publisher.application_id, publisher.sends_subscribe = app.pk, sends_subscribe
    publisher.save(update_fields=["application_id", "sends_subscribe"])
    for offer in publisher.offers.order_by("pk"):
        announce_offer(
            MarketplaceEvent.CONFIGURATION_CHANGED, offer, actor=actor, now=now, after={"application": str(app.pk)}
        )
    return publisher


@transaction.atomic
def publish_offer(*, offer_id: UUID, actor: Actor, now: datetime.datetime) -> Offer:
    """Let partners buy an offer; publishing what is published already changes nothing.

    Raises: PermissionDenied, Offer.DoesNotExist, rules.OfferIncomplete.
    """
    offer = own_offer_locked(offer_id, actor)
    if offer.status == OfferStatus.PUBLISHED:
        return offer
    rules.check_publishable(offer)
    offer.status = OfferStatus.PUBLISHED
    offer.published_at = offer.published_at or now
    offer.save(update_fields=["status", "published_at"])
    announce_offer(MarketplaceEvent.OFFER_PUBLISHED, offer, actor=actor, now=now)
    return offer


@transaction.atomic
def withdraw_offer(*, offer_id: UUID, actor: Actor, now: datetime.datetime) -> Offer:
    """Sell an offer no more; subscriptions that run go on. Doing so again changes nothing.

    Raises: PermissionDenied, Offer.DoesNotExist.
    """
    offer = own_offer_locked(offer_id, actor)
    if offer.status != OfferStatus.PUBLISHED:
        return offer
    offer.status = OfferStatus.WITHDRAWN
    offer.save(update_fields=["status"])
    announce_offer(MarketplaceEvent.OFFER_WITHDRAWN, offer, actor=actor, now=now)
    return offer
