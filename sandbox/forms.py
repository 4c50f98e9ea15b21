"""What the forms of the sandbox page take, and the bodies of its API calls are checked by."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.enums import ProductFamily
from customers.models import Customer
from customers.workflow.registration import Registration
from portal.core.countries import country_name

SAMPLE_FAMILIES = (
    ProductFamily.LICENSE_BASED,
    ProductFamily.AZURE_PLAN,
    ProductFamily.RESERVATION,
    ProductFamily.SAVINGS_PLAN,
    ProductFamily.SOFTWARE,
)


class AcceptForm(forms.Form):
    """Who accepts: a customer of the sandbox, or a new one with a name, a domain and a country."""

    customer = forms.ChoiceField(label=_("Customer"), required=False)
    company_name = forms.CharField(label=_("Name of a new customer"), max_length=200, required=False)
    domain = forms.CharField(label=_("Domain of the new customer"), max_length=253, required=False)
    country = forms.ChoiceField(label=_("Country of the new customer"), required=False)

    def __init__(self, *args: Any, customers: Iterable[Customer], countries: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(one.pk), one.organization.name) for one in customers]
        self.fields["customer"].choices = [("", _("A new customer")), *known]  # type: ignore[attr-defined]
        self.fields["country"].choices = [(code, country_name(code)) for code in countries]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("customer"):
            for name in ("company_name", "domain"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("Fill this in, or choose a customer."))
        return values

    @property
    def customer_id(self) -> UUID | None:
        return UUID(self.cleaned_data["customer"]) if self.cleaned_data["customer"] else None

    def registration(self) -> Registration | None:
        """Return how a new customer registers; ``None`` for one that is there already."""
        if self.customer_id is not None:
            return None
        return new_registration(
            company_name=self.cleaned_data["company_name"],
            domain=self.cleaned_data["domain"],
            country=self.cleaned_data["country"],
        )


def new_registration(*, company_name: str, domain: str, country: str, person_name: str = "") -> Registration:
    """Return the registration of a customer that the sandbox plays; nobody ever signs in for it."""
    return Registration(
        organization_name=company_name,
        domain=domain.lower(),
        country=country.upper(),
        registration_number="",
        phone="",
        address="",
        person_name=person_name or "Sam Sample",
        password=None,
    )


class DeleteCustomerForm(forms.Form):
    """The customer's name, so that nobody deletes one by a slip."""

    name = forms.CharField(label=_("Type the name of the customer"), max_length=200)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = name
        self.fields["name"].help_text = name
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self) -> str:
        typed = " ".join(self.cleaned_data["name"].split())
        if typed.casefold() != " ".join(self._name.split()).casefold():
            raise forms.ValidationError(_("This is not the name of the customer."))
        return typed


class SampleForm(forms.Form):
    """A subscription to practice with."""

    name = forms.CharField(label=_("Product"), max_length=200, initial="Practice Suite")
    family = forms.ChoiceField(
        label=_("Kind of product"),
        choices=[(one.value, one.label) for one in SAMPLE_FAMILIES],
        initial=ProductFamily.LICENSE_BASED,
    )
    quantity = forms.IntegerField(label=_("Licenses"), min_value=1, initial=5)


class JumpForm(forms.Form):
    """How far the sandbox's clock jumps."""

    amount = forms.IntegerField(label=_("Jump forward by"), min_value=1, initial=72)
    unit = forms.ChoiceField(label=_("Unit"), choices=[("1", _("hours")), ("24", _("days"))], initial="1")

    @property
    def hours(self) -> int:
        return int(self.cleaned_data["amount"]) * int(self.cleaned_data["unit"])
