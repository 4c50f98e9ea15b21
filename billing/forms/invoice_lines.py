"""The address of the lines of an invoice."""

from django.http import HttpRequest

from billing.queries.invoice_lines import LineFilter
from customers.enums import ProductFamily
from portal.core.listing import ListAddress

FILTERS = ("q", "family")


def read_address(request: HttpRequest, path: str) -> ListAddress:
    """Return what the address says of the list."""
    allowed = {"q": None, "family": ProductFamily.values, "cursor": None}
    return ListAddress(path=path, values=ListAddress.read(request, allowed).values)


def read_filter(address: ListAddress) -> LineFilter:
    """Return the filters that the address names."""
    return LineFilter(text=address.get("q"), family=address.get("family"))
