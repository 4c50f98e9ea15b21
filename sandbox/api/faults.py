"""Let things fail (not in the original)."""

from typing import Annotated
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import Body, body_of, one_of
from portal.api.resources import Attributes, attributes, collection
from sandbox import queries
from sandbox.api.common import TAG
from sandbox.enums import Fault
from sandbox.workflow import plays
from sandbox.workflow.faults import switch_fault
from transfers.enums import FaultMode
from transfers.workflow import plan_fault

NEVER = "none"


class FaultSwitch(TypedDict):
    id: str
    isOn: bool
    attributes: Attributes


class FaultSwitches(TypedDict):
    totalCount: int
    items: list[FaultSwitch]
    attributes: Attributes


class SwitchBody(Body):
    """Whether it is to go wrong."""

    is_on: bool


class ItemFaultBody(Body):
    """What an item of a transfer does when it moves: so many times, or for so many seconds; ``none`` takes it back."""

    mode: Annotated[str, one_of(NEVER, *FaultMode.values)]
    amount: Annotated[int, Field(ge=1, le=259_200)] = 1


@api_requires(Permission.SANDBOX_PLAY, answer=FaultSwitches, tag=TAG)
def list_faults(request: ApiRequest) -> HttpResponse:
    """List what can go wrong in the caller's sandbox, and whether it does."""
    plays.check(request.actor)
    return _answer(request)


@api_requires(Permission.SANDBOX_PLAY, body=SwitchBody, answer=FaultSwitches, tag=TAG)
def switch(request: ApiRequest, fault: str) -> HttpResponse:
    """Switch a fault on or off for the whole sandbox."""
    if fault not in Fault.values:
        raise Http404
    body = body_of(request, SwitchBody)
    switch_fault(fault=Fault(fault), is_on=body.is_on, actor=request.actor, now=timezone.now())
    return _answer(request)


@api_requires(Permission.SANDBOX_PLAY, body=ItemFaultBody, tag=TAG, status=204)
def plan_item_fault(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Let an item fail, or take time, when a transfer moves it."""
    plays.check(request.actor)
    body = body_of(request, ItemFaultBody)
    plan_fault(
        subscription_id=subscription_id,
        mode="" if body.mode == NEVER else body.mode,
        amount=body.amount,
        actor=request.actor,
        now=timezone.now(),
    )
    return HttpResponse(status=204)


def _answer(request: ApiRequest) -> HttpResponse:
    items = [
        {"id": str(fault), "isOn": planned is not None, "attributes": attributes("SandboxFault")}
        for fault, planned in queries.faults(request.actor)
    ]
    return json_answer(collection(items))
