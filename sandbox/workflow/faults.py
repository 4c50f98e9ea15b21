"""Switch on and off what is to go wrong in a sandbox (X6)."""

import datetime

from django.db import transaction

from portal.accounts.actor import Actor
from sandbox import queries
from sandbox.announcements import announce
from sandbox.enums import Fault, SandboxEvent
from sandbox.models import SandboxFault
from sandbox.workflow.sandboxes import locked_sandbox


@transaction.atomic
def switch_fault(*, fault: Fault, is_on: bool, actor: Actor, now: datetime.datetime) -> None:
    """Let something go wrong in the whole sandbox from now on, or no more. What is so already stays as it is.

    Raises: PermissionDenied, customers.rules.NotASandbox.
    """
    sandbox = locked_sandbox(actor=actor, now=now)
    planned = SandboxFault.objects.filter(sandbox=sandbox, fault=fault)
    if planned.exists() == is_on:
        return
    if is_on:
        SandboxFault.objects.create(sandbox=sandbox, fault=fault, switched_on_by_name=actor.name, switched_on_at=now)
    else:
        planned.delete()
    announce(
        SandboxEvent.FAULT_ON if is_on else SandboxEvent.FAULT_OFF,
        sandbox,
        partner_ids=queries.partner_ids(actor),
        details={"fault": str(fault)},
        actor=actor,
        now=now,
    )
