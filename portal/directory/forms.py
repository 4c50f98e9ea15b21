"""What is typed and chosen to make a group and to fill it."""

from django import forms
from django.utils.translation import gettext_lazy as _

OFFERED_HELP = _(
    "Partners, or customers, that your company works with can give the group access to Azure subscriptions. "
    "They see its name, not who is in it."
)


class GroupForm(forms.Form):
    """A new group."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("It stays as it is: rights are given to it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    is_offered = forms.BooleanField(label=_("Other companies may choose it"), required=False, help_text=OFFERED_HELP)
