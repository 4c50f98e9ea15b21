"""Further resellers as pages name them (section 7.2)."""

from collections.abc import Sequence

from portal.accounts.models import PartnerLocation


def named_resellers(numbers: Sequence[str]) -> list[dict[str, str]]:
    """Return PartnerIDs with the name of the company and place of each, in their order."""
    places = PartnerLocation.objects.filter(partner_id_number__in=numbers).select_related("partner__organization")
    names = {place.partner_id_number: named(place) for place in places}
    return [{"number": number, "name": names.get(number, "")} for number in numbers]


def named(place: PartnerLocation) -> str:
    return f"{place.partner.organization.name} – {place.name}"
