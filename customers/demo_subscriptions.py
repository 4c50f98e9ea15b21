"""What the customers of the demo world have: every product family, states and terms of all kinds."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from customers.enums import BillingFrequency, ProductFamily, ReservationScope, SubscriptionStatus, Term
from customers.models import ResellerRelationship, Subscription
from customers.terms import TERM_MONTHS, add_months
from portal.accounts.models import PartnerLocation
from portal.core.money import round_money

F, S, B = ProductFamily, SubscriptionStatus, BillingFrequency


@dataclass(frozen=True)
class Product:
    """What is sold, how it is billed, and what one license costs a partner for one billing cycle."""

    family: ProductFamily
    name: str
    term: Term = Term.NONE
    frequency: BillingFrequency = B.MONTHLY
    price: str = ""  # in euro; empty for what is billed by usage


PRODUCTS = {
    "office": Product(F.LICENSE_BASED, "Office Suite Business Standard", Term.YEAR, price="11.70"),
    "mail": Product(F.LICENSE_BASED, "Mail and Calendar Plan 1", Term.YEAR, B.ANNUAL, "45.60"),
    "security": Product(F.LICENSE_BASED, "Mobility and Security E3", Term.MONTH, price="10.90"),
    "trial": Product(F.LICENSE_BASED, "Office Suite Business Premium, trial", Term.MONTH, price="0"),
    "plan": Product(F.AZURE_PLAN, "Azure plan", frequency=B.USAGE),
    "azure": Product(F.AZURE_SUBSCRIPTION, "Azure subscription", frequency=B.USAGE),
    "legacy": Product(F.AZURE_LEGACY, "Azure (0145P)", frequency=B.USAGE),
    "shared": Product(F.SHARED_SERVICES, "Azure partner shared services (0159P)", frequency=B.USAGE),
    "reservation": Product(
        F.RESERVATION, "Reserved VM instance, D2s v5, West Europe", Term.THREE_YEARS, B.MONTHLY, "31.40"
    ),
    "savings": Product(F.SAVINGS_PLAN, "Compute savings plan", Term.YEAR, price="88.00"),
    "software": Product(F.SOFTWARE, "Server Standard, software subscription", Term.YEAR, B.UPFRONT, "690.00"),
    "perpetual": Product(F.PERPETUAL_SOFTWARE, "Server 2025 Datacenter, perpetual", frequency=B.ONE_TIME, price="5100"),
}
PER_EURO = {"EUR": Decimal(1), "SEK": Decimal("11.2"), "CAD": Decimal("1.5"), "USD": Decimal("1.1")}
BELOW_A_PLAN = frozenset({"azure"})
# (partner, customer): (product, friendly name, quantity, started days ago, status)
SUBSCRIPTIONS: dict[tuple[str, str], tuple[tuple[str, str, int, int, SubscriptionStatus], ...]] = {
    ("belfortcloud", "boulangerie-marchetti"): (
        ("office", "Bureau et comptoir", 6, 40, S.ACTIVE),
        ("mail", "Messagerie des apprentis", 3, 39, S.SUSPENDED),
    ),
    ("belfortcloud", "clinique-des-lilas"): (
        ("office", "Personnel soignant", 120, 41, S.ACTIVE),
        ("security", "Postes mobiles", 35, 20, S.ACTIVE),
        ("plan", "Azure plan", 1, 40, S.ACTIVE),
        ("azure", "Azure – dossiers", 1, 40, S.ACTIVE),
        ("reservation", "Serveurs d’imagerie", 2, 33, S.ACTIVE),
        ("savings", "Calcul de nuit", 1, 30, S.ACTIVE),
        ("perpetual", "Serveur d’archives", 1, 28, S.ACTIVE),
        ("mail", "Accueil et standard", 12, 41, S.ACTIVE),
        ("security", "Tablettes des étages", 20, 41, S.ACTIVE),
    ),
    ("belfortcloud", "ateliers-vauban"): (
        ("software", "Serveurs d’atelier", 4, 37, S.ACTIVE),
        ("legacy", "Azure – prototypes", 1, 2_400, S.ACTIVE),
        ("office", "Bureau d’études", 14, 36, S.EXPIRED),
        ("trial", "Essai de la direction", 5, 11, S.ACTIVE),
        ("shared", "Services partagés", 1, 30, S.ACTIVE),
    ),
    ("belfortcloud", "nordisk-travaru"): (
        ("office", "Kontoret", 22, 38, S.ACTIVE),
        ("plan", "Azure plan", 1, 35, S.ACTIVE),
        ("azure", "Azure – lager", 1, 35, S.ACTIVE),
    ),
    ("fjallvind", "nordisk-travaru"): (
        ("security", "Fältpersonal", 18, 30, S.ACTIVE),
        ("plan", "Azure plan", 1, 29, S.ACTIVE),
    ),
    ("fjallvind", "clinique-des-lilas"): (("plan", "Azure plan", 1, 20, S.ACTIVE),),
    ("sandbox.fjallvind", "beispiel"): (
        ("office", "Probe office", 10, 25, S.ACTIVE),
        ("mail", "Probe mail", 5, 24, S.ACTIVE),
        ("security", "Probe devices", 7, 21, S.ACTIVE),
    ),
    ("belfortcloud", "skargardens-rederi"): (("plan", "Azure plan", 1, 36, S.ACTIVE),),
    ("fjallvind", "skargardens-rederi"): (
        ("office", "Rederiet", 48, 40, S.ACTIVE),
        ("plan", "Azure plan", 1, 39, S.ACTIVE),
        ("azure", "Azure – biljetter", 1, 39, S.ACTIVE),
        ("mail", "Kajkontoret", 6, 39, S.ACTIVE),
        ("office", "Biljettluckan", 4, 39, S.ACTIVE),
    ),
    ("fjallvind", "moellers-fiskeri"): (
        ("mail", "Fleet mail", 9, 31, S.ACTIVE),
        ("security", "Fleet devices", 9, 31, S.ACTIVE),
        ("office", "Old office", 4, 33, S.DELETED),
    ),
    ("rheingold", "hanse-feinkost"): (
        ("office", "Feinkost office", 31, 36, S.ACTIVE),
        ("plan", "Azure plan", 1, 35, S.ACTIVE),
        ("azure", "Azure – shop", 1, 35, S.ACTIVE),
    ),
    ("rheingold", "knjigarna-roznik"): (("office", "Bookshop", 7, 29, S.DISABLED),),
    ("delta-distributie", "wittezwaan"): (
        ("office", "Brewery", 16, 37, S.ACTIVE),
        ("savings", "Compute for the web shop", 1, 22, S.ACTIVE),
    ),
    ("delta-distributie", "moellers-fiskeri"): (
        ("plan", "Azure plan", 1, 25, S.ACTIVE),
        ("azure", "Azure – catch log", 1, 25, S.ACTIVE),
    ),
    ("laurentide", "scierie-cote"): (("office", "Bureau de la scierie", 11, 33, S.ACTIVE),),
    ("potomac-federal", "tidewater-port"): (
        ("office", "Port authority", 260, 31, S.ACTIVE),
        ("plan", "Azure plan", 1, 30, S.ACTIVE),
        ("azure", "Azure Government", 1, 30, S.ACTIVE),
    ),
    ("sandbox.belfortcloud", "exemple-sarl"): (("office", "Essai", 1, 20, S.ACTIVE),),
}


def write_subscriptions(*, now: datetime.datetime) -> None:
    """Write all of it, billed to the partner and credited to its reseller where there is one."""
    numbers = dict(PartnerLocation.objects.filter(is_headquarters=True).values_list("partner_id", "partner_id_number"))
    for (partner, customer), rows in SUBSCRIPTIONS.items():
        relationship = (
            ResellerRelationship.objects.active()
            .select_related("partner")
            .get(partner__organization__domain=f"{partner}.example", customer_domain=f"{customer}.example")
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
    starts_on = started.date()
    currency = relationship.partner.currency
    price = round_money(Decimal(product.price) * PER_EURO[currency], currency) if product.price else None
    return Subscription(
        id=_id(relationship, name),
        customer_id=relationship.customer_id,
        billing_owner_id=relationship.partner_id,
        reseller_id=relationship.counterpart_id,
        partner_on_record=numbers[credited],
        product_family=product.family,
        product_name=product.name,
        friendly_name=name,
        quantity=quantity,
        unit_price=price,
        currency=currency if product.price else "",
        status=status,
        term=product.term,
        billing_frequency=product.frequency,
        auto_renew=product.term != Term.NONE and status == S.ACTIVE,
        is_trial=code == "trial",
        parent_id=_id(relationship, "Azure plan") if code in BELOW_A_PLAN else None,
        scope=ReservationScope.SHARED if product.family == F.RESERVATION else "",
        order_id=uuid.uuid5(relationship.customer_id, f"order {relationship.partner_id} {name}"),
        starts_on=starts_on,
        ends_on=_end_of_term(starts_on, product.term, now.date()),
        created_at=started,
    )


def _id(relationship: ResellerRelationship, name: str) -> uuid.UUID:
    return uuid.uuid5(relationship.customer_id, f"{relationship.partner_id} {name}")


def _end_of_term(starts_on: datetime.date, term: str, today: datetime.date) -> datetime.date | None:
    """Return the end of the term that runs today: a short one has been renewed meanwhile."""
    months = TERM_MONTHS.get(Term(term))
    if months is None:
        return None
    return next(end for n in count(1) if (end := add_months(starts_on, months * n)) > today)
