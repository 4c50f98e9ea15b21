"""Forms of a publisher's offers, plans, prices and technical configuration."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers.enums import BillingFrequency, Term
from marketplace.enums import FREQUENCIES_OF_TERM, OfferCategory, Refund
from portal.core.countries import country_name
from portal.core.forms import DateInput, Toggle

TRIALS = (0, 30, 60)
MOST_LICENSES = 1_000_000
LONGEST_WINDOW = 24 * 90


class OfferForm(forms.Form):
    """How an offer is presented, and its terms. ``is_new``: with the identifier, which never changes afterwards."""

    code = forms.CharField(
        label=gettext_lazy("Identifier"),
        max_length=50,
        help_text=gettext_lazy("As your software knows it (offerId): small letters, digits, “-” and “_”. It stays."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    summary = forms.CharField(label=gettext_lazy("Summary"), max_length=300, required=False)
    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=OfferCategory.choices)
    is_sold_by_partners = forms.BooleanField(
        label=gettext_lazy("Partners may sell it"), required=False, initial=True, widget=Toggle
    )
    is_exclusive = forms.BooleanField(
        label=gettext_lazy("Exclusive to chosen partners"),
        required=False,
        widget=Toggle,
        help_text=gettext_lazy("Everybody sees it; only the partners named on the offer's page buy it."),
    )
    is_once_per_customer = forms.BooleanField(label=gettext_lazy("Once per customer"), required=False, widget=Toggle)
    publisher_may_change = forms.BooleanField(
        label=gettext_lazy("You may change and cancel what partners bought"),
        required=False,
        widget=Toggle,
        help_text=gettext_lazy("By the API (Update and Delete). It holds for purchases from now on."),
    )
    refund = forms.ChoiceField(
        label=gettext_lazy("Refund for canceling in time"), choices=Refund.choices, initial=Refund.FULL
    )
    monthly_window_hours = forms.IntegerField(
        label=gettext_lazy("Hours to cancel a term of one month"),
        min_value=0,
        max_value=LONGEST_WINDOW,
        initial=24,
        help_text=gettext_lazy("From the order on."),
    )
    longer_window_hours = forms.IntegerField(
        label=gettext_lazy("Hours to cancel a longer term"), min_value=0, max_value=LONGEST_WINDOW, initial=14 * 24
    )
    documentation_url = forms.URLField(
        label=gettext_lazy("Documentation"), max_length=500, required=False, assume_scheme="https"
    )
    support_email = forms.EmailField(label=gettext_lazy("Support e-mail address"), required=False)
    support_phone = forms.CharField(label=gettext_lazy("Support phone"), max_length=40, required=False)
    engineering_email = forms.EmailField(label=gettext_lazy("Engineering contact"), required=False)
    partner_contact_email = forms.EmailField(label=gettext_lazy("Contact for partners"), required=False)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["code"]


class ConfigurationForm(forms.Form):
    """Where customers land, and who is told of changes."""

    landing_page_url = forms.CharField(
        label=gettext_lazy("Landing page"),
        max_length=500,
        required=False,
        widget=forms.URLInput,
        help_text=gettext_lazy("Customers come here with a token in the address; your software resolves it."),
    )
    webhook_url = forms.CharField(
        label=gettext_lazy("Webhook"),
        max_length=500,
        required=False,
        widget=forms.URLInput,
        help_text=gettext_lazy("Told of every change. It must be reachable from the internet, over https."),
    )


class ApplicationForm(forms.Form):
    """The app that calls to the publisher are made out to."""

    application_id = forms.TypedChoiceField(label=gettext_lazy("App"))
    sends_subscribe = forms.BooleanField(
        label=gettext_lazy("Tell of activations as well"),
        required=False,
        widget=Toggle,
        help_text=gettext_lazy("Sends “Subscribe” to the webhook. Software of some publishers does not know it."),
    )

    def __init__(self, *args: Any, apps: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application_id"].choices = apps  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    """A plan: what it is called, its limits, trial and countries."""

    code = forms.CharField(
        label=gettext_lazy("Identifier"),
        max_length=50,
        help_text=gettext_lazy("As your software knows it (planId): small letters, digits, “-” and “_”. It stays."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    is_per_seat = forms.BooleanField(
        label=gettext_lazy("Priced by license"),
        required=False,
        initial=True,
        widget=Toggle,
        help_text=gettext_lazy("Switched off: a flat rate, bought once."),
    )
    min_quantity = forms.IntegerField(
        label=gettext_lazy("Least quantity"), min_value=1, max_value=MOST_LICENSES, initial=1
    )
    max_quantity = forms.IntegerField(
        label=gettext_lazy("Most quantity"), min_value=1, max_value=MOST_LICENSES, initial=MOST_LICENSES
    )
    trial_days = forms.TypedChoiceField(
        label=gettext_lazy("Free trial"),
        coerce=int,
        choices=lambda: [(days, _trial(days)) for days in TRIALS],
        help_text=gettext_lazy("Every purchase begins with it, and nobody can do without."),
    )
    countries = forms.CharField(
        label=gettext_lazy("Countries"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("Where it is sold, by two letters each, such as “FR, DE, SE”. Empty: everywhere."),
    )
    is_private = forms.BooleanField(
        label=gettext_lazy("Private"),
        required=False,
        widget=Toggle,
        help_text=gettext_lazy("Only the tenants named on the plan's page see and buy it."),
    )
    activates_itself = forms.BooleanField(
        label=gettext_lazy("Activates itself"),
        required=False,
        widget=Toggle,
        help_text=gettext_lazy("It starts with the order, and so does its billing; your software is not asked."),
    )
    is_stopped = forms.BooleanField(
        label=gettext_lazy("No longer sold"),
        required=False,
        widget=Toggle,
        help_text=gettext_lazy("Subscriptions that run go on."),
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("is_stopped",) if is_new else ("code", "is_per_seat"):
            del self.fields[name]

    def clean_countries(self) -> list[str]:
        codes = self.cleaned_data["countries"].replace(",", " ").upper().split()
        unknown = [code for code in codes if country_name(code) == code]
        if unknown:
            raise ValidationError(_("No country has this code: %(codes)s.") % {"codes": ", ".join(unknown)})
        return sorted(set(codes))

    def clean(self) -> dict[str, Any]:
        """A flat rate has no limits to type in."""
        found = self.cleaned_data
        if "is_per_seat" in self.fields and not found.get("is_per_seat"):
            found |= {"min_quantity": 1, "max_quantity": 1}
        return found


class PriceForm(forms.Form):
    """What a plan costs from a day on."""

    cycle = forms.ChoiceField(label=gettext_lazy("Term and billing"), choices=lambda: _cycles())
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    unit_price = forms.DecimalField(
        label=gettext_lazy("Price"),
        min_value=0,
        max_digits=12,
        decimal_places=4,
        help_text=gettext_lazy(
            "What a partner pays for each billing cycle, before tax; of one license if priced by license."
        ),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"),
        widget=DateInput,
        help_text=gettext_lazy("Subscriptions that run keep their price until they renew."),
    )
    is_offered = forms.BooleanField(
        label=gettext_lazy("Sold from then on"),
        required=False,
        initial=True,
        widget=Toggle,
        help_text=gettext_lazy("Switched off: only renewals get this price."),
    )

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(one, one) for one in currencies]  # type: ignore[attr-defined]


def cycle_label(term: str, frequency: str) -> str:
    """Return term and billing frequency in words."""
    return _("%(term)s, billed: %(frequency)s") % {
        "term": Term(term).label,
        "frequency": BillingFrequency(frequency).label,
    }


def _cycles() -> list[tuple[str, str | Promise]]:
    return [
        (f"{term}/{frequency}", cycle_label(term, frequency))
        for term, frequencies in FREQUENCIES_OF_TERM.items()
        for frequency in frequencies
    ]


def _trial(days: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days} if days else _("None")
