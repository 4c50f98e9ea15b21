"""Which competency a partner holds, and the address of what incentives earned."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.forms.rates import EndForm
from billing.queries.earnings import partner_named
from portal.accounts.models import Partner
from portal.core.forms import DateInput
from portal.core.listing import ListAddress


def read_earnings(request: HttpRequest) -> ListAddress:
    """Return what the address says of a statement of incentives."""
    return ListAddress.read(request, {"month": None, "q": None, "cursor": None})


def read_competencies(request: HttpRequest) -> ListAddress:
    """Return what the address says of the list of competencies."""
    return ListAddress.read(request, {"q": None, "held": ("all",), "cursor": None})


class CompetencyForm(forms.Form):
    """That a partner holds a competency."""

    partner = forms.CharField(label=_("Partner"), max_length=253, help_text=_("Domain or Microsoft ID."))
    competency = forms.ChoiceField(
        label=_("Competency"), help_text=_("As the incentive rules name it; set the rule first if it is missing.")
    )
    held_as = forms.CharField(
        label=_("Held as"),
        max_length=200,
        required=False,
        help_text=_("If the partner holds a successor: what that is called."),
    )
    valid_from = forms.DateField(label=_("Held from"), widget=DateInput())
    valid_until = forms.DateField(label=_("First day without it"), widget=DateInput(), required=False)

    def __init__(self, *args: Any, competencies: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["competency"].choices = [(name, name) for name in competencies]  # type: ignore[attr-defined]

    def clean_partner(self) -> Partner:
        found = partner_named(self.cleaned_data["partner"])
        if found is None:
            raise forms.ValidationError(_("No partner has this domain or Microsoft ID."))
        return found


class CompetencyEndForm(EndForm):
    """The first day on which a competency is not held any more."""

    valid_until = forms.DateField(
        label=_("First day without it"),
        widget=DateInput(),
        help_text=_("The day on which it begins says that the partner never held it."),
    )
