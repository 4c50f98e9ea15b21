"""A direct bill partner becomes an indirect reseller of its provider, step by step (T4, A2, decision 0022)."""

import datetime

import pytest

from customers import rules
from customers.enums import AgreementMethod, CustomerEvent, InvitationStatus, RelationshipKind, SubscriptionStatus
from customers.models import CustomerAgreement, CustomerProfile, ResellerRelationship, Subscription
from customers.workflow import becoming_reseller, invitations, partnerships
from customers.workflow.additions import add_customer
from customers.workflow.relationships import remove_relationship
from portal.accounts.enums import AccountEvent, OrganizationKind, Role
from portal.accounts.models import Membership, Partner
from portal.accounts.rules import may_give_up_subscriptions, may_take_over_subscriptions
from portal.core.errors import PermissionDenied
from portal.core.links import hash_token
from tests.customers.factories import make_agreement, make_partnership, make_relationship, make_subscription
from tests.customers.test_invitation_workflow import customer_admin, terms_of
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.portal.accounts.helpers import event_names, events_of, traces

pytestmark = pytest.mark.django_db
LATER = NOON + datetime.timedelta(hours=1)
PROVIDER, DIRECT = OrganizationKind.INDIRECT_PROVIDER, OrganizationKind.DIRECT_BILL


@pytest.fixture
def direct():
    """A direct bill partner with an active partnership, about to become a reseller."""
    organization = make_partner(DIRECT)
    make_partnership(reseller=organization)
    return organization


@pytest.fixture
def provider(direct):
    return direct.partner.provider_partnerships.get().provider


def boss(organization):
    return make_actor(organization, Role.GLOBAL_ADMIN)


def start(direct, provider):
    return becoming_reseller.start_becoming_reseller(provider_id=provider.pk, actor=boss(direct), now=NOON)


def move(relationship):
    actor = make_actor(relationship.partner.organization)
    return becoming_reseller.move_customer(relationship_id=relationship.pk, actor=actor, now=LATER)


def finish(direct):
    return becoming_reseller.finish_becoming_reseller(actor=boss(direct), now=LATER)


def cancel(direct):
    return becoming_reseller.cancel_becoming_reseller(actor=boss(direct), now=LATER)


def partner(organization):
    return Partner.objects.select_related("organization").get(pk=organization.pk)


# --- who may be billed for what --------------------------------------------------------------------------------------
def test_it_gives_up_subscriptions_all_the_way_and_takes_over_none(direct, provider):
    assert (may_give_up_subscriptions(partner(direct)), may_take_over_subscriptions(partner(direct))) == (True, True)

    start(direct, provider)
    assert (may_give_up_subscriptions(partner(direct)), may_take_over_subscriptions(partner(direct))) == (True, False)

    finish(direct)
    assert (may_give_up_subscriptions(partner(direct)), may_take_over_subscriptions(partner(direct))) == (False, False)
    assert (may_give_up_subscriptions(provider), may_take_over_subscriptions(provider)) == (True, True)


# --- starting --------------------------------------------------------------------------------------------------------
def test_starting_needs_an_active_partnership_and_happens_once(direct, provider):
    with pytest.raises(rules.NoPartnershipYet):
        start(direct, make_partner(PROVIDER).partner)
    start(direct, provider)
    before = traces()

    with pytest.raises(rules.BecomingAlready):
        start(direct, provider)
    assert traces() == before
    assert event_names(direct) == [AccountEvent.BECOMING_RESELLER_STARTED]
    assert event_names(provider.organization) == [AccountEvent.BECOMING_RESELLER_STARTED]


@pytest.mark.parametrize("kind", [PROVIDER, OrganizationKind.INDIRECT_RESELLER])
def test_only_a_direct_bill_partner_starts(kind, provider):
    with pytest.raises(rules.NotDirectBill):
        start(make_partner(kind), provider)


def test_only_a_global_admin_starts_cancels_and_finishes(direct, provider):
    agent = make_actor(direct)
    for change in (
        lambda: becoming_reseller.start_becoming_reseller(provider_id=provider.pk, actor=agent, now=NOON),
        lambda: becoming_reseller.cancel_becoming_reseller(actor=agent, now=NOON),
        lambda: becoming_reseller.finish_becoming_reseller(actor=agent, now=NOON),
    ):
        with pytest.raises(PermissionDenied):
            change()


def test_from_the_start_on_new_customers_come_through_the_provider_only(direct, provider):
    _older, token = invitations.request_relationship(terms=terms_of(direct), actor=make_actor(direct), now=NOON)
    start(direct, provider)

    with pytest.raises(rules.SellsThroughProvider):
        invitations.request_relationship(terms=terms_of(direct), actor=make_actor(direct), now=NOON)
    through, _token = invitations.request_relationship(
        terms=terms_of(provider.organization, direct), actor=make_actor(direct), now=NOON
    )
    assert (through.partner_id, through.reseller_id) == (provider.pk, direct.pk)

    customer, _organization = customer_admin()
    accepted = invitations.accept_invitation(token_hash=hash_token(token), actor=customer, now=LATER)
    assert accepted.kind == RelationshipKind.DIRECT
    assert rules.direct_customers(partner(direct)).get() == accepted


def test_it_adds_no_customer_any_more(direct, provider, client_for):
    start(direct, provider)
    new = rules.NewCustomer(
        company_name="Boulangerie Dupont",
        domain="dupont.example",
        country="FR",
        address="1 rue de la Paix",
        registration_number="",
        phone="+33 1 23 45 67 89",
        first_name="Marie",
        last_name="Dupont",
        email="marie@dupont.example",
        language="fr",
        include_admin_rights=False,
        reseller_id=None,
    )

    with pytest.raises(rules.SellsThroughProvider):
        add_customer(new=new, attestation=None, actor=make_actor(direct), now=NOON)
    page = client_for(make_member(direct)).get("/customers/new/")
    assert (page.status_code, "starts nothing in its own name" in page.content.decode()) == (409, True)


# --- moving ----------------------------------------------------------------------------------------------------------
def test_a_customer_moves_without_its_click_and_without_administration_rights(direct, provider):
    relationship = make_relationship(direct, has_admin_rights=True, tags=["Gold"])
    CustomerProfile.objects.create(
        relationship=relationship,
        bill_to_name="Dupont SARL",
        bill_to_email="ap@dupont.example",
        may_buy_reservations=True,
    )
    start(direct, provider)

    move(relationship)

    relationship.refresh_from_db()
    of_provider = ResellerRelationship.objects.get(partner=provider)
    assert (relationship.kind, relationship.counterpart_id) == (RelationshipKind.RESELLER, provider.pk)
    assert (relationship.has_admin_rights, relationship.tags) == (True, ["Gold"])
    assert (of_provider.kind, of_provider.counterpart_id) == (RelationshipKind.PROVIDER, direct.pk)
    assert (of_provider.has_admin_rights, of_provider.tags) == (False, [])
    assert of_provider.profile.bill_to_name == "Dupont SARL"
    assert not of_provider.profile.may_buy_reservations
    for organization in (direct, provider.organization, relationship.customer.organization):
        assert event_names(organization)[-1] == CustomerEvent.MOVED_TO_PROVIDER


def test_the_customers_own_signature_counts_for_the_provider_and_an_attestation_does_not(direct, provider):
    signed, attested = make_relationship(direct), make_relationship(direct)
    make_agreement(signed, method=AgreementMethod.DIRECT)
    make_agreement(attested, method=AgreementMethod.ATTESTED)
    start(direct, provider)

    for relationship in (signed, attested):
        move(relationship)

    agreement = CustomerAgreement.objects.get(partner=provider)
    assert (agreement.customer_id, agreement.method) == (signed.customer_id, AgreementMethod.DIRECT)
    found = dict(ResellerRelationship.objects.values_list("pk", "has_agreement"))
    of_provider = dict(
        ResellerRelationship.objects.filter(partner=provider).values_list("customer_id", "has_agreement")
    )
    assert (found[signed.pk], found[attested.pk]) == (True, False)
    assert of_provider == {signed.customer_id: True, attested.customer_id: False}


def test_a_customer_that_the_provider_had_already_keeps_that_relationship(direct, provider):
    relationship = make_relationship(direct)
    there = make_relationship(provider.organization, relationship.customer, kind=RelationshipKind.PROVIDER)
    start(direct, provider)

    move(relationship)

    there.refresh_from_db()
    assert there.counterpart_id == direct.pk
    assert ResellerRelationship.objects.filter(partner=provider).count() == 1


def test_subscriptions_stay_billed_where_they_are_until_they_are_transferred(direct, provider):
    relationship = make_relationship(direct)
    subscription = make_subscription(relationship)
    start(direct, provider)

    move(relationship)

    subscription.refresh_from_db()
    assert subscription.billing_owner_id == direct.pk


def test_a_customer_moves_once_and_only_during_the_change(direct, provider):
    relationship = make_relationship(direct)
    with pytest.raises(rules.NotBecomingReseller):
        move(relationship)
    start(direct, provider)
    move(relationship)
    before = traces()

    with pytest.raises(rules.RelationshipNotActive):
        move(relationship)
    assert traces() == before


def test_nobody_moves_the_customer_of_another(direct, provider):
    start(direct, provider)
    theirs = make_relationship()

    with pytest.raises(ResellerRelationship.DoesNotExist):
        becoming_reseller.move_customer(relationship_id=theirs.pk, actor=make_actor(direct), now=NOON)


# --- finishing and canceling -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "status", [SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED]
)
def test_it_finishes_only_when_nothing_is_left(status, direct, provider):
    relationship = make_relationship(direct)
    subscription = make_subscription(relationship, status=status)
    seller = make_member(direct, Role.SALES_AGENT)
    gone = make_member(direct, Role.SALES_AGENT, Role.HELPDESK_AGENT)
    Membership.objects.filter(pk=gone.pk).update(is_active=False, deactivated_at=NOON)
    start(direct, provider)

    def left():
        with pytest.raises(rules.NotFinishedYet) as refused:
            finish(direct)
        return str(refused.value)

    assert "1 customer is left" in left()
    move(relationship)
    assert "1 customer" not in left()
    assert "1 subscription is still billed" in left()
    Subscription.objects.filter(pk=subscription.pk).update(billing_owner=provider)  # as a transfer does
    assert "1 person holds" in left()
    Membership.objects.filter(pk=seller.pk).update(roles=[Role.HELPDESK_AGENT])

    finished = finish(direct)

    direct.refresh_from_db()
    gone.refresh_from_db()
    assert direct.kind == OrganizationKind.INDIRECT_RESELLER
    assert (finished.becoming_reseller_of_id, finished.becoming_reseller_since) == (None, None)
    assert gone.roles == [Role.HELPDESK_AGENT]
    (event,) = events_of(provider.organization, AccountEvent.BECAME_RESELLER)
    assert (event.before, event.after) == ({"kind": "direct_bill"}, {"kind": "indirect_reseller"})


def test_finishing_revokes_what_it_still_asks_in_its_own_name(direct, provider):
    own, token = invitations.request_relationship(terms=terms_of(direct), actor=make_actor(direct), now=NOON)
    start(direct, provider)
    through, _token = invitations.request_relationship(
        terms=terms_of(provider.organization, direct), actor=make_actor(direct), now=NOON
    )

    finish(direct)

    own.refresh_from_db()
    through.refresh_from_db()
    assert (own.status, through.status) == (InvitationStatus.REVOKED, InvitationStatus.PENDING)
    with pytest.raises(rules.LinkUnusable):
        invitations.accept_invitation(token_hash=hash_token(token), actor=customer_admin()[0], now=LATER)


def test_it_is_not_finished_without_having_started(direct):
    for change in (finish, cancel):
        with pytest.raises(rules.NotBecomingReseller):
            change(direct)


def test_canceling_leaves_a_direct_bill_partner_as_it_was(direct, provider):
    make_relationship(direct)
    start(direct, provider)
    through, _token = invitations.request_relationship(
        terms=terms_of(provider.organization, direct), actor=make_actor(direct), now=NOON
    )

    cancel(direct)

    through.refresh_from_db()
    assert through.status == InvitationStatus.REVOKED
    assert may_take_over_subscriptions(partner(direct))
    assert invitations.request_relationship(terms=terms_of(direct), actor=make_actor(direct), now=NOON)
    assert start(direct, provider).becoming_reseller_of_id == provider.pk


def test_a_moved_customer_keeps_the_partner_from_canceling_until_it_is_removed(direct, provider):
    relationship = make_relationship(direct)
    start(direct, provider)
    move(relationship)

    with pytest.raises(rules.CustomersMovedAlready):
        cancel(direct)
    remove_relationship(relationship_id=relationship.pk, actor=make_actor(direct), now=LATER)

    assert cancel(direct).becoming_reseller_of_id is None


def test_the_partnership_does_not_end_during_the_change(direct, provider):
    start(direct, provider)
    partnership = direct.partner.provider_partnerships.get()

    with pytest.raises(rules.PartnershipInUse, match="is becoming an indirect reseller"):
        partnerships.end_partnership(partnership_id=partnership.pk, actor=boss(provider.organization), now=LATER)


# --- pages -----------------------------------------------------------------------------------------------------------
PATH = "/customers/partnerships/becoming-a-reseller/"


def test_the_company_profile_leads_a_direct_bill_partner_there_and_says_what_it_becomes(direct, provider, client_for):
    browser = client_for(make_member(direct, Role.GLOBAL_ADMIN))
    assert PATH in browser.get("/account-settings/company/").content.decode()

    start(direct, provider)

    page = browser.get("/account-settings/company/").content.decode()
    assert f"becoming an indirect reseller of {provider.organization.name}" in page


def test_the_whole_way_by_pages(direct, provider, client_for):
    make_member(direct, Role.SALES_AGENT)
    relationship = make_relationship(direct, name="Boulangerie Dupont")
    subscription = make_subscription(relationship)
    browser = client_for(make_member(direct, Role.GLOBAL_ADMIN))

    unsure = browser.post(f"{PATH}start/", {"provider": str(provider.pk)})
    started = browser.post(f"{PATH}start/", {"provider": str(provider.pk), "informed": "on"}, follow=True)
    assert unsure.status_code == 422
    page = started.content.decode()
    for words in ("1 customer is left to move", "1 subscription is still billed to you", "role of sales agent"):
        assert words in page

    moved = browser.post(f"{PATH}move/", {"selected": [str(relationship.customer_id), "x"]}, follow=True)
    assert "1 customer has moved" in moved.content.decode()
    assert "Customers to move" not in moved.content.decode()
    assert "still billed" in browser.get(f"{PATH}finish/").content.decode()
    refused = browser.post(f"{PATH}finish/")
    assert (refused.status_code, "still billed" in refused.content.decode()) == (409, True)
    assert browser.post(f"{PATH}cancel/").status_code == 409
    assert "1 customer is served through" in browser.get(PATH).content.decode()  # why the command is disabled

    Subscription.objects.filter(pk=subscription.pk).update(billing_owner=provider)
    Membership.objects.filter(organization=direct, roles=[Role.SALES_AGENT]).update(roles=[Role.HELPDESK_AGENT])
    assert "You can finish now" in browser.get(PATH).content.decode()
    assert "There is no way back" in browser.get(f"{PATH}finish/").content.decode()
    finished = browser.post(f"{PATH}finish/", follow=True)
    assert "is an indirect reseller now" in finished.content.decode()
    assert browser.get(PATH).status_code == 409


def test_who_has_no_partnership_is_led_to_asking_for_one(client_for):
    browser = client_for(make_member(make_partner(DIRECT), Role.GLOBAL_ADMIN))

    page = browser.get(PATH).content.decode()

    assert "No provider has agreed" in page
    assert "/customers/partnerships/request/" in page


def test_the_provider_sees_who_is_becoming_its_reseller(direct, provider, client_for):
    start(direct, provider)

    page = client_for(make_member(provider.organization)).get("/customers/partnerships/").content.decode()

    assert "Direct bill partner, becoming an indirect reseller" in page


def test_choosing_nobody_moves_nobody(direct, provider, client_for):
    start(direct, provider)
    browser = client_for(make_member(direct, Role.GLOBAL_ADMIN))

    page = browser.post(f"{PATH}move/", follow=True).content.decode()

    assert "Choose the customers to move first" in page
