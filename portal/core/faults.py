"""Faults that a sandbox asked for (X6): what sends mails, webhooks and calls asks here before it does.

Who keeps the switches is named by the setting SANDBOX_FAULTS, for that app stands above this one.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

MAIL_BOUNCES, WEBHOOK_FAILS, PUBLISHER_SILENT = "mail-bounces", "webhook-fails", "publisher-silent"
TOLD = "The sandbox was told to let this fail."


def is_planned(fault: str, organization_ids: Collection[UUID] | QuerySet[Any, Any]) -> bool:
    """Say whether a sandbox among the organizations wants this to go wrong, in one query; production never does."""
    return bool(import_string(settings.SANDBOX_FAULTS)(fault, organization_ids))
