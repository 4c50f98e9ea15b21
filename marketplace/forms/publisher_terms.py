"""Forms of whom a publisher sells to, on which terms, and what it meters."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from portal.core.forms import DateInput

TENANT_HELP = gettext_lazy("The tenant ID (Microsoft ID) of a customer, or of a partner for all its customers.")


class AudienceForm(forms.Form):
    """A tenant that a private plan is for."""

    tenant = forms.UUIDField(label=gettext_lazy("Tenant ID"), help_text=TENANT_HELP)


class PartnerForm(forms.Form):
    """A partner that may buy an exclusive offer."""

    partner_id = forms.CharField(
        label=gettext_lazy("PartnerID"),
        max_length=12,
        help_text=gettext_lazy("Of a direct bill partner or an indirect provider."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


class MarginForm(PartnerForm):
    """How much less a partner pays, for whom and in which days."""

    percent = forms.DecimalField(
        label=gettext_lazy("Percent less than the list price"), min_value=0, max_value=100, decimal_places=2
    )
    customer = forms.UUIDField(
        label=gettext_lazy("Tenant ID of one customer"),
        required=False,
        help_text=gettext_lazy("Empty: all customers of the partner."),
    )
    starts_on = forms.DateField(label=gettext_lazy("First day"), widget=DateInput)
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DateInput,
        required=False,
        help_text=gettext_lazy("Empty: until you end it. What is bought or renews in these days costs less."),
    )

    @property
    def ends_on(self) -> datetime.date | None:
        """The first day on which it no longer holds."""
        last: datetime.date | None = self.cleaned_data["last_day"]
        return last + datetime.timedelta(days=1) if last else None


class DimensionForm(forms.Form):
    """Something that is metered. ``is_new``: with the identifier, which never changes afterwards."""

    code = forms.CharField(
        label=gettext_lazy("Identifier"),
        max_length=50,
        help_text=gettext_lazy("As your software reports it: small letters, digits, “-” and “_”. It stays."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    unit = forms.CharField(
        label=gettext_lazy("Unit"), max_length=60, help_text=gettext_lazy("What one is, such as “1,000 calls”.")
    )
    included_monthly = forms.IntegerField(
        label=gettext_lazy("Included a month"),
        min_value=0,
        max_value=2_000_000_000,
        initial=0,
        help_text=gettext_lazy("Customers are told; your software reports only what goes beyond it."),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["code"]


class DimensionPriceForm(forms.Form):
    """What one unit costs in one currency."""

    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    unit_price = forms.DecimalField(
        label=gettext_lazy("Price of a unit"),
        min_value=0,
        max_digits=12,
        decimal_places=4,
        help_text=gettext_lazy("Before tax. It holds for usage that is reported from now on."),
    )

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(one, one) for one in currencies]  # type: ignore[attr-defined]
