"""What the calls about transfers read, with the tolerances of the original (API reference, sections 2.3 to 2.6)."""

import re
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from portal.api.errors import NotOffered, UnknownEnumValue, WrongProperty
from portal.api.reading import Body, one_of
from transfers.enums import ProductType
from transfers.models import MAX_WISHES
from transfers.reasons import Finding, TransferRefused

# In the order in which the original lists them; clients may send the position.
PRODUCT_TYPES = {
    "AzureSubscription": ProductType.AZURE_SUBSCRIPTION,
    "AzureReservation": ProductType.AZURE_RESERVATION,
    "AzureSavingsPlan": ProductType.AZURE_SAVINGS_PLAN,
    "OnlineServicesNCE": ProductType.LICENSE_BASED,
}
NEVER_MOVE = {"Software": "software-does-not-move", "SaaS": "third-party-does-not-move"}
TRANSFER_TYPES = {"3": 3, "5": 5, "modernazure": 3, "newcommerce": 5}
NOT_A_LETTER = re.compile(r"[^a-z]")


class Action(StrEnum):
    """What a PATCH asks for."""

    ACCEPT = "accept"
    CANCEL = "cancel"
    DECLINE = "decline"


# Clients take the verb, the state it leads to, or one the transfer had before (section 2.6).
_ACCEPT = ("accept", "accepted", "inprogress", "active", "pending")
ACTIONS = {
    **dict.fromkeys(_ACCEPT, Action.ACCEPT),
    **dict.fromkeys(("cancel", "canceled", "cancelled"), Action.CANCEL),
    **dict.fromkeys(("reject", "rejected", "decline", "declined"), Action.DECLINE),
}


def _transfer_type(value: Any) -> int:
    """Read 3 or 5: a number, a text, or the name of one."""
    text = "" if isinstance(value, bool | float) else str(value).strip().lower()
    if text not in TRANSFER_TYPES:
        raise PydanticCustomError("wire_enum", "not a kind of transfer that is offered")
    return TRANSFER_TYPES[text]


def _email(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError as error:
        raise ValueError("not an e-mail address") from error
    return value


TransferType = Annotated[int, BeforeValidator(_transfer_type, json_schema_input_type=int | str)]
ProductTypeName = Annotated[str, one_of(*PRODUCT_TYPES, *NEVER_MOVE)]


class CreateBody(Body):
    """A request for a transfer, as its target sends it; the last three are not in the original."""

    source_partner_tenant_id: UUID
    source_partner_name: Annotated[str, Field(max_length=200)] = ""
    customer_email_id: Annotated[str, Field(max_length=254), AfterValidator(_email)]
    customer_name: Annotated[str, Field(max_length=200)] = ""
    target_partner_tenant_id: UUID | None = None
    target_partner_email_id: Annotated[str, Field(max_length=254)] = ""
    target_product_types: list[ProductTypeName] = Field(default_factory=list)
    partner_on_record: Annotated[str, Field(max_length=12)] = ""
    transfer_type: TransferType | None = None
    line_items: list[Any] = Field(default_factory=list)
    customer_language: str = ""
    agreed_items: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=MAX_WISHES)] = Field(
        default_factory=list
    )
    note: Annotated[str, Field(max_length=2000)] = ""

    def kind(self) -> int:
        """Return the transferType. Raises: NotOffered for the older kind of transfer, WrongProperty."""
        if self.transfer_type is not None:
            return self.transfer_type
        raise NotOffered if self.line_items else WrongProperty("transferType")

    def product_types(self) -> list[ProductType]:
        """Return the kinds of items asked for. Raises: TransferRefused for those that never move."""
        for name in self.target_product_types:
            if name in NEVER_MOVE:
                raise TransferRefused(Finding(NEVER_MOVE[name]))
        return [PRODUCT_TYPES[name] for name in dict.fromkeys(self.target_product_types)]


class LineItem(Body):
    """An item the source hands over."""

    subscription_id: UUID
    product_type: ProductTypeName | None = None


class AnswerBody(Body):
    """What becomes of a transfer: ``Accept`` with line items, ``Decline`` or ``Cancel``."""

    status: Annotated[str, Field(max_length=40)] = ""
    line_items: list[LineItem] = Field(default_factory=list)
    reason: Annotated[str, Field(max_length=1000)] = ""  # of declining; not in the original

    def action(self) -> Action:
        """Return what is asked for; line items alone mean yes. Raises: UnknownEnumValue, WrongProperty."""
        if not self.status:
            if self.line_items:
                return Action.ACCEPT
            raise WrongProperty("status")
        action = ACTIONS.get(NOT_A_LETTER.sub("", self.status.lower()))
        if action is None:
            raise UnknownEnumValue("status")
        return action
