"""What forms of several apps ask: whom a purchase credits and what it is called (7.2), which customer, a domain."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.models import ResellerRelationship
from customers.queries import customer_named
from customers.queries.credited import creditable_locations
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import PartnerLocation

MAX_NAME_LENGTH = 200
DOMAIN = RegexValidator(
    r"^(?=.{4,253}$)([a-zA-Z0-9](-?[a-zA-Z0-9])*\.)+[a-zA-Z]{2,63}$",
    _("Enter a domain such as contoso.example."),
)


class FriendlyNameField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Friendly name"), max_length=MAX_NAME_LENGTH, strip=True, **kwargs)


class NameForm(forms.Form):
    """Another friendly name."""

    friendly_name = FriendlyNameField()


class AnswerForm(forms.Form):
    """The answer to a question that has one answer."""

    confirmed = forms.ChoiceField(choices=[("yes", "yes")], widget=forms.HiddenInput, initial="yes")


def credited_choices(locations: Sequence[PartnerLocation]) -> list[tuple[str, str]]:
    """Return the PartnerIDs that may be credited, each with whose it is."""
    return [(one.partner_id_number, f"{one.partner.organization.name} – {one}") for one in locations]


class CreditedField(forms.ChoiceField):
    """Whose PartnerID is credited: one of a provider's resellers, or a location of a direct bill partner."""

    def __init__(self, locations: Sequence[PartnerLocation], *, is_provider: bool, **kwargs: Any) -> None:
        choices = credited_choices(locations)
        super().__init__(
            label=_("Indirect reseller (PartnerID)") if is_provider else _("PartnerID that is credited"),
            choices=[("", _("Choose one")), *choices] if len(choices) != 1 else choices,
            **kwargs,
        )
        self.labels: dict[str, str] = dict(choices)
        self.owners: dict[str, UUID] = {one.partner_id_number: one.partner_id for one in locations}


class CreditedForm(forms.Form):
    """The PartnerID that is credited, and the role that is confirmed."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_provider = actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER
        self.credited = CreditedField(creditable_locations(actor), is_provider=self.is_provider)
        self.fields["credited"] = self.credited
        self.fields["attested"] = forms.BooleanField(
            label=_now("My company buys as the indirect provider; the reseller named above serves the customer.")
            if self.is_provider
            else _now("My company buys as a direct bill partner and serves the customer itself.")
        )

    def usual_number(self, relationship: ResellerRelationship) -> str:
        """Return the headquarters of the reseller that the relationship names, else the first own location."""
        owners = self.credited.owners
        if self.is_provider:
            return next((number for number, owner in owners.items() if owner == relationship.counterpart_id), "")
        return next(iter(owners), "")


class NamedCustomerField(forms.CharField):
    """One of the customers of the form's ``actor``, or None where it may stay empty."""

    actor: Actor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Customer"), max_length=253, **kwargs)

    def clean(self, value: Any) -> ResellerRelationship | None:
        text = super().clean(value)
        if not text:
            return None
        found = customer_named(self.actor, text)
        if found is None:
            raise ValidationError(_("No customer of yours, or more than one, has this name, ID or domain."))
        return found


class NamesCustomer(forms.Form):
    """A form with a field ``customer`` (NamedCustomerField)."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].actor = actor  # type: ignore[attr-defined]
