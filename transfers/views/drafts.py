"""Drafts, and taking requests back."""

from uuid import UUID

from django.http import HttpResponse

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest


@requires(Permission.TRANSFER_CREATE)
def cancel(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()


@requires(Permission.TRANSFER_CREATE)
def send_draft(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()


@requires(Permission.TRANSFER_CREATE)
def delete_draft(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()
