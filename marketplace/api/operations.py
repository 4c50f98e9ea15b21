"""Read operations and decide them (fulfillment reference, section 3.12)."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace import rules, wire
from marketplace import wire_shapes as shapes
from marketplace.api.common import (
    PUBLISHER_API,
    WireRefusal,
    answer,
    json_body,
    nothing,
    own_subscription,
    publisher_call,
)
from marketplace.models import Operation
from marketplace.workflow import operations
from portal.api.access import ApiRequest, endpoint

DECISIONS = {"success": True, "failure": False}


@publisher_call(answer=shapes.SaaSOperations)
def read_all(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Return the operations that wait for the publisher."""
    saas = own_subscription(request, subscription_id)
    rows = Operation.objects.running().filter(saas=saas).select_related("plan").order_by("created_at", "pk")
    found = []
    for row in rows:
        row.saas = saas
        found.append(wire.operation(row))
    return answer({"operations": found})


@publisher_call(answer=shapes.SaaSOperationObject)
def read_one(request: ApiRequest, subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Return one operation, finished or not."""
    return answer(wire.operation(_own_operation(request, subscription_id, operation_id)))


@publisher_call(body=shapes.PublisherDecisionBody)
def decide(request: ApiRequest, subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Agree to a change or refuse it; plan and quantity that old clients send along are ignored."""
    _own_operation(request, subscription_id, operation_id)
    succeeded = DECISIONS.get(str(json_body(request).get("status", "")).strip().lower())
    if succeeded is None:
        message = _("The status is Success or Failure.")
        raise WireRefusal(400, message, code="BadArgument", target="status")
    try:
        operations.decide_operation(
            subscription_id=subscription_id,
            operation_id=operation_id,
            succeeded=succeeded,
            actor=request.actor,
            now=timezone.now(),
        )
    except rules.OperationFinished as refusal:
        raise WireRefusal(409, str(refusal)) from refusal
    return nothing()


def _own_operation(request: ApiRequest, subscription_id: UUID, operation_id: UUID) -> Operation:
    """Raises: WireRefusal."""
    saas = own_subscription(request, subscription_id)
    operation = Operation.objects.filter(pk=operation_id, saas=saas).select_related("plan").first()
    if operation is None:
        raise WireRefusal(404, _("There is no such operation."), code="EntityNotFound", target="operationId")
    operation.saas = saas
    return operation


list_view = endpoint(PUBLISHER_API, GET=read_all)
detail_view = endpoint(PUBLISHER_API, GET=read_one, PATCH=decide)
