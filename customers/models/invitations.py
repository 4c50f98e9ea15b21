"""Requests for a reseller relationship, and the unique links that carry them."""

import datetime
import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from customers.enums import InvitationStatus
from customers.models.customers import Customer
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud
from portal.accounts.models import Partner


class InvitationQuerySet(models.QuerySet["RelationshipInvitation"]):
    def visible_to(self, actor: Actor) -> Self:
        """Requests of the actor's partner: those it asked for, and those that name it as the reseller."""
        return self.filter(Q(partner_id=actor.organization_id) | Q(reseller_id=actor.organization_id))

    def open(self, now: datetime.datetime) -> Self:
        return self.filter(status=InvitationStatus.PENDING, expires_at__gt=now)

    def locked(self, invitation_id: uuid.UUID) -> "RelationshipInvitation":
        """The invitation, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=invitation_id)


class RelationshipInvitation(models.Model):
    """The request for a reseller relationship that a customer answers through a unique link (R1–R3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invitations")  # the billing partner
    reseller = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="reseller_invitations"
    )
    cloud = models.CharField(max_length=20, choices=Cloud.choices, default=Cloud.PUBLIC)
    include_admin_rights = models.BooleanField()
    language = models.CharField(max_length=8)
    customer_label = models.CharField(max_length=200)  # how the partner calls it in its list before it accepts
    expected_tenant_id = models.UUIDField(null=True, blank=True)
    expected_domain = models.CharField(max_length=253, blank=True)
    recipient_email = models.EmailField(blank=True)
    message_subject = models.CharField(max_length=300)
    message_text = models.TextField(max_length=10_000)  # holds [[link]] where the unique link goes
    status = models.CharField(max_length=10, choices=InvitationStatus.choices, default=InvitationStatus.PENDING)
    requested_by_id = models.UUIDField()
    requested_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    decline_reason = models.TextField(max_length=1000, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "partner",
                F("reseller"),
                "expected_tenant_id",
                name="invitation_open_once_per_tenant",
                condition=Q(status=InvitationStatus.PENDING, expected_tenant_id__isnull=False),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                "partner",
                F("reseller"),
                "expected_domain",
                name="invitation_open_once_per_domain",
                condition=Q(status=InvitationStatus.PENDING) & ~Q(expected_domain=""),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="invitation_closed_at_iff_closed",
                condition=Q(status=InvitationStatus.PENDING, closed_at__isnull=True)
                | (~Q(status=InvitationStatus.PENDING) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="invitation_customer_iff_accepted",
                condition=Q(status=InvitationStatus.ACCEPTED, customer__isnull=False)
                | (~Q(status=InvitationStatus.ACCEPTED) & Q(customer__isnull=True)),
            ),
            models.CheckConstraint(  # R6: leaving administration rights out is not offered for US Government
                name="invitation_us_government_has_admin_rights",
                condition=~Q(cloud=Cloud.US_GOVERNMENT) | Q(include_admin_rights=True),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "created_at", "id"], name="invitation_by_time"),
            models.Index(fields=["expires_at"], name="invitation_due", condition=Q(status=InvitationStatus.PENDING)),
        ]

    def __str__(self) -> str:
        return f"{self.customer_label}: {self.status}"


class InvitationLink(models.Model):
    """One unique link of an invitation. Only the hash of its token is kept (R3).

    Sending again replaces the links before it; a reminder adds one, so that the first mail's link goes on working.
    """

    invitation = models.ForeignKey(RelationshipInvitation, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link of {self.invitation_id}"


class MailboxProof(models.Model):
    """That somebody who answers a request reads the mailbox it names: a one-time code, of which only a hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    invitation = models.ForeignKey(RelationshipInvitation, on_delete=models.PROTECT, related_name="mailbox_proofs")
    email = models.EmailField()
    code_hash = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="mailbox_proof_used_only_when_proven",
                condition=Q(used_at__isnull=True) | Q(proven_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["invitation", "created_at"], name="mailbox_proof_of_invitation")]

    def __str__(self) -> str:
        return f"{self.email} for {self.invitation_id}"
