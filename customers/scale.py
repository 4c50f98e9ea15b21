"""A large world for trials: customers by the million, made by the database itself (R12, quality row 30).

Everything follows from the seed and the number of the customer, so a second run adds nothing and a larger one adds what
is missing. Only ``manage.py load_scale`` calls this; the portal's own ways into the customer list are in ``workflow``.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from customers.enums import CustomerEvent
from customers.markets import MARKETS
from customers.models import ResellerRelationship, Tag
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner, PartnerLocation
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.fields import name_key

BATCH = 25_000
LATEST = datetime.datetime(2026, 6, 30, tzinfo=datetime.UTC)  # nothing of this world is younger
MOST_EVENTS = 1_000


def _words(text: str) -> list[str]:
    return text.split()


STEMS = _words("""
Åkerström Adler Almeida Alpina Andersson Arctic Aurora Bäcker Baltic Beaumont Bellini Bergmann Bianchi Blanc
Blume Bonnet Borealis Brandt Brava Castell Cedar Chevalier Clark Contoso Córdoba Cristal Da-Silva Delacroix Delta Dubois
Dvořák Eckert Edelweiss Élan Emerald Engström Eriksen Fabrikam Falcon Ferrari Fjord Fontaine Forsberg Fournier Gärtner
Garnier Giordano Graphic Greco Grönlund Gustafsson Hansen Harbour Hartmann Helvetia Hofmann Horizon Hotel Iberia
Iglesias Ivory Jansen Jäger Johansson Kaiser Karlsson Keller Kowalski Krüger Lagerqvist Lambert Larsen Leclerc
Lindqvist Łukasz
Lumière Magnus Marchetti Martín Meridian Meyer Moreau Müller Navarro Nielsen Nordlys Northwind Novák Núñez Olsen Orchid
Østergaard Palmer Papadopoulos Petit Phoenix Piñero Polaris Proseware Quantum Ravn Renard Ribeiro Rivera Rossi Rousseau
Sämann Santos Schäfer Schmidt Schneider Silva Söderberg Sørensen Solaris Stella Svensson Tailspin Terra Toscana Trey
Urban Vanguard Vasquez Verde Vidal Vogel Wagner Weber Wingtip Winter Woodgrove Zenith Žižek Zimmermann
""")
TRADES = _words("""
Architects Bakery Biotech Bicycles Brewery Café Capital Ceramics Chemicals Clinic Coffee Construction
Consulting Dental Design Dynamics Electric Energy Engineering Farms Films Fisheries Foods Foundation Furniture Garden
Glass Health Heating Import Insurance Kitchens Labs Law Logistics Marine Mechanics Media Metals Motors Museum Optics
Orchards Pharma Plastics Press Printing Properties Robotics Roofing School Security Shipping Software Solar Sports Steel
Studio Textiles Timber Tools Toys Transport Travel Vineyards Water Wind Works
""")
PLACES = _words("""
Aalborg Antwerp Barcelona Basel Bergen Berlin Bern Bilbao Bologna Bordeaux Brno Brussels Budapest Cádiz Cologne
Copenhagen Dresden Dublin Florence Gdańsk Geneva Genoa Ghent Göteborg Graz Hamburg Helsinki Kraków Leipzig Lille Linz
Lisbon Ljubljana London Lyon Madrid Málaga Malmö Marseille Milan Munich Nantes Naples Nice Oslo Paris Porto Prague Riga
Rome Rotterdam Sevilla Sofia Stockholm Strasbourg Tallinn Toulouse Turin Utrecht Valencia Venice Vienna Vilnius Warsaw
Zagreb Zürich
""")
FORMS = ["AB", "AG", "AS", "BV", "GmbH", "Group", "Kft", "Lda", "Ltd", "Oy", "SA", "SAS", "SRL", "SpA", "e.V."]
# Word and how many of ten thousand customers have it.
TAGS = {"Managed": 3000, "Renewal 2027": 1000, "Education": 400, "VIP": 100, "At risk": 10, "Legal hold": 1}


@dataclass
class Made:
    """How many rows of each kind were new."""

    customers: int = 0
    relationships: int = 0
    agreements: int = 0
    subscriptions: int = 0
    events: int = 0

    def add(self, other: "Made") -> None:
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name) + getattr(other, column.name))


def partner_of_the_world() -> Partner:
    """Return the first direct bill partner, or make one where there is none."""
    partners = Partner.objects.filter(organization__kind=OrganizationKind.DIRECT_BILL, organization__is_sandbox=False)
    partner = partners.select_related("organization").order_by("organization__created_at", "pk").first()
    if partner is not None:
        return partner
    organization = Organization.objects.create(
        kind=OrganizationKind.DIRECT_BILL,
        name="Northwind Cloud",
        domain="northwind-cloud.example",
        country="SE",
        created_at=LATEST,
    )
    partner = Partner.objects.create(organization=organization, market="europe", currency="SEK")
    PartnerLocation.objects.create(
        partner=partner, partner_id_number="4900001", name="Headquarters", country="SE", is_headquarters=True
    )
    return partner


def load(*, partner: Partner, customers: int, seed: int) -> Iterator[tuple[int, Made]]:
    """Make what is missing of the world, a transaction per batch; yields how far it is and what the batch made."""
    _make_tags(partner)
    for first in range(1, customers + 1, BATCH):
        last = min(first + BATCH - 1, customers)
        yield last, _load_batch(partner, first, last, seed)
    yield customers, Made(events=_record_events(partner, customers, seed))
    _analyze()


def _make_tags(partner: Partner) -> None:
    known = set(partner.tags.values_list("name", flat=True))
    Tag.objects.bulk_create(Tag(partner=partner, name=name, created_at=LATEST) for name in TAGS if name not in known)


@transaction.atomic
def _load_batch(partner: Partner, first: int, last: int, seed: int) -> Made:
    """Make the customers with the numbers from ``first`` to ``last``, and what belongs to them."""
    with connection.cursor() as cursor:
        cursor.execute(_BATCH_SQL, _parameters(partner, first, last, seed))
        made = {}
        for name, sql in _INSERTS.items():
            cursor.execute(sql, {"partner": partner.pk, "seed": seed, "latest": LATEST})
            made[name] = cursor.rowcount
        cursor.execute("DROP TABLE batch")
    return Made(
        customers=made["customers"],
        relationships=made["relationships"],
        agreements=made["agreements"],
        subscriptions=made["subscriptions"],
    )


def _parameters(partner: Partner, first: int, last: int, seed: int) -> dict[str, Any]:
    home = partner.organization.country
    countries = sorted(MARKETS[partner.market][2].split(), key=lambda code: (code != home, code))
    words = {"stem": STEMS, "trade": TRADES, "place": PLACES, "form": FORMS}
    return {
        "first": first,
        "last": last,
        "seed": seed,
        "latest": LATEST,
        "countries": countries,
        "tags": list(TAGS),
        "shares": list(TAGS.values()),
        "sandbox": partner.organization.is_sandbox,
        **{f"{kind}s": values for kind, values in words.items()},
        **{f"{kind}_keys": [name_key(value) for value in values] for kind, values in words.items()},
        **{f"{kind}_slugs": [_slug(value) for value in words[kind]] for kind in ("stem", "trade")},
    }


def _slug(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name_key(word))


@transaction.atomic  # one, so that the sealer is called once
def _record_events(partner: Partner, customers: int, seed: int) -> int:
    """Write the log entry of the customers that came last, unless an earlier run did; returns how many."""
    newest = ResellerRelationship.objects.filter(partner=partner).order_by("-created_at", "-pk")
    recorded = 0
    for relationship in newest[: min(MOST_EVENTS, customers // 20 + 1)]:
        if _is_logged(relationship.customer_id):
            continue
        log.record(
            event_type=CustomerEvent.CUSTOMER_ADDED,
            organization_ids=[partner.pk, relationship.customer_id],
            subject_type="customer",
            subject_id=relationship.customer_id,
            subject_name=relationship.customer_name,
            actor=None,
            occurred_at=relationship.created_at,
            customer_id=relationship.customer_id,
            customer_name=relationship.customer_name,
            details={"made by": "load_scale", "seed": seed},
        )
        recorded += 1
    return recorded


def _is_logged(customer_id: UUID) -> bool:
    return AuditEvent.objects.filter(subject_type="customer", subject_id=str(customer_id)).exists()


def _analyze() -> None:
    """Let the planner know what came; autovacuum would get there only after minutes."""
    statement = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
    with connection.cursor() as cursor:
        for table in ("accounts_organization", "customers_resellerrelationship", "customers_subscription"):
            cursor.execute(f"{statement} {table}")


# --- the statements -------------------------------------------------------------------------------------------------
# dice(n, k): number k of customer n, spread evenly over the positive bigints and always the same for a seed.
_BATCH_SQL = """
CREATE TEMP TABLE batch AS
WITH numbers AS (
    SELECT
        n,
        (hashint8extended(n, %(seed)s * 64 + 1) & 9223372036854775807) AS d1,
        (hashint8extended(n, %(seed)s * 64 + 2) & 9223372036854775807) AS d2,
        (hashint8extended(n, %(seed)s * 64 + 3) & 9223372036854775807) AS d3,
        (hashint8extended(n, %(seed)s * 64 + 4) & 9223372036854775807) AS d4,
        (hashint8extended(n, %(seed)s * 64 + 5) & 9223372036854775807) AS d5,
        (hashint8extended(n, %(seed)s * 64 + 6) & 9223372036854775807) AS d6,
        (hashint8extended(n, %(seed)s * 64 + 7) & 9223372036854775807) AS d7
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
),
chosen AS (
    SELECT
        *,
        1 + d1 %% cardinality(%(stems)s::text[]) AS s,
        1 + d2 %% cardinality(%(trades)s::text[]) AS t,
        1 + d3 %% cardinality(%(places)s::text[]) AS p,
        1 + d4 %% cardinality(%(forms)s::text[]) AS f,
        -- the cube makes the first countries of the list the most frequent ones
        1 + floor(power((d5 %% 1000000) / 1000000.0, 3) * cardinality(%(countries)s::text[])) AS c
    FROM numbers
)
SELECT
    n,
    md5('customer ' || %(seed)s || ' ' || n)::uuid AS id,
    concat_ws(' ', (%(stems)s::text[])[s], (%(trades)s::text[])[t], (%(places)s::text[])[p], (%(forms)s::text[])[f])
        AS name,
    concat_ws(
        ' ', (%(stem_keys)s::text[])[s], (%(trade_keys)s::text[])[t], (%(place_keys)s::text[])[p],
        (%(form_keys)s::text[])[f]
    ) AS name_key,
    (%(stem_slugs)s::text[])[s] || (%(trade_slugs)s::text[])[t] || '-' || %(seed)s || '-' || n || '.example' AS domain,
    (%(countries)s::text[])[c] AS country,
    %(sandbox)s::boolean AS is_sandbox,
    d5 %% 100 < 70 AS has_admin_rights,
    d6 %% 100 < 92 AS has_agreement,
    ARRAY(
        SELECT tag FROM unnest(%(tags)s::text[], %(shares)s::int[]) AS known (tag, share)
        WHERE (hashint8extended(n, hashtext(tag)) & 9223372036854775807) %% 10000 < share
        ORDER BY tag
    ) AS tags,
    %(latest)s::timestamptz - (d7 %% 157680000) * interval '1 second' AS created_at,
    1 + d1 %% 3 AS subscriptions,
    d2 AS dice
FROM chosen
"""

_INSERTS = {
    "organizations": """
        INSERT INTO accounts_organization (
            id, kind, name, name_key, domain, country, cloud, language, contact_email, contact_phone, address,
            is_sandbox, created_at
        )
        SELECT id, 'customer', name, name_key, domain, country, 'public', 'en', 'office@' || domain, '', '',
            is_sandbox, created_at
        FROM batch
        ON CONFLICT DO NOTHING
    """,
    "customers": """
        INSERT INTO customers_customer (organization_id, registration_number, qualification)
        SELECT id, '', CASE WHEN 'Education' = ANY (tags) THEN 'education' ELSE 'none' END FROM batch
        ON CONFLICT DO NOTHING
    """,
    "relationships": """
        INSERT INTO customers_resellerrelationship (
            id, partner_id, customer_id, kind, status, has_admin_rights, has_agreement, tags, customer_name,
            customer_name_key, customer_domain, customer_country, created_at
        )
        SELECT md5('relationship ' || id)::uuid, %(partner)s, id, 'direct', 'active', has_admin_rights, has_agreement,
            tags, name, name_key, domain, country, created_at
        FROM batch
        ON CONFLICT DO NOTHING
    """,
    "agreements": """
        INSERT INTO customers_customeragreement (
            id, partner_id, customer_id, version, language, country, method, first_name, last_name, email, phone,
            agreed_on, recorded_by_name, created_at
        )
        SELECT md5('agreement ' || id)::uuid, %(partner)s, id, '2026-01', 'en', country, 'attested', 'Office',
            'Manager', 'office@' || domain, '', created_at::date, 'load_scale', created_at
        FROM batch
        WHERE has_agreement
        ON CONFLICT DO NOTHING
    """,
    "subscriptions": """
        WITH products (place, family, name, term, frequency) AS (
            VALUES
                (0, 'license_based', 'Microsoft 365 Business Standard', 'P1Y', 'monthly'),
                (1, 'license_based', 'Microsoft 365 Business Premium', 'P1Y', 'annual'),
                (2, 'license_based', 'Microsoft 365 E3', 'P3Y', 'annual'),
                (3, 'license_based', 'Exchange Online (Plan 1)', 'P1M', 'monthly'),
                (4, 'azure_plan', 'Azure plan', 'none', 'usage'),
                (5, 'reservation', 'Reserved VM instance', 'P3Y', 'upfront'),
                (6, 'software', 'Windows Server 2025', 'P1Y', 'annual'),
                (7, 'third_party', 'Tailspin Backup', 'P1M', 'monthly'),
                (8, 'third_party', 'Woodgrove Signatures', 'P1Y', 'annual')
        ),
        wanted AS (
            SELECT batch.*, k, (hashint8extended(dice, k) & 9223372036854775807) AS roll
            FROM batch, generate_series(1, batch.subscriptions) AS k
        )
        INSERT INTO customers_subscription (
            id, customer_id, billing_owner_id, partner_on_record, product_family, product_name, friendly_name, quantity,
            status, term, billing_frequency, auto_renew, starts_on, ends_on, created_at
        )
        SELECT
            md5('subscription ' || wanted.id || k)::uuid, wanted.id, %(partner)s, '', family, products.name,
            products.name, CASE WHEN family = 'license_based' THEN 1 + (roll / 7) %% 250 ELSE 1 END,
            CASE
                WHEN roll %% 100 < 88 THEN 'active'
                WHEN roll %% 100 < 92 THEN 'suspended'
                WHEN roll %% 100 < 96 THEN 'expired'
                WHEN family = 'third_party' THEN 'pending'
                ELSE 'deleted'
            END,
            term, frequency, term <> 'none' AND roll %% 100 < 88, started,
            CASE term
                WHEN 'P1M' THEN started + 30 WHEN 'P1Y' THEN started + 365 WHEN 'P3Y' THEN started + 1095
            END,
            wanted.created_at
        FROM wanted
        JOIN products ON products.place = (roll / 100) %% 9
        CROSS JOIN LATERAL (SELECT (%(latest)s::date - (roll / 1000 %% 25)::int) AS started) AS dates
        ON CONFLICT DO NOTHING
    """,
}
