"""What is filled in to sell a bundle."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from bundles.rules import MAX_BUNDLES
from bundles.workflow.sales import Sale
from customers.fields import CreditedField
from customers.queries import customer_named
from portal.accounts.actor import Actor
from portal.accounts.models import PartnerLocation
from portal.core.forms import DateInput


class CustomerForm(forms.Form):
    """To whom a bundle is sold."""

    customer = forms.CharField(
        label=_("Customer"), max_length=253, help_text=_("Name, Microsoft ID or primary domain of your customer.")
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def clean_customer(self) -> UUID:
        found = customer_named(self.actor, self.cleaned_data["customer"])
        if found is None:
            raise forms.ValidationError(_("No customer of yours, or more than one, has this name, ID or domain."))
        customer_id: UUID = found.customer_id
        return customer_id


class SaleForm(forms.Form):
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

    def __init__(
        self,
        *args: Any,
        locations: Sequence[PartnerLocation],
        is_provider: bool,
        attestation: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_provider = is_provider
        self.credited = CreditedField(locations, is_provider=is_provider)
        self.fields["credited"] = self.credited
        self.fields["attested"] = forms.BooleanField(label=attestation)

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
