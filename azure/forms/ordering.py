"""What is filled in to order first-party products: one product for the cart, and the review of all (section 1.10)."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from azure.forms.changes import QuantityField
from azure.forms.ways import way_choices, way_of
from azure.rules.buying import Article
from azure.rules.coterm import EndDate
from azure.rules.families import LICENSED
from customers.catalog import WantedLine
from customers.enums import BillingFrequency, ProductFamily, Term
from customers.fields import CreditedForm, FriendlyNameField
from customers.models import Subscription
from customers.presentation import day
from customers.wire import cycle_of


class OrderForm(forms.Form):
    """One product: how it is bought, how many licenses, and a name."""

    product = forms.CharField(widget=forms.HiddenInput, max_length=40)
    sku = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(
        self,
        *args: Any,
        article: Article,
        scopes: Sequence[Subscription] = (),
        ends: Sequence[EndDate] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if article.ways:
            self.fields["way"] = forms.ChoiceField(
                label=_("Term and billing frequency"),
                widget=forms.RadioSelect,
                choices=way_choices(article.ways, family=article.family),
            )
        if ends:
            self.fields["ends_on"] = _end_field(ends)
        if article.is_counted:
            label = _("Licenses") if article.family in LICENSED else _("Quantity")
            self.fields["quantity"] = QuantityField(label=label)
        if article.family == ProductFamily.RESERVATION:
            self.fields["scope"] = _scope_field(scopes)
        self.fields["friendly_name"] = FriendlyNameField(
            required=False, help_text=_("To tell it from others later. Without one it is called like the product.")
        )

    def line(self) -> WantedLine:
        """Return what a valid form puts into the cart."""
        values = self.cleaned_data
        term, frequency = way_of(values.get("way", f"{Term.NONE}:{BillingFrequency.USAGE}"))
        return WantedLine(
            catalog_item=f"{values['product']}:{values['sku']}:{term}",
            quantity=values.get("quantity", 1),
            billing_cycle=cycle_of(frequency, term),
            term="" if term == Term.NONE else term,
            friendly_name=values["friendly_name"],
            scope=values.get("scope", ""),
            ends_on=values.get("ends_on", ""),
        )


class ReviewForm(CreditedForm):
    """Who is credited for what is in the cart, in which role it is bought, and the sum that was shown."""

    cart = forms.UUIDField(widget=forms.HiddenInput)
    total = forms.DecimalField(max_digits=18, decimal_places=4, required=False, widget=forms.HiddenInput)

    def answers(self) -> dict[str, Any]:
        """Return what a valid form says, as ``buy_cart`` takes it."""
        values = self.cleaned_data
        return {
            "cart_id": values["cart"],
            "partner_on_record": values["credited"],
            "is_attested": values["attested"],
            "total": values["total"],
        }


def _end_field(ends: Sequence[EndDate]) -> forms.ChoiceField:
    choices = [("", _now("With the term")), *((one.ends_on.isoformat(), _end_label(one)) for one in ends)]
    return forms.ChoiceField(
        label=_("The first term ends"),
        choices=choices,
        required=False,
        help_text=_("Earlier than the term, so that several subscriptions renew together. The next terms are whole."),
    )


def _end_label(one: EndDate) -> str:
    last = day(one.ends_on - datetime.timedelta(days=1))
    if one.like:
        return _now("%(date)s, like %(name)s") % {"date": last, "name": one.like}
    return _now("%(date)s, with the month") % {"date": last}


def _scope_field(scopes: Sequence[Subscription]) -> forms.ChoiceField:
    own = [(str(one.pk), one.friendly_name) for one in scopes]
    choices = [("", _("Shared: all Azure subscriptions of the customer")), *own]
    return forms.ChoiceField(label=_("The discount applies to"), choices=choices, required=False)
