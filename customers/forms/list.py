"""The customer list: its address, and a view to keep."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.enums import RelationshipKind
from customers.queries import CUSTOMER_ORDERS, CustomerFilter, as_uuid
from portal.core.listing import ListAddress

YES_NO = ("yes", "no")
FILTERS = ("q", "reseller", "country", "tag", "kind", "rights", "agreement")
_ALLOWED = {
    "q": None,
    "reseller": None,
    "country": None,
    "tag": None,
    "kind": RelationshipKind.values,
    "rights": YES_NO,
    "agreement": YES_NO,
    "sort": CUSTOMER_ORDERS.keys(),
    "cursor": None,
    "count": YES_NO,
}


def read_address(request: HttpRequest, path: str) -> ListAddress:
    """Return what the address says of the list; a reseller that is no id counts as not given."""
    read = ListAddress.read(request, _ALLOWED)
    values = {name: value for name, value in read.values.items() if name != "reseller" or as_uuid(value)}
    return ListAddress(path=path, values=values)


def read_filter(address: ListAddress) -> CustomerFilter:
    """Return the filters that the address names."""
    return CustomerFilter(
        text=address.get("q"),
        reseller_id=as_uuid(address.get("reseller")),
        country=address.get("country").upper(),
        tag=address.get("tag"),
        kind=address.get("kind"),
        rights=address.get("rights"),
        agreement=address.get("agreement"),
    )


class SaveViewForm(forms.Form):
    """A name for the list as it is shown."""

    name = forms.CharField(
        label=_("Name of this view"),
        max_length=60,
        help_text=_("A name you use already is given to the list as it is now."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
