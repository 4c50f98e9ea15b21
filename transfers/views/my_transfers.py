from uuid import UUID

from django.http import HttpResponse

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest


@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def my_transfer(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse(str(transfer_id))


@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def my_transfers(request: PortalRequest) -> HttpResponse:
    return HttpResponse()
