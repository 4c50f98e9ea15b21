"""What is changed of a marketplace subscription (M3, section 7.6)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.fields import CreditedField
from marketplace.enums import Wish
from marketplace.forms.buying import QuantityField
from marketplace.models import Plan
from portal.accounts.models import PartnerLocation


class QuantityForm(forms.Form):
    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = {"least": plan.min_quantity, "most": plan.max_quantity}
        self.fields["quantity"] = QuantityField(plan, help_text=_now("From %(least)s to %(most)s.") % limits)


class ChoiceForm(forms.Form):
    """One of several plans or billing frequencies, each with its price."""

    def __init__(self, *args: Any, label: str, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["choice"] = forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect)


class SwitchForm(forms.Form):
    """The answer to a question about auto-renew: on or off."""

    to = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], widget=forms.HiddenInput)

    @property
    def auto_renew(self) -> bool:
        return str(self.cleaned_data["to"]) == "on"


class ResellerForm(forms.Form):
    def __init__(self, *args: Any, locations: Sequence[PartnerLocation], is_provider: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_provider = is_provider
        self.credited = CreditedField(locations, is_provider=is_provider)
        self.fields["credited"] = self.credited

    @property
    def number(self) -> str:
        return str(self.cleaned_data["credited"])

    @property
    def reseller_id(self) -> UUID | None:
        return self.credited.owners[self.number] if self.is_provider else None


class AskForm(forms.Form):
    """What an admin agent is asked to do (section 3.3)."""

    wish = forms.ChoiceField(label=_("What should be changed?"), choices=Wish.choices)
    note = forms.CharField(
        label=_("Note to the admin agents"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example the new quantity, and from when."),
    )


class ManyForm(forms.Form):
    """Several subscriptions, and to what their auto-renew is switched."""

    to = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], widget=forms.HiddenInput)
