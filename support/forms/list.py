"""The address of the list of cases."""

from django.http import HttpRequest

from customers.queries import as_uuid
from portal.core.listing import ListAddress
from support.enums import CaseStatus, Severity
from support.queries import ORDERS, CaseFilter

FILTERS = ("q", "status", "severity", "assigned", "customer")
_ALLOWED = {
    "q": None,
    "status": CaseStatus.values,
    "severity": Severity.values,
    "assigned": ("mine", "nobody"),
    "customer": None,
    "sort": ORDERS.keys(),
    "cursor": None,
}


def read_address(request: HttpRequest, path: str) -> ListAddress:
    """Return what the address says of the list; a customer that is no id counts as not given."""
    read = ListAddress.read(request, _ALLOWED)
    values = {name: value for name, value in read.values.items() if name != "customer" or as_uuid(value)}
    return ListAddress(path=path, values=values)


def read_filter(address: ListAddress) -> CaseFilter:
    """Return the filters that the address names."""
    return CaseFilter(
        text=address.get("q"),
        status=address.get("status"),
        severity=address.get("severity"),
        assigned=address.get("assigned"),
        customer_id=as_uuid(address.get("customer")),
    )
