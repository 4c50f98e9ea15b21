"""Whom a publisher sells to, on which terms, and what it meters: added, changed, ended (section 7.1)."""

import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from marketplace.announcements import announce_offer
from marketplace.enums import MarketplaceEvent
from marketplace.models import Dimension, DimensionPrice, ExclusivePartner, Margin, Offer, Plan, PlanAudience
from marketplace.rules import audience as rules
from marketplace.rules import catalog
from marketplace.workflow.catalog import own_plan_locked
from marketplace.workflow.offers import own_offer_locked
from portal.accounts.actor import Actor


# --- tenants of a private plan ---
@transaction.atomic
def add_to_audience(*, plan_id: UUID, tenant: UUID, actor: Actor, now: datetime.datetime) -> PlanAudience:
    """Sell a private plan to a customer, or to a partner for all its customers.

    Raises: PermissionDenied, Plan.DoesNotExist, InvalidInput.
    """
    plan = own_plan_locked(plan_id, actor)
    organization = rules.tenant_of_audience(plan, tenant)
    row = PlanAudience.objects.create(plan=plan, organization=organization)
    _tell_of_plan(plan, actor, now, after={"audience": str(organization.pk)})
    return row


@transaction.atomic
def remove_from_audience(*, audience_id: int, actor: Actor, now: datetime.datetime) -> None:
    """Sell a private plan to a tenant no more; what it has goes on.

    Raises: PermissionDenied, PlanAudience.DoesNotExist.
    """
    found = PlanAudience.objects.get(pk=audience_id, plan__offer__publisher_id=actor.organization_id)
    plan = own_plan_locked(found.plan_id, actor)
    found.delete()
    _tell_of_plan(plan, actor, now, before={"audience": str(found.organization_id)})


# --- partners of an exclusive offer ---
@transaction.atomic
def add_exclusive_partner(*, offer_id: UUID, number: str, actor: Actor, now: datetime.datetime) -> ExclusivePartner:
    """Let a partner buy an exclusive offer. Raises: PermissionDenied, Offer.DoesNotExist, InvalidInput."""
    offer = own_offer_locked(offer_id, actor)
    partner = rules.buying_partner(offer, number)
    rules.check_new_exclusive_partner(offer, partner)
    row = ExclusivePartner.objects.create(offer=offer, partner=partner)
    after = {"exclusive partner": partner.organization.name}
    announce_offer(MarketplaceEvent.OFFER_CHANGED, offer, actor=actor, now=now, after=after)
    return row


@transaction.atomic
def remove_exclusive_partner(*, choice_id: int, actor: Actor, now: datetime.datetime) -> None:
    """Let a partner buy an exclusive offer no more. Raises: PermissionDenied, ExclusivePartner.DoesNotExist."""
    found = ExclusivePartner.objects.select_related("partner__organization").get(
        pk=choice_id, offer__publisher_id=actor.organization_id
    )
    offer = own_offer_locked(found.offer_id, actor)
    found.delete()
    before = {"exclusive partner": found.partner.organization.name}
    announce_offer(MarketplaceEvent.OFFER_CHANGED, offer, actor=actor, now=now, before=before)


# --- private offers ---
@transaction.atomic
def add_margin(
    *,
    plan_id: UUID,
    number: str,
    percent: Decimal,
    customer_id: UUID | None,
    starts_on: datetime.date,
    ends_on: datetime.date | None,
    actor: Actor,
    now: datetime.datetime,
) -> Margin:
    """Let a partner pay less for a plan between two days. Raises: PermissionDenied, Plan.DoesNotExist, InvalidInput."""
    plan = own_plan_locked(plan_id, actor)
    partner = rules.buying_partner(plan.offer, number)
    customer = rules.customer_of_margin(plan.offer, customer_id)
    margin = Margin(
        plan=plan, partner=partner, customer=customer, percent=percent, starts_on=starts_on, ends_on=ends_on
    )
    rules.check_margin(margin, today=now.date())
    margin.save(force_insert=True)
    _tell_of_plan(plan, actor, now, after=_facts(margin))
    return margin


@transaction.atomic
def end_margin(*, margin_id: UUID, actor: Actor, now: datetime.datetime) -> None:
    """End a private offer with today; one that has not begun is taken back, one that is over stays as it was.

    Raises: PermissionDenied, Margin.DoesNotExist.
    """
    margin = Margin.objects.select_related("partner__organization").get(
        pk=margin_id, plan__offer__publisher_id=actor.organization_id
    )
    plan, tomorrow = own_plan_locked(margin.plan_id, actor), now.date() + datetime.timedelta(days=1)
    before = _facts(margin)
    if margin.starts_on >= tomorrow:
        margin.delete()
        _tell_of_plan(plan, actor, now, before=before)
    elif margin.ends_on is None or margin.ends_on > tomorrow:
        margin.ends_on = tomorrow
        margin.save(update_fields=["ends_on"])
        _tell_of_plan(plan, actor, now, before=before, after=_facts(margin))


def _facts(margin: Margin) -> dict[str, str]:
    return {
        "private offer": f"{margin.percent} % {margin.partner.organization.name}",
        "starts": margin.starts_on.isoformat(),
        "ends": margin.ends_on.isoformat() if margin.ends_on else "",
    }


# --- what is metered ---
@transaction.atomic
def add_dimension(
    *, plan_id: UUID, code: str, name: str, unit: str, included_monthly: int, actor: Actor, now: datetime.datetime
) -> Dimension:
    """Meter something of a flat rate. Raises: PermissionDenied, Plan.DoesNotExist, InvalidInput."""
    plan = own_plan_locked(plan_id, actor)
    rules.check_metered(plan)
    catalog.check_new_dimension_code(plan, code)
    dimension = Dimension.objects.create(plan=plan, code=code, name=name, unit=unit, included_monthly=included_monthly)
    _tell_of_plan(plan, actor, now, after={"dimension": f"{name} ({unit})"})
    return dimension


@transaction.atomic
def change_dimension(
    *, dimension_id: UUID, name: str, unit: str, included_monthly: int, actor: Actor, now: datetime.datetime
) -> Dimension:
    """Call what is metered otherwise. Raises: PermissionDenied, Dimension.DoesNotExist."""
    dimension = _own_dimension(dimension_id, actor)
    before = f"{dimension.name} ({dimension.unit})"
    dimension.name, dimension.unit, dimension.included_monthly = name, unit, included_monthly
    dimension.save(update_fields=["name", "unit", "included_monthly"])
    after = {"dimension": f"{name} ({unit})"}
    _tell_of_plan(dimension.plan, actor, now, before={"dimension": before}, after=after)
    return dimension


@transaction.atomic
def set_dimension_price(
    *, dimension_id: UUID, currency: str, unit_price: Decimal, actor: Actor, now: datetime.datetime
) -> DimensionPrice:
    """Price a unit for usage that is reported from now on. Raises: PermissionDenied, Dimension.DoesNotExist."""
    dimension = _own_dimension(dimension_id, actor)
    price, _is_new = DimensionPrice.objects.update_or_create(
        dimension=dimension, currency=currency, defaults={"unit_price": unit_price}
    )
    after = {"plan": dimension.plan.name, "dimension": dimension.name, "price": f"{unit_price} {currency}"}
    announce_offer(MarketplaceEvent.OFFER_PRICED, dimension.plan.offer, actor=actor, now=now, after=after)
    return price


@transaction.atomic
def remove_dimension(*, dimension_id: UUID, actor: Actor, now: datetime.datetime) -> None:
    """Meter something no more that was never used.

    Raises: PermissionDenied, Dimension.DoesNotExist, rules.UsageReported.
    """
    dimension = _own_dimension(dimension_id, actor)
    rules.check_removable(dimension)
    dimension.delete()
    _tell_of_plan(dimension.plan, actor, now, before={"dimension": dimension.name})


def _own_dimension(dimension_id: UUID, actor: Actor) -> Dimension:
    """Return a dimension of the publisher's own, its offer locked."""
    dimension = Dimension.objects.get(pk=dimension_id, plan__offer__publisher_id=actor.organization_id)
    dimension.plan = own_plan_locked(dimension.plan_id, actor)
    return dimension


def _tell_of_plan(
    plan: Plan,
    actor: Actor,
    now: datetime.datetime,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    offer: Offer = plan.offer
    announce_offer(
        MarketplaceEvent.OFFER_PLAN_CHANGED,
        offer,
        actor=actor,
        now=now,
        before={"plan": plan.name, **before} if before else None,
        after={"plan": plan.name, **(after or {})},
    )
