"""What the forms and panels offer to choose from: tags, saved views, markets, resellers and providers."""

import datetime
from uuid import UUID

from django.db.models import Q
from django.http import Http404

from customers.models import MarketCountry, SavedView, Tag
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Organization, Partner, Partnership
from portal.core.fields import name_key


def tags_of(actor: Actor) -> list[Tag]:
    """Return the words the actor's partner sorts its customers by, in alphabetical order."""
    return sorted(Tag.objects.filter(partner_id=actor.organization_id), key=lambda tag: name_key(tag.name))


def views_of(actor: Actor) -> list[SavedView]:
    """Return the actor's own views of the list, by name."""
    own = SavedView.objects.filter(user_id=actor.user_id, organization_id=actor.organization_id)
    return sorted(own, key=lambda view: name_key(view.name))


def view_of(actor: Actor, view_id: UUID) -> SavedView:
    """Return one of the actor's own views. Raises: Http404."""
    view = next((view for view in views_of(actor) if view.pk == view_id), None)
    if view is None:
        raise Http404
    return view


def tag_of(actor: Actor, tag_id: UUID) -> Tag:
    """Return one of the tags of the actor's partner. Raises: Http404."""
    tag = Tag.objects.filter(partner_id=actor.organization_id, pk=tag_id).first()
    if tag is None:
        raise Http404
    return tag


def market_countries(actor: Actor) -> list[str]:
    """Return the countries that the market of the actor's partner has, had or will have: where customers can be."""
    market = Partner.objects.filter(pk=actor.organization_id).values("market")
    countries = MarketCountry.objects.filter(market_id__in=market).values_list("country", flat=True)
    return list(countries.distinct().order_by("country"))


def countries_of_market(market: str, *, on: datetime.date) -> list[str]:
    """Return the ISO codes of a market's countries on a day."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    rows = MarketCountry.objects.filter(holds, market_id=market, valid_from__lte=on)
    return list(rows.order_by("country").values_list("country", flat=True))


def resellers_of(actor: Actor, *, text: str = "", limit: int) -> list[Organization]:
    """Return the first indirect resellers of the actor's provider by name, ended partnerships left out."""
    resellers = Organization.objects.filter(
        partner__provider_partnerships__provider_id=actor.organization_id,
        partner__provider_partnerships__status=PartnershipStatus.ACTIVE,
    )
    if text:
        resellers = resellers.filter(name_key__contains=name_key(text))
    return list(resellers.order_by("name_key", "pk")[:limit])


def reseller_name(actor: Actor, reseller_id: UUID) -> str:
    """Return the name of a reseller of the actor's provider, past ones included; nothing for any other id."""
    names = Organization.objects.filter(
        pk=reseller_id, partner__provider_partnerships__provider_id=actor.organization_id
    ).values_list("name", flat=True)
    return names.first() or ""


def counterparts_of(actor: Actor) -> list[Partner]:
    """Return the partners that a request must name: a provider's resellers, a reseller's providers.

    A direct bill partner names none, unless it is becoming the reseller of a provider (T4).
    """
    partnerships = Partnership.objects.filter(status=PartnershipStatus.ACTIVE)
    if actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER:
        rows = partnerships.filter(provider_id=actor.organization_id).select_related("reseller__organization")
        return [row.reseller for row in rows.order_by("reseller__organization__name_key", "pk")]
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        rows = partnerships.filter(reseller_id=actor.organization_id).select_related("provider__organization")
        return [row.provider for row in rows.order_by("provider__organization__name_key", "pk")]
    provider = Partner.objects.filter(pk=actor.organization_id).values("becoming_reseller_of")
    return list(Partner.objects.filter(pk__in=provider).select_related("organization"))
