"""The database refuses nonsense about customers: each constraint violated once, and the copies kept by the trigger."""

import pytest
from django.db import DataError, IntegrityError, transaction

from customers.enums import RelationshipKind, RelationshipStatus
from customers.models import MAX_TAGS, ResellerRelationship, SavedView, Tag
from portal.accounts.models import Organization
from portal.core.fields import name_key
from tests.customers.factories import make_agreement, make_relationship, make_subscription, make_tag
from tests.factories import NOON, make_partner, make_user

pytestmark = pytest.mark.django_db


def refused(constraint, change):
    with pytest.raises((IntegrityError, DataError), match=constraint), transaction.atomic():
        change()


def test_a_partner_has_one_active_relationship_with_a_customer():
    first = make_relationship()
    refused("relationship_active_once", lambda: make_relationship(first.partner.organization, first.customer))


def test_a_removed_relationship_leaves_room_for_a_new_one():
    first = make_relationship()
    first.status, first.removed_at = RelationshipStatus.REMOVED, NOON
    first.save()

    assert make_relationship(first.partner.organization, first.customer).pk


@pytest.mark.parametrize(
    "fields",
    [
        {"status": RelationshipStatus.REMOVED, "removed_at": None},
        {"status": RelationshipStatus.ACTIVE, "removed_at": NOON},
    ],
)
def test_the_date_of_removal_belongs_to_removed_relationships(fields):
    refused("relationship_removed_at_iff_removed", lambda: make_relationship(**fields))


def test_a_direct_relationship_names_no_other_partner():
    refused(
        "relationship_counterpart_iff_indirect",
        lambda: make_relationship(counterpart=make_partner(), kind=RelationshipKind.DIRECT),
    )


def test_a_resellers_relationship_names_its_provider():
    refused("relationship_counterpart_iff_indirect", lambda: make_relationship(kind=RelationshipKind.RESELLER))


def test_the_domain_of_a_customer_is_in_lower_case():
    refused("relationship_domain_lower_case", lambda: make_relationship(customer_domain="Contoso.example"))


def test_a_customer_has_no_more_tags_than_allowed():
    tags = [f"Tag {number}" for number in range(MAX_TAGS + 1)]
    assert make_relationship(tags=tags[:MAX_TAGS]).pk
    refused("relationship_at_most_150_tags", lambda: make_relationship(tags=tags))


def test_a_tag_is_no_longer_than_fifty_characters():
    refused("character varying", lambda: make_tag(make_partner(), "x" * 51))


def test_a_partner_has_a_tag_once_whatever_its_case():
    partner = make_partner()
    make_tag(partner, "Été")
    refused("tag_once_per_partner", lambda: make_tag(partner, "été"))
    assert make_tag(make_partner(), "été").pk


def test_a_tag_has_a_name():
    refused("tag_not_empty", lambda: make_tag(make_partner(), ""))


def make_view(user, organization, name):
    return SavedView.objects.create(user=user, organization=organization, name=name, created_at=NOON)


def test_a_person_has_a_view_of_a_name_once():
    user, partner = make_user(), make_partner()
    make_view(user, partner, "Swedish")
    refused("saved_view_name_once", lambda: make_view(user, partner, "Swedish"))
    assert make_view(user, make_partner(), "Swedish").pk


def test_a_view_has_a_name():
    user, partner = make_user(), make_partner()
    refused("saved_view_named", lambda: make_view(user, partner, ""))


def test_an_agreement_is_recorded_once_for_the_same_contact():
    relationship = make_relationship()
    make_agreement(relationship)
    refused("agreement_once_per_contact", lambda: make_agreement(relationship))
    assert make_agreement(relationship, email="other@example.com").pk


def test_a_subscription_has_at_least_one_license():
    refused("subscription_quantity_positive", lambda: make_subscription(make_relationship(), quantity=0))


def test_a_term_ends_after_it_began():
    day = NOON.date()
    refused(
        "subscription_term_dates_in_order",
        lambda: make_subscription(make_relationship(), starts_on=day, ends_on=day),
    )


def test_a_renamed_customer_is_renamed_in_the_lists_of_all_its_partners():
    first = make_relationship(name="Old Name")
    second = make_relationship(customer=first.customer)
    other = make_relationship(name="Somebody else")

    organization = Organization.objects.get(pk=first.customer_id)
    organization.name, organization.domain, organization.country = "Élan Nouveau", "Elan.example", "BE"
    organization.save()

    for relationship in (first, second):
        relationship.refresh_from_db()
        assert relationship.customer_name == "Élan Nouveau"
        assert relationship.customer_name_key == name_key("Élan Nouveau")
        assert relationship.customer_domain == "elan.example"
        assert relationship.customer_country == "BE"
    other.refresh_from_db()
    assert other.customer_name == "Somebody else"


def test_changing_something_else_of_an_organization_leaves_the_copies_alone():
    relationship = make_relationship()
    ResellerRelationship.objects.filter(pk=relationship.pk).update(customer_name="written by hand")

    organization = relationship.customer.organization
    organization.contact_email = "new@example.com"
    organization.save()

    relationship.refresh_from_db()
    assert relationship.customer_name == "written by hand"


def test_models_read_as_what_they_are():
    relationship = make_relationship(name="Contoso")
    assert "Contoso" in str(relationship)
    assert str(Tag(name="VIP")) == "VIP"
    assert str(make_subscription(relationship, friendly_name="Team licenses")) == "Team licenses"
    assert str(SavedView(name="Mine")) == "Mine"
    assert str(relationship.customer) == str(relationship.customer_id)
