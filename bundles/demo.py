"""Bundles of the demo world: two of one partner, one of them changed, and one sold (P10)."""

import datetime
import uuid
from collections.abc import Sequence
from decimal import Decimal

from bundles.models import BundleVersion
from bundles.products import find
from bundles.queries.definitions import shelf_of
from bundles.workflow.definitions import Definition, WantedProduct, change_bundle, define_bundle
from bundles.workflow.sales import Sale, sell_bundle
from customers.models import ResellerRelationship
from customers.queries.credited import creditable_locations
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.queries import make_actor

BELFORT = "belfortcloud.example"
BUYER = "boulangerie-marchetti.example"
DAY = datetime.timedelta(days=1)
# (text that finds the product, term, billing frequency, licenses in one bundle)
START = (
    ("Office Suite Business Standard", "P1Y", "monthly", 3),
    ("Mail and Calendar Plan 1", "P1Y", "monthly", 2),
)
PROTECTED = (*START, ("Mobility and Security E3", "P1Y", "monthly", 3))


def load(*, now: datetime.datetime) -> None:
    """Define two bundles of one partner, raise the price of the first, and sell it to a customer."""
    people = Membership.objects.active().with_role(Role.ADMIN_AGENT).select_related("user", "organization")
    member = people.filter(organization__domain=BELFORT).order_by("created_at", "pk").first()
    if member is None:
        return
    actor = make_actor(member, member.user)
    first = _define(actor, "Bureau prêt à travailler", "59.90", START, now=now - 3 * DAY)
    _define(actor, "Bureau protégé", "119.00", PROTECTED, now=now - 2 * DAY)
    if first is None:
        return
    _sell(actor, first, now=now - DAY)
    definition = _definition(actor, "Bureau prêt à travailler", "64.90", START, now=now - DAY / 2)
    if definition is not None:
        change_bundle(bundle_id=first.bundle_id, definition=definition, actor=actor, now=now - DAY / 2)


def _definition(
    actor: Actor, name: str, price: str, products: Sequence[tuple[str, str, str, int]], *, now: datetime.datetime
) -> Definition | None:
    """Return what a bundle says, or ``None`` where the catalogs of the day lack a product."""
    shelf = shelf_of(actor, None, today=now.date())
    wanted = []
    for text, term, frequency, quantity in products:
        ways = [one for one in find(shelf, text) if (one.term, one.billing_frequency) == (term, frequency)]
        if not ways:
            return None
        wanted.append(WantedProduct(ways[0].catalog_item, frequency, quantity))
    return Definition(
        name=name,
        description="Tout ce qu’il faut à un petit bureau, installé et suivi par nos soins.",
        price=Decimal(price),
        term_text="12 mois, facturation mensuelle",
        terms="Assistance par téléphone du lundi au vendredi. Résiliation à la fin des 12 mois.",
        valid_from=now.date(),
        products=wanted,
    )


def _define(
    actor: Actor, name: str, price: str, products: Sequence[tuple[str, str, str, int]], *, now: datetime.datetime
) -> BundleVersion | None:
    definition = _definition(actor, name, price, products, now=now)
    return define_bundle(definition=definition, actor=actor, now=now) if definition else None


def _sell(actor: Actor, version: BundleVersion, *, now: datetime.datetime) -> None:
    own = ResellerRelationship.objects.active().filter(partner_id=actor.organization_id, customer_domain=BUYER)
    relationship, locations = own.first(), creditable_locations(actor)
    if relationship is None or not locations:
        return
    sale = Sale(
        id=uuid.uuid5(relationship.customer_id, version.name),
        bundle_id=version.bundle_id,
        partner_on_record=locations[0].partner_id_number,
        is_attested=True,
    )
    sell_bundle(customer_id=relationship.customer_id, sale=sale, actor=actor, now=now)
