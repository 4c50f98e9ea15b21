"""The address of a price list, and the file of a price sheet."""

import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.enums import Segment
from billing.presentation import month_text
from billing.prices import month_of
from billing.queries.prices import EntryFilter, ListChoice
from customers.enums import ProductFamily, Term
from customers.terms import add_months
from portal.core.forms import CsvField
from portal.core.listing import ListAddress

# Families that have price lists; what stands below an Azure plan is priced by its meters.
LISTED = (
    ProductFamily.LICENSE_BASED,
    ProductFamily.AZURE_PLAN,
    ProductFamily.AZURE_LEGACY,
    ProductFamily.RESERVATION,
    ProductFamily.SAVINGS_PLAN,
    ProductFamily.SOFTWARE,
    ProductFamily.PERPETUAL_SOFTWARE,
)
PRICE_FILTERS = ("q", "segment", "term")


def read_list(request: HttpRequest, countries: list[str]) -> ListAddress:
    """Return what the address says of a price list."""
    allowed = {
        "family": [str(family) for family in LISTED],
        "country": countries,
        "currency": None,
        "month": None,
        "q": None,
        "segment": Segment.values,
        "term": Term.values,
        "cursor": None,
    }
    return ListAddress.read(request, allowed)


def list_choice(
    address: ListAddress, *, place: tuple[str, str], today: datetime.date, family: str = ProductFamily.LICENSE_BASED
) -> ListChoice:
    """Return the list that the address names; what it leaves out is the partner's own country, currency and today."""
    country, currency = place
    return ListChoice(
        family=address.get("family", family),
        country=address.get("country", country),
        currency=address.get("currency", currency)[:3].upper(),
        month=read_month(address.get("month")) or month_of(today),
    )


def entry_filter(address: ListAddress) -> EntryFilter:
    """Return the filters that the address names."""
    return EntryFilter(text=address.get("q"), segment=address.get("segment"), term=address.get("term"))


def read_month(text: str) -> datetime.date | None:
    """Return the first day of a month written as 2026-11, or ``None``."""
    try:
        return datetime.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return None


class SheetForm(forms.Form):
    """A file of prices, and what it does not say itself."""

    file = CsvField(
        help_text=_(
            "A price sheet as the original offers it for download, or saved as “CSV UTF-8”; plain or compressed"
            " (.csv.gz)."
        ),
    )
    family = forms.ChoiceField(label=_("Product family"), choices=[(str(item), item.label) for item in LISTED])
    month = forms.ChoiceField(label=_("Month"), help_text=_("The lists hold from its first day until the next ones."))

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = [add_months(month_of(today), step) for step in range(1, -13, -1)]
        self.fields["month"].choices = [  # type: ignore[attr-defined]
            (f"{month:%Y-%m}", month_text(month)) for month in found
        ]
        self.fields["month"].initial = f"{today:%Y-%m}"

    def clean_month(self) -> datetime.date:
        month = read_month(self.cleaned_data["month"])
        if month is None:
            raise forms.ValidationError(_("Choose a month."))
        return month
