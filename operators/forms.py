"""What partners and the operator write: a nomination, its refusal, a country's market, a sandbox's other partner."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

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
