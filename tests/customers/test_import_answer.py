"""A customer that an import brought along: its first person comes in by a relationship request (decision 0021)."""

import datetime
import uuid

import pytest

from customers import rules
from customers.models import Customer, MailboxProof, RelationshipInvitation, ResellerRelationship
from customers.workflow import invitations, registration
from portal.accounts.enums import Cloud, Role
from portal.accounts.models import Organization
from portal.accounts.queries import make_actor as actor_of
from portal.core import invariants
from portal.core.errors import InvalidInput
from portal.core.links import hash_token
from tests.customers.imports import customers, imported
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
BAKERY = uuid.UUID(int=0xBA)
LATER = NOON + datetime.timedelta(hours=1)


@pytest.fixture
def agent():
    actor = make_actor()
    imported(actor, customers((BAKERY, "Bakery Dupont", "dupont.example", "", "VIP")))
    return actor


def ask(agent, **changes):
    values = {
        "partner_id": agent.organization_id,
        "reseller_id": None,
        "cloud": Cloud.PUBLIC,
        "include_admin_rights": True,
        "language": "fr",
        "customer_label": "Bakery",
        "expected_tenant_id": BAKERY,
        "expected_domain": "",
        "recipient_email": "marie@dupont.example",
        "message_subject": "Your partner",
        "message_text": "[[link]]",
    }
    terms = invitations.RequestTerms(**values | changes)
    return invitations.request_relationship(terms=terms, actor=agent, now=LATER)


def register(invitation: RelationshipInvitation, token: str, *, email: str = "marie@dupont.example", **changes):
    proof = MailboxProof.objects.create(
        invitation=invitation,
        email=email,
        code_hash="x",
        created_at=LATER,
        proven_at=LATER,
        expires_at=LATER + datetime.timedelta(minutes=15),
    )
    values = {
        "organization_name": "Boulangerie Dupont",
        "domain": "dupont.example",
        "country": "BE",
        "registration_number": "42",
        "phone": "",
        "address": "Rue du Four",
        "person_name": "Marie",
        "password": "correct horse battery staple",
    }
    return registration.register_customer(
        token_hash=hash_token(token),
        proof_id=proof.pk,
        registration=registration.Registration(**values | changes),
        now=LATER,
    )


def test_the_customer_answers_takes_its_tenant_signs_and_grants(agent):
    invitation, token = ask(agent)
    user, organization = register(invitation, token)
    assert organization.pk == BAKERY
    assert (organization.name, organization.country) == ("Boulangerie Dupont", "BE")
    assert Customer.objects.get(pk=BAKERY).registration_number == "42"
    customer = actor_of(user.memberships.get(), user)
    relationship = invitations.accept_invitation(token_hash=hash_token(token), actor=customer, now=LATER)
    relationship.refresh_from_db()
    assert relationship == ResellerRelationship.objects.get(customer_id=BAKERY)
    assert (relationship.has_agreement, relationship.has_admin_rights, relationship.tags) == (True, True, ["VIP"])
    assert relationship.customer_name == "Boulangerie Dupont"
    assert not list(invariants.breaches())


def test_a_request_that_names_nobody_finds_the_tenant_by_its_domain(agent):
    invitation, token = ask(agent, expected_tenant_id=None)
    _user, organization = register(invitation, token)
    assert organization.pk == BAKERY


def test_another_partner_s_request_reaches_the_customer_but_not_through_a_mailbox_of_its_own(agent):
    other = make_actor()
    invitation, token = ask(other, recipient_email="boss@other.example")
    with pytest.raises(InvalidInput, match="proves a mailbox of this domain"):
        register(invitation, token, email="boss@other.example")
    assert not Organization.objects.get(pk=BAKERY).memberships.exists()
    user, _organization = register(invitation, token)
    customer = actor_of(user.memberships.get(), user)
    invitations.accept_invitation(token_hash=hash_token(token), actor=customer, now=LATER)
    assert ResellerRelationship.objects.filter(customer_id=BAKERY).count() == 2
    assert not ResellerRelationship.objects.get(partner_id=agent.organization_id).has_agreement


def test_a_request_for_the_tenant_registers_no_other(agent):
    invitation, token = ask(agent)
    with pytest.raises(rules.WrongTenant):
        register(invitation, token, domain="elsewhere.example")


def test_who_comes_second_does_not_become_administrator(agent):
    invitation, token = ask(agent)
    register(invitation, token)
    with pytest.raises((InvalidInput, rules.WrongTenant)):
        register(invitation, token, email="paul@dupont.example")
    assert Organization.objects.get(pk=BAKERY).memberships.count() == 1


def test_a_customer_with_people_is_not_asked_for_what_it_has(agent):
    make_member(Organization.objects.get(pk=BAKERY), Role.CUSTOMER_ADMIN)
    with pytest.raises(rules.AlreadyPartner):
        ask(agent)
