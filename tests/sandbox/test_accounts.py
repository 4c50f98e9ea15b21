"""The operator gives production partners sandbox accounts (P8)."""

import html

import pytest

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem, OutgoingEmail
from sandbox import queries, rules
from sandbox.models import SandboxPartner
from sandbox.workflow.accounts import create_account
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.sandbox.factories import make_sandbox_partner
from tests.support.factories import make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Actor:
    member = make_operator()
    return actor_of(member, member.user)


def create(partner: Organization, operator: Actor, pair_with: Organization | None = None) -> Organization:
    return create_account(partner_id=partner.pk, pair_with=pair_with and pair_with.pk, actor=operator, now=NOON)


def test_the_account_is_like_the_original_and_its_admins_belong_to_it(operator):
    original = make_partner(
        OrganizationKind.INDIRECT_PROVIDER, currency="SEK", country="SE", name="Fjällvind", domain="fjallvind.example"
    )
    admin = make_member(original, Role.GLOBAL_ADMIN, Role.BILLING_ADMIN, name="Astrid Lindqvist")
    agent = make_member(original, Role.ADMIN_AGENT)
    make_member(original, Role.SALES_AGENT)
    make_member(original, Role.GLOBAL_ADMIN, is_active=False)

    account = create(original, operator)
    partner = account.partner
    assert (account.name, account.domain, account.is_sandbox) == (
        "Fjällvind (sandbox)",
        "sandbox.fjallvind.example",
        True,
    )
    assert (account.kind, account.country) == (OrganizationKind.INDIRECT_PROVIDER, "SE")
    assert (partner.market, partner.currency, partner.agreement_version) == ("europe", "SEK", "")
    assert partner.locations.get().is_headquarters
    assert {member.user_id: member.roles for member in Membership.objects.filter(organization=account)} == {
        admin.user_id: admin.roles,
        agent.user_id: agent.roles,
    }
    assert queries.account_of(original) == account
    assert queries.others_in_sandbox(account.pk) == []


def test_the_admins_are_told_and_the_sandbox_hears_nothing_of_production(operator):
    original = make_partner(name="Belfort")
    admin = make_member(original, Role.GLOBAL_ADMIN)
    account = create(original, operator)

    told = AuditEvent.objects.get(event_type="sandbox-account-created")
    parties = set(told.parties.values_list("organization_id", flat=True))
    assert parties == {original.pk, operator.organization_id}
    assert told.after == {"name": account.name, "domain": account.domain, "people": [str(admin.user)]}
    joined = AuditEvent.objects.get(event_type="sandbox-partner-joined")
    assert [party.organization_id for party in joined.parties.all()] == [account.pk]
    mail = OutgoingEmail.objects.get(event_type="sandbox-account-created")
    assert (mail.recipient, account.name in mail.text) == (admin.user.email, True)
    assert ActionItem.objects.get(organization=original).url == "/account-settings/sandbox/"
    assert ActionItem.objects.get(organization=account).event_type == "partner-agreement-requested"


def test_two_partners_share_a_sandbox(operator):
    first = create(make_partner(), operator)
    second = create(make_partner(), operator, pair_with=first)

    assert len(set(SandboxPartner.objects.values_list("sandbox_id", flat=True))) == 1
    assert queries.others_in_sandbox(second.pk) == [first]
    assert ActionItem.objects.filter(organization=first, event_type="sandbox-partner-joined").count() == 1


def test_refused_twice_for_sandboxes_for_taken_domains_and_for_unfit_pairs(operator):
    original = make_partner(domain="belfort.example")
    abroad = make_sandbox_partner()
    abroad.partner.market = "canada"
    abroad.partner.save(update_fields=["market"])
    for other in (make_partner(), abroad):
        with pytest.raises(rules.SandboxPairUnfit):
            create(original, operator, pair_with=other)
    account = create(original, operator)
    with pytest.raises(rules.SandboxAccountExists):
        create(original, operator)
    with pytest.raises(rules.SandboxOfSandbox):
        create(account, operator)
    make_organization(OrganizationKind.CUSTOMER, domain="sandbox.fjallvind.example")
    with pytest.raises(rules.SandboxDomainTaken):
        create(make_partner(domain="fjallvind.example"), operator)
    assert AuditEvent.objects.filter(event_type="sandbox-account-created").count() == 1


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMIN_AGENT], ids=str)
def test_no_partner_makes_itself_one(role):
    partner = make_partner()
    with pytest.raises(PermissionDenied):
        create(partner, make_actor(partner, role))
    assert Organization.objects.filter(is_sandbox=True).count() == 0


def test_the_page_of_a_production_partner_names_the_account_and_switches_to_it(operator, client_for):
    partner = make_partner(name="Belfort")
    browser = client_for(make_member(partner, Role.GLOBAL_ADMIN))
    assert "How to get one" in html.unescape(browser.get("/account-settings/sandbox/").content.decode())
    account = create(partner, operator)

    page = browser.get("/account-settings/sandbox/").content.decode()
    assert "Belfort (sandbox)" in page
    assert f'value="{account.pk}">Act for the sandbox' in page
    assert browser.post("/switch-organization/", {"organization_id": str(account.pk)}).status_code == 302
    assert "Who belongs to this sandbox" in browser.get("/account-settings/sandbox/").content.decode()
    late = client_for(make_member(partner, Role.ADMIN_AGENT))
    page = late.get("/account-settings/sandbox/").content.decode()
    assert "You do not belong to it" in page
    assert "Act for the sandbox" not in page
