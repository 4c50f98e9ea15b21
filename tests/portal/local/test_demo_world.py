"""The demo world: what it holds, how it is loaded, and that what happened in it happened by the portal's own rules."""

import datetime
import time
from collections import Counter, defaultdict

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Min
from django.utils import timezone

from portal.accounts import queries
from portal.accounts.enums import Cloud, InvitationStatus, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Membership, Organization, Partner, Partnership, User, UserInvitation
from portal.accounts.permissions import ROLES_BY_KIND
from portal.accounts.sign_in.rules import needs_second_factor
from portal.accounts.workflow import organization as workflow
from portal.audit.models import AuditEvent, AuditEventParty
from portal.local import demo
from portal.local.demo import accounts, loading
from portal.local.demo.organizations import CUSTOMERS, ORGANIZATIONS, PARTNERS, PUBLISHERS, organization_id
from portal.local.demo.people import PEOPLE
from portal.notifications.enums import ActionKind
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.factories import make_organization, make_user

NOW = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
KINDS = OrganizationKind


@pytest.fixture
def populated(db):
    """Who exists, without the history."""
    loading.populate(now=NOW)


@pytest.fixture
def world(db):
    """Everything."""
    demo.load(now=NOW)


def production(kind, market="europe"):
    return [
        organization
        for organization in PARTNERS
        if (organization.kind, organization.market, organization.is_sandbox) == (kind, market, False)
    ]


def test_the_world_holds_the_organizations_that_scripts_rely_on():
    signed = [partner for partner in production(KINDS.DIRECT_BILL) if partner.agreement_signed]
    assert len(signed) >= 2
    assert len(production(KINDS.INDIRECT_PROVIDER)) == 2
    resellers = Counter(reseller.provider for reseller in production(KINDS.INDIRECT_RESELLER))
    assert resellers == {provider.domain: 2 for provider in production(KINDS.INDIRECT_PROVIDER)}
    assert production(KINDS.DIRECT_BILL, market="canada")
    assert [partner.country for partner in PARTNERS if partner.cloud == Cloud.US_GOVERNMENT] == ["US"]
    assert len([partner for partner in PARTNERS if partner.is_sandbox]) == 3
    assert len([customer for customer in CUSTOMERS if not customer.is_sandbox]) >= 10
    assert len(PUBLISHERS) == 2
    assert [partner.name for partner in PARTNERS if not partner.agreement_signed] == ["Costa Verde Cloud, Lda."]


def test_every_address_and_name_is_invented():
    assert all(organization.domain.endswith(".example") for organization in ORGANIZATIONS)
    assert all(person.email.endswith(".example") and person.email.isascii() for person in PEOPLE)
    assert len({person.email for person in PEOPLE}) == len(PEOPLE)
    assert len({organization.domain for organization in ORGANIZATIONS}) == len(ORGANIZATIONS)


def test_everybody_has_only_roles_that_the_kind_of_organization_knows():
    kinds = {organization.domain: organization.kind for organization in ORGANIZATIONS}

    for person in PEOPLE:
        for domain, roles in person.places:
            assert {*roles, *person.started_as} <= ROLES_BY_KIND[kinds[domain]], person.name


def test_the_first_direct_bill_partner_has_a_person_of_its_own_for_every_role():
    first = PARTNERS[0].domain
    alone = {roles[0] for person in PEOPLE for domain, roles in person.places if domain == first and len(roles) == 1}

    assert alone == ROLES_BY_KIND[KINDS.DIRECT_BILL]


def test_three_partners_have_the_roles_of_a_first_tour_and_all_an_admin_agent():
    held = defaultdict(set)
    for person in PEOPLE:
        for domain, roles in person.places:
            if not person.has_left:
                held[domain] |= set(roles)
    tour = {Role.ADMIN_AGENT, Role.SALES_AGENT, Role.BILLING_ADMIN, Role.ACCOUNT_ADMIN, Role.GLOBAL_ADMIN}

    assert len([domain for domain, roles in held.items() if roles >= tour]) >= 3
    assert all(Role.ADMIN_AGENT in held[partner.domain] for partner in PARTNERS)
    assert all(held[organization.domain] for organization in ORGANIZATIONS)


def test_people_speak_all_three_languages_and_some_work_for_two_organizations():
    assert {person.language for person in PEOPLE} == {"en", "fr", "sv"}
    assert len([person for person in PEOPLE if len(person.places) > 1]) >= 2


def test_loading_writes_what_the_tables_say(populated):
    assert Organization.objects.count() == len(ORGANIZATIONS)
    assert User.objects.count() == len(PEOPLE)
    assert Membership.objects.count() == sum(len(person.places) for person in PEOPLE)
    assert set(Partner.objects.values_list("pk", flat=True)) == {partner.id for partner in PARTNERS}
    assert Partnership.objects.filter(status=PartnershipStatus.ACTIVE).count() == 4


def test_ids_are_the_same_in_every_demo_world(populated):
    first = Organization.objects.get(domain="belfortcloud.example")

    assert str(first.pk) == str(organization_id("belfortcloud.example")) == "e81fabf6-c160-5ea7-af91-554c3bdec205"
    assert User.objects.get(email=PEOPLE[0].email).pk == PEOPLE[0].id


def test_what_happened_fills_the_logs_in_the_order_of_time_and_in_little_time(db):
    began = time.process_time()
    demo.load(now=NOW)
    assert time.process_time() - began < 10  # some 3 where nothing else runs

    moments = list(AuditEvent.objects.order_by("pk").values_list("occurred_at", flat=True))
    assert moments == sorted(moments)
    assert moments[0] > NOW - datetime.timedelta(days=loading.FOUNDED_DAYS_AGO + 1)
    assert NOW - datetime.timedelta(days=3) < moments[-1] <= NOW

    seen = Counter(AuditEventParty.objects.values_list("organization_id", flat=True))
    assert all(seen[partner.id] >= 8 for partner in PARTNERS)
    assert seen[PARTNERS[0].id] > 100  # several pages
    assert len(set(AuditEvent.objects.values_list("event_type", flat=True))) >= 12
    assert AuditEvent.objects.exclude(outcome="succeeded").exists()


def test_in_the_end_everybody_stands_where_the_tables_say(world):
    memberships = {(one.user_id, one.organization_id): one for one in Membership.objects.all()}
    for person in PEOPLE:
        for domain, roles in person.places:
            membership = memberships[person.id, organization_id(domain)]
            assert set(membership.roles) == {str(role) for role in roles}
            assert membership.is_active is not person.has_left

    offered = {membership.user.email for membership in accounts.memberships()}
    assert offered == {person.email for person in PEOPLE if not person.has_left}

    secrets = accounts.totp_secrets()
    for user in User.objects.all():
        if needs_second_factor(queries.memberships_of(user)):
            assert len(secrets[user.pk]) == 32
    assert User.objects.get(email="paola.marchetti@boulangerie-marchetti.example").pk not in secrets

    states = set(UserInvitation.objects.values_list("status", flat=True))
    assert states == {str(status) for status in InvitationStatus}
    assert UserInvitation.objects.filter(status=InvitationStatus.OPEN).aggregate(first=Min("expires_at"))["first"] > NOW


def test_actions_and_mails_wait_in_the_language_of_who_gets_them(world):
    unsigned = Partner.objects.get(agreement_signed_at__isnull=True)
    asked = ActionItem.objects.get(kind=ActionKind.MANDATORY, completed_at__isnull=True)
    assert unsigned.organization.name == "Costa Verde Cloud, Lda."
    assert asked.organization_id == unsigned.pk
    assert asked.due_at > NOW
    assert set(asked.title) == {"en", "fr", "sv"}
    assert ActionItem.objects.filter(kind=ActionKind.MANDATORY, completed_at__isnull=False).count() == len(PARTNERS) - 1

    workflow.sign_partner_agreement(actor=actor_of("Inês Carvalho"), now=NOW)
    asked.refresh_from_db()
    assert asked.completed_at == NOW

    for person in PEOPLE:
        if person.places[0][0] in {partner.domain for partner in PARTNERS if partner.agreement_signed}:
            membership = Membership.objects.select_related("user", "organization").get(
                user__email=person.email, organization__domain=person.places[0][0]
            )
            shown = ActionItem.objects.visible_to(queries.make_actor(membership, membership.user))
            assert {item.kind for item in shown} >= {ActionKind.RECOMMENDED, ActionKind.TRANSACTIONAL}, person.name

    mails = OutgoingEmail.objects.all()
    languages = dict(User.objects.values_list("email", "language"))
    assert {mail.language for mail in mails} == {"en", "fr", "sv"}
    assert all(mail.language == languages.get(mail.recipient, mail.language) for mail in mails)
    assert len({mail.event_type for mail in mails}) >= 6
    assert len(mails) > 80


def actor_of(name):
    membership = Membership.objects.select_related("user", "organization").get(user__name=name)
    return queries.make_actor(membership, membership.user)


def test_a_second_loading_is_refused(populated):
    with pytest.raises(CommandError, match="not empty"):
        call_command("load_demo")


@pytest.mark.parametrize("make", [make_user, make_organization])
def test_any_data_at_all_keeps_the_demo_world_out(db, make):
    make()

    with pytest.raises(CommandError, match="not empty"):
        call_command("load_demo")


def test_at_a_restart_loaded_data_stays_and_nothing_fails(populated, capsys):
    call_command("load_demo", if_empty=True)

    assert "nothing was loaded" in capsys.readouterr().out
    assert User.objects.count() == len(PEOPLE)


def test_outside_a_demo_installation_nothing_is_loaded(db, settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="DEMO is off"):
        call_command("load_demo", if_empty=True)
    assert not User.objects.exists()


def failing_loader(*, now):
    raise RuntimeError("the last loader fails")


def test_it_is_all_or_nothing(db, settings):
    settings.DEMO_LOADERS = ["portal.local.demo.loading.populate", f"{__name__}.failing_loader"]

    with pytest.raises(RuntimeError):
        call_command("load_demo")
    assert not User.objects.exists()
    assert loading.is_empty()


def test_the_command_loads_every_loader_of_the_settings(db, settings):
    settings.DEMO_LOADERS = ["portal.local.demo.loading.populate"]
    before = timezone.now()

    call_command("load_demo")

    assert loading.is_loaded()
    assert Organization.objects.first().created_at > before - datetime.timedelta(days=loading.FOUNDED_DAYS_AGO + 1)
