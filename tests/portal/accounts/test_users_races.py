"""Two admins at the same moment: real transactions, real locks."""

import threading

import pytest
from django.db import connection

from portal.accounts import rules
from portal.accounts.enums import Role
from portal.accounts.models import Membership, UserInvitation
from portal.accounts.workflow import invitations, users
from portal.core.errors import Refusal
from tests.factories import NOON, make_member
from tests.portal.accounts.helpers import actor_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def at_once(*jobs):
    """Run the jobs side by side, each in a connection of its own, and return what came of each."""
    gate, outcomes = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number, job):
        gate.wait()
        try:
            job()
        except Refusal as refusal:
            outcomes[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, job)) for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


@pytest.mark.parametrize("attempt", range(5))
def test_two_global_admins_who_throw_each_other_out_leave_one(attempt):
    first = make_member(None, Role.GLOBAL_ADMIN)
    second = make_member(first.organization, Role.GLOBAL_ADMIN)
    actors = actor_of(first), actor_of(second)

    outcomes = at_once(
        lambda: users.deactivate_user(membership_id=second.pk, actor=actors[0], now=NOON),
        lambda: users.change_roles(membership_id=first.pk, roles=["billing_admin"], actor=actors[1], now=NOON),
    )

    left = Membership.objects.active().with_role(Role.GLOBAL_ADMIN).filter(organization=first.organization)
    assert left.count() == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [rules.LastAdmin]


def test_two_invitations_to_one_address_become_one():
    admin = make_member(None, Role.GLOBAL_ADMIN)
    actor = actor_of(admin)

    def invite():
        invitations.invite_user(
            name="Kim", email="kim@example.com", roles=["sales_agent"], language="en", actor=actor, now=NOON
        )

    outcomes = at_once(invite, invite, invite)

    assert UserInvitation.objects.count() == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [rules.AlreadyInvited] * 2


def test_a_link_opened_twice_at_once_lets_one_in():
    admin = make_member(None, Role.GLOBAL_ADMIN)
    invitation = invitations.invite_user(
        name="Kim", email="kim@example.com", roles=["sales_agent"], language="en", actor=actor_of(admin), now=NOON
    )

    def join():
        invitations.join_as_new_user(invitation_id=invitation.pk, name="Kim", password="x" * 20, now=NOON)

    outcomes = at_once(join, join)

    assert Membership.objects.filter(user__email="kim@example.com").count() == 1
    assert [type(outcome) for outcome in outcomes if outcome] == [rules.InvitationClosed]
