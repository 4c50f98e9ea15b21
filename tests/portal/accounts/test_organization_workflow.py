"""The company profile and the partner agreement."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from portal.accounts import rules
from portal.accounts.enums import AccountEvent, OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner
from portal.accounts.tasks import ask_for_agreements
from portal.accounts.workflow import organization as workflow
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem
from tests.factories import NOON, make_member, make_organization, make_partner
from tests.portal.accounts.helpers import actor_of, event_names, events_of, mails_to, traces

pytestmark = pytest.mark.django_db
LATER = NOON + datetime.timedelta(hours=1)


@pytest.fixture
def admin():
    return make_member(make_partner(agreement_signed=False), Role.GLOBAL_ADMIN)


def test_the_profile_is_changed_and_only_what_changed_is_logged(admin):
    name = admin.organization.name
    workflow.update_organization(
        changes={"name": "Élan Vital", "contact_phone": "", "address": "1 Main Street"}, actor=actor_of(admin), now=NOON
    )

    organization = Organization.objects.get(pk=admin.organization_id)
    (event,) = events_of(organization, AccountEvent.ORGANIZATION_UPDATED)
    assert (organization.name, organization.address) == ("Élan Vital", "1 Main Street")
    assert organization.name_key == "elan vital"
    assert event.before == {"name": name, "address": ""}
    assert event.after == {"name": "Élan Vital", "address": "1 Main Street"}


def test_nothing_is_logged_where_nothing_changes(admin):
    before = traces()
    workflow.update_organization(changes={"name": admin.organization.name}, actor=actor_of(admin), now=NOON)
    assert traces() == before


def test_what_follows_from_the_registration_cannot_be_changed(admin):
    workflow.update_organization(
        changes={"country": "SE", "kind": "customer", "domain": "evil.example"}, actor=actor_of(admin), now=NOON
    )
    organization = Organization.objects.get(pk=admin.organization_id)
    assert (organization.country, organization.kind) == ("FR", OrganizationKind.DIRECT_BILL)


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.USER_MANAGEMENT_ADMIN, Role.BILLING_ADMIN])
def test_who_may_not_manage_the_organization_changes_nothing(role, admin):
    actor = actor_of(make_member(admin.organization, role))
    with pytest.raises(PermissionDenied):
        workflow.update_organization(changes={"name": "Other"}, actor=actor, now=NOON)
    with pytest.raises(PermissionDenied):
        workflow.sign_partner_agreement(actor=actor, now=NOON)
    assert event_names(admin.organization) == []


def test_signing_notes_version_moment_and_signer_and_tells_the_global_admins(admin, settings):
    settings.PARTNER_AGREEMENT_VERSION = "2027-03"
    second = make_member(admin.organization, Role.GLOBAL_ADMIN)

    workflow.sign_partner_agreement(actor=actor_of(admin), now=NOON)

    partner = Partner.objects.get(pk=admin.organization_id)
    assert (partner.agreement_version, partner.agreement_signed_at) == ("2027-03", NOON)
    assert partner.agreement_signed_by == admin.user.name
    assert event_names(admin.organization) == ["partner-agreement-signed"]
    for member in (admin, second):
        assert [mail.event_type for mail in mails_to(member.user.email)] == ["partner-agreement-signed"]


def test_the_same_version_is_signed_once_and_a_newer_one_again(settings):
    admin = make_member(make_partner(), Role.GLOBAL_ADMIN)
    before = traces()
    with pytest.raises(rules.AgreementCurrent):
        workflow.sign_partner_agreement(actor=actor_of(admin), now=LATER)
    assert traces() == before

    settings.PARTNER_AGREEMENT_VERSION = "2027-03"
    workflow.sign_partner_agreement(actor=actor_of(admin), now=LATER)
    event = events_of(admin.organization, AccountEvent.PARTNER_AGREEMENT_SIGNED)[0]
    assert event.before["agreement_version"] == "2026-01"


def test_a_partner_that_signed_nothing_or_an_older_version_is_asked_once_per_version(admin, settings):
    signed = make_member(make_partner(), Role.GLOBAL_ADMIN)
    for _sweep in range(2):
        ask_for_agreements()
    assert event_names(admin.organization) == ["partner-agreement-requested"]
    assert [item.organization_id for item in ActionItem.objects.open_actions()] == [admin.organization_id]

    settings.PARTNER_AGREEMENT_VERSION = "2027-03"
    for _sweep in range(2):
        ask_for_agreements()
    open_items = ActionItem.objects.open_actions()
    assert {item.organization_id for item in open_items} == {admin.organization_id, signed.organization_id}
    assert len(open_items) == 2
    assert all(item.roles == [Role.GLOBAL_ADMIN] for item in open_items)


def test_signing_closes_the_action_that_asked_for_it(admin):
    ask_for_agreements()
    workflow.sign_partner_agreement(actor=actor_of(admin), now=LATER)

    assert ActionItem.objects.get().completed_at == LATER
    ask_for_agreements()
    assert ActionItem.objects.count() == 1


def test_an_account_admin_may_not_sign(admin):
    actor = actor_of(make_member(admin.organization, Role.ACCOUNT_ADMIN))
    with pytest.raises(PermissionDenied) as refusal:
        workflow.sign_partner_agreement(actor=actor, now=NOON)
    assert refusal.value.who == "Global admin"


def test_a_customer_has_nothing_to_sign():
    organization = make_organization()
    with pytest.raises(rules.NotAPartner):
        rules.check_can_sign_agreement(organization, None, version="2026-01")


def test_half_a_signature_is_refused_by_the_database(admin):
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.filter(pk=admin.organization_id).update(agreement_version="2026-01")


def test_switching_is_logged_by_the_organization_acted_for(admin):
    actor = workflow.switch_organization(membership_id=admin.pk, now=NOON)
    assert actor.organization_id == admin.organization_id
    assert event_names(admin.organization) == ["organization-switched"]


def test_a_deactivated_membership_cannot_be_switched_to(admin):
    admin.is_active, admin.deactivated_at = False, NOON
    admin.save()
    with pytest.raises(Membership.DoesNotExist):
        workflow.switch_organization(membership_id=admin.pk, now=NOON)
