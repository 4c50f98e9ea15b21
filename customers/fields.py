"""Whose PartnerID a purchase credits, and what it is called: fields of every form that buys (section 7.2)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import PartnerLocation

MAX_NAME_LENGTH = 200


class FriendlyNameField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Friendly name"), max_length=MAX_NAME_LENGTH, strip=True, **kwargs)


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
