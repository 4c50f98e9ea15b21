"""What is filled in to order a first-party product (section 1.10)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from azure.forms.changes import QuantityField
from azure.forms.ways import way_choices, way_of
from azure.rules.buying import Article
from azure.rules.families import LICENSED
from azure.workflow.purchases import Purchase, Review
from customers.enums import BillingFrequency, ProductFamily, Term
from customers.fields import CreditedField, FriendlyNameField
from customers.models import Subscription
from portal.accounts.models import PartnerLocation


class OrderForm(forms.Form):
    """One product: how it is bought, how many licenses, a name, and who is credited."""

    order_id = forms.UUIDField(widget=forms.HiddenInput)
    product = forms.CharField(widget=forms.HiddenInput, max_length=40)
    sku = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(
        self,
        *args: Any,
        article: Article,
        locations: Sequence[PartnerLocation],
        is_provider: bool,
        attestation: str,
        scopes: Sequence[Subscription] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_provider = is_provider
        if article.ways:
            self.fields["way"] = forms.ChoiceField(
                label=_("Term and billing frequency"),
                widget=forms.RadioSelect,
                choices=way_choices(article.ways, family=article.family),
            )
        if article.is_counted:
            label = _("Licenses") if article.family in LICENSED else _("Quantity")
            self.fields["quantity"] = QuantityField(label=label)
        if article.family == ProductFamily.RESERVATION:
            self.fields["scope"] = _scope_field(scopes)
        self.fields["friendly_name"] = FriendlyNameField(
            required=False, help_text=_("To tell it from others later. Without one it is called like the product.")
        )
        self.credited = CreditedField(locations, is_provider=is_provider)
        self.fields["credited"] = self.credited
        self.fields["attested"] = forms.BooleanField(label=attestation)

    def purchase(self) -> Purchase:
        """Return what a valid form orders."""
        values = self.cleaned_data
        term, frequency = way_of(values.get("way", f"{Term.NONE}:{BillingFrequency.USAGE}"))
        return Purchase(
            order_id=values["order_id"],
            product_id=values["product"],
            sku_id=values["sku"],
            term=term,
            billing_frequency=frequency,
            quantity=values.get("quantity", 1),
            friendly_name=values["friendly_name"],
            scope_id=UUID(values["scope"]) if values.get("scope") else None,
        )

    @property
    def reseller_id(self) -> UUID | None:
        """Return whose PartnerID was chosen, for a provider."""
        return self.credited.owners.get(self.cleaned_data.get("credited", "")) if self.is_provider else None

    def review(self, total: Decimal | None) -> Review:
        """Return what a valid form confirms beside the price that was shown."""
        values = self.cleaned_data
        return Review(self.reseller_id, values["credited"], is_attested=values["attested"], total=total)


class TotalForm(forms.Form):
    """The price that the review showed."""

    total = forms.DecimalField(max_digits=18, decimal_places=4, required=False, widget=forms.HiddenInput)


def _scope_field(scopes: Sequence[Subscription]) -> forms.ChoiceField:
    own = [(str(one.pk), one.friendly_name) for one in scopes]
    choices = [("", _("Shared: all Azure subscriptions of the customer")), *own]
    return forms.ChoiceField(label=_("The discount applies to"), choices=choices, required=False)
