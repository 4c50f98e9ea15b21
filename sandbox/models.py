"""Sandboxes: which partners belong to one, how far its clock has gone, and what is to go wrong in it (P8, X6)."""

import uuid
from typing import Self

from django.db import models

from portal.accounts.models import Partner
from sandbox.enums import Fault


class SandboxQuerySet(models.QuerySet["Sandbox"]):
    def of_partner(self, partner_id: uuid.UUID) -> Self:
        """The sandbox that the partner belongs to, if it was ever noted."""
        return self.filter(members__partner_id=partner_id)

    def locked(self, sandbox_id: uuid.UUID) -> "Sandbox":
        """The sandbox, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=sandbox_id)


class Sandbox(models.Model):
    """Sandbox partners that share customers, transfers, one clock and one reset. Without a row a partner is alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    hours_ahead = models.PositiveIntegerField(default=0)  # all jumps together (decision 0040)
    created_at = models.DateTimeField()
    jumped_at = models.DateTimeField(null=True, blank=True)  # last
    reset_at = models.DateTimeField(null=True, blank=True)  # last

    objects = SandboxQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class SandboxPartner(models.Model):
    """That a partner belongs to a sandbox: to one at most."""

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, primary_key=True, related_name="+")
    sandbox = models.ForeignKey(Sandbox, on_delete=models.PROTECT, related_name="members")
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.partner_id} in {self.sandbox_id}"


class SandboxFault(models.Model):
    """A fault that is switched on."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.PROTECT, related_name="faults")
    fault = models.CharField(max_length=20, choices=Fault.choices)
    switched_on_by_name = models.CharField(max_length=200)
    switched_on_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sandbox", "fault"], name="sandbox_fault_once")]

    def __str__(self) -> str:
        return f"{self.fault} in {self.sandbox_id}"
