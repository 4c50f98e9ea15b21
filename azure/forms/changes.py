"""What is changed of a first-party subscription (section 1.7)."""

from django import forms
from django.utils.translation import gettext_lazy as _

from azure.rules.buying import MAX_LICENSES
from customers.fields import FriendlyNameField


class NameForm(forms.Form):
    friendly_name = FriendlyNameField()


class QuantityForm(forms.Form):
    quantity = forms.IntegerField(
        label=_("Licenses"),
        min_value=1,
        max_value=MAX_LICENSES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class ConfirmForm(forms.Form):
    """The answer to a question that has one answer."""

    confirmed = forms.ChoiceField(choices=[("yes", "yes")], widget=forms.HiddenInput)
