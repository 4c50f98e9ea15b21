"""The address of usage, and files of usage."""

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from billing.enums import UsageImportStatus
from billing.queries.usage import GROUPS
from customers.queries import as_uuid
from portal.core.forms import CsvField
from portal.core.listing import ListAddress


def read_usage(request: HttpRequest) -> ListAddress:
    """Return what the address says of usage; an id that is none counts as not given."""
    read = ListAddress.read(request, {"month": None, "by": GROUPS.keys(), "customer": None, "subscription": None})
    values = {
        name: value
        for name, value in read.values.items()
        if name not in ("customer", "subscription") or as_uuid(value) is not None
    }
    return ListAddress(read.path, values)


def read_imports(request: HttpRequest) -> ListAddress:
    """Return what the address says of the list of imports."""
    return ListAddress.read(request, {"q": None, "state": UsageImportStatus.values, "cursor": None})


class UsageFileForm(forms.Form):
    """A file of daily usage."""

    file = CsvField(
        help_text=format_lazy(
            _(
                "Daily rated usage as the original offers it for download, or saved as “CSV UTF-8”; plain or compressed"
                " (.csv.gz). Up to {megabytes} MB and {rows} rows."
            ),
            megabytes=settings.LONG_UPLOAD_MAX_BYTES // 1024**2,
            rows=lazy(number_format, str)(settings.USAGE_MAX_ROWS, force_grouping=True),
        ),
    )
