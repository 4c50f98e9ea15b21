"""The address of the list of transfers."""

from django.http import HttpRequest

from customers.queries import as_uuid
from portal.core.listing import ListAddress
from transfers.enums import Direction, ProductType, TransferStatus
from transfers.queries import ORDERS, TransferFilter

FILTERS = ("q", "direction", "status", "action", "type", "expiring", "customer")
_ALLOWED = {
    "q": None,
    "direction": Direction.values,
    "status": TransferStatus.values,
    "action": ("yes", "no"),
    "type": ProductType.values,
    "expiring": ("yes",),
    "customer": None,
    "sort": ORDERS.keys(),
    "cursor": None,
}


def read_address(request: HttpRequest, path: str) -> ListAddress:
    """Return what the address says of the list; a customer that is no id counts as not given."""
    read = ListAddress.read(request, _ALLOWED)
    values = {name: value for name, value in read.values.items() if name != "customer" or as_uuid(value)}
    return ListAddress(path=path, values=values)


def read_filter(address: ListAddress) -> TransferFilter:
    """Return the filters that the address names."""
    return TransferFilter(
        text=address.get("q"),
        direction=address.get("direction"),
        status=address.get("status"),
        action=address.get("action"),
        expiring=address.get("expiring"),
        product_type=address.get("type"),
        customer_id=as_uuid(address.get("customer")),
    )
