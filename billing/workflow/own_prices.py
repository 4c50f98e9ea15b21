"""The partner's own prices and terms for its customers: set, ended, never changed afterwards (A13)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.enums import PriceEvent, PriceRuleKind
from billing.models import OwnPrice, OwnTerms
from billing.prices_announcements import announce
from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput


@dataclass(frozen=True)
class PriceTerms:
    """What a price is for, how it is worked out and from when; empty fields mean everything."""

    kind: str
    valid_from: datetime.date
    percent: Decimal | None = None
    amount: Decimal | None = None
    customer_id: UUID | None = None
    family: str = ""
    product_id: str = ""
    sku_id: str = ""
    note: str = ""


@transaction.atomic
def set_own_price(*, terms: PriceTerms, actor: Actor, now: datetime.datetime) -> OwnPrice:
    """Let customers pay by a price of the partner's own from a day on; an earlier one for just the same ends that day.

    Raises: PermissionDenied, InvalidInput, ResellerRelationship.DoesNotExist.
    """
    actor.require(Permission.PRICING_MANAGE)
    name = _customer_name(actor, terms.customer_id)
    is_fixed = terms.kind == PriceRuleKind.FIXED
    _check(terms, is_fixed)
    target = {
        "partner_id": actor.organization_id,
        "customer_id": terms.customer_id,
        "family": terms.family,
        "product_id": terms.product_id,
        "sku_id": terms.sku_id,
    }
    earlier = OwnPrice.objects.filter(**target).on(terms.valid_from)
    earlier.filter(valid_from__lt=terms.valid_from).update(valid_until=terms.valid_from)
    try:
        with transaction.atomic():
            row = OwnPrice.objects.create(
                **target,
                kind=terms.kind,
                percent=None if is_fixed else terms.percent,
                amount=terms.amount if is_fixed else None,
                currency=Partner.objects.get(pk=actor.organization_id).currency if is_fixed else "",
                valid_from=terms.valid_from,
                note=terms.note,
                set_by_name=actor.name,
                created_at=now,
            )
    except IntegrityError as error:
        raise InvalidInput(_("A price for the same begins on that day already."), field="valid_from") from error
    _announce(PriceEvent.OWN_PRICE_SET, row, name, actor=actor, now=now)
    return row


def _check(terms: PriceTerms, is_fixed: bool) -> None:
    """A fixed price is of a product, a SKU belongs to a product, and each kind has its number. Raises: InvalidInput."""
    if is_fixed and not terms.product_id:
        raise InvalidInput(_("A fixed price needs a product."), field="product_id")
    if terms.sku_id and not terms.product_id:
        raise InvalidInput(_("Name the product of the SKU, too."), field="product_id")
    if is_fixed and terms.amount is None:
        raise InvalidInput(_("Enter the price."), field="amount")
    if not is_fixed and terms.percent is None:
        raise InvalidInput(_("Enter the percent."), field="percent")


@transaction.atomic
def end_own_price(*, price_id: UUID, valid_until: datetime.date, actor: Actor, now: datetime.datetime) -> OwnPrice:
    """Let a price of the partner's own hold no longer from a day on.

    Raises: PermissionDenied, OwnPrice.DoesNotExist, InvalidInput.
    """
    actor.require(Permission.PRICING_MANAGE)
    row = OwnPrice.objects.visible_to(actor).locked(price_id)
    if valid_until < row.valid_from:
        raise InvalidInput(_("This is before the price begins."), field="valid_until")
    row.valid_until = valid_until
    row.save(update_fields=["valid_until"])
    _announce(PriceEvent.OWN_PRICE_ENDED, row, _customer_name(actor, None), actor=actor, now=now)
    return row


@transaction.atomic
def set_own_terms(
    *, customer_id: UUID | None, text: str, valid_from: datetime.date, actor: Actor, now: datetime.datetime
) -> OwnTerms:
    """Write the partner's own terms for one customer or for all, as of a day.

    Raises: PermissionDenied, ResellerRelationship.DoesNotExist.
    """
    actor.require(Permission.PRICING_MANAGE)
    name = _customer_name(actor, customer_id)
    row = OwnTerms.objects.create(
        partner_id=actor.organization_id,
        customer_id=customer_id,
        text=text,
        valid_from=valid_from,
        set_by_name=actor.name,
        created_at=now,
    )
    announce(
        PriceEvent.OWN_TERMS_SET,
        organization_ids=[actor.organization_id],
        subject=("customer-terms", row.pk, name),
        actor=actor,
        now=now,
        details={"valid from": valid_from.isoformat()},
    )
    return row


def _customer_name(actor: Actor, customer_id: UUID | None) -> str:
    """Return a customer's name, for whom prices can be set only while it is the partner's; "" for all customers."""
    if customer_id is None:
        return ""
    return ResellerRelationship.objects.visible_to(actor).active().get(customer_id=customer_id).customer_name


def _announce(event_type: PriceEvent, row: OwnPrice, name: str, *, actor: Actor, now: datetime.datetime) -> None:
    value = f"{row.percent} %" if row.amount is None else f"{row.amount} {row.currency}"
    details: dict[str, Any] = {
        "product family": row.family,
        "product": ":".join(part for part in (row.product_id, row.sku_id) if part),
        "kind": row.kind,
        "price": value,
        "valid from": row.valid_from.isoformat(),
        "valid until": row.valid_until.isoformat() if row.valid_until else "",
    }
    announce(
        event_type,
        organization_ids=[actor.organization_id],
        subject=("customer-price", row.pk, name),
        actor=actor,
        now=now,
        details={fact: text for fact, text in details.items() if text},
    )
