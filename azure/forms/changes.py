"""What is changed of a first-party subscription (section 1.7)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from azure.forms.ways import way_of
from azure.rules.buying import MAX_LICENSES
from customers.fields import credited_choices
from portal.accounts.models import PartnerLocation


class QuantityField(forms.IntegerField):
    """A number of licenses, or of something else that is counted."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.NumberInput(attrs={"inputmode": "numeric"})
        super().__init__(min_value=1, max_value=MAX_LICENSES, widget=widget, **kwargs)


class QuantityForm(forms.Form):
    quantity = QuantityField(label=_("Licenses"))


class WayForm(forms.Form):
    """One of several terms or billing frequencies, each with its price."""

    def __init__(self, *args: Any, label: str, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"] = forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect)

    @property
    def way(self) -> tuple[str, str]:
        """Return the chosen term and billing frequency."""
        return way_of(str(self.cleaned_data["way"]))


class NextTermForm(WayForm):
    """What the next term begins with; what is not counted has no quantity."""

    def __init__(self, *args: Any, is_counted: bool, is_licensed: bool, **kwargs: Any) -> None:
        super().__init__(*args, label=_now("Term and billing frequency"), **kwargs)
        if is_counted:
            self.fields["quantity"] = QuantityField(label=_("Licenses") if is_licensed else _("Quantity"))
            self.order_fields(["quantity", "way"])


class ResellerForm(forms.Form):
    """One of a provider's resellers by its PartnerID, or none."""

    NOBODY = "none"

    def __init__(self, *args: Any, locations: Sequence[PartnerLocation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owners = {one.partner_id_number: one.partner_id for one in locations}
        self.fields["credited"] = forms.ChoiceField(
            label=_now("Indirect reseller (PartnerID)"),
            choices=[(self.NOBODY, _now("No indirect reseller")), *credited_choices(locations)],
        )

    @property
    def number(self) -> str:
        number = str(self.cleaned_data["credited"])
        return "" if number == self.NOBODY else number

    @property
    def reseller_id(self) -> UUID | None:
        return self.owners.get(self.number)
