"""Nominations and enrolled organizations, each valid."""

from datetime import timedelta
from typing import Any

from operators.models import ProviderNomination
from portal.accounts.enums import Role
from portal.accounts.models import Organization, UserInvitation
from portal.core.links import hash_token, make_token
from tests.factories import NOON, make_member, make_partner
from tests.support.factories import make_operator

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


def make_waiting() -> UserInvitation:
    """The open invitation into an enrolled partner that nobody has entered yet."""
    return UserInvitation.objects.create(
        organization=make_partner(),
        email="ines@newcomer.example",
        name="Ines Novo",
        roles=[Role.ADMIN_AGENT, Role.GLOBAL_ADMIN],
        token_hash=hash_token(make_token()),
        invited_by=make_operator().user,
        created_at=NOON,
        sent_at=NOON,
        expires_at=NOON + timedelta(days=7),
    )
