"""Whom a partner asks for a partnership, and whose reseller it becomes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Partner


class PartnerIdForm(forms.Form):
    """The other partner, by one of the numbers that it can read on its company profile."""

    partner = forms.CharField(
        label=_("Microsoft ID or PartnerID"),
        max_length=60,
        help_text=_("The other company finds both on its company profile."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class AuthorizeForm(forms.Form):
    """The check box under a partnership that one accepts (portal reference, section 4.8)."""

    authorized = forms.BooleanField(label=_("I am authorized to agree to this partnership for my company."))


class StartForm(forms.Form):
    """The provider, and that the partner knows what it begins."""

    provider = forms.ChoiceField(label=_("Indirect provider"))
    informed = forms.BooleanField(
        label=_("I am authorized to decide this, and my company informs its customers as its contracts ask for.")
    )

    def __init__(self, *args: Any, providers: list[Partner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(provider.pk), provider.organization.name) for provider in providers]
        first = [] if len(names) == 1 else [("", str(_("Choose one")))]
        self.fields["provider"].choices = first + names  # type: ignore[attr-defined]
