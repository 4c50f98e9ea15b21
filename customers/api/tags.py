"""Tags: the words a partner sorts its customers by (section 1.4; not in the original's API)."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from customers import queries
from customers.enums import TagChange
from customers.models import Tag
from customers.queries.choices import tag_of, tags_of
from customers.workflow import tags as workflow
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import Body, body_of
from portal.api.resources import Attributes, attributes, collection

NAMES_AT_ONCE = 150


class TagsBody(Body):
    """Words; those that are not there yet are added to the partner's."""

    names: Annotated[list[str], Field(max_length=NAMES_AT_ONCE)]


class TagAnswer(TypedDict):
    id: str
    name: str
    attributes: Attributes


class TagCollection(TypedDict):
    totalCount: int
    items: list[TagAnswer]
    attributes: Attributes


class CustomerTags(TypedDict):
    names: list[str]
    attributes: Attributes


@api_requires(Permission.CUSTOMER_VIEW, answer=TagCollection, tag="Customers")
def list_tags(request: ApiRequest) -> HttpResponse:
    """List the tags of the caller's organization, by name (not in the original)."""
    return json_answer(collection([_tag(row) for row in tags_of(request.actor)]))


@api_requires(Permission.CUSTOMER_TAG, body=TagsBody, answer=TagCollection, tag="Customers")
def create_tags(request: ApiRequest) -> HttpResponse:
    """Add what is missing of some tags, and answer them as they are spelled there (not in the original)."""
    names = body_of(request, TagsBody).names
    made = workflow.create_tags(names=names, actor=request.actor, now=timezone.now())
    return json_answer(collection([_tag(row) for row in made]))


@api_requires(Permission.CUSTOMER_TAG, status=204, tag="Customers")
def delete_tag(request: ApiRequest, tag_id: UUID) -> HttpResponse:
    """Delete a tag that no customer has (not in the original)."""
    tag = tag_of(request.actor, tag_id)
    workflow.delete_tag(tag_id=tag.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


@api_requires(Permission.CUSTOMER_VIEW, answer=CustomerTags, tag="Customers")
def get_customer_tags(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Get the tags that a customer has in the caller's organization (not in the original)."""
    return _tags_of_customer(request, customer_id)


@api_requires(Permission.CUSTOMER_TAG, body=TagsBody, answer=CustomerTags, tag="Customers")
def put_customer_tags(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Leave a customer exactly these tags (not in the original)."""
    names, relationship = body_of(request, TagsBody).names, queries.customer_of(request.actor, customer_id)
    result = workflow.assign_tags(
        customer_ids=[relationship.customer_id],
        names=names,
        change=TagChange.SET,
        actor=request.actor,
        now=timezone.now(),
    )
    for _name, refusal in result.refused:
        raise refusal
    return _tags_of_customer(request, customer_id)


def _tags_of_customer(request: ApiRequest, customer_id: Any) -> HttpResponse:
    relationship = queries.customer_of(request.actor, customer_id)
    return json_answer({"names": relationship.tags, "attributes": attributes("CustomerTags")})


def _tag(row: Tag) -> dict[str, Any]:
    return {"id": str(row.pk), "name": row.name, "attributes": attributes("CustomerTag")}
