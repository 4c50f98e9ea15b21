"""Forms of app registrations."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.api.rules import SECRET_DAYS

MOST_ADDRESSES = 10
LONGEST_ADDRESS = 500


class AppForm(forms.Form):
    """Name, roles and addresses of an app."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("How you recognize the app, in the log too."))
    roles = forms.MultipleChoiceField(
        label=_("Roles of the app"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What it may do by itself. Together with a person it may do what the person may."),
    )
    redirect_uris = forms.CharField(
        label=_("Redirect addresses"),
        required=False,
        max_length=MOST_ADDRESSES * LONGEST_ADDRESS,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One per line. Needed only if people let the app act for them: it comes back here with a code."),
    )

    def __init__(self, *args: Any, kind: OrganizationKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(role), role.label) for role in Role if role in ROLES_BY_KIND[kind]]
        self.fields["roles"].choices = known  # type: ignore[attr-defined]

    def clean_redirect_uris(self) -> list[str]:
        addresses = self.cleaned_data["redirect_uris"].split()
        if len(addresses) > MOST_ADDRESSES or any(len(address) > LONGEST_ADDRESS for address in addresses):
            raise ValidationError(_("Ten addresses at most, each of 500 characters at most."))
        return list(dict.fromkeys(addresses))


class SecretForm(forms.Form):
    """What a new secret is for, and how long it is good."""

    description = forms.CharField(
        label=_("Description"), max_length=100, required=False, help_text=_("Such as where it is used.")
    )
    days = forms.TypedChoiceField(
        label=_("Good for"),
        coerce=int,
        choices=lambda: [
            (days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in SECRET_DAYS
        ],
        initial=180,
        help_text=_("30, 7 and 1 days before its end, people who manage apps are warned by mail."),
    )
