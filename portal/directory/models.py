"""Groups of the people of an organization, to which rights can be given."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from portal.accounts.actor import Actor
from portal.accounts.models import Membership, Organization
from portal.core.fields import NameKeyField


class GroupQuerySet(models.QuerySet["Group"]):
    def visible_to(self, actor: Actor) -> Self:
        """The groups of the actor's organization that were not removed."""
        return self.filter(organization_id=actor.organization_id, removed_at=None)

    def locked(self, group_id: uuid.UUID) -> "Group":
        """The group, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=group_id)


class Group(models.Model):
    """Some people of an organization under one name, which stays: rights were given to it.

    One that is ``is_offered`` can be chosen by other companies that serve the organization, or are served by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=100)
    name_key = NameKeyField()
    description = models.CharField(max_length=200, blank=True)
    is_offered = models.BooleanField(default=False)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    member_count: int  # set by queries.groups_of() and group_of() alone

    objects = GroupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization", Lower("name"), name="group_name_once", condition=Q(removed_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["organization", "name_key", "id"], name="group_by_name")]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A person of the organization in one of its groups."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="group_members")
    added_by_name = models.CharField(max_length=200)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "membership"], name="group_member_once")]

    def __str__(self) -> str:
        return f"{self.membership_id} in {self.group_id}"
