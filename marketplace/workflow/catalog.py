"""What publishers write into their catalogue: offers, plans and prices (issue 4)."""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.announcements import announce_offer
from marketplace.enums import MarketplaceEvent
from marketplace.models import Offer, Plan, PlanPrice, Publisher
from marketplace.rules import catalog
from marketplace.workflow.offers import own_offer_locked
from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.api.models import AppRegistration

# What can be changed of an offer and of a plan, and how the log calls it.
OFFER_FACTS = {
    "name": "name",
    "summary": "summary",
    "description": "description",
    "category": "category",
    "is_sold_by_partners": "sold by partners",
    "is_exclusive": "exclusive",
    "is_once_per_customer": "once per customer",
    "publisher_may_change": "publisher may change",
    "documentation_url": "documentation",
    "support_email": "support e-mail",
    "support_phone": "support phone",
    "engineering_email": "engineering e-mail",
    "partner_contact_email": "partner contact e-mail",
    "refund": "refund",
    "monthly_window_hours": "cancellation window of a month",
    "longer_window_hours": "cancellation window of longer terms",
}
PLAN_FACTS = {
    "name": "name",
    "description": "description",
    "min_quantity": "least quantity",
    "max_quantity": "most quantity",
    "trial_days": "trial days",
    "countries": "countries",
    "is_private": "private",
    "activates_itself": "activates itself",
    "is_stopped": "stopped",
}


@transaction.atomic
def create_offer(*, code: str, facts: Mapping[str, Any], actor: Actor, now: datetime.datetime) -> Offer:
    """Write a draft of an offer; the publisher's first one makes the organization known to the publishers' API.

    Raises: PermissionDenied, InvalidInput.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    publisher = _publisher(actor)
    catalog.check_new_offer_code(publisher, code)
    offer = Offer.objects.create(publisher=publisher, code=code, created_at=now, **_only(OFFER_FACTS, facts))
    announce_offer(MarketplaceEvent.OFFER_CREATED, offer, actor=actor, now=now, after={"name": offer.name})
    return offer


@transaction.atomic
def change_offer(*, offer_id: UUID, facts: Mapping[str, Any], actor: Actor, now: datetime.datetime) -> Offer:
    """Change how an offer is presented, and its terms for what is bought from now on.

    Raises: PermissionDenied, Offer.DoesNotExist.
    """
    offer = own_offer_locked(offer_id, actor)
    before, after = _apply(offer, OFFER_FACTS, facts)
    if after:
        announce_offer(MarketplaceEvent.OFFER_CHANGED, offer, actor=actor, now=now, before=before, after=after)
    return offer


@transaction.atomic
def add_plan(
    *, offer_id: UUID, code: str, is_per_seat: bool, facts: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> Plan:
    """Add a plan to an offer, after those it has. Without a price nobody can buy it.

    Raises: PermissionDenied, Offer.DoesNotExist, InvalidInput.
    """
    offer = own_offer_locked(offer_id, actor)
    catalog.check_new_plan_code(offer, code)
    wanted = _only(PLAN_FACTS, facts)
    catalog.check_limits(
        is_per_seat=is_per_seat, min_quantity=wanted["min_quantity"], max_quantity=wanted["max_quantity"]
    )
    position = Plan.objects.filter(offer=offer).count()
    plan = Plan.objects.create(offer=offer, code=code, is_per_seat=is_per_seat, position=position, **wanted)
    announce_offer(MarketplaceEvent.OFFER_PLAN_ADDED, offer, actor=actor, now=now, after={"plan": plan.name})
    return plan


@transaction.atomic
def change_plan(*, plan_id: UUID, facts: Mapping[str, Any], actor: Actor, now: datetime.datetime) -> Plan:
    """Change a plan for what is bought from now on; what runs stays as it is.

    Raises: PermissionDenied, Plan.DoesNotExist, InvalidInput.
    """
    plan = own_plan_locked(plan_id, actor)
    wanted = _only(PLAN_FACTS, facts)
    catalog.check_limits(
        is_per_seat=plan.is_per_seat, min_quantity=wanted["min_quantity"], max_quantity=wanted["max_quantity"]
    )
    before, after = _apply(plan, PLAN_FACTS, wanted)
    if after:
        announce_offer(
            MarketplaceEvent.OFFER_PLAN_CHANGED,
            plan.offer,
            actor=actor,
            now=now,
            before={"plan": before.get("name", plan.name), **before},
            after={"plan": plan.name, **after},
        )
    return plan


@transaction.atomic
def set_price(
    *,
    plan_id: UUID,
    term: str,
    billing_frequency: str,
    currency: str,
    unit_price: Decimal,
    valid_from: datetime.date,
    is_offered: bool,
    actor: Actor,
    now: datetime.datetime,
) -> PlanPrice:
    """Write what a plan costs from a day on; a price that begins on the same day is replaced.

    Raises: PermissionDenied, Plan.DoesNotExist, InvalidInput.
    """
    plan = own_plan_locked(plan_id, actor)
    catalog.check_price(unit_price=unit_price, currency=currency, valid_from=valid_from, today=now.date())
    price, _is_new = PlanPrice.objects.update_or_create(
        plan=plan,
        term=term,
        billing_frequency=billing_frequency,
        currency=currency,
        valid_from=valid_from,
        defaults={"unit_price": unit_price, "is_offered": is_offered},
    )
    announce_offer(
        MarketplaceEvent.OFFER_PRICED,
        plan.offer,
        actor=actor,
        now=now,
        after={
            "plan": plan.name,
            "term": term,
            "billing frequency": billing_frequency,
            "price": f"{unit_price} {currency}",
            "valid from": valid_from.isoformat(),
        },
    )
    return price


def own_plan_locked(plan_id: UUID, actor: Actor) -> Plan:
    """Return a plan of the publisher's own, its offer locked. Raises: PermissionDenied, Plan.DoesNotExist."""
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    offer_id = Plan.objects.values_list("offer_id", flat=True).get(
        pk=plan_id, offer__publisher_id=actor.organization_id
    )
    offer = own_offer_locked(offer_id, actor)
    plan = Plan.objects.get(pk=plan_id)
    plan.offer = offer
    return plan


def _publisher(actor: Actor) -> Publisher:
    """Return what the API knows the organization by, its row locked; made with the first offer."""
    organization = Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.organization_id)
    publisher = Publisher.objects.filter(organization=organization).first()
    if publisher is not None:
        return publisher
    code = re.sub(r"[^a-z0-9_-]", "-", organization.domain.partition(".")[0].lower()).strip("-_")[:41] or "publisher"
    if Publisher.objects.filter(code=code).exists():
        code = f"{code}-{organization.pk.hex[:8]}"
    app = AppRegistration.objects.visible_to(actor).order_by("created_at", "pk").first()
    known = {"application_id": app.pk} if app else {}
    return Publisher.objects.create(organization=organization, code=code, **known)


def _only(known: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name in known}


def _apply(
    row: Offer | Plan, known: Mapping[str, str], facts: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write what differs; return it as it was and as it is, in the log's words."""
    changed = {name: value for name, value in _only(known, facts).items() if getattr(row, name) != value}
    before = {known[name]: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.save(update_fields=list(changed))
    return before, {known[name]: value for name, value in changed.items()}
