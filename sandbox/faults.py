"""Answer, to what sends mails, webhooks and calls, whether a sandbox wants it to fail (setting SANDBOX_FAULTS)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sandbox.models import SandboxFault


def is_planned(fault: str, organization_ids: Collection[UUID] | QuerySet[Any, Any]) -> bool:
    """Say whether the switch is on in the sandbox of one of the organizations; only sandbox partners count."""
    members = {
        "sandbox__members__partner_id__in": organization_ids,
        "sandbox__members__partner__organization__is_sandbox": True,
    }
    return SandboxFault.objects.filter(fault=fault, **members).exists()
