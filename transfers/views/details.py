from uuid import UUID

from django.http import HttpResponse

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest


@requires(Permission.TRANSFER_VIEW)
def detail(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse(str(transfer_id))


@requires(Permission.TRANSFER_VIEW)
def items(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()


@requires(Permission.TRANSFER_VIEW)
def retry(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    return HttpResponse()


@requires(Permission.SUBSCRIPTION_VIEW)
def lineage(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    return HttpResponse()
