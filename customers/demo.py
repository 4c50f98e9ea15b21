"""The customers of the demo world: who is whose customer, what was asked and answered, signed, tagged and bought (P10).

Done by the functions that the pages call, in the order of time, so that logs, mails and Action Center tell it.
"""

import datetime
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from customers.demo_subscriptions import write_subscriptions
from customers.enums import TagChange
from customers.models import Customer, RelationshipInvitation, ResellerRelationship
from customers.workflow import agreements, customers, invitations, partnerships, relationships, tags
from customers.workflow.messages import default_message
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partnership
from portal.accounts.queries import make_actor
from portal.core.links import hash_token

Step = tuple[datetime.datetime, Callable[[datetime.datetime], object]]
BELFORT, FJALLVIND, RHEINGOLD, DELTA = "belfortcloud", "fjallvind", "rheingold", "delta-distributie"


@dataclass(frozen=True)
class Request:
    """A relationship request: by whom, to whom, when, and what became of it."""

    partner: str
    customer: str  # the domain of an organization of the demo world, or of one that nobody registered
    days_ago: float
    ending: str  # accepted, declined, revoked, expired, opened, sent, ready
    reseller: str = ""
    rights: bool = False
    label: str = ""

    def at(self, now: datetime.datetime, *, days_later: float = 0) -> datetime.datetime:
        return now - datetime.timedelta(days=self.days_ago - days_later)


REQUESTS = (
    Request(BELFORT, "boulangerie-marchetti", 44, "accepted", rights=True),
    Request(BELFORT, "clinique-des-lilas", 43.3, "accepted", rights=True),
    Request(BELFORT, "ateliers-vauban", 42.1, "accepted"),
    Request(BELFORT, "nordisk-travaru", 41.6, "accepted"),
    Request(BELFORT, "skargardens-rederi", 38.2, "accepted", rights=True),
    Request(FJALLVIND, "nordisk-travaru", 43.8, "accepted", rights=True),
    Request(FJALLVIND, "skargardens-rederi", 42.7, "accepted", rights=True),
    Request(FJALLVIND, "clinique-des-lilas", 21.4, "accepted"),
    Request(FJALLVIND, "moellers-fiskeri", 36.9, "accepted"),
    Request(RHEINGOLD, "hanse-feinkost", 40.2, "accepted", reseller="isarbrueck", rights=True),
    Request(RHEINGOLD, "knjigarna-roznik", 33.5, "accepted", reseller="alpenblick"),
    Request(DELTA, "wittezwaan", 39.4, "accepted", reseller="atelier-numerique", rights=True),
    Request(DELTA, "moellers-fiskeri", 28.3, "accepted", reseller="oresund-konsult"),
    Request("laurentide", "scierie-cote", 37.7, "accepted", rights=True),
    Request("potomac-federal", "tidewater-port", 35.2, "accepted", rights=True),
    Request("sandbox.belfortcloud", "exemple-sarl", 31.1, "accepted", rights=True),
    Request("sandbox.belfortcloud", "beispiel", 30.8, "accepted"),
    Request("sandbox.fjallvind", "beispiel", 30.2, "accepted"),
    Request(BELFORT, "fromagerie-blanchet", 40.5, "expired", label="Fromagerie Blanchet"),
    Request(BELFORT, "wittezwaan", 19.2, "declined"),
    Request(BELFORT, "garage-lemoine", 12.4, "revoked", label="Garage Lemoine"),
    Request(BELFORT, "aldeia-texteis", 6.3, "opened"),
    Request(BELFORT, "hanse-feinkost", 3.6, "sent", rights=True),
    Request(BELFORT, "librairie-sauvage", 1.2, "ready", label="Librairie Sauvage"),
    Request(FJALLVIND, "knjigarna-roznik", 15.7, "declined"),
    Request(FJALLVIND, "aldeia-texteis", 4.1, "sent"),
    Request(RHEINGOLD, "aldeia-texteis", 8.8, "revoked", reseller="isarbrueck"),
    Request(RHEINGOLD, "weingut-lindenhof", 5.5, "sent", reseller="alpenblick", label="Weingut Lindenhof"),
    Request(DELTA, "smakfabriken", 38.6, "expired", reseller="oresund-konsult", label="Smakfabriken AB"),
    Request(DELTA, "boulangerie-marchetti", 2.9, "opened", reseller="atelier-numerique", rights=True),
)
TAGS: dict[str, dict[str, tuple[str, ...]]] = {
    BELFORT: {"Prioritaire": ("boulangerie-marchetti", "clinique-des-lilas"), "Industrie": ("ateliers-vauban",)},
    FJALLVIND: {"Avtal 2026": ("nordisk-travaru", "skargardens-rederi"), "Kust": ("skargardens-rederi",)},
    RHEINGOLD: {"Food": ("hanse-feinkost",)},
}
# Attested once more, by the partner: another person of the customer. (partner, customer, first name, last name)
ATTESTED = (
    (BELFORT, "boulangerie-marchetti", "Ugo", "Marchetti"),
    (FJALLVIND, "moellers-fiskeri", "Kirsten", "Møller"),
)
TAKEN_BACK = ((FJALLVIND, "nordisk-travaru"),)  # administration rights, by the customer


def load(*, now: datetime.datetime) -> None:
    """Write the customers of the demo world and what happened with them. Dates are relative to ``now``."""
    customers_ids = Organization.objects.filter(kind=OrganizationKind.CUSTOMER).values_list("pk", flat=True)
    Customer.objects.bulk_create(Customer(organization_id=customer_id) for customer_id in customers_ids)
    for when, act in sorted(_steps(now), key=lambda step: step[0]):
        act(when)
    write_subscriptions(now=now)


def partners_of_customers() -> dict[uuid.UUID, list[uuid.UUID]]:
    """Return the partners of each customer, for the accounts that scripts read (setting DEMO_CUSTOMER_PARTNERS)."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    rows = ResellerRelationship.objects.active().order_by("created_at", "pk")
    for customer_id, partner_id in rows.values_list("customer_id", "partner_id"):
        found.setdefault(customer_id, []).append(partner_id)
    return found


def _steps(now: datetime.datetime) -> Iterator[Step]:
    for wanted in REQUESTS:
        tokens: list[str] = []  # the link's token, known from the first step on
        yield wanted.at(now), partial(_ask, wanted, tokens)
        yield from _answer(wanted, tokens, now)
    yield now - datetime.timedelta(days=12), lambda when: invitations.remind_invitations(now=when)
    for domain, words in TAGS.items():
        yield now - datetime.timedelta(days=17), partial(_tag, domain, words)
    for domain, customer, first_name, last_name in ATTESTED:
        yield now - datetime.timedelta(days=14), partial(_attest, domain, customer, first_name, last_name)
    for domain, customer in TAKEN_BACK:
        yield now - datetime.timedelta(days=9), partial(_take_back, domain, customer)
    yield now - datetime.timedelta(days=7), _note_bill_to
    yield now - datetime.timedelta(days=26), _ask_in_vain
    yield now - datetime.timedelta(days=2), partial(_ask_for_partnership, "alpenblick", DELTA)


def _answer(wanted: Request, tokens: list[str], now: datetime.datetime) -> Iterator[Step]:
    """What the customer, the partner or time did with a request that was sent."""
    if wanted.ending in {"accepted", "declined", "opened"}:
        yield wanted.at(now, days_later=0.2), lambda when: invitations.mark_opened(token_hash=_hash(tokens), now=when)
    if wanted.ending == "accepted":
        yield wanted.at(now, days_later=0.3), partial(_accept, wanted, tokens)
    elif wanted.ending == "declined":
        yield wanted.at(now, days_later=1.1), partial(_decline, wanted, tokens)
    elif wanted.ending == "opened":
        yield wanted.at(now, days_later=0.5), partial(_question, wanted, tokens)
    elif wanted.ending == "revoked":
        yield wanted.at(now, days_later=1.4), partial(_revoke, wanted)
    elif wanted.ending == "expired":
        yield wanted.at(now, days_later=30.1), lambda when: invitations.expire_invitations(now=when)


# --- who acts --------------------------------------------------------------------------------------------------------
def _id(name: str) -> uuid.UUID:
    return Organization.objects.get(domain=f"{name}.example").pk


def _agent(name: str, *roles: Role) -> Actor:
    """Return somebody of the organization with one of the roles, the first by address."""
    members = Membership.objects.active().filter(
        organization_id=_id(name), roles__overlap=[str(role) for role in roles]
    )
    member = members.select_related("user", "organization").order_by("user__email")[0]
    return make_actor(member, member.user)


def _seller(name: str) -> Actor:
    return _agent(name, Role.SALES_AGENT, Role.ADMIN_AGENT)


def _administrator(name: str) -> Actor:
    return _agent(name, Role.CUSTOMER_ADMIN)


def _hash(tokens: list[str]) -> str:
    return hash_token(tokens[0])


# --- what they do ----------------------------------------------------------------------------------------------------
def _ask_for_partnership(own: str, other: str, when: datetime.datetime) -> Partnership:
    actor = _agent(own, Role.GLOBAL_ADMIN)
    return partnerships.request_partnership(partner_id=_id(other), actor=actor, now=when)


def _ask_in_vain(when: datetime.datetime) -> None:
    """A provider asks a reseller of another one, which stays where it is."""
    asked = _ask_for_partnership(DELTA, "isarbrueck", when)
    partnerships.decline_partnership(
        partnership_id=asked.pk, actor=_agent("isarbrueck", Role.GLOBAL_ADMIN), now=when + datetime.timedelta(hours=5)
    )


def _ask(wanted: Request, tokens: list[str], when: datetime.datetime) -> None:
    """Create a request and, unless it waits for that, mail it."""
    own = Organization.objects.get(pk=_id(wanted.partner))
    reseller = Organization.objects.get(pk=_id(wanted.reseller)) if wanted.reseller else None
    customer = Organization.objects.filter(domain=f"{wanted.customer}.example").first()
    language = customer.language if customer else own.language
    subject, text = default_message(
        partner_name=own.name,
        reseller_name=reseller.name if reseller else "",
        include_admin_rights=wanted.rights,
        language=language,
    )
    address = _administrator(wanted.customer).email if customer else f"contact@{wanted.customer}.example"
    terms = invitations.RequestTerms(
        partner_id=own.pk,
        reseller_id=reseller.pk if reseller else None,
        cloud=own.cloud,
        include_admin_rights=wanted.rights,
        language=language,
        customer_label=wanted.label or (customer.name if customer else wanted.customer),
        expected_tenant_id=None,
        expected_domain=f"{wanted.customer}.example",
        recipient_email=address,
        message_subject=subject,
        message_text=text,
    )
    actor = _seller(wanted.partner)
    invitation, token = invitations.request_relationship(terms=terms, actor=actor, now=when)
    tokens.append(token)
    if wanted.ending != "ready":
        invitations.send_invitation(
            invitation_id=invitation.pk,
            link=invitations.invitation_link(invitation, token),
            message=invitations.Message(address, subject, text),
            actor=actor,
            now=when + datetime.timedelta(minutes=3),
        )


def _accept(wanted: Request, tokens: list[str], when: datetime.datetime) -> None:
    invitations.accept_invitation(token_hash=_hash(tokens), actor=_administrator(wanted.customer), now=when)


def _decline(wanted: Request, tokens: list[str], when: datetime.datetime) -> None:
    reason = "We stay with the partner that we have."
    actor = _administrator(wanted.customer)
    invitations.decline_invitation(token_hash=_hash(tokens), reason=reason, actor=actor, now=when)


def _question(wanted: Request, tokens: list[str], when: datetime.datetime) -> None:
    question = "Which of our subscriptions would move to you, and when?"
    actor = _administrator(wanted.customer)
    invitations.ask_question(token_hash=_hash(tokens), question=question, actor=actor, now=when)


def _revoke(wanted: Request, when: datetime.datetime) -> None:
    invitation = RelationshipInvitation.objects.get(
        partner_id=_id(wanted.partner), expected_domain=f"{wanted.customer}.example"
    )
    invitations.revoke_invitation(invitation_id=invitation.pk, actor=_seller(wanted.partner), now=when)


def _relationship(partner: str, customer: str) -> ResellerRelationship:
    return ResellerRelationship.objects.active().get(partner_id=_id(partner), customer_id=_id(customer))


def _tag(partner: str, words: dict[str, tuple[str, ...]], when: datetime.datetime) -> None:
    actor = _agent(partner, Role.ADMIN_AGENT)
    tags.create_tags(names=list(words), actor=actor, now=when)
    for word, named in words.items():
        chosen = [_id(customer) for customer in named]
        tags.assign_tags(customer_ids=chosen, names=[word], change=TagChange.ADD, actor=actor, now=when)


def _attest(partner: str, customer: str, first_name: str, last_name: str, when: datetime.datetime) -> None:
    email = f"office@{customer}.example"
    agreements.attest_agreement(
        relationship_id=_relationship(partner, customer).pk,
        attestation=agreements.Attestation(first_name, last_name, email, "", when.date()),
        actor=_seller(partner),
        now=when,
    )


def _take_back(partner: str, customer: str, when: datetime.datetime) -> None:
    relationships.take_back_admin_rights(
        relationship_id=_relationship(partner, customer).pk, actor=_administrator(customer), now=when
    )


def _note_bill_to(when: datetime.datetime) -> None:
    relationship = _relationship(BELFORT, "clinique-des-lilas")
    bill_to = customers.BillTo(
        bill_to_name="Clinique des Lilas, comptabilité",
        bill_to_address="77 avenue des Lilas\n54000 Nancy\nFrance",
        bill_to_first_name="Odile",
        bill_to_last_name="Fontaine",
        bill_to_email="factures@clinique-des-lilas.example",
    )
    customers.update_bill_to(relationship_id=relationship.pk, bill_to=bill_to, actor=_seller(BELFORT), now=when)
