"""Partnerships as their two sides see them, and how far a change to indirect reseller has come (R10, T4)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.http import Http404

from customers import rules
from customers.enums import CURRENT_STATUSES
from customers.models import ResellerRelationship, Subscription
from customers.queries.lists import as_uuid
from portal.accounts.actor import Actor
from portal.accounts.enums import OPEN_PARTNERSHIPS, OrganizationKind, PartnershipStatus
from portal.accounts.models import Partner, Partnership
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page

OFFERED_AT_ONCE = 50  # customers to move on one page; the next ones come up when these have moved


def _own(actor: Actor) -> QuerySet[Partnership]:
    rows = Partnership.objects.visible_to(actor)
    return rows.select_related("provider__organization", "reseller__organization")


def partnership_page(actor: Actor, *, text: str, status: str, cursor: str) -> Page[Partnership]:
    """Return one page of the actor's partnerships, newest first; without ``status`` the open ones (one query)."""
    rows = _own(actor).filter(status__in=[status] if status else OPEN_PARTNERSHIPS)
    if text:
        side = "reseller" if actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER else "provider"
        rows = rows.filter(**{f"{side}__organization__name_key__contains": name_key(text)})
    return keyset_page(rows, order=("-requested_at", "-pk"), cursor=cursor)


def partnership_detail(actor: Actor, partnership_id: UUID) -> Partnership:
    """Return one partnership of the actor's organization. Raises: Http404."""
    partnership = _own(actor).filter(pk=partnership_id).first()
    if partnership is None:
        raise Http404
    return partnership


def partner_by_id(actor: Actor, text: str) -> Partner | None:
    """Return the partner with this Microsoft ID or PartnerID; sandbox and production do not find each other (P8)."""
    partners = Partner.objects.filter(organization__is_sandbox=actor.is_sandbox).select_related("organization")
    tenant_id = as_uuid(text)
    same = Q(pk=tenant_id) if tenant_id else Q(locations__partner_id_number=text.strip())
    return partners.filter(same).first()


def providers_of(actor: Actor) -> list[Partner]:
    """Return the providers that have agreed to a partnership with the actor's organization, by name."""
    rows = _own(actor).filter(reseller_id=actor.organization_id, status=PartnershipStatus.ACTIVE)
    return [row.provider for row in rows.order_by("provider__organization__name_key", "pk")]


@dataclass(frozen=True)
class BecomingDetail:
    """What the page about becoming a reseller shows."""

    partner: Partner
    provider: Partner | None  # None: not started
    steps: list[rules.Step]
    to_move: list[ResellerRelationship]
    to_transfer: list[dict[str, Any]]  # customer_id, name, count of subscriptions still billed to the partner

    @property
    def may_finish(self) -> bool:
        return self.provider is not None and not any(step.blocker for step in self.steps)


def becoming_detail(actor: Actor) -> BecomingDetail:
    """Return how far the actor's partner has come on its way to becoming a reseller."""
    partner = Partner.objects.select_related("organization", "becoming_reseller_of__organization").get(
        pk=actor.organization_id
    )
    direct = rules.direct_customers(partner).order_by("customer_name_key", "pk")
    return BecomingDetail(
        partner=partner,
        provider=partner.becoming_reseller_of,
        steps=rules.checklist(partner),
        to_move=list(direct[:OFFERED_AT_ONCE]),
        to_transfer=_to_transfer(partner),
    )


def _to_transfer(partner: Partner) -> list[dict[str, Any]]:
    billed = Subscription.objects.filter(billing_owner=partner, status__in=CURRENT_STATUSES)
    named = billed.values("customer_id", name=F("customer__organization__name")).annotate(count=Count("pk"))
    return list(named.order_by("name", "customer_id")[:OFFERED_AT_ONCE])
