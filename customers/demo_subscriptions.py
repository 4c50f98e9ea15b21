"""What the customers of the demo world have: every product family, states and terms of all kinds."""

import datetime
import uuid
from dataclasses import dataclass

from customers.enums import BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models import ResellerRelationship, Subscription
from portal.accounts.models import PartnerLocation

F, S, B = ProductFamily, SubscriptionStatus, BillingFrequency
DAYS = {Term.MONTH: 30, Term.YEAR: 365, Term.TWO_YEARS: 730, Term.THREE_YEARS: 1095}


@dataclass(frozen=True)
class Product:
    """What is sold, and how it is billed."""

    family: ProductFamily
    name: str
    term: Term = Term.NONE
    frequency: BillingFrequency = B.MONTHLY


PRODUCTS = {
    "office": Product(F.LICENSE_BASED, "Office Suite Business Standard", Term.YEAR),
    "mail": Product(F.LICENSE_BASED, "Mail and Calendar Plan 1", Term.YEAR, B.ANNUAL),
    "security": Product(F.LICENSE_BASED, "Mobility and Security E3", Term.MONTH),
    "azure": Product(F.AZURE_PLAN, "Azure plan", frequency=B.USAGE),
    "legacy": Product(F.AZURE_LEGACY, "Azure (0145P)", frequency=B.USAGE),
    "reservation": Product(F.RESERVATION, "Reserved VM instance, D2s v5, West Europe", Term.THREE_YEARS, B.MONTHLY),
    "savings": Product(F.SAVINGS_PLAN, "Compute savings plan", Term.YEAR),
    "software": Product(F.SOFTWARE, "Server Standard, software subscription", Term.YEAR, B.UPFRONT),
    "perpetual": Product(F.PERPETUAL_SOFTWARE, "Server 2025 Datacenter, perpetual", frequency=B.ONE_TIME),
    "saas": Product(F.THIRD_PARTY, "Signature Azur Team", Term.MONTH),
}
# (partner, customer): (product, friendly name, quantity, started days ago, status)
SUBSCRIPTIONS: dict[tuple[str, str], tuple[tuple[str, str, int, int, SubscriptionStatus], ...]] = {
    ("belfortcloud", "boulangerie-marchetti"): (
        ("office", "Bureau et comptoir", 6, 40, S.ACTIVE),
        ("mail", "Messagerie des apprentis", 3, 39, S.SUSPENDED),
        ("saas", "Signature des contrats", 2, 12, S.ACTIVE),
    ),
    ("belfortcloud", "clinique-des-lilas"): (
        ("office", "Personnel soignant", 120, 41, S.ACTIVE),
        ("security", "Postes mobiles", 35, 20, S.ACTIVE),
        ("azure", "Azure – dossiers", 1, 40, S.ACTIVE),
        ("reservation", "Serveurs d’imagerie", 2, 33, S.ACTIVE),
        ("savings", "Calcul de nuit", 1, 30, S.ACTIVE),
        ("perpetual", "Serveur d’archives", 1, 28, S.ACTIVE),
    ),
    ("belfortcloud", "ateliers-vauban"): (
        ("software", "Serveurs d’atelier", 4, 37, S.ACTIVE),
        ("legacy", "Azure – prototypes", 1, 40, S.ACTIVE),
        ("office", "Bureau d’études", 14, 36, S.EXPIRED),
    ),
    ("belfortcloud", "nordisk-travaru"): (
        ("office", "Kontoret", 22, 38, S.ACTIVE),
        ("azure", "Azure – lager", 1, 35, S.ACTIVE),
    ),
    ("fjallvind", "nordisk-travaru"): (("security", "Fältpersonal", 18, 30, S.ACTIVE),),
    ("fjallvind", "skargardens-rederi"): (
        ("office", "Rederiet", 48, 40, S.ACTIVE),
        ("azure", "Azure – biljetter", 1, 39, S.ACTIVE),
        ("saas", "Tidvatten Analytics", 1, 9, S.PENDING),
    ),
    ("fjallvind", "moellers-fiskeri"): (
        ("mail", "Fleet mail", 9, 31, S.ACTIVE),
        ("office", "Old office", 4, 33, S.DELETED),
    ),
    ("rheingold", "hanse-feinkost"): (
        ("office", "Feinkost office", 31, 36, S.ACTIVE),
        ("azure", "Azure – shop", 1, 35, S.ACTIVE),
    ),
    ("rheingold", "knjigarna-roznik"): (("office", "Bookshop", 7, 29, S.DISABLED),),
    ("delta-distributie", "wittezwaan"): (
        ("office", "Brewery", 16, 37, S.ACTIVE),
        ("savings", "Compute for the web shop", 1, 22, S.ACTIVE),
    ),
    ("delta-distributie", "moellers-fiskeri"): (("azure", "Azure – catch log", 1, 25, S.ACTIVE),),
    ("laurentide", "scierie-cote"): (("office", "Bureau de la scierie", 11, 33, S.ACTIVE),),
    ("potomac-federal", "tidewater-port"): (
        ("office", "Port authority", 260, 31, S.ACTIVE),
        ("azure", "Azure Government", 1, 30, S.ACTIVE),
    ),
    ("sandbox.belfortcloud", "exemple-sarl"): (("office", "Essai", 1, 20, S.ACTIVE),),
}


def write_subscriptions(*, now: datetime.datetime) -> None:
    """Write all of it, billed to the partner and credited to its reseller where there is one."""
    numbers = dict(PartnerLocation.objects.filter(is_headquarters=True).values_list("partner_id", "partner_id_number"))
    for (partner, customer), rows in SUBSCRIPTIONS.items():
        relationship = ResellerRelationship.objects.active().get(
            partner__organization__domain=f"{partner}.example", customer_domain=f"{customer}.example"
        )
        Subscription.objects.bulk_create(_subscription(relationship, *row, numbers=numbers, now=now) for row in rows)


def _subscription(
    relationship: ResellerRelationship,
    code: str,
    name: str,
    quantity: int,
    days_ago: int,
    status: SubscriptionStatus,
    *,
    numbers: dict[uuid.UUID, str],
    now: datetime.datetime,
) -> Subscription:
    product, started = PRODUCTS[code], now - datetime.timedelta(days=days_ago)
    credited = relationship.counterpart_id or relationship.partner_id
    days = DAYS.get(product.term)
    starts_on = started.date()
    return Subscription(
        id=uuid.uuid5(relationship.customer_id, f"{relationship.partner_id} {name}"),
        customer_id=relationship.customer_id,
        billing_owner_id=relationship.partner_id,
        reseller_id=relationship.counterpart_id,
        partner_on_record=numbers[credited],
        product_family=product.family,
        product_name=product.name,
        friendly_name=name,
        quantity=quantity,
        status=status,
        term=product.term,
        billing_frequency=product.frequency,
        auto_renew=days is not None and status == S.ACTIVE,
        starts_on=starts_on,
        ends_on=_end_of_term(starts_on, days, now.date()) if days else None,
        created_at=started,
    )


def _end_of_term(starts_on: datetime.date, days: int, today: datetime.date) -> datetime.date:
    """Return the end of the term that runs today: a short one has been renewed meanwhile."""
    terms = (today - starts_on).days // days + 1
    return starts_on + datetime.timedelta(days=days * terms)
