"""Whose PartnerID a purchase may credit (section 7.2)."""

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import PartnerLocation

LIMIT = 1_000  # in one drop-down


def creditable_locations(actor: Actor) -> list[PartnerLocation]:
    """Return the locations of a provider's active resellers, or the own ones of a direct bill partner.

    By name of the company, the headquarters of each first.
    """
    found = PartnerLocation.objects.select_related("partner__organization")
    if actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER:
        found = found.filter(
            partner__provider_partnerships__provider_id=actor.organization_id,
            partner__provider_partnerships__status=PartnershipStatus.ACTIVE,
        )
    else:
        found = found.filter(partner_id=actor.organization_id)
    return list(found.order_by("partner__organization__name_key", "-is_headquarters", "partner_id_number")[:LIMIT])
