"""A direct bill partner becomes an indirect provider by nomination and approval (A10, decision 0046)."""

import html

import pytest
from django.urls import reverse

from operators import rules
from operators.enums import NominationStatus
from operators.models import ProviderNomination
from operators.workflow import nominations as workflow
from portal.accounts.enums import OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Organization, Partnership
from portal.accounts.permissions import ROLES_BY_KIND
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.operators.factories import CONTACT, make_candidate, make_nomination
from tests.support.factories import make_operator

pytestmark = pytest.mark.django_db
OWN, LIST = "/account-settings/indirect-provider/", "/programme/nominations/"
FORM = {"statement": "We serve resellers.", "expected_resellers": "12", "confirms": "on"}


@pytest.fixture
def operator():
    member = make_operator(language="fr")
    return actor_of(member, member.user)


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def ask(organization, role=Role.GLOBAL_ADMIN):
    return workflow.nominate(
        statement="We serve resellers.", expected_resellers=12, actor=make_actor(organization, role), now=NOON
    )


def test_only_a_global_admin_asks_and_only_the_operator_answers(operator):
    partner = make_candidate()
    for role in sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL] - {Role.GLOBAL_ADMIN}):
        with pytest.raises(PermissionDenied):
            ask(partner, role)
    nomination = ask(partner)
    admin = make_actor(partner, Role.GLOBAL_ADMIN)
    for change in (workflow.approve, workflow.refuse):
        reason = {"reason": "No"} if change is workflow.refuse else {}
        with pytest.raises(PermissionDenied):
            change(nomination_id=nomination.pk, actor=admin, now=NOON, **reason)
    with pytest.raises(rules.NominationOpen):
        ask(partner)


def test_approval_changes_the_kind_and_tells_the_partner_in_one_go(operator):
    admin = make_member(make_candidate(name="Rheingold"), Role.GLOBAL_ADMIN, language="sv")
    partner = admin.organization
    nomination = workflow.nominate(
        statement="We serve resellers.", expected_resellers=12, actor=actor_of(admin, admin.user), now=NOON
    )
    asked = OutgoingEmail.objects.get()
    assert (asked.recipient, asked.language) == (operator.email, "fr")
    item = ActionItem.objects.get(organization_id=operator.organization_id)

    workflow.approve(nomination_id=nomination.pk, actor=operator, now=NOON)

    partner.refresh_from_db()
    item.refresh_from_db()
    nomination.refresh_from_db()
    assert partner.kind == OrganizationKind.INDIRECT_PROVIDER
    assert item.completed_at == NOON
    assert (nomination.status, nomination.answered_by_name) == (NominationStatus.APPROVED, operator.name)
    told = OutgoingEmail.objects.get(event_type="provider-nomination-approved")
    assert (told.recipient, told.language) == (admin.user.email, "sv")
    assert AuditEvent.objects.filter(event_type="became-provider", subject_id=partner.pk).exists()
    with pytest.raises(rules.NominationAnswered):
        workflow.refuse(nomination_id=nomination.pk, reason="No", actor=operator, now=NOON)


def test_each_requirement_is_checked_when_asking_and_again_when_approving(operator):
    broken = {
        "agreement": make_candidate(agreement_signed=False),
        "kind": make_partner(OrganizationKind.INDIRECT_RESELLER, **CONTACT),
        "contact": make_partner(contact_email="care@partner.example"),
        "sandbox": make_candidate(is_sandbox=True),
        "reseller": make_candidate(),
    }
    Partnership.objects.create(
        provider=make_partner(OrganizationKind.INDIRECT_PROVIDER).partner,
        reseller=broken["reseller"].partner,
        status=PartnershipStatus.REQUESTED,
        requested_at=NOON,
    )
    for name, partner in broken.items():
        assert sum(not one.is_met for one in rules.requirements(partner.partner)) == 1, name
        with pytest.raises(rules.NominationRequirements):
            ask(partner)
        nomination = make_nomination(partner)
        with pytest.raises(rules.NominationRequirements):
            workflow.approve(nomination_id=nomination.pk, actor=operator, now=NOON)
        nomination.refresh_from_db()
        assert nomination.status == NominationStatus.REQUESTED
    kinds = Organization.objects.filter(pk__in=[one.pk for one in broken.values()]).values_list("kind", flat=True)
    assert OrganizationKind.INDIRECT_PROVIDER not in set(kinds)


def test_a_partner_withdraws_its_own_request_alone_and_may_ask_again():
    nomination, other = make_nomination(), make_nomination()
    admin = make_actor(nomination.partner.organization, Role.GLOBAL_ADMIN)
    with pytest.raises(ProviderNomination.DoesNotExist):
        workflow.withdraw(nomination_id=other.pk, actor=admin, now=NOON)
    workflow.withdraw(nomination_id=nomination.pk, actor=admin, now=NOON)
    assert ask(nomination.partner.organization).status == NominationStatus.REQUESTED


def test_pages_from_asking_to_the_reason_of_a_refusal(client_for):
    admin = make_member(make_candidate(), Role.GLOBAL_ADMIN)
    partner, operator = client_for(admin), client_for(make_operator())
    assert "The partner agreement in force is signed." in body(partner.get(OWN))
    assert OWN in body(partner.get("/account-settings/"))
    assert body(partner.post(OWN, {**FORM, "confirms": ""}), 422)
    assert partner.post(OWN, FORM).status_code == 302
    assert "Your request is with the programme operator." in body(partner.get(OWN))
    assert "Your company has asked already." in body(partner.post(OWN, FORM), 409)

    nomination = ProviderNomination.objects.get()
    page = f"{LIST}{nomination.pk}/"
    assert page in body(operator.get(LIST))
    assert "We serve resellers." in body(operator.get(page))
    assert body(operator.post(f"{page}refuse/", {}), 422)
    assert operator.post(f"{page}refuse/", {"reason": "No phone support."}).status_code == 302
    assert "No phone support." in body(partner.get(OWN))
    assert "no longer open" in body(operator.post(f"{page}refuse/", {"reason": "x"}), 409)

    assert partner.post(OWN, FORM).status_code == 302
    newest = ProviderNomination.objects.get(status=NominationStatus.REQUESTED)
    approve = f"{LIST}{newest.pk}/approve/"
    assert "There is no way back" in body(operator.get(approve))
    assert operator.post(approve).status_code == 302
    assert "Your company is an indirect provider." in body(partner.get(OWN))
    assert client_for(make_operator(), fresh=False).get(approve).headers["Location"].startswith("/account/reauth")


def test_a_missing_requirement_keeps_the_form_away_and_says_where_to_mend_it(client_for):
    browser = client_for(make_member(make_partner(), Role.GLOBAL_ADMIN))
    text = body(browser.get(OWN))
    assert reverse("accounts:organization") in text
    assert "You can ask once everything that is required is there." in text
    assert "Send the request" not in text
    assert "not met" in body(browser.post(OWN, FORM), 409)


def test_withdrawing_by_its_button(client_for):
    nomination = make_nomination()
    browser = client_for(make_member(nomination.partner.organization, Role.GLOBAL_ADMIN))
    assert browser.post(f"{OWN}withdraw/").status_code == 302
    nomination.refresh_from_db()
    assert nomination.status == NominationStatus.WITHDRAWN
