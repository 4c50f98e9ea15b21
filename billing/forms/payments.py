"""The operator's list of invoices, and the day on which one was paid."""

import datetime

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.enums import InvoiceState
from portal.core.forms import DateInput
from portal.core.listing import ListAddress


def read_address(request: HttpRequest, path: str) -> ListAddress:
    """Return what the address says of the list; without a state it shows what is open or overdue."""
    states = [*InvoiceState.values, "all"]
    return ListAddress(path, ListAddress.read(request, {"q": None, "state": states, "cursor": None}).values)


class PaymentForm(forms.Form):
    """The day on which the money arrived, or was paid out."""

    paid_on = forms.DateField(label=gettext_lazy("Paid on"), widget=DateInput())

    def clean_paid_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["paid_on"]
        if day > timezone.now().date():
            raise forms.ValidationError(_("This day has not come yet."))
        return day
