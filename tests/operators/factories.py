"""Nominations, each valid."""

from typing import Any

from operators.models import ProviderNomination
from portal.accounts.enums import Role
from portal.accounts.models import Organization
from tests.factories import NOON, make_member, make_partner

CONTACT = {"contact_email": "care@partner.example", "contact_phone": "+33 1 23"}


def make_candidate(**fields: Any) -> Organization:
    """A direct bill partner that meets all that is required; the agreement in force is that of the settings."""
    return make_partner(**{**CONTACT, **fields})


def make_nomination(partner: Organization | None = None, **fields: Any) -> ProviderNomination:
    """An open request of a partner that meets all that is required."""
    partner = partner or make_candidate()
    defaults = {
        "partner": partner.partner,
        "statement": "We bill two hundred resellers already.",
        "expected_resellers": 40,
        "requested_by": make_member(partner, Role.GLOBAL_ADMIN).user,
        "requested_at": NOON,
    }
    return ProviderNomination.objects.create(**defaults | fields)
