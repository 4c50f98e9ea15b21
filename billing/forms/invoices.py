"""The address of the list of invoices."""

from collections.abc import Sequence

from django.http import HttpRequest

from billing.enums import InvoiceState
from billing.queries.invoices import InvoiceFilter
from portal.core.listing import ListAddress

FILTERS = ("year", "currency", "state")


def read_address(request: HttpRequest, path: str, *, years: Sequence[int], currencies: Sequence[str]) -> ListAddress:
    """Return what the address says of the list; a year or currency without invoices counts as not given."""
    allowed = {
        "year": [str(year) for year in years],
        "currency": currencies,
        "state": InvoiceState.values,
        "cursor": None,
    }
    return ListAddress(path=path, values=ListAddress.read(request, allowed).values)


def read_filter(address: ListAddress) -> InvoiceFilter:
    """Return the filters that the address names."""
    year = address.get("year")
    return InvoiceFilter(year=int(year) if year else None, currency=address.get("currency"), state=address.get("state"))
