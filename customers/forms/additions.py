"""The steps of adding a customer."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.enums import AgreementMethod
from customers.fields import DOMAIN
from customers.forms.account import AttestationForm
from customers.rules import NewCustomer
from portal.accounts.enums import Cloud
from portal.accounts.models import Partner
from portal.core.countries import country_choices


class NewCustomerForm(forms.Form):
    """The organization and its first administrator. Only countries of the partner's market are offered (R8)."""

    company_name = forms.CharField(
        label=_("Company name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    domain = forms.CharField(
        label=_("Primary domain"),
        max_length=253,
        validators=[DOMAIN],
        help_text=_("Such as contoso.example. No other organization may have it."),
    )
    reseller = forms.ChoiceField(label=_("Indirect reseller"))
    country = forms.ChoiceField(label=_("Country"), help_text=_("It cannot be changed later."))
    address = forms.CharField(label=_("Address"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    registration_number = forms.CharField(
        label=_("Registration number"), max_length=60, required=False, help_text=_("Required in some countries.")
    )
    phone = forms.CharField(
        label=_("Phone number"), max_length=40, required=False, help_text=_("Required in some countries.")
    )
    first_name = forms.CharField(label=_("First name of the administrator"), max_length=99)
    last_name = forms.CharField(label=_("Last name of the administrator"), max_length=100)
    email = forms.EmailField(
        label=_("E-mail address of the administrator"),
        help_text=_("The name to sign in with. A link to choose a password is sent there."),
    )
    language = forms.ChoiceField(label=_("Language of the customer"), choices=settings.LANGUAGES)
    include_admin_rights = forms.BooleanField(
        label=_("Include administration rights"),
        required=False,
        help_text=_("The customer can take them back at any time."),
    )

    def __init__(self, *args: Any, countries: list[str], resellers: list[Partner], cloud: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", str(_("Choose one"))), *country_choices(countries)]  # type: ignore[attr-defined]
        if resellers:
            names = [(str(partner.pk), partner.organization.name) for partner in resellers]
            self.fields["reseller"].choices = [("", str(_("Choose one"))), *names]  # type: ignore[attr-defined]
        else:
            del self.fields["reseller"]
        if cloud == Cloud.US_GOVERNMENT:  # leaving the rights out is not offered there (R6)
            del self.fields["include_admin_rights"]

    def clean_domain(self) -> str:
        domain: str = self.cleaned_data["domain"]
        return domain.lower()

    def new_customer(self) -> NewCustomer:
        """Return what a valid form says."""
        values = dict(self.cleaned_data)
        reseller = values.pop("reseller", "")
        values.setdefault("include_admin_rights", True)
        return NewCustomer(**values, reseller_id=UUID(reseller) if reseller else None)


class NewAgreementForm(AttestationForm):
    """Who accepts the customer agreement: the customer itself later, or the partner attests that it did."""

    method = forms.ChoiceField(
        label=_("Customer agreement"),
        choices=[
            (AgreementMethod.DIRECT, _("The customer will accept it itself, on its page My partners")),
            (AgreementMethod.ATTESTED, _("The customer has accepted the latest agreement: I attest it")),
        ],
        initial=AgreementMethod.DIRECT,
        widget=forms.RadioSelect,
    )
    field_order = ("method",)

    def __init__(self, *args: Any, may_attest: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in AttestationForm.base_fields:
            self.fields[name].required = False
        if not may_attest:
            for name in AttestationForm.base_fields:
                del self.fields[name]
            self.fields["method"].choices = self.fields["method"].choices[:1]  # type: ignore[attr-defined]

    @property
    def is_attested(self) -> bool:
        return self.cleaned_data.get("method") == AgreementMethod.ATTESTED

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.is_attested:
            for name, field in AttestationForm.base_fields.items():
                if field.required and not values.get(name) and name not in self.errors:
                    self.add_error(name, field.error_messages["required"])
        return values

    def attested_values(self) -> dict[str, Any]:
        """Return who agreed and when, from a valid form."""
        return {name: self.cleaned_data[name] for name in AttestationForm.base_fields}
