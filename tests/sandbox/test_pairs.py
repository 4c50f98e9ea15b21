"""The operator puts two sandbox accounts that exist already into one sandbox (P8)."""

import pytest
from django.urls import reverse

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Partner
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem
from sandbox import queries, rules
from sandbox.enums import Fault
from sandbox.models import Sandbox
from sandbox.workflow.clock import jump
from sandbox.workflow.faults import switch_fault
from sandbox.workflow.pairs import pair_accounts
from sandbox.workflow.reset import reset_sandbox
from tests.customers.factories import make_customer, make_relationship
from tests.factories import NOON, make_actor, make_partner
from tests.sandbox.factories import make_pair, make_sandbox_partner, make_stage, player
from tests.support.factories import make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Actor:
    member = make_operator()
    return actor_of(member, member.user)


def pair(one, other, operator):
    return pair_accounts(partner_id=one.pk, pair_with=other.pk, actor=operator, now=NOON)


def test_all_who_share_either_share_one_from_now_on(operator):
    first, second = make_pair()
    third, fourth = make_pair()
    customer = make_customer(is_sandbox=True)
    for partner in (first, third):
        make_relationship(partner, customer)
    with pytest.raises(rules.SandboxShared):
        reset_sandbox(actor=player(first), now=NOON)
    for fault in (Fault.MAIL_BOUNCES, Fault.WEBHOOK_FAILS):
        switch_fault(fault=fault, is_on=True, actor=player(second), now=NOON)
    switch_fault(fault=Fault.MAIL_BOUNCES, is_on=True, actor=player(fourth), now=NOON)

    host = pair(first, third, operator)

    assert Sandbox.objects.get() == host
    assert set(queries.partner_ids(player(second))) == {one.pk for one in (first, second, third, fourth)}
    assert sorted(host.faults.values_list("fault", flat=True)) == ["mail-bounces", "webhook-fails"]
    assert {one.subject_id for one in AuditEvent.objects.filter(event_type="sandbox-partner-joined")} == {
        str(first.pk),
        str(second.pk),
    }
    told = ActionItem.objects.filter(event_type="sandbox-partner-joined").values_list("organization_id", flat=True)
    assert sorted(told) == sorted([first.pk, second.pk, *2 * [third.pk], *2 * [fourth.pk]])
    assert reset_sandbox(actor=player(fourth), now=NOON).counts["customers"] == 1


def test_a_partner_never_used_joins_one_in_full_swing_if_their_clocks_agree(operator):
    stage, fresh = make_stage(), make_sandbox_partner()
    jump(hours=30, actor=player(stage.source), now=NOON)
    with pytest.raises(rules.SandboxClocksApart, match="30 hours"):
        pair(fresh, stage.target, operator)
    jump(hours=30, actor=player(fresh), now=NOON)
    assert pair(fresh, stage.target, operator).hours_ahead == 30
    with pytest.raises(rules.SandboxPairUnfit, match="already"):
        pair(stage.source, fresh, operator)


def test_who_does_not_fit_is_not_paired(operator):
    own, abroad = make_sandbox_partner(), make_sandbox_partner()
    Partner.objects.filter(pk=abroad.pk).update(market="canada")
    for other in (make_partner(), abroad, own):
        with pytest.raises(rules.SandboxPairUnfit):
            pair(own, other, operator)
    with pytest.raises(rules.SandboxPairUnfit):
        pair(make_partner(), own, operator)
    for role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT):
        with pytest.raises(PermissionDenied):
            pair(own, make_sandbox_partner(), make_actor(own, role))
    assert not AuditEvent.objects.filter(event_type="sandbox-partner-joined").exists()


def test_the_operator_pairs_them_from_the_account_s_page(client_for):
    browser = client_for(make_operator())
    own, other = make_sandbox_partner(domain="sandbox.belfort.example"), make_sandbox_partner()
    here, url = (reverse(f"operators:{name}", args=[own.pk]) for name in ("partner", "pair_sandbox"))
    assert url in browser.get(here).text
    assert "nobody takes them apart again" in browser.get(url).text
    for wrong in ("", "nobody.example", own.domain):
        assert browser.post(url, {"pair_with": wrong}).status_code == 422
    jump(hours=5, actor=player(other), now=NOON)
    refused = browser.post(url, {"pair_with": other.domain})
    assert (refused.status_code, "5 hours ahead" in refused.text) == (409, True)
    jump(hours=5, actor=player(own), now=NOON)
    assert browser.post(url, {"pair_with": str(other.pk)}).headers["Location"] == here
    assert other.name in browser.get(here).text
    production = reverse("operators:pair_sandbox", args=[make_partner().pk])
    assert browser.post(production, {"pair_with": str(other.pk)}).status_code == 422
