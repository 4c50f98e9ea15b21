"""What a bundle says, and the products in it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from bundles.models import BundleVersion
from bundles.workflow.definitions import Definition, WantedProduct
from customers.fields import NamedCustomerField, NamesCustomer
from portal.accounts.models import Partner
from portal.core.forms import DateInput

MOST = 100_000  # licenses of one product in one bundle, as the form reads them; the catalogs say less


class BundleForm(forms.Form):
    """All of a bundle but its products, and but for whom it is, which stays."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    price = forms.DecimalField(
        label=_("Price of one bundle"),
        max_digits=16,
        decimal_places=2,
        min_value=Decimal("0.01"),
        help_text=_("In your currency, for one billing cycle of its products."),
    )
    term_text = forms.CharField(
        label=_("Term, as your customers read it"),
        required=False,
        max_length=200,
        help_text=_("Such as: 12 months, billed monthly."),
    )
    valid_from = forms.DateField(label=_("On sale from"), widget=DateInput())
    valid_until = forms.DateField(
        label=_("First day on which it is not sold any more"), required=False, widget=DateInput()
    )
    terms = forms.CharField(
        label=_("Terms"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Whoever buys the bundle keeps the terms of that day."),
    )

    def definition(self, products: Sequence[WantedProduct]) -> Definition:
        """Return what a valid form says of these products."""
        names = ("name", "description", "price", "term_text", "valid_from", "valid_until", "terms")
        return Definition(products=products, **{name: self.cleaned_data[name] for name in names})

    @staticmethod
    def values_of(version: BundleVersion) -> dict[str, Any]:
        """Return what a version says, as a form to change it begins."""
        names = ("name", "description", "term_text", "valid_from", "valid_until", "terms")
        return {name: getattr(version, name) for name in names} | {"price": version.price.quantize(Decimal("0.01"))}


class NewBundleForm(NamesCustomer, BundleForm):
    """A bundle with its audience: all customers, one, or those of one reseller."""

    customer = NamedCustomerField(
        required=False, help_text=_("Name, Microsoft ID or primary domain. Empty: for all customers.")
    )
    field_order = ("name", "description", "customer", "reseller")

    def __init__(self, *args: Any, resellers: Sequence[Partner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if resellers:
            choices = [(str(one.pk), one.organization.name) for one in resellers]
            self.fields["reseller"] = forms.ChoiceField(
                label=_("Customers of an indirect reseller"),
                required=False,
                choices=[("", _("Of every reseller")), *choices],
            )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("customer") and values.get("reseller"):
            self.add_error("reseller", _("Name a customer or a reseller, not both."))
        return values


def wanted_of(sent: QueryDict) -> list[WantedProduct]:
    """Return the products that stand in a form: their names and, in the same order, their quantities."""
    counts = [int(text) if text.isascii() and text.isdigit() else 0 for text in sent.getlist("count")]
    named = [key.rpartition("|") for key in sent.getlist("item")]
    return [
        WantedProduct(catalog_item[:100], frequency[:10], min(count, MOST))
        for (catalog_item, _bar, frequency), count in zip(named, counts, strict=False)
        if catalog_item
    ]
