"""What is typed to give somebody access to an Azure subscription."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from azure.enums import ADMIN_AGENTS_GROUP, AccessRole, PrincipalKind
from azure.workflow.access import Grant
from portal.accounts.models import Organization


class GiveAccessForm(forms.Form):
    """Whom to give which role, on what."""

    organization = forms.TypedChoiceField(label=_("Company"), coerce=UUID)
    principal_kind = forms.ChoiceField(label=_("Whom"), choices=PrincipalKind.choices, widget=forms.RadioSelect)
    principal_name = forms.CharField(
        label=_("Group or person"),
        max_length=200,
        help_text=_("The group's name, such as AdminAgents or HelpdeskAgents, or the person's sign-in name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (AccessRole.READER, _("Reader: sees everything, changes nothing")),
            (AccessRole.CONTRIBUTOR, _("Contributor: does everything but give rights")),
            (AccessRole.OWNER, _("Owner: does everything, and gives and takes rights")),
        ],
        widget=forms.RadioSelect,
    )
    service = forms.CharField(
        label=_("Only one service"),
        required=False,
        max_length=200,
        help_text=_("Name of the resource group or resource. Empty: the whole subscription."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    has_read_warning = forms.BooleanField(
        label=_("I know that a customer who is owner can remove my company's people, and that my company pays"),
        required=False,
        help_text=_("Needed only when the customer gets the role Owner."),
    )

    def __init__(self, *args: Any, organizations: Mapping[UUID, Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(pk), organization.name) for pk, organization in organizations.items()]
        self.fields["organization"].choices = names  # type: ignore[attr-defined]
        self.initial = {"principal_kind": PrincipalKind.GROUP, "role": AccessRole.READER, **self.initial}

    def clean_principal_name(self) -> str:
        """Refuse a sign-in name that is none."""
        name = str(self.cleaned_data["principal_name"])
        if self.cleaned_data.get("principal_kind") == PrincipalKind.USER:
            validate_email(name)
        return ADMIN_AGENTS_GROUP if name.lower() == ADMIN_AGENTS_GROUP.lower() else name

    def grant(self) -> Grant:
        """Return what a valid form asks for."""
        values = self.cleaned_data
        return Grant(
            organization_id=values["organization"],
            principal_kind=PrincipalKind(values["principal_kind"]),
            principal_name=values["principal_name"],
            role=AccessRole(values["role"]),
            service=values["service"],
            has_read_warning=values["has_read_warning"],
        )
