"""The people of the demo world and what they are where. Data only; every name is invented."""

import unicodedata
import uuid
from dataclasses import dataclass

from portal.accounts.enums import Role
from portal.local.demo.organizations import NAMESPACE

LETTERS = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "’": "", "'": "", " ": "-"})


@dataclass(frozen=True)
class DemoPerson:
    """One person. The first place is the one the address belongs to.

    ``started_as``: the roles it had at the first place before somebody changed them, if anybody did.
    """

    name: str
    language: str
    places: tuple[tuple[str, tuple[Role, ...]], ...]
    started_as: tuple[Role, ...] = ()
    has_left: bool = False

    @property
    def email(self) -> str:
        first, _, last = self.name.partition(" ")
        return f"{_plain(first)}.{_plain(last)}@{self.places[0][0]}"

    @property
    def id(self) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, self.email)


def membership_id(person: DemoPerson, domain: str) -> uuid.UUID:
    """Return the id of a person's membership in an organization."""
    return uuid.uuid5(NAMESPACE, f"{person.email} {domain}")


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _at(domain: str, name: str, language: str, *roles: Role, **more: object) -> DemoPerson:
    return DemoPerson(name, language, ((f"{domain}.example", roles),), **more)  # type: ignore[arg-type]


GLOBAL, ACCOUNT, USERS, BILLING = (
    Role.GLOBAL_ADMIN,
    Role.ACCOUNT_ADMIN,
    Role.USER_MANAGEMENT_ADMIN,
    Role.BILLING_ADMIN,
)
ADMIN, SALES, HELPDESK = Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT

PEOPLE = (
    # Belfort Cloud: one person for every role a direct bill partner has, and one with two of them.
    DemoPerson(
        "Hélène Marchand",
        "fr",
        (("belfortcloud.example", (GLOBAL,)), ("sandbox.belfortcloud.example", (GLOBAL,))),
    ),
    _at("belfortcloud", "Karim Benali", "fr", ACCOUNT),
    _at("belfortcloud", "Sophie Nguyen", "fr", USERS),
    _at("belfortcloud", "Thierry Okafor", "en", BILLING),
    DemoPerson(
        "Camille Rousseau",
        "fr",
        (("belfortcloud.example", (ADMIN,)), ("sandbox.belfortcloud.example", (ADMIN,))),
        started_as=(HELPDESK,),
    ),
    _at("belfortcloud", "Lucas Ferreira", "en", SALES),
    _at("belfortcloud", "Maëlle Le Goff", "fr", HELPDESK),
    _at("belfortcloud", "Yasmine Haddad", "fr", ADMIN, BILLING, started_as=(ADMIN,)),
    _at("belfortcloud", "Victor Petit", "fr", SALES, has_left=True),
    # Fjällvind Data AB
    DemoPerson("Astrid Lindqvist", "sv", (("fjallvind.example", (GLOBAL,)), ("sandbox.fjallvind.example", (GLOBAL,)))),
    _at("fjallvind", "Björn Sandberg", "sv", ACCOUNT),
    _at("fjallvind", "Amina Yusuf", "sv", BILLING, started_as=(BILLING, SALES)),
    DemoPerson("Erik Nyström", "sv", (("fjallvind.example", (ADMIN,)), ("sandbox.fjallvind.example", (ADMIN,)))),
    _at("fjallvind", "Linnea Åkesson", "sv", SALES),
    _at("fjallvind", "Mehmet Kaya", "en", HELPDESK),
    DemoPerson(
        "Ingrid Solberg",
        "en",
        (("fjallvind.example", (ADMIN,)), ("oresund-konsult.example", (BILLING, HELPDESK))),
    ),
    _at("fjallvind", "Nils Ekdahl", "sv", SALES, has_left=True),
    # Rheingold Distribution GmbH
    DemoPerson("Greta Hoffmann", "en", (("rheingold.example", (GLOBAL,)), ("sandbox.rheingold.example", (GLOBAL,)))),
    _at("rheingold", "Tomasz Kowalski", "en", ACCOUNT),
    _at("rheingold", "Priya Raman", "en", BILLING),
    DemoPerson("Jonas Weber", "en", (("rheingold.example", (ADMIN,)), ("sandbox.rheingold.example", (ADMIN,)))),
    _at("rheingold", "Fatou Diallo", "fr", SALES, started_as=(HELPDESK,)),
    _at("rheingold", "Helena Novák", "en", HELPDESK),
    # Delta Distributie B.V.
    _at("delta-distributie", "Sanne de Vries", "en", GLOBAL),
    _at("delta-distributie", "Daan Bakker", "en", ACCOUNT),
    _at("delta-distributie", "Mei Lin", "en", BILLING),
    _at("delta-distributie", "Ruben Visser", "en", ADMIN, started_as=(SALES,)),
    _at("delta-distributie", "Ngozi Eze", "en", SALES),
    # Resellers
    _at("isarbrueck", "Katharina Brandl", "en", GLOBAL, ACCOUNT),
    _at("isarbrueck", "Luis Ortega", "en", ADMIN),
    _at("alpenblick", "Reto Zürcher", "en", GLOBAL),
    _at("alpenblick", "Elif Demir", "en", ADMIN),
    _at("oresund-konsult", "Karin Holm", "sv", GLOBAL),
    _at("oresund-konsult", "Omar Said", "sv", ADMIN),
    _at("atelier-numerique", "Benoît Lambert", "fr", GLOBAL),
    _at("atelier-numerique", "Chiara Rossi", "fr", ADMIN),
    # Other markets and clouds
    _at("laurentide", "Geneviève Tremblay", "fr", GLOBAL),
    _at("laurentide", "Antoine Gagnon", "fr", ADMIN),
    _at("laurentide", "Aisha Khan", "en", SALES, ACCOUNT),
    _at("potomac-federal", "Denise Walker", "en", GLOBAL),
    _at("potomac-federal", "Marcus Lee", "en", ADMIN),
    _at("potomac-federal", "Rosa Jiménez", "en", BILLING),
    _at("costaverde", "Inês Carvalho", "en", GLOBAL),
    _at("costaverde", "Tiago Moreira", "en", ADMIN),
    # Customers
    _at("boulangerie-marchetti", "Paola Marchetti", "fr", Role.CUSTOMER_ADMIN),
    _at("clinique-des-lilas", "Samir Cohen", "fr", Role.CUSTOMER_ADMIN),
    _at("clinique-des-lilas", "Odile Fontaine", "fr", Role.CUSTOMER_ADMIN),
    _at("ateliers-vauban", "Gaspard Vidal", "fr", Role.CUSTOMER_ADMIN),
    _at("nordisk-travaru", "Gunnar Hedlund", "sv", Role.CUSTOMER_ADMIN),
    _at("skargardens-rederi", "Maja Strandberg", "sv", Role.CUSTOMER_ADMIN),
    _at("moellers-fiskeri", "Søren Møller", "en", Role.CUSTOMER_ADMIN),
    _at("hanse-feinkost", "Anke Petersen", "en", Role.CUSTOMER_ADMIN),
    _at("wittezwaan", "Bram van Dijk", "en", Role.CUSTOMER_ADMIN),
    _at("aldeia-texteis", "Beatriz Pinto", "en", Role.CUSTOMER_ADMIN),
    _at("knjigarna-roznik", "Luka Zupan", "en", Role.CUSTOMER_ADMIN),
    _at("scierie-cote", "Mathieu Côté", "fr", Role.CUSTOMER_ADMIN),
    _at("tidewater-port", "Angela Brooks", "en", Role.CUSTOMER_ADMIN),
    _at("exemple-sarl", "Alex Exemple", "fr", Role.CUSTOMER_ADMIN),
    _at("beispiel", "Kim Beispiel", "en", Role.CUSTOMER_ADMIN),
    # Publishers and the programme operator
    _at("signature-azur", "Chloé Bertrand", "fr", Role.PUBLISHER_ADMIN),
    _at("tidvatten", "Oskar Björk", "sv", Role.PUBLISHER_ADMIN),
    _at("tidvatten", "Leila Rahimi", "en", Role.PUBLISHER_ADMIN),
    _at("programme", "Willem Janssen", "en", Role.OPERATOR_ADMIN),
)
