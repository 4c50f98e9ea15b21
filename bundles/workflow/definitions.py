"""Bundles: defined, changed by versions, withdrawn (A13, decision 0048)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bundles import rules
from bundles.announcements import announce, price_of
from bundles.enums import BundleEvent, BundleStatus
from bundles.models import Bundle, BundleLine, BundleVersion
from bundles.products import Chosen, offered_of
from bundles.queries.definitions import shelf_of
from customers.catalog import Shelf
from customers.models import ResellerRelationship
from customers.rules.invitations import check_reseller_named
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput


@dataclass(frozen=True)
class WantedProduct:
    """A product of a bundle as it was chosen: its name in the catalogs, how it is billed, licenses in one bundle."""

    catalog_item: str
    billing_frequency: str
    quantity: int


@dataclass(frozen=True)
class Definition:
    """What a version of a bundle says."""

    name: str
    price: Decimal
    valid_from: datetime.date
    products: Sequence[WantedProduct]
    description: str = ""
    term_text: str = ""
    terms: str = ""
    valid_until: datetime.date | None = None


@transaction.atomic
def define_bundle(
    *,
    definition: Definition,
    customer_id: UUID | None = None,
    reseller_id: UUID | None = None,
    actor: Actor,
    now: datetime.datetime,
) -> BundleVersion:
    """Put products together under one price, for all customers, for one, or for those of one reseller.

    Raises: PermissionDenied, ResellersDoNotBuy, ResellerRelationship.DoesNotExist, ResellerNotYours, InvalidInput.
    """
    actor.require(Permission.PRICING_MANAGE)
    rules.check_may_define(actor)
    if customer_id is not None:
        ResellerRelationship.objects.visible_to(actor).active().get(customer_id=customer_id)
    if reseller_id is not None:
        check_reseller_named(Partner.objects.select_related("organization").get(pk=actor.organization_id), reseller_id)
    bundle = Bundle(partner_id=actor.organization_id, customer_id=customer_id, reseller_id=reseller_id, created_at=now)
    chosen = _chosen(definition, shelf_of(actor, customer_id, today=now.date()))
    bundle.save(force_insert=True)
    version = _write(bundle, definition, chosen, number=1, actor=actor, now=now)
    announce(BundleEvent.DEFINED, version, actor=actor, now=now, after=_facts(version, chosen))
    return version


@transaction.atomic
def change_bundle(
    *, bundle_id: UUID, definition: Definition, seen: UUID | None = None, actor: Actor, now: datetime.datetime
) -> BundleVersion:
    """Let another version take the place of the one that is sold; ``seen`` is the version that was shown.

    What was sold keeps the version it was sold by. Raises: PermissionDenied, Bundle.DoesNotExist, BundleWithdrawn,
    BundleChanged, InvalidInput.
    """
    actor.require(Permission.PRICING_MANAGE)
    bundle = Bundle.objects.visible_to(actor).locked(bundle_id)
    rules.check_active(bundle)
    old = bundle.versions.select_related("bundle").get(is_current=True)
    rules.check_seen(old, seen)
    chosen = _chosen(definition, shelf_of(actor, bundle.customer_id, today=now.date()))
    before = _facts(old, [])
    old.is_current = False
    old.save(update_fields=["is_current"])
    version = _write(bundle, definition, chosen, number=old.number + 1, actor=actor, now=now)
    announce(BundleEvent.CHANGED, version, actor=actor, now=now, before=before, after=_facts(version, chosen))
    return version


@transaction.atomic
def withdraw_bundle(*, bundle_id: UUID, actor: Actor, now: datetime.datetime) -> Bundle:
    """Sell a bundle no longer; what was sold stays as it is.

    Raises: PermissionDenied, Bundle.DoesNotExist, BundleWithdrawn.
    """
    actor.require(Permission.PRICING_MANAGE)
    bundle = Bundle.objects.visible_to(actor).locked(bundle_id)
    rules.check_active(bundle)
    bundle.status, bundle.withdrawn_at = BundleStatus.WITHDRAWN, now
    bundle.save(update_fields=["status", "withdrawn_at"])
    version = bundle.versions.select_related("bundle").get(is_current=True)
    announce(BundleEvent.WITHDRAWN, version, actor=actor, now=now)
    return bundle


def _chosen(definition: Definition, shelf: Shelf) -> list[Chosen]:
    """Return the products as they are sold today. Raises: InvalidInput."""
    rules.check_days(definition.valid_from, definition.valid_until)
    rules.check_price(definition.price)
    chosen = []
    for wanted in definition.products:
        offered = offered_of(shelf, wanted.catalog_item, wanted.billing_frequency)
        if offered is None:
            raise InvalidInput(
                _("%(product)s is not in the catalog of today, or not billed like that.")
                % {"product": wanted.catalog_item},
                field="lines",
            )
        chosen.append(Chosen(offered, wanted.quantity))
    return chosen


def _write(
    bundle: Bundle,
    definition: Definition,
    chosen: Sequence[Chosen],
    *,
    number: int,
    actor: Actor,
    now: datetime.datetime,
) -> BundleVersion:
    frequency = rules.check_products(chosen)
    version = BundleVersion.objects.create(
        bundle=bundle,
        number=number,
        name=definition.name,
        description=definition.description,
        price=definition.price,
        currency=Partner.objects.get(pk=actor.organization_id).currency,
        billing_frequency=frequency,
        term_text=definition.term_text,
        terms=definition.terms,
        valid_from=definition.valid_from,
        valid_until=definition.valid_until,
        made_by_name=actor.name,
        created_at=now,
    )
    BundleLine.objects.bulk_create(
        BundleLine(
            version=version,
            position=position,
            catalog_item=one.offered.catalog_item,
            product_family=one.offered.product_family,
            title=one.offered.title,
            term=one.offered.term,
            billing_frequency=one.offered.billing_frequency,
            quantity=one.quantity,
        )
        for position, one in enumerate(chosen)
    )
    return version


def _facts(version: BundleVersion, chosen: Sequence[Chosen]) -> dict[str, str]:
    lines = [f"{one.quantity} × {one.offered.title}" for one in chosen] or [str(line) for line in version.lines.all()]
    facts = {
        "name": version.name,
        "price": price_of(version),
        "products": ", ".join(lines),
        "valid from": version.valid_from.isoformat(),
        "valid until": version.valid_until.isoformat() if version.valid_until else "",
    }
    return {name: text for name, text in facts.items() if text}
