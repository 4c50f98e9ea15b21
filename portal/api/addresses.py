"""Addresses: structured on the wire, a few lines of text in the portal.

The lines are street, second line, and "postal code city, state"; ``parts_of`` reads back what ``text_of`` wrote.
"""

import re
from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from portal.api.reading import Body

LAST_LINE = re.compile(
    r"(?:(?P<postal>[A-Za-z0-9-]*\d[A-Za-z0-9-]*(?: [A-Za-z0-9]*\d[A-Za-z0-9]*)?) )?"
    r"(?P<city>[^,]+)(?:, (?P<state>.+))?"
)


class Address(Body):
    """An address as a request may hold it (reference 1.6)."""

    address_line1: Annotated[str, Field(min_length=1, max_length=200)]
    address_line2: Annotated[str, Field(max_length=200)] = ""
    city: Annotated[str, Field(max_length=100)] = ""
    state: Annotated[str, Field(max_length=100)] = ""
    postal_code: Annotated[str, Field(max_length=20)] = ""
    country: Annotated[str, Field(max_length=2)] = ""
    first_name: Annotated[str, Field(max_length=50)] = ""
    last_name: Annotated[str, Field(max_length=50)] = ""
    phone_number: Annotated[str, Field(max_length=40)] = ""


class AddressAnswer(TypedDict):
    """An address as it is answered."""

    addressLine1: NotRequired[str]
    addressLine2: NotRequired[str]
    city: NotRequired[str]
    state: NotRequired[str]
    postalCode: NotRequired[str]
    country: NotRequired[str]
    firstName: NotRequired[str]
    lastName: NotRequired[str]
    phoneNumber: NotRequired[str]


def text_of(address: Address) -> str:
    """Return the lines of an address."""
    place = " ".join(part for part in (address.postal_code, address.city) if part)
    place = f"{place}, {address.state}" if place and address.state else place or address.state
    return "\n".join(part for part in (address.address_line1, address.address_line2, place) if part)


def parts_of(text: str, **more: str) -> dict[str, Any]:
    """Return the lines of an address as properties; ``more`` are properties known from elsewhere. Empty ones go."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts: dict[str, str] = {}
    if lines:
        parts["addressLine1"] = lines[0]
    if len(lines) > 2:
        parts["addressLine2"] = " ".join(lines[1:-1])
    if len(lines) > 1 and (match := LAST_LINE.fullmatch(lines[-1])):
        found = match.groupdict()
        parts |= {"postalCode": found["postal"] or "", "city": found["city"], "state": found["state"] or ""}
    elif len(lines) > 1:
        parts["city"] = lines[-1]
    return {name: value for name, value in {**parts, **more}.items() if value}
