"""Tags: created, given, taken and deleted by admin agents alone, and seen by their partner alone (reference 1.4)."""

import pytest

from customers import rules
from customers.enums import CustomerEvent, TagChange
from customers.models import MAX_TAGS, Tag
from customers.workflow import tags
from portal.accounts.enums import Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from tests.customers.factories import make_relationship, make_tag
from tests.factories import NOON, make_actor, make_partner

pytestmark = pytest.mark.django_db


def agent_of(relationship, *roles):
    return make_actor(relationship.partner.organization, *roles)


def assign(actor, relationships, names, change=TagChange.ADD):
    return tags.assign_tags(
        customer_ids=[row.customer_id for row in relationships], names=names, change=change, actor=actor, now=NOON
    )


def tags_of(relationship):
    relationship.refresh_from_db()
    return relationship.tags


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND["direct_bill"]))
def test_only_admin_agents_touch_tags(role):
    relationship = make_relationship()
    tag = make_tag(relationship.partner.organization, "VIP")
    actor = agent_of(relationship, role)
    calls = [
        lambda: tags.create_tags(names=["New"], actor=actor, now=NOON),
        lambda: assign(actor, [relationship], ["VIP"]),
        lambda: assign(actor, [relationship], [], TagChange.SET),
        lambda: tags.delete_tag(tag_id=tag.pk, actor=actor, now=NOON),
    ]
    for call in calls:
        if role == Role.ADMIN_AGENT:
            call()
        else:
            with pytest.raises(PermissionDenied) as refused:
                call()
            assert "Admin agent" in str(refused.value.who)
    assert AuditEvent.objects.exists() == (role == Role.ADMIN_AGENT)


def test_a_tag_is_created_once_however_it_is_written():
    actor = make_actor(make_partner())

    created = tags.create_tags(names=["  Très   important ", "très important", "VIP"], actor=actor, now=NOON)
    again = tags.create_tags(names=["TRÈS IMPORTANT"], actor=actor, now=NOON)

    assert [tag.name for tag in created] == ["très important", "VIP"]
    assert again == created[:1]
    assert Tag.objects.count() == 2
    assert AuditEvent.objects.filter(event_type=CustomerEvent.TAG_CREATED).count() == 2


@pytest.mark.parametrize("name", ["", "   ", "a,b", "a;b", "a\nb", "x" * 51])
def test_a_tag_that_cannot_be_told_apart_in_a_file_is_refused(name):
    with pytest.raises(InvalidInput):
        tags.create_tags(names=[name], actor=make_actor(make_partner()), now=NOON)
    assert not Tag.objects.exists()


def test_a_company_has_only_so_many_tags(monkeypatch):
    monkeypatch.setattr(rules, "PARTNER_TAGS", 2)
    actor = make_actor(make_partner())
    tags.create_tags(names=["one", "two"], actor=actor, now=NOON)

    tags.create_tags(names=["two"], actor=actor, now=NOON)
    with pytest.raises(rules.TooManyTags):
        tags.create_tags(names=["three"], actor=actor, now=NOON)


def test_tags_are_added_taken_and_set():
    first = make_relationship(tags=["Old"])
    second = make_relationship(first.partner.organization)
    actor = agent_of(first)

    result = assign(actor, [first, second], ["VIP", "Old"])
    assert (tags_of(first), tags_of(second)) == (["Old", "VIP"], ["Old", "VIP"])
    assert len(result.changed) == 2

    assign(actor, [first, second], ["old-unknown", "Old"], TagChange.REMOVE)
    assert (tags_of(first), tags_of(second)) == (["VIP"], ["VIP"])

    assign(actor, [first], ["New"], TagChange.SET)
    assign(actor, [second], [], TagChange.SET)
    assert (tags_of(first), tags_of(second)) == (["New"], [])


def test_a_tag_given_to_a_customer_is_one_of_the_companys_tags():
    relationship = make_relationship()
    make_tag(relationship.partner.organization, "VIP")

    assign(agent_of(relationship), [relationship], ["vip", "Fresh"])

    assert tags_of(relationship) == ["Fresh", "VIP"]
    assert set(Tag.objects.values_list("name", flat=True)) == {"Fresh", "VIP"}


def test_taking_a_tag_away_creates_none():
    relationship = make_relationship(tags=["VIP"])

    result = assign(agent_of(relationship), [relationship], ["Unknown"], TagChange.REMOVE)

    assert result.unchanged == [relationship.customer_name]
    assert [tag.name for tag in Tag.objects.all()] == ["VIP"]
    assert not AuditEvent.objects.exists()


def test_a_customer_with_too_many_tags_is_left_out_and_the_others_are_not():
    full = make_relationship(name="Full", tags=[f"Tag {number:03}" for number in range(MAX_TAGS)])
    other = make_relationship(full.partner.organization, name="Other")

    result = assign(agent_of(full), [full, other], ["One more"])

    assert result.changed == ["Other"]
    ((name, refusal),) = result.refused
    assert name == "Full"
    assert isinstance(refusal, rules.TooManyTags)
    assert len(tags_of(full)) == MAX_TAGS


def test_other_partners_customers_are_passed_over():
    own, foreign = make_relationship(), make_relationship()

    result = assign(agent_of(own), [own, foreign], ["VIP"])

    assert result.changed == [own.customer_name]
    assert tags_of(foreign) == []


def test_the_customer_and_its_other_partners_never_see_the_tags():
    relationship = make_relationship()
    make_relationship(customer=relationship.customer)

    assign(agent_of(relationship), [relationship], ["Bad payer"])

    event = AuditEvent.objects.get(event_type=CustomerEvent.CUSTOMER_TAGGED)
    assert (event.before, event.after) == ({"tags": []}, {"tags": ["Bad payer"]})
    assert [party.organization_id for party in event.parties.all()] == [relationship.partner_id]


def test_a_tag_that_customers_have_cannot_be_deleted():
    relationship = make_relationship(tags=["VIP"])
    tag = make_tag(relationship.partner.organization, "VIP")
    actor = agent_of(relationship)

    with pytest.raises(rules.TagInUse):
        tags.delete_tag(tag_id=tag.pk, actor=actor, now=NOON)
    assign(actor, [relationship], ["VIP"], TagChange.REMOVE)
    tags.delete_tag(tag_id=tag.pk, actor=actor, now=NOON)

    assert not Tag.objects.exists()
    assert AuditEvent.objects.filter(event_type=CustomerEvent.TAG_DELETED).exists()


def test_a_foreign_tag_cannot_be_deleted():
    tag = make_tag(make_partner(), "VIP")

    with pytest.raises(Tag.DoesNotExist):
        tags.delete_tag(tag_id=tag.pk, actor=make_actor(make_partner()), now=NOON)
