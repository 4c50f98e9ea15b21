"""The day of a milestone."""

from django import forms
from django.utils.translation import gettext_lazy as _

from azure.enums import Milestone
from portal.core.forms import DateInput


class DateForm(forms.Form):
    """One milestone and its day; no day: not decided. It is saved when its consequences were confirmed."""

    milestone = forms.ChoiceField(choices=Milestone.choices, widget=forms.HiddenInput)
    starts_on = forms.DateField(
        label=_("First day"), required=False, widget=DateInput, help_text=_("Leave it empty while it is not decided.")
    )
    is_confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
