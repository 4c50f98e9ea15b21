"""The address of the reconciliation page, and a file of assigned licenses."""

import uuid

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.enums import Difference
from billing.queries.reconciliation import ReconciliationFilter
from customers.queries import as_uuid
from portal.core.csv_files import Layout, Row, UnreadableFile, open_csv
from portal.core.forms import CsvField
from portal.core.listing import ListAddress

FILTERS = ("q", "difference")
LAYOUT = Layout(
    {"subscription": ("SubscriptionId",), "assigned": ("AssignedLicenses",)}, required=("subscription", "assigned")
)
MOST_ROWS = 100_000


def read_address(request: HttpRequest, path: str) -> ListAddress:
    """Return what the address says of the page."""
    allowed = {"q": None, "difference": Difference.values, "cursor": None}
    return ListAddress(path=path, values=ListAddress.read(request, allowed).values)


def read_filter(address: ListAddress) -> ReconciliationFilter:
    """Return the filters that the address names."""
    return ReconciliationFilter(text=address.get("q"), difference=address.get("difference"))


class AssignmentsForm(forms.Form):
    """A CSV file of two columns; ``cleaned_data["file"]`` becomes the numbers by subscription."""

    file = CsvField(
        help_text=gettext_lazy("Columns: SubscriptionId, AssignedLicenses. The export of this page can be filled in."),
    )

    def clean_file(self) -> dict[uuid.UUID, int]:
        try:
            rows = open_csv(self.cleaned_data["file"].file, LAYOUT).rows(most=MOST_ROWS)
            return dict(_number_of(row) for row in rows if row.values.get("assigned"))
        except UnreadableFile as error:
            raise forms.ValidationError(error.explanation) from error


def _number_of(row: Row) -> tuple[uuid.UUID, int]:
    subscription_id, assigned = as_uuid(row.values["subscription"]), row.values["assigned"]
    if subscription_id is None or not (assigned.isascii() and assigned.isdigit()) or len(assigned) > 9:
        raise forms.ValidationError(
            _("Line %(number)s cannot be used: it needs an ID and a whole number.") % {"number": row.number}
        )
    return subscription_id, int(assigned)
