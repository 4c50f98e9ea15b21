"""The organizations of the demo world. Data only; the ids follow from the domains and never change."""

import uuid
from dataclasses import dataclass

from portal.accounts.enums import Cloud, OrganizationKind

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.portal.example")

DIRECT, PROVIDER, RESELLER = (
    OrganizationKind.DIRECT_BILL,
    OrganizationKind.INDIRECT_PROVIDER,
    OrganizationKind.INDIRECT_RESELLER,
)
CUSTOMER, PUBLISHER, OPERATOR = OrganizationKind.CUSTOMER, OrganizationKind.PUBLISHER, OrganizationKind.OPERATOR


@dataclass(frozen=True)
class Place:
    """A location of a partner: its PartnerID, its name and its country."""

    number: str
    name: str
    country: str


@dataclass(frozen=True)
class DemoOrganization:
    """One organization. What only partners have is empty for the others."""

    kind: OrganizationKind
    name: str
    domain: str
    country: str
    language: str
    address: str
    phone: str = ""
    cloud: Cloud = Cloud.PUBLIC
    is_sandbox: bool = False
    market: str = ""
    currency: str = ""
    places: tuple[Place, ...] = ()  # the first is the headquarters
    agreement_signed: bool = True
    provider: str = ""  # a reseller's provider, by domain

    @property
    def id(self) -> uuid.UUID:
        return organization_id(self.domain)


def organization_id(domain: str) -> uuid.UUID:
    """Return the Microsoft ID of a demo organization; the loaders of other apps find it by the domain."""
    return uuid.uuid5(NAMESPACE, domain)


PARTNERS = (
    DemoOrganization(
        kind=DIRECT,
        name="Belfort Cloud",
        domain="belfortcloud.example",
        country="FR",
        language="fr",
        address="12 quai Vallière\n90000 Belfort",
        phone="+33 3 70 55 01 40",
        market="europe",
        currency="EUR",
        places=(Place("4011201", "Belfort", "FR"), Place("4011202", "Bruxelles", "BE")),
    ),
    DemoOrganization(
        kind=DIRECT,
        name="Fjällvind Data AB",
        domain="fjallvind.example",
        country="SE",
        language="sv",
        address="Färjemansgatan 4\n831 30 Östersund",
        phone="+46 63 555 01 20",
        market="europe",
        currency="SEK",
        places=(Place("4022301", "Östersund", "SE"), Place("4022302", "Trondheim", "NO")),
    ),
    DemoOrganization(
        kind=PROVIDER,
        name="Rheingold Distribution GmbH",
        domain="rheingold.example",
        country="DE",
        language="en",
        address="Hafenstraße 88\n50679 Köln",
        phone="+49 221 5550 160",
        market="europe",
        currency="EUR",
        places=(Place("4033401", "Köln", "DE"), Place("4033402", "Zürich", "CH")),
    ),
    DemoOrganization(
        kind=PROVIDER,
        name="Delta Distributie B.V.",
        domain="delta-distributie.example",
        country="NL",
        language="en",
        address="Maasboulevard 7\n3311 JC Dordrecht",
        phone="+31 78 555 0110",
        market="europe",
        currency="EUR",
        places=(Place("4044501", "Dordrecht", "NL"),),
    ),
    DemoOrganization(
        kind=RESELLER,
        name="Isarbrück Systems GmbH",
        domain="isarbrueck.example",
        country="DE",
        language="en",
        address="Brückenweg 3\n80331 München",
        market="europe",
        currency="EUR",
        places=(Place("4055601", "München", "DE"),),
        provider="rheingold.example",
    ),
    DemoOrganization(
        kind=RESELLER,
        name="Alpenblick Informatik AG",
        domain="alpenblick.example",
        country="CH",
        language="en",
        address="Seestrasse 21\n3600 Thun",
        market="europe",
        currency="CHF",
        places=(Place("4055701", "Thun", "CH"),),
        provider="rheingold.example",
    ),
    DemoOrganization(
        kind=RESELLER,
        name="Öresund Konsult AB",
        domain="oresund-konsult.example",
        country="SE",
        language="sv",
        address="Norra Kajen 15\n211 20 Malmö",
        market="europe",
        currency="SEK",
        places=(Place("4055801", "Malmö", "SE"),),
        provider="delta-distributie.example",
    ),
    DemoOrganization(
        kind=RESELLER,
        name="Atelier Numérique SRL",
        domain="atelier-numerique.example",
        country="BE",
        language="fr",
        address="Rue des Échasseurs 9\n5000 Namur",
        market="europe",
        currency="EUR",
        places=(Place("4055901", "Namur", "BE"),),
        provider="delta-distributie.example",
    ),
    DemoOrganization(
        kind=DIRECT,
        name="Laurentide Cloud Inc.",
        domain="laurentide.example",
        country="CA",
        language="fr",
        address="250, rue du Parvis\nQuébec (Québec) G1K 0A1",
        phone="+1 418 555 0132",
        market="canada",
        currency="CAD",
        places=(Place("4066001", "Québec", "CA"),),
    ),
    DemoOrganization(
        kind=DIRECT,
        name="Potomac Federal Systems LLC",
        domain="potomac-federal.example",
        country="US",
        language="en",
        address="1400 Wharf Street SW\nWashington, DC 20024",
        phone="+1 202 555 0171",
        cloud=Cloud.US_GOVERNMENT,
        market="united_states",
        currency="USD",
        places=(Place("4077101", "Washington", "US"),),
    ),
    DemoOrganization(
        kind=DIRECT,
        name="Costa Verde Cloud, Lda.",
        domain="costaverde.example",
        country="PT",
        language="en",
        address="Rua das Marés 31\n4450-300 Matosinhos",
        market="europe",
        currency="EUR",
        places=(Place("4088201", "Matosinhos", "PT"),),
        agreement_signed=False,
    ),
    DemoOrganization(
        kind=DIRECT,
        name="Belfort Cloud (sandbox)",
        domain="sandbox.belfortcloud.example",
        country="FR",
        language="fr",
        address="12 quai Vallière\n90000 Belfort",
        is_sandbox=True,
        market="europe",
        currency="EUR",
        places=(Place("4099301", "Belfort", "FR"),),
    ),
    DemoOrganization(
        kind=DIRECT,
        name="Fjällvind Data (sandbox)",
        domain="sandbox.fjallvind.example",
        country="SE",
        language="sv",
        address="Färjemansgatan 4\n831 30 Östersund",
        is_sandbox=True,
        market="europe",
        currency="SEK",
        places=(Place("4099501", "Östersund", "SE"),),
    ),
    DemoOrganization(
        kind=PROVIDER,
        name="Rheingold Distribution (sandbox)",
        domain="sandbox.rheingold.example",
        country="DE",
        language="en",
        address="Hafenstraße 88\n50679 Köln",
        is_sandbox=True,
        market="europe",
        currency="EUR",
        places=(Place("4099401", "Köln", "DE"),),
    ),
)


def _customer(name: str, domain: str, country: str, language: str, address: str, **more: object) -> DemoOrganization:
    return DemoOrganization(CUSTOMER, name, domain, country, language, address, **more)  # type: ignore[arg-type]


CUSTOMERS = (
    _customer("Boulangerie Marchetti", "boulangerie-marchetti.example", "FR", "fr", "4 rue du Four\n69005 Lyon"),
    _customer("Clinique des Lilas", "clinique-des-lilas.example", "FR", "fr", "77 avenue des Lilas\n54000 Nancy"),
    _customer("Ateliers Vauban", "ateliers-vauban.example", "FR", "fr", "2 rue des Forges\n25000 Besançon"),
    _customer("Nordisk Trävaru AB", "nordisk-travaru.example", "SE", "sv", "Sågvägen 12\n872 30 Kramfors"),
    _customer("Skärgårdens Rederi AB", "skargardens-rederi.example", "SE", "sv", "Hamnplan 1\n185 31 Vaxholm"),
    _customer("Møllers Fiskeri A/S", "moellers-fiskeri.example", "DK", "en", "Havnegade 40\n9900 Frederikshavn"),
    _customer("Hanse Feinkost GmbH", "hanse-feinkost.example", "DE", "en", "Speicherstraße 5\n23552 Lübeck"),
    _customer("Brouwerij De Witte Zwaan", "wittezwaan.example", "NL", "en", "Zwanenkade 18\n2312 Leiden"),
    _customer("Aldeia Têxteis, S.A.", "aldeia-texteis.example", "PT", "en", "Rua do Tear 6\n4800-001 Guimarães"),
    _customer("Knjigarna Rožnik d.o.o.", "knjigarna-roznik.example", "SI", "en", "Rožna dolina 9\n1000 Ljubljana"),
    _customer(
        "Scierie Côté et Fils", "scierie-cote.example", "CA", "fr", "88, chemin du Lac\nSaguenay (Québec) G7H 1A1"
    ),
    _customer(
        "Tidewater Port Authority",
        "tidewater-port.example",
        "US",
        "en",
        "1 Harbor Plaza\nNorfolk, VA 23510",
        cloud=Cloud.US_GOVERNMENT,
    ),
    _customer(
        "Exemple SARL (sandbox)", "exemple-sarl.example", "FR", "fr", "1 rue de l’Essai\n75011 Paris", is_sandbox=True
    ),
    _customer("Beispiel GmbH (sandbox)", "beispiel.example", "DE", "en", "Testweg 1\n10115 Berlin", is_sandbox=True),
)

PUBLISHERS = (
    DemoOrganization(
        PUBLISHER, "Signature Azur", "signature-azur.example", "FR", "fr", "30 promenade du Port\n06300 Nice"
    ),
    DemoOrganization(
        PUBLISHER, "Tidvatten Analytics AB", "tidvatten.example", "SE", "sv", "Lotsgatan 3\n414 58 Göteborg"
    ),
)

PROGRAMME = DemoOrganization(
    OPERATOR, "Partner Programme Office", "programme.example", "NL", "en", "Bankaplein 2\n2585 EV Den Haag"
)

ORGANIZATIONS = (*PARTNERS, *CUSTOMERS, *PUBLISHERS, PROGRAMME)
