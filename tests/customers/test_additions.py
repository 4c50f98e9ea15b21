"""Adding a customer: tenant, first administrator and relationship at once, in steps that bear the Back button (R5)."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from customers import rules
from customers.enums import AgreementMethod, CustomerEvent, RelationshipKind
from customers.models import Customer, CustomerAgreement, ResellerRelationship
from customers.rules import NewCustomer
from customers.workflow.additions import add_customer
from customers.workflow.agreements import Attestation
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.accounts.models import Membership, Organization, PasswordReset, User
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied, Refusal
from portal.core.links import hash_token
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.customers.factories import make_partnership, make_relationship
from tests.factories import NOON, make_actor, make_member, make_partner, make_user
from tests.sign_in import path_of_link

pytestmark = pytest.mark.django_db
JEANNE = Attestation("Jeanne", "Martin", "jeanne@dupont.example", "", NOON.date())
NEW, AGREEMENT, REVIEW, DONE = (f"/customers/new/{step}" for step in ("", "agreement/", "review/", "done/"))


def new_customer(**changes):
    values = {
        "company_name": "Boulangerie Dupont",
        "domain": "dupont.example",
        "country": "FR",
        "address": "1 rue du Four\nLyon",
        "registration_number": "",
        "phone": "",
        "first_name": "Marie",
        "last_name": "Dupont",
        "email": "marie@dupont.example",
        "language": "fr",
        "include_admin_rights": False,
        "reseller_id": None,
    }
    return NewCustomer(**values | changes)


def add(partner, attestation=None, actor=None, **changes):
    actor = actor or make_actor(partner)
    return add_customer(new=new_customer(**changes), attestation=attestation, actor=actor, now=NOON)


def typed(**changes):
    values = {name: value for name, value in vars(new_customer()).items() if value} | {"include_admin_rights": "on"}
    return values | changes


# --- what is made ----------------------------------------------------------------------------------------------------
def test_tenant_administrator_and_relationship_are_made_at_once():
    partner = make_partner()

    added = add(partner, include_admin_rights=True, registration_number="RCS 1")

    organization = Organization.objects.get(domain="dupont.example")
    assert (organization.kind, organization.name) == (OrganizationKind.CUSTOMER, "Boulangerie Dupont")
    assert Customer.objects.get(pk=organization.pk).registration_number == "RCS 1"
    assert added.relationship.partner_id == partner.pk
    assert added.relationship.has_admin_rights
    membership = Membership.objects.get(organization=organization)
    assert (membership.user.email, membership.roles) == ("marie@dupont.example", [Role.CUSTOMER_ADMIN])
    assert not membership.user.has_usable_password()
    assert not CustomerAgreement.objects.exists()


def test_both_logs_tell_it_and_the_administrator_alone_gets_the_link():
    partner = make_partner()

    add(partner)

    event = AuditEvent.objects.get(event_type=CustomerEvent.CUSTOMER_ADDED)
    assert set(event.parties.values_list("organization_id", flat=True)) == {
        partner.pk,
        Organization.objects.get(domain="dupont.example").pk,
    }
    mail = OutgoingEmail.objects.get(event_id=event.public_id)
    assert (mail.recipient, mail.language) == ("marie@dupont.example", "fr")
    assert PasswordReset.objects.get().expires_at == NOON + datetime.timedelta(days=7)
    link = path_of_link(mail)
    assert PasswordReset.objects.get().token_hash == hash_token(link.rstrip("/").rpartition("/")[2])
    assert link not in mail.text + mail.html + str(AuditEvent.objects.values())


def test_the_partner_can_attest_the_agreement_in_the_same_step():
    added = add(make_partner(), JEANNE)

    agreement = CustomerAgreement.objects.get()
    assert (agreement.method, agreement.email) == (AgreementMethod.ATTESTED, "jeanne@dupont.example")
    added.relationship.refresh_from_db()
    assert added.relationship.has_agreement


def test_a_refused_attestation_leaves_nothing_behind():
    tomorrow = NOON.date() + datetime.timedelta(days=1)

    with pytest.raises(InvalidInput):
        add(make_partner(), Attestation("A", "B", "a@dupont.example", "", tomorrow))

    assert not Organization.objects.filter(domain="dupont.example").exists()
    assert not User.objects.filter(email="marie@dupont.example").exists()
    assert not OutgoingEmail.objects.exists()


def test_a_provider_names_its_reseller_and_both_get_the_customer():
    partnership = make_partnership()
    provider = partnership.provider.organization

    add(provider, reseller_id=partnership.reseller_id)

    kinds = dict(ResellerRelationship.objects.values_list("partner_id", "kind"))
    assert kinds == {provider.pk: RelationshipKind.PROVIDER, partnership.reseller_id: RelationshipKind.RESELLER}
    assert ActionItem.objects.get().organization_id == partnership.reseller_id
    with pytest.raises(rules.ResellerNotYours):
        add(provider, domain="other.example", email="a@other.example")
    stranger = make_partner(OrganizationKind.INDIRECT_RESELLER)
    with pytest.raises(rules.ResellerNotYours):
        add(provider, domain="other.example", email="a@other.example", reseller_id=stranger.pk)


def test_a_customer_is_made_in_its_partners_cloud_and_there_always_with_rights():
    partner = make_partner(country="US", cloud=Cloud.US_GOVERNMENT)
    partner.partner.market = rules.market_of("US", on=NOON.date()).market_id
    partner.partner.save()

    added = add(partner, country="US")

    assert added.relationship.customer.organization.cloud == Cloud.US_GOVERNMENT
    assert added.relationship.has_admin_rights
    with pytest.raises(Refusal):
        add(partner, JEANNE, country="US", domain="other.example", email="a@other.example")


# --- who and what is refused -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
def test_who_adds(role):
    partner = make_partner()
    actor = make_actor(partner, role)

    if actor.may(Permission.CUSTOMER_ADD):
        add(partner, actor=actor)
    else:
        with pytest.raises(PermissionDenied):
            add(partner, actor=actor)
    assert Organization.objects.filter(domain="dupont.example").exists() == actor.may(Permission.CUSTOMER_ADD)
    assert actor.may(Permission.CUSTOMER_ADD) == (
        role not in {Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.ACCOUNT_ADMIN}
    )


def test_a_reseller_does_not_add():
    with pytest.raises(rules.ResellersDoNotAdd):
        add(make_partner(OrganizationKind.INDIRECT_RESELLER))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"country": "US"}, rules.OutsideMarket),
        ({"country": "HU"}, InvalidInput),
        ({"country": "HU", "registration_number": "1"}, InvalidInput),
        ({"email": "me@partner.example"}, InvalidInput),
        ({"email": "Me@Sales.PARTNER.example"}, InvalidInput),
        ({"email": "TAKEN@example.com"}, InvalidInput),
        ({"domain": "Partner.example"}, rules.DomainTaken),
    ],
)
def test_what_is_refused(changes, refusal):
    partner = make_partner(domain="partner.example")
    make_user(email="taken@example.com")

    with pytest.raises(refusal):
        add(partner, **changes)
    assert not Organization.objects.filter(name="Boulangerie Dupont").exists()


def test_a_taken_domain_names_the_own_customer_but_nobody_elses():
    partner = make_partner()
    own = make_relationship(partner, name="Own", domain="own.example")
    make_relationship(name="Secret", domain="foreign.example")

    with pytest.raises(rules.DomainTaken) as mine:
        add(partner, domain="OWN.example")
    with pytest.raises(rules.DomainTaken) as foreign:
        add(partner, domain="foreign.example")

    assert "Own" in str(mine.value)
    assert str(own.customer_id) in mine.value.next_url
    assert "Secret" not in str(foreign.value)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_add_it_once():
    partner = make_partner()
    actor, start, results = make_actor(partner), threading.Barrier(2), []

    def run():
        start.wait()
        try:
            add(partner, actor=actor)
            results.append("added")
        except InvalidInput:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(results) == ["added", "refused"]
    assert Organization.objects.filter(domain="dupont.example").count() == 1


# --- the steps -------------------------------------------------------------------------------------------------------
@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def agent(partner, client_for):
    return client_for(make_member(partner, Role.SALES_AGENT))


def goes_to(response, path):
    return response.status_code == 302 and response.headers["Location"] == path


def test_four_steps_lead_to_a_customer_whose_administrator_chooses_its_password(partner, agent, client):
    assert NEW in agent.get("/customers/").content.decode()
    assert agent.get(NEW).status_code == 200
    assert goes_to(agent.post(NEW, typed()), AGREEMENT)
    assert agent.get(AGREEMENT).status_code == 200
    today = timezone.now().date().isoformat()
    attested = {"method": "attested", "first_name": "Marie", "last_name": "D", "email": "m@d.example"}
    assert goes_to(agent.post(AGREEMENT, attested | {"agreed_on": today}), REVIEW)
    review = agent.get(REVIEW).content.decode()
    for text in ("Boulangerie Dupont", "dupont.example", "France", "marie@dupont.example", "You attest that Marie D"):
        assert text in review
    assert not Organization.objects.filter(domain="dupont.example").exists()

    assert goes_to(agent.post(REVIEW), DONE)

    done = agent.get(DONE).content.decode()
    assert "marie@dupont.example" in done
    assert str(Organization.objects.get(domain="dupont.example").pk) in done
    mail = OutgoingEmail.objects.get(recipient="marie@dupont.example")
    link = path_of_link(mail)
    assert link not in done
    form = client.get(link, follow=True)
    assert form.status_code == 200
    address = form.redirect_chain[-1][0] if form.redirect_chain else link
    client.post(address, {"password": "a long enough secret 7"})
    assert User.objects.get(email="marie@dupont.example").has_usable_password()


def test_going_back_keeps_what_was_typed_and_sending_again_adds_nothing(agent):
    agent.post(NEW, typed())
    agent.post(AGREEMENT, {"method": "direct"})
    assert 'value="Boulangerie Dupont"' in agent.get(NEW).content.decode()
    agent.post(NEW, typed(company_name="Dupont & Fils"))
    assert "Dupont &amp; Fils" in agent.get(REVIEW).content.decode()
    assert goes_to(agent.post(REVIEW), DONE)

    assert goes_to(agent.post(REVIEW), NEW)
    assert goes_to(agent.get(REVIEW), NEW)
    assert 'value="Dupont' not in agent.get(NEW).content.decode()
    assert Organization.objects.filter(domain="dupont.example").count() == 1


@pytest.mark.parametrize("path", [AGREEMENT, REVIEW])
def test_no_step_can_be_skipped(path, agent):
    assert goes_to(agent.get(path), NEW)
    assert goes_to(agent.post(path), NEW)
    agent.post(NEW, typed())
    assert goes_to(agent.post(REVIEW), AGREEMENT)
    assert goes_to(agent.get(DONE), "/customers/")
    assert not Organization.objects.filter(domain="dupont.example").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"company_name": ""}, "required"),
        ({"company_name": "x" * 10_000}, "at most 200"),
        ({"domain": "no domain"}, "Enter a domain"),
        ({"country": "US"}, "Select a valid choice"),
        ({"country": "HU"}, "registration number and a phone number are required"),
        ({"email": "nobody"}, "valid email"),
    ],
)
def test_the_first_step_says_what_is_wrong_and_keeps_what_was_typed(changes, told, agent):
    response = agent.post(NEW, typed(**changes))

    assert response.status_code == 422
    assert told in response.content.decode()
    assert 'value="Marie"' in response.content.decode()


def test_the_first_step_leads_to_the_own_customer_of_this_domain(partner, agent):
    own = make_relationship(partner, domain="dupont.example")

    response = agent.post(NEW, typed())

    assert response.status_code == 422
    assert f"/customers/{own.customer_id}/" in response.content.decode()


def test_the_review_warns_of_a_customer_of_the_same_name_in_the_same_country(partner, agent):
    alike = make_relationship(partner, name="BOULANGERIE Dupont", country="FR")
    make_relationship(name="Boulangerie Dupont", country="FR")
    agent.post(NEW, typed())
    agent.post(AGREEMENT, {"method": "direct"})

    review = agent.get(REVIEW).content.decode()

    assert f"/customers/{alike.customer_id}/" in review
    assert review.count("BOULANGERIE Dupont") == 1
    assert goes_to(agent.post(REVIEW), DONE)


def test_an_attestation_needs_a_contact_and_a_day_that_has_come(agent):
    agent.post(NEW, typed())

    empty = agent.post(AGREEMENT, {"method": "attested"})
    future = agent.post(
        AGREEMENT,
        {"method": "attested", "first_name": "A", "last_name": "B", "email": "a@b.example", "agreed_on": "2999-01-01"},
    )

    assert (empty.status_code, future.status_code) == (422, 422)
    assert empty.content.decode().count("This field is required") >= 4
    assert "cannot be in the future" in future.content.decode()


def test_who_may_add_but_not_attest_reads_why(partner, client_for):
    browser = client_for(make_member(partner, Role.USER_MANAGEMENT_ADMIN))
    browser.post(NEW, typed())

    page = browser.get(AGREEMENT).content.decode()

    assert "agreed_on" not in page
    assert "Sales agent" in page
    assert browser.post(AGREEMENT, {"method": "attested"}).status_code == 422
    assert goes_to(browser.post(AGREEMENT, {"method": "direct"}), REVIEW)


def test_a_provider_without_a_chosen_reseller_is_asked_for_one(client_for):
    partnership = make_partnership()
    browser = client_for(make_member(partnership.provider.organization))

    assert browser.post(NEW, typed()).status_code == 422
    assert goes_to(browser.post(NEW, typed(reseller=str(partnership.reseller_id))), AGREEMENT)
    browser.post(AGREEMENT, {"method": "direct"})
    assert partnership.reseller.organization.name in browser.get(REVIEW).content.decode()
    assert goes_to(browser.post(REVIEW), DONE)
    assert ResellerRelationship.objects.count() == 2


def test_those_who_may_not_add_see_why(partner, client_for):
    helpdesk = client_for(make_member(partner, Role.HELPDESK_AGENT))
    reseller = client_for(make_member(make_partner(OrganizationKind.INDIRECT_RESELLER)))

    for browser in (helpdesk, reseller):
        page = browser.get("/customers/").content.decode()
        assert f'href="{NEW}"' not in page
        assert "Add customer" in page
    assert helpdesk.get(NEW).status_code == 403
    assert reseller.get(NEW).status_code == 409
    assert 'href="/customers/requests/new/"' in reseller.get("/customers/").content.decode()


def test_markup_in_every_field_is_harmless(agent):
    script = "<script>alert(1)</script>"
    agent.post(NEW, typed(company_name=script, address=script, first_name=script, registration_number=script))
    agent.post(AGREEMENT, {"method": "direct"})

    assert script not in agent.get(REVIEW).content.decode()
    assert goes_to(agent.post(REVIEW), DONE)
    assert script not in agent.get(DONE).content.decode()


# --- the customer accepts the agreement itself -----------------------------------------------------------------------
def test_the_new_administrator_accepts_the_agreement_on_its_own_page(partner, client_for):
    added = add(partner)
    membership = Membership.objects.get(user=added.administrator)
    browser = client_for(membership)
    path = f"/customers/my-partners/{added.relationship.pk}/agreement/"
    assert path in browser.get("/customers/my-partners/").content.decode()
    assert browser.get(path).status_code == 200
    assert browser.post(path).status_code == 422
    assert not CustomerAgreement.objects.exists()

    assert goes_to(browser.post(path, {"agree": "on"}), "/customers/my-partners/")

    assert CustomerAgreement.objects.get().method == AgreementMethod.DIRECT
    assert path not in browser.get("/customers/my-partners/").content.decode()
    other = make_relationship(partner)
    assert browser.post(f"/customers/my-partners/{other.pk}/agreement/", {"agree": "on"}).status_code == 404
