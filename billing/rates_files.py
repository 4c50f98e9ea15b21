"""Files of exchange rates: one rate a row, as the portal writes them itself (A8)."""

import csv
import io
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from billing.prices_files import UnreadableSheet, open_sheet

HEADER = ("FromCurrency", "ToCurrency", "Rate", "ValidFrom", "Source")
COLUMNS = {
    "base": ("FromCurrency", "PricingCurrency", "Base"),
    "currency": ("ToCurrency", "BillingCurrency", "Currency"),
    "rate": ("Rate", "PCToBCExchangeRate", "ExchangeRate"),
    "valid_from": ("ValidFrom", "PCToBCExchangeRateDate", "EffectiveStartDate", "Date"),
    "source": ("Source",),
}


def read_rates(stream: BinaryIO) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a file in our words, each with its number as a spreadsheet counts. Raises: UnreadableSheet."""
    sheet = open_sheet(stream, COLUMNS, tuple(COLUMNS))
    try:
        text = b"".join(sheet.blocks).decode()
    except UnicodeDecodeError as error:
        raise UnreadableSheet(
            _("The file is not in UTF-8."), _("Save the file as “CSV UTF-8” and choose it again.")
        ) from error
    rows = []
    for number, cells in enumerate(
        csv.reader(io.StringIO(text, newline=""), delimiter=sheet.delimiter), sheet.first_line
    ):
        if any(cell.strip() for cell in cells):
            named = zip(sheet.columns, cells, strict=False)
            rows.append((number, {name: cell.strip() for name, cell in named if name}))
    if not rows:
        raise UnreadableSheet(_("The file has no rows below its first line."), _("Choose another file."))
    if len(rows) > settings.RATES_MAX_ROWS:
        raise UnreadableSheet(
            _("The file has more than %(count)d rows.") % {"count": settings.RATES_MAX_ROWS},
            _("Import it in parts."),
        )
    return rows
