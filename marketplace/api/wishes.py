"""Ask an admin agent of the own company for a change that the caller may not make (M4; not in the original)."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field

from marketplace.api.activation import find
from marketplace.enums import Wish
from marketplace.workflow.changes import ask_admin_agent
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.reading import Body, body_of, one_of


class WishBody(Body):
    """What is to be changed, and a word to who does it."""

    wish: Annotated[str, one_of(*Wish.values)]
    note: Annotated[str, Field(max_length=500)] = ""


@api_requires(Permission.SUBSCRIPTION_VIEW, person=True, body=WishBody, status=204, tag="Subscriptions")
def ask(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Ask the admin agents of the caller's company to change a marketplace subscription (not in the original)."""
    body, saas = body_of(request, WishBody), find(request, customer_id, subscription_id)
    wish = Wish(body.wish)
    ask_admin_agent(subscription_id=saas.pk, wish=wish, note=body.note, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)
