"""Exchange rates, files of them, incentive rules, and the address of the list of rates."""

from collections.abc import Collection
from decimal import Decimal

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.enums import IncentiveKind
from billing.models.incentives import USAGE_FAMILIES
from portal.core.forms import CsvField, DateInput
from portal.core.listing import ListAddress

FILTERS = ("base", "currency")


def read_address(request: HttpRequest, *, bases: Collection[str], currencies: Collection[str]) -> ListAddress:
    """Return what the address says of the list of rates."""
    return ListAddress.read(request, {"base": bases, "currency": currencies, "cursor": None})


class RateFileForm(forms.Form):
    """A file of exchange rates."""

    file = CsvField(
        help_text=_("Columns FromCurrency, ToCurrency, Rate, ValidFrom (2026-11-01) and Source, in any order."),
    )


class RateForm(forms.Form):
    """An exchange rate with its day and source."""

    base = forms.RegexField(
        r"^[A-Za-z]{3}$", label=_("From currency"), max_length=3, help_text=_("Three letters: USD.")
    )
    currency = forms.RegexField(r"^[A-Za-z]{3}$", label=_("To currency"), max_length=3)
    rate = forms.DecimalField(
        label=_("Rate"),
        max_digits=18,
        decimal_places=8,
        min_value=Decimal("0.00000001"),
        help_text=_("What one unit of the first currency is in the second."),
    )
    valid_from = forms.DateField(label=_("Holds from"), widget=DateInput())
    source = forms.CharField(label=_("Source"), max_length=200, help_text=_("Who published the rate; shown with it."))

    def clean_base(self) -> str:
        return str(self.cleaned_data["base"]).upper()

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


class IncentiveForm(forms.Form):
    """What the usage of a family earns from a day on."""

    kind = forms.ChoiceField(label=_("Kind"), choices=IncentiveKind.choices)
    family = forms.ChoiceField(label=_("Product family"), choices=USAGE_FAMILIES)
    percent = forms.DecimalField(
        label=_("Percent of the cost"),
        max_digits=5,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
    )
    competency = forms.CharField(
        label=_("Competency the partner must have"),
        max_length=100,
        required=False,
        help_text=_("Empty: every partner. An earned credit is worked out for every partner alike."),
    )
    valid_from = forms.DateField(label=_("Holds from"), widget=DateInput())
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("Where the percentage stands; shown to partners with it.")
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class EndForm(forms.Form):
    """The first day on which something no longer holds."""

    valid_until = forms.DateField(label=_("First day without it"), widget=DateInput())
