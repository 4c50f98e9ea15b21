"""The address of the reconciliation page, and a file of assigned licenses."""

import csv
import io
import uuid

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.enums import Difference
from billing.queries.reconciliation import ReconciliationFilter
from customers.queries import as_uuid
from portal.core.listing import ListAddress

FILTERS = ("q", "difference")
COLUMNS = ("SubscriptionId", "AssignedLicenses")
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

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=gettext_lazy("Columns: SubscriptionId, AssignedLicenses. The export of this page can be filled in."),
    )

    def clean_file(self) -> dict[uuid.UUID, int]:
        upload: UploadedFile = self.cleaned_data["file"]
        try:
            text = io.TextIOWrapper(upload.file, encoding="utf-8-sig", newline="")  # type: ignore[type-var]
            reader = csv.DictReader(text)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise forms.ValidationError(
                    _("The first line must name the columns %(names)s.") % {"names": ", ".join(COLUMNS)}
                )
            return dict(_row(number, row) for number, row in enumerate(reader, start=2) if row[COLUMNS[1]])
        except (UnicodeDecodeError, csv.Error) as error:
            raise forms.ValidationError(_("The file is no CSV file in UTF-8.")) from error


def _row(number: int, row: dict[str, str]) -> tuple[uuid.UUID, int]:
    subscription_id, assigned = as_uuid(row[COLUMNS[0]] or ""), (row[COLUMNS[1]] or "").strip()
    if (
        number > MOST_ROWS
        or subscription_id is None
        or not (assigned.isascii() and assigned.isdigit())
        or len(assigned) > 9
    ):
        raise forms.ValidationError(
            _("Line %(number)s cannot be used: it needs an ID and a whole number.") % {"number": number}
        )
    return subscription_id, int(assigned)
