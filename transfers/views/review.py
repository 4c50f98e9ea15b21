"""Review by the source."""

from uuid import UUID

from django.http import HttpResponse

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest


@requires(Permission.TRANSFER_ACCEPT)
def review(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()


@requires(Permission.TRANSFER_ACCEPT)
def decline(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()
