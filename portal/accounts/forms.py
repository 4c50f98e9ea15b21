"""Shape of what people type about users, invitations and the company profile."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization, User
from portal.accounts.permissions import ROLE_SUMMARIES, ROLES_BY_KIND

ROLE_CHOICE = '<span class="choice__text">{}<span class="menu__hint">{}</span></span>'


class RolesField(forms.MultipleChoiceField):
    """The roles of one kind of organisation as check boxes, each with what it is for."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, kind: OrganizationKind, **kwargs: Any) -> None:
        known = [role for role in Role if role in ROLES_BY_KIND[kind]]
        super().__init__(
            choices=[(str(role), format_html(ROLE_CHOICE, role.label, ROLE_SUMMARIES[role])) for role in known],
            error_messages={
                "required": _("Choose at least one role."),
                "invalid_choice": _("Your organization does not have one of these roles."),
                "invalid_list": _("Choose at least one role."),
            },
            **kwargs,
        )


class RolesForm(forms.Form):
    """Which roles a person holds."""

    def __init__(self, *args: Any, kind: OrganizationKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"] = RolesField(kind=kind, label=_("Roles"))


class InviteForm(forms.Form):
    """Whom to invite."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("The invitation goes to this address, and the person signs in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of the invitation and of the portal's pages.")
    )

    def __init__(self, *args: Any, kind: OrganizationKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"] = RolesField(kind=kind, label=_("Roles"))
        self.order_fields(["name", "email", "roles", "language"])


class JoinForm(forms.Form):
    """How a person who is new to the portal opens its account."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )
    password_again = forms.CharField(
        label=_("Password again"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        password, again = data.get("password"), data.get("password_again")
        if password and again and password != again:
            self.add_error("password_again", _("The two passwords are not the same."))
        elif password:
            person = User(email=self.email, name=data.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class OrganizationForm(forms.Form):
    """What account admins may change about their organisation."""

    name = forms.CharField(label=_("Company name"), max_length=200)
    address = forms.CharField(
        label=_("Address"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    contact_email = forms.EmailField(label=_("Contact e-mail"), max_length=254, required=False)
    contact_phone = forms.CharField(label=_("Contact phone"), max_length=40, required=False, widget=forms.TelInput)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of mails to the company's contact address."),
    )

    def clean_address(self) -> str:
        """Browsers send line ends of their own: without this an untouched address would count as changed."""
        return "\n".join(self.cleaned_data["address"].splitlines())

    @classmethod
    def of(cls, organization: Organization) -> "OrganizationForm":
        """Return the form filled with what stands in the profile."""
        return cls(initial={name: getattr(organization, name) for name in cls.base_fields})


class AgreementForm(forms.Form):
    """The signature under the partner agreement."""

    authorized = forms.BooleanField(label=_("I am authorized to sign for my organization."))
    accepted = forms.BooleanField(label=_("My organization accepts the partner agreement."))
