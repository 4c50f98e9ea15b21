"""A file to import, and what holds for all its rows."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Partner
from portal.core.countries import country_choices
from portal.core.forms import CsvField


class FileForm(forms.Form):
    """The file alone: everything else is known from the page it is chosen on."""

    file = CsvField(
        help_text=_("As it was exported, or saved by your spreadsheet as “CSV UTF-8”; plain or compressed (.csv.gz)."),
    )


class ImportForm(FileForm):
    """A file of customers or subscriptions; the rest is for customers of which the file does not say it."""

    country = forms.ChoiceField(
        label=_("Country of new customers"),
        help_text=_("Exports name no country. A column Country in the file goes first. It cannot be changed later."),
    )
    reseller = forms.ChoiceField(
        label=_("Indirect reseller of new customers"),
        required=False,
        help_text=_("A column Reseller ID with the PartnerID goes first."),
    )

    def __init__(self, *args: Any, countries: list[str], resellers: list[Partner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices(countries)  # type: ignore[attr-defined]
        if resellers:
            names = [(str(partner.pk), partner.organization.name) for partner in resellers]
            self.fields["reseller"].choices = [("", str(_("The file names it"))), *names]  # type: ignore[attr-defined]
        else:
            del self.fields["reseller"]

    @property
    def reseller_id(self) -> UUID | None:
        value = self.cleaned_data.get("reseller")
        return UUID(value) if value else None
