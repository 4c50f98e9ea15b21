"""What a sandbox holds, its clock and its reset (not in the original)."""

from typing import Annotated

from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongProperty, json_answer
from portal.api.reading import Body, body_of
from portal.api.resources import Attributes, attributes
from sandbox import queries
from sandbox.api.common import TAG
from sandbox.extent import extent_of
from sandbox.workflow import plays
from sandbox.workflow.clock import jump
from sandbox.workflow.reset import contents_of, reset_sandbox

DAY = 24


class SandboxPartnerAnswer(TypedDict):
    tenantId: str
    name: str


class SandboxAnswer(TypedDict):
    """``contents`` are counts by kind; ``hoursAhead`` is by how much everything has been made older."""

    partners: list[SandboxPartnerAnswer]
    hoursAhead: int
    contents: dict[str, int]
    attributes: Attributes


class JumpBody(Body):
    """By how much the clock jumps forward; the two add up."""

    hours: Annotated[int, Field(ge=0, le=100_000)] = 0
    days: Annotated[int, Field(ge=0, le=10_000)] = 0


class ResetBody(Body):
    """``confirm`` must be true: everything in the sandbox is deleted."""

    confirm: bool = False


@api_requires(Permission.SANDBOX_PLAY, answer=SandboxAnswer, tag=TAG)
def get_sandbox(request: ApiRequest) -> HttpResponse:
    """Get who belongs to the caller's sandbox, what it holds and how far its clock is ahead."""
    plays.check(request.actor)
    return _answer(request)


@api_requires(Permission.SANDBOX_PLAY, body=JumpBody, answer=SandboxAnswer, tag=TAG)
def jump_clock(request: ApiRequest) -> HttpResponse:
    """Let the sandbox's clock jump forward, and do what is due then."""
    body = body_of(request, JumpBody)
    jump(hours=body.hours + body.days * DAY, actor=request.actor, now=timezone.now())
    return _answer(request)


@api_requires(Permission.SANDBOX_PLAY, body=ResetBody, answer=SandboxAnswer, tag=TAG)
def reset(request: ApiRequest) -> HttpResponse:
    """Delete everything in the caller's sandbox: customers and what they have, transfers, requests, webhooks.

    The partners, their people and their apps stay, and so does the activity log.
    """
    if not body_of(request, ResetBody).confirm:
        raise WrongProperty("confirm")
    reset_sandbox(actor=request.actor, now=timezone.now())
    return _answer(request)


def _answer(request: ApiRequest) -> HttpResponse:
    sandbox = queries.sandbox_of(request.actor)
    counts = contents_of(extent_of(queries.partner_ids(request.actor))).counts
    return json_answer(
        {
            "partners": [{"tenantId": str(one.pk), "name": one.name} for one in queries.partners(request.actor)],
            "hoursAhead": sandbox.hours_ahead if sandbox else 0,
            "contents": {_camel(name): count for name, count in counts.items()},
            "attributes": attributes("Sandbox"),
        }
    )


def _camel(name: str) -> str:
    first, *rest = name.split()
    return first + "".join(word.capitalize() for word in rest)
