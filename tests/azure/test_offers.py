"""Which Azure offer may be sold to whom on which day: every row of section 9.3 on both sides of its dates (A1-A3)."""

import datetime

import pytest

from azure.enums import AzureEvent, AzureOffer, Milestone
from azure.models import OfferDate, SharedServicesTenant
from azure.queries.dates import facts_of, milestones
from azure.rules.offers import AzureOfferRefused, check_sellable, decide
from azure.rules.table import TABLE, Facts
from azure.workflow.dates import set_date
from customers.enums import ProductFamily, Qualification, SubscriptionStatus
from customers.rules.buying import Buyer
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner

PHASE_1, PHASE_2 = datetime.date(2021, 7, 21), datetime.date(2022, 2, 1)
PHASE_3, GOVERNMENT = datetime.date(2027, 3, 1), datetime.date(2027, 1, 1)
DATES = {
    Milestone.PHASE_1: PHASE_1,
    Milestone.PHASE_2: PHASE_2,
    Milestone.PHASE_3: PHASE_3,
    Milestone.GOVERNMENT_PLAN: GOVERNMENT,
}
UNDECIDED = DATES | {Milestone.PHASE_3: None, Milestone.GOVERNMENT_PLAN: None}
FAR = datetime.date(2099, 1, 1)
BOTH, PLAN, PREVIOUS, SHARED, NEITHER = "both", "plan", "previous", "shared", "neither"
SOLD = {
    BOTH: {AzureOffer.AZURE_PLAN, AzureOffer.PREVIOUS},
    PLAN: {AzureOffer.AZURE_PLAN},
    PREVIOUS: {AzureOffer.PREVIOUS},
    SHARED: {AzureOffer.SHARED_SERVICES},
}
EVE = datetime.timedelta(days=1)
GONE_ON = Facts(holds_previous=True, has_had_previous=True)  # an old customer that holds the previous offer

# Facts, then for each day what may be sold and by which row.
WALK = [
    (
        Facts(is_government=True, is_new_partner=True, is_new_relationship=True),
        [
            (PHASE_1 - EVE, PREVIOUS, "azure-government-exempt"),
            (PHASE_1, PREVIOUS, "azure-government-exempt"),
            (GOVERNMENT - EVE, PREVIOUS, "azure-government-exempt"),
            (GOVERNMENT, PLAN, "azure-new-partner"),
            (PHASE_3, PLAN, "azure-phase-3"),
        ],
    ),
    (
        Facts(is_own_tenant=True, is_new_partner=True),
        [
            (PHASE_1 - EVE, SHARED, "azure-shared-services-tenant"),
            (PHASE_1, SHARED, "azure-shared-services-tenant"),
            (PHASE_3, SHARED, "azure-shared-services-tenant"),
        ],
    ),
    (
        Facts(is_new_partner=True, holds_previous=True, has_had_previous=True),
        [
            (PHASE_1 - EVE, BOTH, "azure-before-phase-1"),
            (PHASE_1, PLAN, "azure-new-partner"),
            (PHASE_3 - EVE, PLAN, "azure-new-partner"),
            (PHASE_3, PLAN, "azure-phase-3"),
        ],
    ),
    (
        Facts(is_new_relationship=True),
        [
            (PHASE_1 - EVE, BOTH, "azure-before-phase-1"),
            (PHASE_1, PLAN, "azure-new-relationship"),
            (PHASE_3 - EVE, PLAN, "azure-new-relationship"),
            (PHASE_3, PLAN, "azure-phase-3"),
        ],
    ),
    (
        GONE_ON,
        [
            (PHASE_1 - EVE, BOTH, "azure-before-phase-1"),
            (PHASE_1, BOTH, "azure-continuity"),
            (PHASE_2 - EVE, BOTH, "azure-continuity"),
            (PHASE_2, BOTH, "azure-continuity"),
            (PHASE_3 - EVE, BOTH, "azure-continuity"),
            (PHASE_3, PLAN, "azure-phase-3"),
        ],
    ),
    (
        Facts(),
        [
            (PHASE_1 - EVE, BOTH, "azure-before-phase-1"),
            (PHASE_1, PLAN, "azure-first-purchase"),
            (PHASE_3, PLAN, "azure-phase-3"),
        ],
    ),
    (
        Facts(holds_previous=True, has_had_previous=True, has_azure_plan=True),
        [
            (PHASE_1 - EVE, PLAN, "azure-plan-chosen"),
            (PHASE_1, PLAN, "azure-plan-chosen"),
            (PHASE_3, PLAN, "azure-phase-3"),
        ],
    ),
    (
        Facts(has_had_previous=True),
        [(PHASE_1 - EVE, BOTH, "azure-before-phase-1"), (PHASE_1, PLAN, "azure-previous-ended")],
    ),
    (
        Facts(is_new_relationship=True, holds_previous=True, has_had_previous=True),
        [(PHASE_1 - EVE, BOTH, "azure-before-phase-1"), (PHASE_1, PLAN, "azure-previous-ended")],
    ),
]


@pytest.mark.parametrize(("facts", "days"), WALK, ids=[days[-1][2] + str(n) for n, (_f, days) in enumerate(WALK)])
def test_each_row_decides_on_both_sides_of_its_dates(facts, days):
    for day, sold, code in days:
        for offer in AzureOffer:
            decision = decide(offer, facts, dates=DATES, day=day)
            assert (decision.row.code, decision.allowed) == (code, offer in SOLD[sold]), (day, offer)
            if decision.allowed:
                check_sellable(decision)
                continue
            with pytest.raises(AzureOfferRefused) as refused:
                check_sellable(decision, instead_url="/add-azure-plan/")
            shared = offer == AzureOffer.SHARED_SERVICES
            assert refused.value.code == ("azure-shared-services-own-use" if shared else code)
            assert refused.value.who
            assert refused.value.next_step
            assert refused.value.next_url == ("" if shared else "/add-azure-plan/")


def test_the_walk_meets_every_row_of_the_table():
    met = {code for _facts, days in WALK for _day, _sold, code in days}
    assert met == {row.code for row in TABLE}


def test_what_has_no_day_never_begins():
    assert decide(AzureOffer.PREVIOUS, GONE_ON, dates=UNDECIDED, day=FAR).allowed
    government = decide(AzureOffer.PREVIOUS, Facts(is_government=True), dates=UNDECIDED, day=FAR)
    assert (government.allowed, government.row.code) == (True, "azure-government-exempt")


# --- the facts -------------------------------------------------------------------------------------------------------
def _facts(relationship, **dates):
    buyer = Buyer(relationship.partner, relationship.customer, NOON.date())
    return facts_of(buyer, UNDECIDED)


@pytest.mark.django_db
def test_partner_and_relationship_are_new_unless_something_began_before_phase_1():
    relationship = make_relationship()
    assert _facts(relationship) == Facts(is_new_partner=True, is_new_relationship=True)

    other = make_relationship(relationship.partner.organization)
    make_subscription(other, starts_on=PHASE_1 - EVE, ends_on=None)
    assert _facts(relationship) == Facts(is_new_partner=False, is_new_relationship=True)
    assert _facts(other) == Facts()

    old = make_relationship(relationship.partner.organization, created_at=NOON.replace(year=2021, month=7, day=20))
    assert _facts(old).is_new_relationship is False
    young = make_relationship(relationship.partner.organization, created_at=NOON.replace(year=2021, month=7, day=21))
    make_subscription(young, starts_on=PHASE_1, ends_on=None)
    assert _facts(young).is_new_relationship is True


@pytest.mark.django_db
def test_what_the_customer_holds_counts_only_from_this_partner():
    relationship = make_relationship()
    stranger = make_relationship(customer=relationship.customer)
    make_subscription(stranger, product_family=ProductFamily.AZURE_PLAN)
    make_subscription(stranger, product_family=ProductFamily.AZURE_LEGACY)
    assert not _facts(relationship).holds_previous
    assert not _facts(relationship).has_azure_plan

    make_subscription(relationship, product_family=ProductFamily.AZURE_LEGACY, status=SubscriptionStatus.DELETED)
    assert (_facts(relationship).holds_previous, _facts(relationship).has_had_previous) == (False, True)
    make_subscription(relationship, product_family=ProductFamily.AZURE_LEGACY)
    make_subscription(relationship, product_family=ProductFamily.AZURE_PLAN)
    facts = _facts(relationship)
    assert (facts.holds_previous, facts.has_had_previous, facts.has_azure_plan) == (True, True, True)


@pytest.mark.django_db
def test_government_customers_and_own_tenants_are_known():
    relationship = make_relationship()
    customer = relationship.customer
    customer.qualification = Qualification.GOVERNMENT_COMMUNITY_CLOUD
    SharedServicesTenant.objects.create(customer=customer, partner=make_partner().partner, created_at=NOON)
    assert (_facts(relationship).is_government, _facts(relationship).is_own_tenant) == (True, False)
    SharedServicesTenant.objects.filter(customer=customer).update(partner=relationship.partner)
    assert _facts(relationship).is_own_tenant


# --- the operator sets dates -----------------------------------------------------------------------------------------
@pytest.fixture
def operator():
    return make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)


@pytest.mark.django_db
def test_phase_3_has_no_day_until_the_operator_sets_one(operator):
    assert milestones()[Milestone.PHASE_3] is None
    set_date(milestone=Milestone.PHASE_3, starts_on=PHASE_3, actor=operator, now=NOON)
    set_date(milestone=Milestone.PHASE_3, starts_on=PHASE_3, actor=operator, now=NOON)

    assert milestones() == DATES | {Milestone.GOVERNMENT_PLAN: None}
    event = AuditEvent.objects.get(event_type=AzureEvent.DATE_SET)
    assert (event.before, event.after) == ({"starts": ""}, {"starts": "2027-03-01"})
    set_date(milestone=Milestone.PHASE_3, starts_on=None, actor=operator, now=NOON)
    assert milestones()[Milestone.PHASE_3] is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("milestone", "day"),
    [
        (Milestone.PHASE_1, None),
        (Milestone.PHASE_2, None),
        (Milestone.PHASE_2, PHASE_1),
        (Milestone.PHASE_3, PHASE_2),
        (Milestone.PHASE_1, PHASE_2),
    ],
)
def test_phases_keep_their_order(operator, milestone, day):
    with pytest.raises(InvalidInput):
        set_date(milestone=milestone, starts_on=day, actor=operator, now=NOON)
    assert not OfferDate.objects.exists()
    assert not AuditEvent.objects.filter(event_type=AzureEvent.DATE_SET).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.GLOBAL_ADMIN])
def test_partners_set_no_dates(role):
    with pytest.raises(PermissionDenied):
        set_date(milestone=Milestone.PHASE_3, starts_on=PHASE_3, actor=make_actor(make_partner(), role), now=NOON)


@pytest.mark.django_db
def test_the_operator_sets_a_day_on_the_page_and_partners_read_it(client_for):
    client = client_for(make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN))
    answer = client.post("/azure/dates/", {"milestone": "phase-3", "starts_on": "2022-02-01"})
    assert answer.status_code == 422
    assert "A phase begins after the phase before it." in answer.content.decode()
    wanted = {"milestone": "phase-3", "starts_on": "2027-03-01"}
    question = client.post("/azure/dates/", wanted)
    assert "Holds from March 1, 2027 on: " in question.content.decode()
    assert not OfferDate.objects.exists()
    assert client.post("/azure/dates/", {**wanted, "is_confirmed": "on"}).status_code == 302
    assert "Set by " in client.get("/azure/dates/").content.decode()

    page = client_for(make_member()).get("/azure/offers/").content.decode()
    assert "March 1, 2027" in page
    assert all(f'id="{row.code}"' in page for row in TABLE)
