"""Buying: a plan into the cart, a line of the cart, and what is confirmed before an order (M1, section 7.2)."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.fields import CreditedForm, FriendlyNameField
from marketplace.models import Plan
from marketplace.presentation import price_text
from marketplace.queries import PlanChoice
from marketplace.workflow.purchases import Purchase, Review


class QuantityField(forms.IntegerField):
    """How many licenses, between the limits of a plan; a flat rate is one."""

    def __init__(self, plan: Plan, **kwargs: Any) -> None:
        super().__init__(
            label=_("Licenses"),
            min_value=plan.min_quantity,
            max_value=plan.max_quantity,
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}) if plan.is_per_seat else forms.HiddenInput,
            **kwargs,
        )


class PurchaseForm(forms.Form):
    """One plan of an offer: how it is bought, how many licenses, and a name."""

    plan = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, choice: PlanChoice, **kwargs: Any) -> None:
        plan = choice.plan
        kwargs.setdefault("auto_id", f"id_{plan.code}_%s")
        kwargs.setdefault("initial", {"plan": plan.pk, "quantity": plan.min_quantity, "price": _first(choice)})
        super().__init__(*args, **kwargs)
        ways = [(_key(one), price_text(one, is_per_seat=plan.is_per_seat)) for one in choice.prices]
        self.fields["price"] = forms.ChoiceField(
            label=_("Term and billing frequency"), widget=forms.RadioSelect, choices=ways
        )
        self.fields["quantity"] = QuantityField(plan)
        self.fields["friendly_name"] = FriendlyNameField(
            required=False, help_text=_("To tell it from others later. Without one it is called like the product.")
        )
        if plan.is_per_seat:
            limits = {"least": plan.min_quantity, "most": plan.max_quantity}
            self.fields["quantity"].help_text = _now("From %(least)s to %(most)s.") % limits

    def purchase(self) -> Purchase:
        """Return what a valid form puts into the cart."""
        values = self.cleaned_data
        term, _colon, frequency = values["price"].partition(":")
        return Purchase(values["plan"], term, frequency, values["quantity"], values["friendly_name"])


def _key(price: Any) -> str:
    return f"{price.term}:{price.billing_frequency}"


def _first(choice: PlanChoice) -> str:
    return _key(choice.prices[0]) if choice.prices else ""


class LineForm(forms.Form):
    """Quantity and name of one line of the cart."""

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quantity"] = QuantityField(plan)
        self.fields["friendly_name"] = FriendlyNameField(required=False)


class ReviewForm(CreditedForm):
    """What whoever buys confirms: the cart and the total that were shown, who is credited, in which role it buys."""

    cart = forms.UUIDField(widget=forms.HiddenInput)
    total = forms.DecimalField(widget=forms.HiddenInput, max_digits=18, decimal_places=4)

    def review(self, further: Sequence[str] = ()) -> Review:
        """Return what a valid form confirms, with the PartnerIDs of further resellers."""
        values = self.cleaned_data
        number = values["credited"]
        reseller_id = self.credited.owners[number] if self.is_provider else None
        return Review(reseller_id, number, tuple(further), is_attested=values["attested"], total=values["total"])
