"""What a partner notes about a customer, and the views a person keeps of the list (reference 1.4, 1.9)."""

import pytest

from customers import rules
from customers.enums import CustomerEvent, Qualification
from customers.models import CustomerProfile, SavedView
from customers.workflow import customers, saved_views
from customers.workflow.customers import BillTo
from portal.accounts.enums import Role
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from tests.customers.factories import make_relationship
from tests.factories import NOON, make_actor, make_partner

pytestmark = pytest.mark.django_db
BILL_TO = BillTo("Contoso SARL", "1 rue Verte\nLyon", "Jeanne", "Martin", "jeanne@example.com")


def update_bill_to(relationship, actor, bill_to=BILL_TO):
    return customers.update_bill_to(relationship_id=relationship.pk, bill_to=bill_to, actor=actor, now=NOON)


def set_permissions(relationship, actor, *, reservations=True, savings_plans=False):
    return customers.set_customer_permissions(
        relationship_id=relationship.pk,
        may_buy_reservations=reservations,
        may_buy_savings_plans=savings_plans,
        actor=actor,
        now=NOON,
    )


def qualify(relationship, actor, qualification=Qualification.EDUCATION):
    return customers.set_qualification(
        relationship_id=relationship.pk, qualification=qualification, actor=actor, now=NOON
    )


CALLS = [
    (update_bill_to, Permission.CUSTOMER_UPDATE),
    (set_permissions, Permission.CUSTOMER_SET_PERMISSIONS),
    (qualify, Permission.CUSTOMER_UPDATE),
]


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
@pytest.mark.parametrize(("call", "permission"), CALLS)
def test_each_change_needs_its_permission(call, permission, role):
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization, role)

    if actor.may(permission):
        call(relationship, actor)
    else:
        with pytest.raises(PermissionDenied):
            call(relationship, actor)
    assert AuditEvent.objects.exists() == actor.may(permission)
    assert actor.may(permission) or not CustomerProfile.objects.exists()


@pytest.mark.parametrize(("call", "permission"), CALLS)
def test_nobody_changes_another_partners_notes(call, permission):
    relationship = make_relationship()
    other = make_relationship(customer=relationship.customer)

    with pytest.raises(type(relationship).DoesNotExist):
        call(relationship, make_actor(other.partner.organization))
    assert permission
    assert not AuditEvent.objects.exists()


def test_bill_to_data_is_noted_per_partner_and_told_to_the_customer():
    relationship = make_relationship()
    other = make_relationship(customer=relationship.customer)

    update_bill_to(relationship, make_actor(relationship.partner.organization))

    assert relationship.profile.bill_to_email == "jeanne@example.com"
    assert not CustomerProfile.objects.filter(relationship=other).exists()
    event = AuditEvent.objects.get()
    assert event.event_type == CustomerEvent.BILLING_PROFILE_UPDATED
    assert event.before["bill_to_name"] == ""
    assert event.after["bill_to_name"] == "Contoso SARL"
    assert {party.organization_id for party in event.parties.all()} == {
        relationship.partner_id,
        relationship.customer_id,
    }


def test_saving_the_same_again_is_no_event():
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization)
    for call in (update_bill_to, set_permissions, qualify):
        call(relationship, actor)
        count = AuditEvent.objects.count()
        call(relationship, actor)
        assert AuditEvent.objects.count() == count


def test_permissions_are_off_until_an_admin_agent_switches_them_on():
    relationship = make_relationship()
    actor = make_actor(relationship.partner.organization)

    set_permissions(relationship, actor)

    profile = CustomerProfile.objects.get()
    assert (profile.may_buy_reservations, profile.may_buy_savings_plans) == (True, False)
    assert AuditEvent.objects.get().after == {"may_buy_reservations": True}


@pytest.mark.parametrize("qualification", list(Qualification))
@pytest.mark.parametrize("before", list(Qualification))
@pytest.mark.parametrize("country", ["FR", "US"])
def test_qualifications_a_partner_may_give_and_take(before, qualification, country):
    relationship = make_relationship(country=country)
    customer = relationship.customer
    customer.qualification = before
    customer.save()
    actor = make_actor(relationship.partner.organization)
    is_allowed = before == qualification or (
        Qualification.NONPROFIT not in (before, qualification)
        and (qualification != Qualification.GOVERNMENT_COMMUNITY_CLOUD or country == "US")
    )

    if is_allowed:
        assert qualify(relationship, actor, qualification).qualification == qualification
    else:
        with pytest.raises(rules.QualificationNotAllowed):
            qualify(relationship, actor, qualification)
    customer.refresh_from_db()
    assert customer.qualification == (qualification if is_allowed else before)


# --- saved views -----------------------------------------------------------------------------------------------------
def save(actor, name="Swedish", query="country=SE"):
    return saved_views.save_view(name=name, query=query, actor=actor, now=NOON)


def test_a_view_is_the_persons_own_and_the_same_name_replaces_it():
    actor = make_actor(make_partner())

    first = save(actor)
    second = save(actor, query="country=SE&sort=-created")

    assert first.pk == second.pk
    assert SavedView.objects.get().query == "country=SE&sort=-created"
    assert AuditEvent.objects.filter(event_type=CustomerEvent.VIEW_SAVED).count() == 2


def test_a_person_keeps_only_so_many_views(monkeypatch):
    monkeypatch.setattr(rules, "SAVED_VIEWS", 1)
    actor = make_actor(make_partner())
    save(actor)

    save(actor, query="")
    with pytest.raises(rules.TooManyViews):
        save(actor, name="Another")
    save(make_actor(make_partner()))


def test_views_need_the_customer_list():
    with pytest.raises(PermissionDenied):
        save(make_actor(make_partner(), Role.BILLING_ADMIN))


def test_only_its_owner_deletes_a_view():
    partner = make_partner()
    actor = make_actor(partner)
    view = save(actor)

    with pytest.raises(SavedView.DoesNotExist):
        saved_views.delete_view(view_id=view.pk, actor=make_actor(partner), now=NOON)
    saved_views.delete_view(view_id=view.pk, actor=actor, now=NOON)

    assert not SavedView.objects.exists()
    assert AuditEvent.objects.filter(event_type=CustomerEvent.VIEW_DELETED).exists()
