"""Service requests as the API writes them (API reference, section 9)."""

import uuid
from collections.abc import Sequence
from typing import Any, NotRequired

from typing_extensions import TypedDict

from portal.api.resources import (
    Attributes,
    CollectionLinks,
    SelfLinks,
    attributes,
    link,
    self_links,
    time_text,
    without_nothing,
)
from support.enums import CaseStatus, ServiceProduct, SupportTopic
from support.models import CaseMessage, SupportCase

SEVERITIES = ("unknown", "critical", "moderate", "minimal")
STATUSES = ("none", "open", "closed", "attention_needed")
# A resolved request asks for nothing any more, so it counts as closed; it can be opened again (decision 0045).
WIRE_STATUS = {
    CaseStatus.OPEN: "open",
    CaseStatus.WAITING: "attention_needed",
    CaseStatus.RESOLVED: "closed",
    CaseStatus.CLOSED: "closed",
}
TOPICS = uuid.UUID("2b6f1f5e-9d0c-4a43-8a52-7f3d0f0c5f6a")  # ids of topics are made of it and the topic's name


class Organization(TypedDict):
    id: str
    name: str


class Contact(TypedDict):
    firstName: str
    email: str


class Note(TypedDict):
    createdByName: str
    createdDate: str
    text: str


class FileLink(TypedDict):
    id: str
    name: str


class ServiceRequest(TypedDict):
    id: str
    title: str
    description: NotRequired[str]
    severity: str
    supportTopicId: str
    supportTopicName: str
    status: str
    organization: Organization
    primaryContact: Contact
    lastUpdatedBy: NotRequired[Contact]
    productName: NotRequired[str]
    productId: NotRequired[str]
    createdDate: str
    lastModifiedDate: str
    lastClosedDate: NotRequired[str]
    notes: NotRequired[list[Note]]
    fileLinks: NotRequired[list[FileLink]]
    countryCode: str
    links: SelfLinks
    attributes: Attributes


class ServiceRequests(TypedDict):
    totalCount: int
    items: list[ServiceRequest]
    links: CollectionLinks
    attributes: Attributes


class Topic(TypedDict):
    id: str
    name: str
    description: str
    attributes: Attributes


class Topics(TypedDict):
    totalCount: int
    items: list[Topic]
    attributes: Attributes


def topic_id(topic: str) -> str:
    """Return the id of a topic, which never changes."""
    return str(uuid.uuid5(TOPICS, topic))


TOPIC_OF_ID = {topic_id(topic): topic for topic in SupportTopic}


def topics() -> list[dict[str, Any]]:
    """Return what a service request can be about."""
    return [
        {
            "id": topic_id(topic),
            "name": str(topic.label),
            "description": str(topic.label),
            "attributes": attributes("SupportTopic"),
        }
        for topic in SupportTopic
    ]


def service_request(case: SupportCase, messages: Sequence[CaseMessage] = ()) -> dict[str, Any]:
    """Return a case; with its messages where they were read. The first one is its description."""
    about = case.customer.organization if case.customer else case.partner.organization
    product = ServiceProduct(case.product) if case.product else None
    value: dict[str, Any] = {
        "id": str(case.pk),
        "title": case.title,
        "description": messages[0].text if messages else None,
        "severity": case.severity,
        "supportTopicId": topic_id(case.topic),
        "supportTopicName": str(SupportTopic(case.topic).label),
        "status": WIRE_STATUS[CaseStatus(case.status)],
        "organization": {"id": str(about.pk), "name": about.name},
        "primaryContact": {"firstName": case.opened_by.name, "email": case.opened_by.email},
        "lastUpdatedBy": {"firstName": case.modified_by_name, "email": ""},
        "productName": str(product.label) if product else None,
        "productId": product.value if product else None,
        "createdDate": time_text(case.created_at),
        "lastModifiedDate": time_text(case.modified_at),
        "lastClosedDate": time_text(case.closed_at) if case.closed_at else None,
        "countryCode": about.country,
        "links": self_links(f"/servicerequests/{case.pk}"),
        "attributes": attributes("ServiceRequest"),
    }
    if messages:
        files = [file for message in messages for file in message.files]
        value["notes"] = [
            {"createdByName": one.author_name, "createdDate": time_text(one.created_at), "text": one.text}
            for one in messages[1:]
        ]
        value["fileLinks"] = [{"id": str(file.pk), "name": file.name} for file in files]
    return without_nothing(value)


def page(cases: Sequence[SupportCase], *, here: str, following: str) -> dict[str, Any]:
    """Return a page of cases, without their messages, with the address of the next one if there is one."""
    links = {"self": link(here)} | ({"next": link(following)} if following else {})
    items = [service_request(case) for case in cases]
    return {"totalCount": len(items), "items": items, "links": links, "attributes": attributes("Collection")}
