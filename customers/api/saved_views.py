"""Views of the customer list that a person keeps (section 1.4; not in the original's API)."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from typing_extensions import TypedDict

from customers import queries
from customers.forms.list import SaveViewForm
from customers.models import SavedView
from customers.workflow import saved_views as workflow
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongProperty, json_answer
from portal.api.reading import Body, body_of
from portal.api.resources import Attributes, attributes, collection


class SavedViewBody(Body):
    """A name, and the filters and order of the list as they stand in its address: ``country=FR&sort=name``."""

    name: str
    query: str = ""


class SavedViewAnswer(TypedDict):
    id: str
    name: str
    query: str
    attributes: Attributes


class SavedViews(TypedDict):
    totalCount: int
    items: list[SavedViewAnswer]
    attributes: Attributes


@api_requires(Permission.CUSTOMER_VIEW, person=True, answer=SavedViews, tag="Customers")
def list_views(request: ApiRequest) -> HttpResponse:
    """List the caller's own views of the customer list, by name (not in the original)."""
    return json_answer(collection([_view(row) for row in queries.views_of(request.actor)]))


@api_requires(
    Permission.CUSTOMER_VIEW, person=True, body=SavedViewBody, answer=SavedViewAnswer, status=201, tag="Customers"
)
def save_view(request: ApiRequest) -> HttpResponse:
    """Keep a view of the customer list; a name that is used already gets the new one (not in the original)."""
    form = SaveViewForm(body_of(request, SavedViewBody).model_dump())
    if not form.is_valid():
        raise WrongProperty(next(iter(form.errors)))
    view = workflow.save_view(**form.cleaned_data, actor=request.actor, now=timezone.now())
    return json_answer(_view(view), status=201)


@api_requires(Permission.CUSTOMER_VIEW, person=True, status=204, tag="Customers")
def delete_view(request: ApiRequest, view_id: UUID) -> HttpResponse:
    """Delete one of the caller's own views (not in the original)."""
    view = queries.view_of(request.actor, view_id)
    workflow.delete_view(view_id=view.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


def _view(row: SavedView) -> dict[str, Any]:
    return {"id": str(row.pk), "name": row.name, "query": row.query, "attributes": attributes("CustomerView")}
