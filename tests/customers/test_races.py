"""Two things about one relationship at the same moment: exactly one wins, and nothing is done by half.

Real transactions, one thread and connection each. In the first round the first of the two is well ahead, in the second
round the other one; then a random head start decides.
"""

import datetime
import os
import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection

from customers import rules
from customers.enums import CustomerEvent, InvitationStatus, RelationshipStatus
from customers.models import CustomerAgreement, InvitationLink, RelationshipInvitation, ResellerRelationship
from customers.workflow import becoming_reseller, invitations, partnerships, relationships
from portal.accounts.enums import AccountEvent, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Organization, Partnership
from portal.audit.models import AuditEvent
from portal.core.errors import Refusal
from portal.core.links import hash_token
from tests.customers.factories import make_partnership
from tests.customers.test_invitation_workflow import customer_admin, terms_of
from tests.factories import NOON, make_actor, make_partner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "24"))  # RACE_ROUNDS=1000: the long run (quality row 6)
FEWER_ROUNDS = max(ROUNDS // 2, 2)  # where making the world of a round takes longer than the race
HEAD_START_SECONDS = 0.006  # about as long as one of the two takes
WELL_AHEAD_SECONDS = 0.15
EXPIRED = NOON + datetime.timedelta(days=31)


def at_once(*jobs, number):
    """Run the jobs of one round side by side; return what each answered or was refused with.

    Anything but a refusal, such as a deadlock, fails the test.
    """
    gate, outcomes = threading.Barrier(len(jobs)), [None] * len(jobs)
    waits = [random.uniform(0, HEAD_START_SECONDS) for _job in jobs]
    if number < len(jobs):
        waits = [0 if place == number else WELL_AHEAD_SECONDS for place in range(len(jobs))]

    def run(place, job, wait):
        gate.wait()
        time.sleep(wait)
        try:
            outcomes[place] = job()
        except Exception as error:  # raised again below, in the thread of the test
            outcomes[place] = error
        finally:
            connection.close()

    pairs = zip(jobs, waits, strict=True)
    threads = [threading.Thread(target=run, args=(place, *pair)) for place, pair in enumerate(pairs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "they wait for each other"
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, Refusal):
            raise outcome
    return outcomes


class World:
    """One partner with one agent, for all rounds of a test; each round has a request of its own."""

    def __init__(self, *, indirect=False):
        self.reseller = None
        if indirect:
            self.partnership = make_partnership()
            self.partner = self.partnership.provider.organization
            self.reseller = self.partnership.reseller.organization
        else:
            self.partner = make_partner()
        self.agent = make_actor(self.partner, Role.ADMIN_AGENT, Role.GLOBAL_ADMIN)

    def request(self):
        invitation, token = invitations.request_relationship(
            terms=terms_of(self.partner, self.reseller), actor=self.agent, now=NOON
        )
        actor, _customer = customer_admin()
        return invitation, hash_token(token), actor

    def accept(self, token_hash, actor, *, now=NOON):
        return lambda: invitations.accept_invitation(token_hash=token_hash, actor=actor, now=now)


def won(outcome):
    return not isinstance(outcome, Refusal)


def events(event_type, subject_id):
    return AuditEvent.objects.filter(event_type=event_type, subject_id=str(subject_id)).count()


def active(customer_id):
    return ResellerRelationship.objects.active().filter(customer_id=customer_id).count()


def assert_whole(invitation, customer_id, *, accepted, rows=1):
    """An accepted request has its relationships, signature and event; any other has none of them."""
    invitation.refresh_from_db()
    assert (invitation.status == InvitationStatus.ACCEPTED) == accepted
    assert (invitation.customer_id == customer_id) == accepted
    assert active(customer_id) == (rows if accepted else 0)
    assert CustomerAgreement.objects.filter(customer_id=customer_id).count() == int(accepted)
    accepting = (CustomerEvent.RELATIONSHIP_ACCEPTED, CustomerEvent.INDIRECT_RELATIONSHIP_ACCEPTED)
    assert sum(events(event_type, invitation.pk) for event_type in accepting) == int(accepted)


def test_a_customer_accepts_while_the_partner_revokes():
    world, winners = World(), Counter()
    for number in range(ROUNDS):
        invitation, token_hash, actor = world.request()

        accepted, revoked = at_once(
            world.accept(token_hash, actor),
            lambda: invitations.revoke_invitation(invitation_id=invitation.pk, actor=world.agent, now=NOON),  # noqa: B023
            number=number,
        )

        assert won(accepted) != won(revoked)
        assert isinstance(revoked if won(accepted) else accepted, rules.InvitationNotPending | rules.LinkUnusable)
        assert_whole(invitation, actor.organization_id, accepted=won(accepted))
        assert events(CustomerEvent.RELATIONSHIP_REQUEST_REVOKED, invitation.pk) == int(won(revoked))
        winners["accepted" if won(accepted) else "revoked"] += 1
    assert len(winners) == 2, f"only one of the two ever won: {winners}"


def test_one_link_is_accepted_twice_at_once():
    world = World()
    for number in range(ROUNDS):
        invitation, token_hash, actor = world.request()

        outcomes = at_once(world.accept(token_hash, actor), world.accept(token_hash, actor), number=number)

        assert sorted(map(won, outcomes)) == [False, True]
        (loser,) = (outcome for outcome in outcomes if not won(outcome))
        assert isinstance(loser, rules.LinkUnusable)
        assert_whole(invitation, actor.organization_id, accepted=True)


def test_two_customers_accept_one_link_at_once():
    world = World()
    for number in range(FEWER_ROUNDS):
        invitation, token_hash, first = world.request()
        second, _customer = customer_admin()

        outcomes = at_once(world.accept(token_hash, first), world.accept(token_hash, second), number=number)

        assert sorted(map(won, outcomes)) == [False, True]
        winner, loser = (first, second) if won(outcomes[0]) else (second, first)
        assert_whole(invitation, winner.organization_id, accepted=True)
        assert active(loser.organization_id) == 0


def test_two_links_to_one_customer_are_accepted_at_once():
    """The request sent twice under two names: one relationship, both answered, or one told that it is there."""
    world = World()
    for number in range(FEWER_ROUNDS):
        _first, first_hash, actor = world.request()
        _second, second_hash, _other = world.request()

        outcomes = at_once(world.accept(first_hash, actor), world.accept(second_hash, actor), number=number)

        assert any(map(won, outcomes))
        assert all(won(outcome) or isinstance(outcome, rules.AlreadyPartner) for outcome in outcomes)
        assert active(actor.organization_id) == 1
        assert CustomerAgreement.objects.filter(customer_id=actor.organization_id).count() == 1


def test_a_customer_accepts_while_the_sweep_expires():
    """The customer's clock stands a moment before the end, the sweep's a moment after it."""
    world, winners = World(), Counter()
    for number in range(ROUNDS):
        invitation, token_hash, actor = world.request()
        before = invitation.expires_at - datetime.timedelta(microseconds=1)

        accepted, closed = at_once(
            world.accept(token_hash, actor, now=before),
            lambda: invitations.expire_invitations(now=invitation.expires_at),  # noqa: B023
            number=number,
        )

        assert won(accepted) != bool(closed)
        assert won(accepted) or isinstance(accepted, rules.LinkUnusable)
        assert_whole(invitation, actor.organization_id, accepted=won(accepted))
        assert events(CustomerEvent.RELATIONSHIP_REQUEST_EXPIRED, invitation.pk) == closed
        winners["accepted" if won(accepted) else "expired"] += 1
    assert len(winners) == 2, f"only one of the two ever won: {winners}"


def test_two_sweeps_expire_each_request_once():
    world = World()
    pending = [world.request()[0] for _number in range(10)]

    counts = at_once(*[lambda: invitations.expire_invitations(now=EXPIRED)] * 3, number=ROUNDS)

    assert sum(counts) == len(pending)
    for invitation in pending:
        assert events(CustomerEvent.RELATIONSHIP_REQUEST_EXPIRED, invitation.pk) == 1


def test_a_relationship_is_removed_while_a_second_link_is_accepted():
    """Either the acceptance finds the relationship and the removal ends it, or it makes a new one afterwards."""
    world, winners = World(), Counter()
    for number in range(ROUNDS):
        _first, first_hash, actor = world.request()
        second, second_hash, _other = world.request()
        relationship = world.accept(first_hash, actor)()

        removed, accepted = at_once(
            lambda: relationships.remove_relationship(
                relationship_id=relationship.pk,  # noqa: B023
                actor=world.agent,
                now=NOON,
            ),
            world.accept(second_hash, actor),
            number=number,
        )

        assert won(removed)
        relationship.refresh_from_db()
        second.refresh_from_db()
        assert relationship.status == RelationshipStatus.REMOVED
        if won(accepted):
            assert accepted.status == RelationshipStatus.ACTIVE
        else:
            assert isinstance(accepted, rules.AlreadyPartner)
        assert (second.status == InvitationStatus.ACCEPTED) == won(accepted)
        assert active(actor.organization_id) == int(won(accepted)), "accepted for a relationship that is gone"
        winners["removed first" if won(accepted) else "accepted first"] += 1
    assert len(winners) == 2, f"only one of the two ever came first: {winners}"


def test_a_provider_leaves_a_customer_while_a_reseller_comes_back():
    """Both end up as the customer's partners, or neither: never a reseller without the provider that bills."""
    world, left = World(indirect=True), Counter()
    reseller_agent = make_actor(world.reseller)
    for number in range(FEWER_ROUNDS):
        _first, first_hash, actor = world.request()
        _second, second_hash, _other = world.request()
        of_provider = world.accept(first_hash, actor)()
        of_reseller = ResellerRelationship.objects.get(customer_id=of_provider.customer_id, partner=world.reseller.pk)
        relationships.remove_relationship(relationship_id=of_reseller.pk, actor=reseller_agent, now=NOON)

        removed, accepted = at_once(
            lambda: relationships.remove_relationship(
                relationship_id=of_provider.pk,  # noqa: B023
                actor=world.agent,
                now=NOON,
            ),
            world.accept(second_hash, actor),
            number=number,
        )

        assert won(removed)
        assert won(accepted)
        kinds = ResellerRelationship.objects.active().filter(customer_id=actor.organization_id)
        both = sorted(kinds.values_list("kind", "counterpart_id"))
        assert both in ([], [("provider", world.reseller.pk), ("reseller", world.partner.pk)])
        left["removed first" if both else "accepted first"] += 1
    assert len(left) == 2, f"only one of the two ever came first: {left}"


def test_a_customer_accepts_while_provider_and_reseller_part():
    winners = Counter()
    for number in range(FEWER_ROUNDS):
        world = World(indirect=True)
        invitation, token_hash, actor = world.request()

        accepted, ended = at_once(
            world.accept(token_hash, actor),
            lambda: partnerships.end_partnership(
                partnership_id=world.partnership.pk,  # noqa: B023
                actor=world.agent,  # noqa: B023
                now=NOON,
            ),
            number=number,
        )

        assert won(accepted) != won(ended)
        assert isinstance(ended if won(accepted) else accepted, rules.PartnershipInUse | rules.LinkUnusable)
        assert_whole(invitation, actor.organization_id, accepted=won(accepted), rows=2)
        world.partnership.refresh_from_db()
        assert (world.partnership.status == PartnershipStatus.ENDED) == won(ended)
        winners["accepted" if won(accepted) else "ended"] += 1
    assert len(winners) == 2, f"only one of the two ever won: {winners}"


def test_a_relationship_is_requested_while_provider_and_reseller_part():
    for number in range(FEWER_ROUNDS):
        world = World(indirect=True)

        requested, ended = at_once(
            world.request,
            lambda: partnerships.end_partnership(
                partnership_id=world.partnership.pk,  # noqa: B023
                actor=world.agent,  # noqa: B023
                now=NOON,
            ),
            number=number,
        )

        assert won(ended)
        assert won(requested) or isinstance(requested, rules.ResellerNotYours)
        pending = RelationshipInvitation.objects.filter(partner=world.partner.partner, status=InvitationStatus.PENDING)
        assert not pending.exists(), "a request names partners that have parted"


def test_a_partnership_is_accepted_while_it_is_withdrawn():
    winners = Counter()
    for number in range(FEWER_ROUNDS):
        provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
        reseller = make_partner(OrganizationKind.INDIRECT_RESELLER)
        asking, asked = (make_actor(one, Role.GLOBAL_ADMIN) for one in (provider, reseller))
        partnership = partnerships.request_partnership(partner_id=reseller.pk, actor=asking, now=NOON)
        key = {"partnership_id": partnership.pk, "now": NOON}

        accepted, withdrawn = at_once(
            lambda: partnerships.accept_partnership(**key, actor=asked),  # noqa: B023
            lambda: partnerships.withdraw_partnership(**key, actor=asking),  # noqa: B023
            number=number,
        )

        assert won(accepted) != won(withdrawn)
        assert isinstance(withdrawn if won(accepted) else accepted, rules.PartnershipNotOpen)
        partnership.refresh_from_db()
        assert (partnership.status == PartnershipStatus.ACTIVE) == won(accepted)
        assert events(AccountEvent.PARTNERSHIP_ACCEPTED, partnership.pk) == int(won(accepted))
        assert events(AccountEvent.PARTNERSHIP_WITHDRAWN, partnership.pk) == int(won(withdrawn))
        winners["accepted" if won(accepted) else "withdrawn"] += 1
    assert len(winners) == 2, f"only one of the two ever won: {winners}"


def test_two_partners_ask_each_other_at_once():
    for number in range(FEWER_ROUNDS):
        provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
        reseller = make_partner(OrganizationKind.INDIRECT_RESELLER)
        pairs = [(make_actor(provider), reseller.pk), (make_actor(reseller), provider.pk)]

        outcomes = at_once(
            *[
                lambda actor=actor, other=other: partnerships.request_partnership(
                    partner_id=other, actor=actor, now=NOON
                )
                for actor, other in pairs
            ],
            number=number,
        )

        assert sorted(map(won, outcomes)) == [False, True]
        (loser,) = (outcome for outcome in outcomes if not won(outcome))
        assert isinstance(loser, rules.PartnershipOpenAlready)
        assert Partnership.objects.filter(provider=provider.partner).count() == 1


def test_a_customer_accepts_while_its_partner_finishes_becoming_a_reseller():
    """A reseller never gets a customer in its own name: it accepted in time and keeps the partner back, or too late."""
    winners = Counter()
    for number in range(FEWER_ROUNDS):
        world = World()
        partnership = make_partnership(reseller=world.partner)
        invitation, token_hash, actor = world.request()
        becoming_reseller.start_becoming_reseller(provider_id=partnership.provider_id, actor=world.agent, now=NOON)

        accepted, finished = at_once(
            world.accept(token_hash, actor),
            lambda: becoming_reseller.finish_becoming_reseller(actor=world.agent, now=NOON),  # noqa: B023
            number=number,
        )

        assert won(accepted) != won(finished)
        assert isinstance(finished if won(accepted) else accepted, rules.NotFinishedYet | rules.LinkUnusable)
        assert_whole(invitation, actor.organization_id, accepted=won(accepted))
        kind = Organization.objects.get(pk=world.partner.pk).kind
        assert (kind == OrganizationKind.INDIRECT_RESELLER) == won(finished)
        winners["accepted" if won(accepted) else "finished"] += 1
    assert len(winners) == 2, f"only one of the two ever won: {winners}"


def test_every_link_of_an_answered_request_is_dead():
    """After a reminder two links work; accepted at the same moment they make one relationship."""
    world = World()
    for number in range(FEWER_ROUNDS):
        invitation, token_hash, actor = world.request()
        second = InvitationLink.objects.create(
            invitation=invitation, token_hash=hash_token(str(invitation.pk)), created_at=NOON
        )

        outcomes = at_once(world.accept(token_hash, actor), world.accept(second.token_hash, actor), number=number)

        assert sorted(map(won, outcomes)) == [False, True]
        assert_whole(invitation, actor.organization_id, accepted=True)
