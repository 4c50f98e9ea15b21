"""Other partners as far as the API names them: by PartnerID, and those one works with."""

from uuid import UUID

from django.db.models import Q

from portal.accounts.actor import Actor
from portal.accounts.enums import PartnershipStatus
from portal.accounts.models import Partner, PartnerLocation, Partnership
from portal.core.fields import name_key


def place_by_number(number: str, actor: Actor) -> PartnerLocation | None:
    """Return the place with this PartnerID; sandbox and production do not find each other (P8)."""
    places = PartnerLocation.objects.filter(
        partner_id_number=number, partner__organization__is_sandbox=actor.is_sandbox
    )
    return places.select_related("partner__organization").first()


def partners_of(actor: Actor, *, as_provider: bool, name: str = "") -> list[Partner]:
    """Return the resellers of the actor's organization, or its providers, by name."""
    own, other = ("provider", "reseller") if as_provider else ("reseller", "provider")
    active = Partnership.objects.filter(status=PartnershipStatus.ACTIVE, **{own: actor.organization_id})
    partners = Partner.objects.filter(pk__in=active.values(f"{other}_id")).select_related("organization")
    if name:
        partners = partners.filter(organization__name_key__contains=name_key(name))
    return list(partners.prefetch_related("locations").order_by("organization__name_key", "pk"))


def related_partner(actor: Actor, *, number: str, tenant_id: UUID | None) -> Partner | None:
    """Return the actor's own partner or one of its resellers, by PartnerID or tenant id."""
    resellers = Partnership.objects.filter(provider_id=actor.organization_id, status=PartnershipStatus.ACTIVE)
    related = Partner.objects.filter(Q(pk=actor.organization_id) | Q(pk__in=resellers.values("reseller_id")))
    same = Q(pk=tenant_id) if tenant_id else Q(locations__partner_id_number=number)
    return related.filter(same).first()
