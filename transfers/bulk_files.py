"""The CSV files of many transfers: their columns, and the first line of the one to start from (X2)."""

from collections.abc import Iterator
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.csv_files import CsvFile, Layout, Row, UnreadableFile, open_csv
from transfers.enums import BulkKind

_NEXT_STEP = gettext_lazy("Download the file to start from, and fill in its columns.")
# The first header of a column stands in the file to start from, in the reader's language; each is a label of the form
# of one request or of an export, and translated there.
LAYOUTS = {
    BulkKind.REQUESTS: Layout(
        {
            "customer_id": (
                "Microsoft ID of the customer",
                "Customer Microsoft ID",
                "Customer tenant ID",
                "Customer ID",
                "Microsoft ID",
                "Tenant ID",
            ),
            "customer_domain": ("Primary domain name", "Primary domain", "Customer domain", "Domain name", "Domain"),
            "customer_name": ("Customer", "Customer name", "Company name", "Company"),
            "source": (
                "Current partner",
                "Source partner",
                "Microsoft ID of the current partner",
                "PartnerID of the current partner",
                "Source partner ID",
                "MPN ID",
                "PartnerID",
            ),
            "email": ("E-mail address of the customer", "Contact e-mail", "Customer e-mail", "E-mail"),
            "language": ("Language of these mails", "Language"),
            "partner_on_record": ("PartnerID of the reseller", "Partner on record", "Reseller"),
            "product_types": ("Kinds of items", "Product types"),
            "items": ("Agreed items", "Items", "Subscription IDs", "Subscription ID", "Subscriptions"),
            "note": ("Note to the current partner", "Note"),
        },
        required=("source",),
        next_step=_NEXT_STEP,
        kind=BulkKind.REQUESTS,
    ),
}
CUSTOMER_COLUMNS = ("customer_id", "customer_domain", "customer_name")


def open_file(stream: BinaryIO) -> CsvFile:
    """Read the first line of a file. Raises: UnreadableFile."""
    file = open_csv(stream, *LAYOUTS.values())
    kind = BulkKind(file.layout.kind)
    if not any(name in file.columns for name in CUSTOMER_COLUMNS):
        names = {"columns": ", ".join(_header(kind, name) for name in CUSTOMER_COLUMNS)}
        raise UnreadableFile(
            _("The first line names none of the columns that tell the customer: %(columns)s.") % names, str(_NEXT_STEP)
        )
    return file


def rows_of(file: CsvFile) -> Iterator[Row]:
    """Yield the rows. Raises: UnreadableFile, also for none and for more than are taken."""
    return file.rows(most=settings.TRANSFER_BULK_MAX_ROWS)


def headers(kind: BulkKind) -> list[str]:
    """Return the first line of the file to start from, in the reader's language."""
    return [_header(kind, name) for name in LAYOUTS[kind].columns]


def _header(kind: BulkKind, name: str) -> str:
    return _(LAYOUTS[kind].columns[name][0])
