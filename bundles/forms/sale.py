"""What is filled in to sell a bundle."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from bundles.rules import MAX_BUNDLES
from bundles.workflow.sales import Sale
from customers.fields import CreditedForm, NamedCustomerField, NamesCustomer
from portal.core.forms import DateInput


class CustomerForm(NamesCustomer):
    """To whom a bundle is sold."""

    customer = NamedCustomerField(help_text=_("Name, Microsoft ID or primary domain of your customer."))


class SaleForm(CreditedForm):
    """How many, who is credited, and in which role the company buys."""

    sale_id = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.UUIDField(widget=forms.HiddenInput)
    cost = forms.DecimalField(max_digits=18, decimal_places=4, required=False, widget=forms.HiddenInput)
    quantity = forms.IntegerField(
        label=_("Bundles"),
        min_value=1,
        max_value=MAX_BUNDLES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def sale(self, bundle_id: UUID) -> Sale:
        """Return what a valid form sells."""
        values = self.cleaned_data
        return Sale(
            id=values["sale_id"],
            bundle_id=bundle_id,
            quantity=values["quantity"],
            partner_on_record=values["credited"],
            is_attested=values["attested"],
            seen=values["version"],
            cost=values["cost"],
        )


class ReleaseForm(forms.Form):
    """From which day a product of a bundle is billed by itself."""

    left_on = forms.DateField(label=_("First day on which it is billed by itself"), widget=DateInput())
