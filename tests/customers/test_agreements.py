"""The customer agreement on the partner's word: who attests it, when, for whom (R7, reference 5.1)."""

import contextlib
import datetime

import pytest
from django.utils import timezone

from customers import rules
from customers.checks import agreement_text_exists
from customers.enums import AgreementMethod, CustomerEvent, RelationshipKind
from customers.models import CustomerAgreement, ResellerRelationship
from customers.workflow.agreements import Attestation, accept_agreement, ask_for_agreement, attest_agreement
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied, Refusal
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.customers.factories import make_customer, make_indirect_relationships, make_relationship
from tests.factories import NOON, make_actor, make_member, make_partner

pytestmark = pytest.mark.django_db
JEANNE = Attestation("Jeanne", "Martin", "jeanne@example.com", "", NOON.date())
HTMX = {"HTTP_HX_REQUEST": "true"}


def attest(relationship, actor, attestation=JEANNE):
    return attest_agreement(relationship_id=relationship.pk, attestation=attestation, actor=actor, now=NOON)


def page_of(relationship):
    return f"/customers/{relationship.customer_id}/account/agreement/"


def data(**changes):
    values = {
        "first_name": "Jeanne",
        "last_name": "Martin",
        "email": "jeanne@example.com",
        "phone": "+33 1 23 45 67 89",
        "agreed_on": timezone.now().date().isoformat(),
    }
    return values | changes


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
def test_who_attests(role):
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization, role)

    if actor.may(Permission.AGREEMENT_ATTEST):
        assert attest(relationship, actor).method == AgreementMethod.ATTESTED
    else:
        with pytest.raises(PermissionDenied):
            attest(relationship, actor)
    assert CustomerAgreement.objects.exists() == (role in {Role.ADMIN_AGENT, Role.SALES_AGENT})


def test_nobody_attests_for_another_partner():
    relationship = make_relationship()
    other = make_relationship(customer=relationship.customer)

    with pytest.raises(ResellerRelationship.DoesNotExist):
        attest(relationship, make_actor(other.partner.organization))


def test_the_reseller_sees_what_its_provider_attested_but_cannot_attest():
    of_provider, of_reseller = make_indirect_relationships()
    with pytest.raises(Refusal) as refused:
        attest(of_reseller, make_actor(of_reseller.partner.organization))
    assert "your indirect provider" in str(refused.value.who)

    attest(of_provider, make_actor(of_provider.partner.organization))

    of_reseller.refresh_from_db()
    assert of_reseller.has_agreement


def test_nobody_attests_in_the_us_government_cloud():
    partner = make_partner(country="US", cloud=Cloud.US_GOVERNMENT)
    relationship = make_relationship(partner, make_customer(country="US", cloud=Cloud.US_GOVERNMENT))

    with pytest.raises(Refusal):
        attest(relationship, make_actor(partner))
    assert not CustomerAgreement.objects.exists()


def test_the_day_is_today_at_the_latest():
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization)
    tomorrow = NOON.date() + datetime.timedelta(days=1)

    with pytest.raises(InvalidInput) as refused:
        attest(relationship, actor, Attestation("A", "B", "a@example.com", "", tomorrow))
    assert refused.value.field == "agreed_on"
    attest(relationship, actor)


def test_the_same_contact_is_not_recorded_twice_but_another_is():
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization)
    attest(relationship, actor)

    with pytest.raises(rules.AgreementExistsAlready):
        attest(relationship, actor)
    attest(relationship, actor, Attestation("Paul", "Martin", "paul@example.com", "", NOON.date()))

    assert CustomerAgreement.objects.count() == 2


# --- the page --------------------------------------------------------------------------------------------------------
def test_the_page_records_the_agreement_and_the_contact_gets_a_notice(client_for):
    relationship = make_relationship()
    browser = client_for(make_member(relationship.partner.organization, Role.SALES_AGENT))
    account = f"/customers/{relationship.customer_id}/account/"
    assert f'href="{page_of(relationship)}"' in browser.get(account).content.decode()
    assert browser.get(page_of(relationship)).status_code == 200

    response = browser.post(page_of(relationship), data())

    assert (response.status_code, response.headers["Location"]) == (302, account)
    assert CustomerAgreement.objects.get().phone == "+33 1 23 45 67 89"
    assert "jeanne@example.com" in browser.get(account).content.decode()
    event = AuditEvent.objects.get(event_type=CustomerEvent.AGREEMENT_CREATED)
    assert OutgoingEmail.objects.get(event_id=event.public_id).recipient == "jeanne@example.com"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"agreed_on": "2999-01-01"}, "cannot be in the future"),
        ({"agreed_on": "yesterday"}, "Enter a valid date"),
        ({"email": "jeanne"}, "valid email"),
        ({"first_name": ""}, "required"),
        ({"last_name": "x" * 10_000}, "at most 100"),
    ],
)
@pytest.mark.parametrize("extra", [{}, HTMX])
def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(changes, told, extra, client_for):
    relationship = make_relationship()
    browser = client_for(make_member(relationship.partner.organization))

    response = browser.post(page_of(relationship), data(**changes), **extra)

    assert response.status_code == 422
    assert told in response.content.decode()
    assert "+33 1 23 45 67 89" in response.content.decode()
    assert not CustomerAgreement.objects.exists()


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_the_page_says_that_this_contact_is_recorded(extra, client_for):
    relationship = make_relationship()
    browser = client_for(make_member(relationship.partner.organization))
    browser.post(page_of(relationship), data())

    response = browser.post(page_of(relationship), data(), **extra)

    assert response.status_code == 409
    assert "recorded already with the same contact" in response.content.decode()
    assert CustomerAgreement.objects.count() == 1


def test_the_account_page_tells_a_reseller_and_a_helpdesk_agent_why_not(client_for):
    _of_provider, of_reseller = make_indirect_relationships()
    reseller = client_for(make_member(of_reseller.partner.organization))
    helpdesk = client_for(make_member(_of_provider.partner.organization, Role.HELPDESK_AGENT))
    account = f"/customers/{of_reseller.customer_id}/account/"

    assert "An indirect reseller cannot attest" in reseller.get(account).content.decode()
    assert reseller.get(page_of(of_reseller)).status_code == 409
    assert reseller.post(page_of(of_reseller), data()).status_code == 409
    page = helpdesk.get(account).content.decode()
    assert page_of(of_reseller) not in page
    assert "Sales agent" in page
    assert helpdesk.get(page_of(of_reseller)).status_code == 403
    assert not CustomerAgreement.objects.exists()
    assert of_reseller.kind == RelationshipKind.RESELLER


def test_a_strangers_customer_is_not_found(client_for):
    relationship = make_relationship()
    browser = client_for(make_member(make_partner(OrganizationKind.DIRECT_BILL)))

    assert browser.get(page_of(relationship)).status_code == 404
    assert browser.post(page_of(relationship), data()).status_code == 404


# --- a newer version (decision 0023) ---------------------------------------------------------------------------------
@pytest.fixture
def newer(settings):
    """A relationship signed in the version that was in force until today's."""
    relationship = make_relationship(has_agreement=True)
    settings.CUSTOMER_AGREEMENT_VERSION = "2027-03"
    return relationship


def test_a_newer_version_is_shown_and_blocks_nothing(newer, client_for):
    browser = client_for(make_member(newer.partner.organization))
    page = browser.get(f"/customers/{newer.customer_id}/account/").content.decode()

    assert "There is a newer version, 2027-03." in page
    assert "Ask the customer to accept" in page
    rules.check_agreement_signed(partner_id=newer.partner_id, customer_id=newer.customer_id)


def test_asking_tells_the_customer_and_its_acceptance_closes_the_question(newer, client_for):
    marie = make_member(newer.customer.organization, Role.CUSTOMER_ADMIN)
    agent = client_for(make_member(newer.partner.organization, Role.SALES_AGENT))
    for _time in range(2):
        agent.post(f"{page_of(newer)}ask/")

    (item,) = ActionItem.objects.open_actions()
    assert "2027-03" in item.title["en"]
    assert OutgoingEmail.objects.filter(recipient=marie.user.email).count() == 2
    assert "Accept version 2027-03" in client_for(marie).get("/customers/my-partners/").content.decode()

    accept_agreement(
        relationship_id=newer.pk,
        actor=make_actor(newer.customer.organization, Role.CUSTOMER_ADMIN),
        now=timezone.now(),
    )

    assert not ActionItem.objects.open_actions().exists()
    assert "Accept version" not in client_for(marie).get("/customers/my-partners/").content.decode()
    page = agent.get(f"/customers/{newer.customer_id}/account/").content.decode()
    assert "There is a newer version" not in page
    assert "Ask the customer to accept" not in page
    with pytest.raises(rules.AgreementExistsAlready):
        ask_for_agreement(relationship_id=newer.pk, actor=make_actor(newer.partner.organization), now=NOON)


def test_attesting_the_newer_version_closes_the_question_too(newer):
    actor = make_actor(newer.partner.organization)
    ask_for_agreement(relationship_id=newer.pk, actor=actor, now=NOON)

    attest(newer, actor, Attestation("Paul", "Martin", "paul@example.com", "", NOON.date()))

    assert not ActionItem.objects.open_actions().exists()


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
def test_who_asks(role, newer):
    actor = make_actor(newer.partner.organization, role)
    may = role in {Role.ADMIN_AGENT, Role.SALES_AGENT}
    with contextlib.nullcontext() if may else pytest.raises(PermissionDenied):
        ask_for_agreement(relationship_id=newer.pk, actor=actor, now=NOON)
    assert ActionItem.objects.exists() == may


def test_a_reseller_leaves_asking_to_its_provider_and_nobody_asks_for_another_s_customer(newer):
    _of_provider, of_reseller = make_indirect_relationships()
    reseller = make_actor(of_reseller.partner.organization)
    with pytest.raises(Refusal):
        ask_for_agreement(relationship_id=of_reseller.pk, actor=reseller, now=NOON)
    with pytest.raises(ResellerRelationship.DoesNotExist):
        ask_for_agreement(relationship_id=newer.pk, actor=reseller, now=NOON)


def test_the_portal_does_not_start_with_an_agreement_that_nobody_can_read(settings):
    assert agreement_text_exists() == []
    settings.CUSTOMER_AGREEMENT_VERSION = "2099-01"
    assert [error.id for error in agreement_text_exists()] == ["customers.E001"]
