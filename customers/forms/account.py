"""What a partner notes on a customer's account page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.enums import Qualification
from customers.models import CustomerProfile
from portal.core.forms import DateInput, Toggle


class BillToForm(forms.Form):
    """Whom the partner bills for the customer."""

    bill_to_name = forms.CharField(
        label=_("Company name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    bill_to_address = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
        help_text=_("As it stands on the invoice, with postal code and country."),
    )
    bill_to_first_name = forms.CharField(label=_("First name of the contact"), max_length=100, required=False)
    bill_to_last_name = forms.CharField(label=_("Last name of the contact"), max_length=100, required=False)
    bill_to_email = forms.EmailField(label=_("E-mail address of the contact"))

    @classmethod
    def of(cls, profile: CustomerProfile) -> "BillToForm":
        """Return the form with what is noted now."""
        return cls(initial={name: getattr(profile, name) for name in cls.base_fields})


class QualificationForm(forms.Form):
    """What the customer qualifies for. Nonprofit is not offered: only the programme gives and takes it."""

    qualification = forms.ChoiceField(
        label=_("Qualification"),
        choices=[choice for choice in Qualification.choices if choice[0] != Qualification.NONPROFIT],
        widget=forms.RadioSelect,
    )


class PermissionsForm(forms.Form):
    """What the customer may buy by itself, on the partner's bill."""

    may_buy_reservations = forms.BooleanField(label=_("May buy Azure reservations"), required=False, widget=Toggle)
    may_buy_savings_plans = forms.BooleanField(label=_("May buy Azure savings plans"), required=False, widget=Toggle)

    @classmethod
    def of(cls, profile: CustomerProfile) -> "PermissionsForm":
        """Return the form with what holds now."""
        return cls(initial={name: getattr(profile, name) for name in cls.base_fields})


class AttestationForm(forms.Form):
    """Who of the customer accepted the customer agreement, and when."""

    first_name = forms.CharField(label=_("First name"), max_length=100)
    last_name = forms.CharField(label=_("Last name"), max_length=100)
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("This person gets a notice of the agreement by e-mail.")
    )
    phone = forms.CharField(label=_("Phone number"), max_length=40, required=False)
    agreed_on = forms.DateField(
        label=_("Date agreed"),
        widget=DateInput,
        help_text=_("The day on which the customer agreed, today at the latest."),
    )
