"""Groups, each with a valid default."""

from typing import Any

from portal.accounts.models import Membership, Organization
from portal.directory.models import Group, GroupMember
from tests.factories import NOON


def make_group(organization: Organization, *members: Membership, **fields: Any) -> Group:
    """A group of the organization with these people in it."""
    defaults = {"organization": organization, "name": "Operators", "created_by_name": "Kim", "created_at": NOON}
    group = Group.objects.create(**defaults | fields)
    for member in members:
        GroupMember.objects.create(group=group, membership=member, added_by_name="Kim", added_at=NOON)
    return group
