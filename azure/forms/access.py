"""What is chosen and typed to give somebody access to an Azure subscription."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from azure.enums import AccessRole, PrincipalKind
from azure.queries.principals import Principal
from azure.workflow.access import Grant
from portal.accounts.models import Organization
from portal.directory.enums import BUILT_IN_GROUPS

TYPED = "typed"  # somebody the portal does not know


class GiveAccessForm(forms.Form):
    """Whom to give which role, on what. A group or person is chosen by its key, or typed."""

    principal = forms.CharField(label=_("Whom"), required=False, max_length=200)
    organization = forms.TypedChoiceField(label=_("Company"), coerce=UUID, required=False, empty_value=None)
    principal_kind = forms.ChoiceField(label=_("What it is"), choices=PrincipalKind.choices, required=False)
    principal_name = forms.CharField(
        label=_("Group or person"),
        max_length=200,
        required=False,
        help_text=_("The group's name, or the person's sign-in name, as the company's own directory has it."),
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

    def __init__(
        self,
        *args: Any,
        organizations: Mapping[UUID, Organization],
        find: Callable[[str], Principal | None],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(pk), organization.name) for pk, organization in organizations.items()]
        self.fields["organization"].choices = names  # type: ignore[attr-defined]
        self.initial = {"principal_kind": PrincipalKind.GROUP, "role": AccessRole.READER, **self.initial}
        self._find = find
        self.chosen: Principal | None = None

    @property
    def wanted(self) -> str:
        """Which of the choices is marked."""
        wanted = str(self["principal"].value() or "")
        return wanted or (TYPED if self["principal_name"].value() else "")

    def clean(self) -> dict[str, Any]:
        """Find what was chosen, or look at what was typed in its place."""
        values: dict[str, Any] = self.cleaned_data
        key = values.get("principal", "")
        if key and key != TYPED:
            self.chosen = self._find(key)
            if self.chosen is None:
                self.add_error("principal", _("This group or person cannot be chosen any more. Choose again."))
        elif key or values.get("principal_name"):
            self._check_typed(values)
        else:
            self.add_error("principal", _("Choose a group or a person, or name somebody the portal does not know."))
        return values

    def _check_typed(self, values: dict[str, Any]) -> None:
        name = values.get("principal_name", "")
        if not values.get("organization"):
            self.add_error("organization", _("Say to which company the group or person belongs."))
        if not name:
            self.add_error("principal_name", _("Type the name of the group, or the sign-in name of the person."))
        elif values.get("principal_kind") == PrincipalKind.USER:
            try:
                validate_email(name)
            except ValidationError as error:
                self.add_error("principal_name", error)

    def grant(self) -> Grant:
        """Return what a valid form asks for."""
        values, chosen = self.cleaned_data, self.chosen
        name = chosen.name if chosen else values["principal_name"]
        in_own_words = {built_in.lower(): built_in for built_in in BUILT_IN_GROUPS}
        return Grant(
            organization_id=chosen.organization.pk if chosen else values["organization"],
            principal_kind=chosen.kind if chosen else PrincipalKind(values["principal_kind"] or PrincipalKind.GROUP),
            principal_name=name if chosen else in_own_words.get(name.lower(), name),
            role=AccessRole(values["role"]),
            service=values["service"],
            has_read_warning=values["has_read_warning"],
            chosen=chosen.key if chosen else "",
        )
