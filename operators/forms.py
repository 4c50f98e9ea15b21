"""What partners and the operator write: nominations, markets, a sandbox's other partner, who is enrolled."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.fields import DOMAIN
from operators.rules import FIRST_ROLES, FirstPerson, NewOrganization
from portal.accounts.enums import Cloud, OrganizationKind
from portal.accounts.models import Membership
from portal.core.countries import country_choices
from portal.core.forms import DateInput
from sandbox import queries as sandbox_queries


class NominationForm(forms.Form):
    """Why the partner should be an indirect provider."""

    statement = forms.CharField(
        label=_("How will your company serve resellers?"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Billing, support in which hours and languages, credit, what resellers get beside licenses."),
    )
    expected_resellers = forms.IntegerField(
        label=_("Resellers you expect in the first year"), min_value=1, max_value=100_000
    )
    confirms = forms.BooleanField(
        label=_("We bill our resellers, set their prices, and are their first contact for support."),
    )


class PersonForm(forms.Form):
    """Whose second factor is reset: typed, because a name in a list is clicked too easily."""

    email = forms.EmailField(
        label=_("E-mail address of the person"),
        max_length=254,
        help_text=_("By which the person signs in. Nobody else is meant."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, organization_id: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization_id = organization_id

    def clean_email(self) -> Membership:
        """Return the membership of who has this address."""
        members = Membership.objects.active().filter(organization_id=self.organization_id)
        member = members.filter(user__email=self.cleaned_data["email"].lower()).first()
        if member is None:
            raise forms.ValidationError(_("Nobody of this partner signs in with this address."))
        return member


class RefusalForm(forms.Form):
    """Why the operator says no."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The partner reads it."),
    )


class SandboxAccountForm(forms.Form):
    """With whom the new sandbox account shares a sandbox, if with anybody."""

    pair_with = forms.CharField(
        label=_("Put into one sandbox with"),
        max_length=253,
        required=False,
        help_text=_(
            "Domain or Microsoft ID of another sandbox partner, so that the two can play transfers. Empty: it is alone."
        ),
    )

    def clean_pair_with(self) -> UUID | None:
        text = self.cleaned_data["pair_with"].strip()
        if not text:
            return None
        found = sandbox_queries.sandbox_partner(text)
        if found is None:
            raise forms.ValidationError(_("No sandbox partner has this domain or Microsoft ID."))
        return found.pk


class SandboxPairForm(SandboxAccountForm):
    """Another sandbox account, which must be named."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["pair_with"]
        field.required = True
        field.help_text = _("Domain or Microsoft ID of another sandbox partner, of the same market and cloud.")


class FirstPersonForm(forms.Form):
    """Who gets the first link into an organization."""

    person_name = forms.CharField(label=_("Name of its first person"), max_length=200)
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The link is sent there. Who follows it invites the colleagues."),
    )

    def person(self) -> FirstPerson:
        """Return what a valid form says."""
        return FirstPerson(self.cleaned_data["person_name"], self.cleaned_data["email"])


class EnrolmentForm(FirstPersonForm):
    """A partner or publisher, and its first person."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, kind.label) for kind in FIRST_ROLES],
        help_text=_("A direct bill partner asks by itself to become an indirect provider."),
    )
    name = forms.CharField(label=_("Company name"), max_length=200)
    domain = forms.CharField(
        label=_("Primary domain"),
        max_length=253,
        validators=[DOMAIN],
        help_text=_("Such as contoso.example. No other organization may have it."),
    )
    country = forms.ChoiceField(
        label=_("Country"), help_text=_("A partner's market and currency come from it. It cannot be changed later.")
    )
    cloud = forms.ChoiceField(label=_("Cloud"), choices=Cloud.choices, help_text=_("It cannot be changed later."))
    partner_id = forms.RegexField(
        r"^[0-9]{5,12}$",
        label=_("PartnerID"),
        required=False,
        error_messages={"invalid": _("A PartnerID has 5 to 12 digits.")},
        help_text=_("Of a partner that has one already. Empty: it gets a new one."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    field_order = ("kind", "name", "domain", "country", "cloud", "partner_id", "language", "person_name", "email")

    def __init__(self, *args: Any, countries: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", str(_("Choose one"))), *country_choices(countries)]  # type: ignore[attr-defined]

    def organization(self) -> NewOrganization:
        """Return what a valid form says."""
        values = self.cleaned_data
        return NewOrganization(
            kind=OrganizationKind(values["kind"]),
            cloud=Cloud(values["cloud"]),
            **{name: values[name] for name in ("name", "domain", "country", "language", "partner_id")},
        )


class CountryForm(forms.Form):
    """Where a country belongs from a day on."""

    country = forms.ChoiceField(label=_("Country"))
    market = forms.ChoiceField(label=_("Market"))
    currency = forms.RegexField(
        r"^[A-Z]{3}$", label=_("Currency"), help_text=_("What partners located there are billed in, such as EUR.")
    )
    valid_from = forms.DateField(label=_("From this day on"), widget=DateInput())

    def __init__(self, *args: Any, countries: list[str], markets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices(countries)  # type: ignore[attr-defined]
        self.fields["market"].choices = markets  # type: ignore[attr-defined]
