"""A partner's own prices and terms, and budgets."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.enums import PriceRuleKind
from billing.forms.prices import LISTED
from customers.fields import NamedCustomerField, NamesCustomer
from portal.core.forms import DateInput

THRESHOLDS = (50, 75, 80, 90, 100, 120)


class ForCustomerForm(NamesCustomer):
    """What holds for one customer, or for all."""

    customer = NamedCustomerField(
        required=False,
        help_text=_("Name, Microsoft ID or primary domain. Empty: all customers that have nothing of their own."),
    )


class OwnPriceForm(ForCustomerForm):
    """How the partner prices what it sells."""

    family = forms.ChoiceField(
        label=_("Product family"),
        required=False,
        choices=[("", _("All families")), *((str(family), family.label) for family in LISTED)],
    )
    product_id = forms.CharField(
        label=_("Product ID"), required=False, max_length=40, help_text=_("As in the price list. Empty: all products.")
    )
    sku_id = forms.CharField(label=_("SKU ID"), required=False, max_length=40, help_text=_("Empty: all SKUs."))
    kind = forms.ChoiceField(label=_("Price"), choices=PriceRuleKind.choices)
    percent = forms.DecimalField(
        label=_("Percent"),
        required=False,
        max_digits=6,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(1000),
        help_text=_("For the first two kinds of price."),
    )
    amount = forms.DecimalField(
        label=_("Fixed price"),
        required=False,
        max_digits=16,
        decimal_places=4,
        min_value=Decimal(0),
        help_text=_("In your currency, for one unit and one billing cycle."),
    )
    valid_from = forms.DateField(label=_("Holds from"), widget=DateInput())
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("kind") == PriceRuleKind.DISCOUNT and (values.get("percent") or 0) > 100:
            self.add_error("percent", _("No more than 100 percent can come off."))
        return values


class OwnTermsForm(ForCustomerForm):
    """The partner's own terms."""

    text = forms.CharField(label=_("Terms"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 12}))
    valid_from = forms.DateField(label=_("Hold from"), widget=DateInput())


class BudgetForm(forms.Form):
    """What a customer's usage may cost in a month, and when to be told."""

    amount = forms.DecimalField(
        label=_("Budget for a month"), max_digits=16, decimal_places=2, min_value=Decimal("0.01")
    )
    thresholds = forms.TypedMultipleChoiceField(
        label=_("Tell us at"),
        coerce=int,
        choices=[(percent, f"{percent} %") for percent in THRESHOLDS],
        widget=forms.CheckboxSelectMultiple(),
        help_text=_("Billing admins and admin agents get one mail for each, once a month."),
    )
