"""Which Azure offer may be sold, and which rule says no (A1, A2)."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from azure.enums import AzureOffer
from azure.rules.table import TABLE, Dates, Facts, Row
from portal.core.errors import Refusal

API_NUMBER = (900134, 400)  # "cannot be bought for this customer"
SHARED_ELSEWHERE = "azure-shared-services-own-use"


class AzureOfferRefused(Refusal):
    """The decision table says no; ``code`` is that of the row."""

    api_number = API_NUMBER

    def __init__(self, code: str, message: object, *, who: object, next_step: object, next_url: str) -> None:
        self.code = code
        super().__init__(message, who=who, next_step=next_step, next_url=next_url)


@dataclass(frozen=True)
class Decision:
    """What the table says about one offer, by which row."""

    offer: AzureOffer
    row: Row
    allowed: bool


def row_for(facts: Facts, *, dates: Dates, day: datetime.date) -> Row:
    """Return the first row of the table that fits; the last one always does."""
    return next(row for row in TABLE if row.holds(facts, dates, day))


def decide(offer: AzureOffer, facts: Facts, *, dates: Dates, day: datetime.date) -> Decision:
    """Say whether an offer may be sold on a day, and which row decides."""
    row = row_for(facts, dates=dates, day=day)
    return Decision(offer, row, offer in row.sells)


def refusal_of(decision: Decision, *, instead_url: str = "", tenant_url: str = "") -> AzureOfferRefused | None:
    """Return why the offer is refused, with the way to the Azure plan where that is sold; ``None`` if it is not."""
    if decision.allowed:
        return None
    row = decision.row
    if decision.offer == AzureOffer.SHARED_SERVICES:
        return AzureOfferRefused(
            SHARED_ELSEWHERE,
            _("Shared services are for your own use, in a tenant of your own."),
            who=_("an admin agent of your company"),
            next_step=_("Make an empty customer account your own tenant for shared services."),
            next_url=tenant_url,
        )
    return AzureOfferRefused(row.code, row.why, who=row.who, next_step=row.next_step, next_url=instead_url)


def check_sellable(decision: Decision, *, instead_url: str = "", tenant_url: str = "") -> None:
    """Raises: AzureOfferRefused."""
    refusal = refusal_of(decision, instead_url=instead_url, tenant_url=tenant_url)
    if refusal is not None:
        raise refusal
