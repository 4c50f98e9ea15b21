"""Lists of transfers."""

from uuid import UUID

from django.http import HttpResponse

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest


@requires(Permission.TRANSFER_VIEW)
def transfers(request: PortalRequest) -> HttpResponse:
    return HttpResponse()


@requires(Permission.TRANSFER_VIEW)
def export(request: PortalRequest) -> HttpResponse:
    return HttpResponse()


@requires(Permission.TRANSFER_VIEW)
def customer_transfers(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    return HttpResponse()
