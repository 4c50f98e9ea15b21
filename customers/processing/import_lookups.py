"""What both kinds of import look up for a batch."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Min, Q

from customers.models import ImportRun
from portal.accounts.enums import PartnershipStatus
from portal.accounts.models import Partner, PartnerLocation


def earlier_rows(run: ImportRun, column: str, values: Iterable[Any], *, before: int, result: Q) -> dict[Any, int]:
    """Return where in the file these values stand already, by the number of the first such row."""
    rows = run.rows.filter(result, number__lt=before, **{f"{column}__in": list(values)})
    return dict(rows.order_by().values_list(column).annotate(first=Min("number")))


def resellers_by_number(provider: Partner, numbers: Iterable[str]) -> dict[str, UUID]:
    """Return the provider's active resellers that these PartnerIDs name."""
    places = PartnerLocation.objects.filter(
        partner_id_number__in={number for number in numbers if number},
        partner__provider_partnerships__provider=provider,
        partner__provider_partnerships__status=PartnershipStatus.ACTIVE,
    )
    return dict(places.values_list("partner_id_number", "partner_id"))
