"""Who may do what inside an Azure subscription: role assignments (A4, A5; portal reference, section 9.5)."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from azure.enums import AccessRole, PrincipalKind
from customers.models import Customer
from portal.accounts.models import Organization, User
from portal.directory.models import Group


class RoleAssignment(models.Model):
    """A user or group of an organization has a role on an Azure subscription, or on one service in it.

    It hangs on the entitlement, not on a row of ``customers.Subscription``: when the billing owner changes, the rights
    stay as they are (section 6.8). Ended ones stay as history.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entitlement_id = models.UUIDField()
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    principal_kind = models.CharField(max_length=10, choices=PrincipalKind.choices)
    principal_name = models.CharField(max_length=200)  # name of the group, or the person's sign-in name
    # Whom the portal knows was chosen; of what was typed, and of groups that follow a role, it has only the name.
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=12, choices=AccessRole.choices)
    service = models.CharField(max_length=200, blank=True)  # empty: the whole subscription
    is_default = models.BooleanField(default=False)  # came with the subscription, given by nobody
    given_by_name = models.CharField(max_length=200, blank=True)
    given_at = models.DateTimeField()
    removed_by_name = models.CharField(max_length=200, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "entitlement_id",
                "organization",
                "principal_kind",
                Lower("principal_name"),
                "role",
                Lower("service"),
                name="role_assignment_given_once",
                condition=Q(removed_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["entitlement_id"], name="role_assignment_one_default", condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="role_assignment_chosen_fits_kind",
                condition=Q(user__isnull=True, group__isnull=True)
                | Q(principal_kind=PrincipalKind.USER, group__isnull=True)
                | Q(principal_kind=PrincipalKind.GROUP, user__isnull=True),
            ),
            models.CheckConstraint(
                name="role_assignment_removed_after_given",
                condition=Q(removed_at__isnull=True) | Q(removed_at__gte=F("given_at")),
            ),
            models.CheckConstraint(
                name="role_assignment_default_is_owner",
                condition=Q(is_default=False) | Q(role=AccessRole.OWNER, service=""),
            ),
        ]

    @property
    def shown_name(self) -> str:
        """The name of today: a person may have another sign-in name than when the role was given."""
        return self.user.email if self.user is not None else self.principal_name

    def __str__(self) -> str:
        return f"{self.principal_name}: {self.role}"
