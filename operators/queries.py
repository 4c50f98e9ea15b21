"""What the programme operator sees of partners, agreements, markets, offers and nominations: everything."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404

from customers.markets import MARKETS
from customers.models import Market, MarketCountry, ResellerRelationship, Subscription
from customers.queries import as_uuid
from marketplace.models import Offer
from operators.enums import AgreementState
from operators.models import ProviderNomination
from operators.rules import FIRST_ROLES
from portal.accounts.actor import Actor
from portal.accounts.enums import OPEN_PARTNERSHIPS, InvitationStatus, Role
from portal.accounts.models import Membership, Partner, Partnership, User, UserInvitation
from portal.accounts.queries import people_with_role
from portal.audit.models import AuditEvent
from portal.core.fields import name_key
from portal.core.pages import COUNT_LIMIT, Page, keyset_page, walk
from support.enums import UNRESOLVED
from support.models import SupportCase

PARTNER_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("organization__name_key", "pk"),
    "-name": ("-organization__name_key", "-pk"),
    "since": ("organization__created_at", "pk"),
    "-since": ("-organization__created_at", "-pk"),
}
OFFER_ORDER = ("name_key", "pk")
EXPORT_BATCH = 500
WAITING_LIMIT = 100  # organizations that nobody has entered yet; more are not shown at once
SIGNED = "partner-agreement-signed"


def known_countries() -> list[str]:
    """Return the countries that belong to a market, belonged to one or will."""
    known = {country for _name, _currency, codes in MARKETS.values() for country in codes.split()}
    return sorted({*known, *MarketCountry.objects.values_list("country", flat=True).distinct()})


def waiting_organizations() -> list[UserInvitation]:
    """Return the newest invitation into each enrolled organization in which nobody is yet, longest waiting first."""
    somebody = Membership.objects.active().filter(organization=OuterRef("organization"))
    newest = (
        UserInvitation.objects.filter(~Exists(somebody), organization__kind__in=FIRST_ROLES)
        .exclude(status=InvitationStatus.ACCEPTED)
        .order_by("organization_id", "-created_at", "-pk")
        .distinct("organization_id")
        .select_related("organization")
    )
    return sorted(newest[:WAITING_LIMIT], key=lambda invitation: (invitation.created_at, invitation.pk))


def first_invitation(organization_id: uuid.UUID) -> UserInvitation:
    """Return the newest invitation into an enrolled organization in which nobody is yet. Raises: Http404."""
    for invitation in waiting_organizations():
        if invitation.organization_id == organization_id:
            return invitation
    raise Http404


@dataclass(frozen=True)
class PartnerFilter:
    """What a list of partners is narrowed to; empty values narrow nothing. ``sandbox``: "yes" or "no"."""

    text: str = ""
    kind: str = ""
    market: str = ""
    agreement: str = ""
    sandbox: str = ""


def _partners(wanted: PartnerFilter) -> QuerySet[Partner]:
    rows = Partner.objects.select_related("organization", "becoming_reseller_of__organization").filter(
        _matches(wanted.text)
    )
    if wanted.kind:
        rows = rows.filter(organization__kind=wanted.kind)
    if wanted.market:
        rows = rows.filter(market=wanted.market)
    if wanted.sandbox:
        rows = rows.filter(organization__is_sandbox=wanted.sandbox == "yes")
    if wanted.agreement == AgreementState.NONE:
        rows = rows.filter(agreement_version="")
    elif wanted.agreement == AgreementState.CURRENT:
        rows = rows.filter(agreement_version=settings.PARTNER_AGREEMENT_VERSION)
    elif wanted.agreement == AgreementState.OLDER:
        rows = rows.exclude(agreement_version__in=["", settings.PARTNER_AGREEMENT_VERSION])
    return rows


def _matches(text: str) -> Q:
    if not text:
        return Q()
    if tenant_id := as_uuid(text):
        return Q(pk=tenant_id)
    if text.isascii() and text.isdigit():
        return Q(locations__partner_id_number=text)
    return Q(organization__name_key__contains=name_key(text)) | Q(organization__domain__contains=text.lower())


def partner_page(wanted: PartnerFilter, *, sort: str = "name", cursor: str = "") -> Page[Partner]:
    """Return one page of the partners that fit, in one query. Raises: BadCursor."""
    return keyset_page(_partners(wanted), order=PARTNER_ORDERS[sort], cursor=cursor)


def all_partners(wanted: PartnerFilter, *, sort: str = "name") -> Iterator[Partner]:
    """Yield every partner that fits, in order, with flat memory: what the export writes."""
    return walk(_partners(wanted), order=PARTNER_ORDERS[sort], size=EXPORT_BATCH)


def agreement_state(partner: Partner) -> AgreementState:
    """Return how the partner stands to the agreement in force."""
    if not partner.agreement_version:
        return AgreementState.NONE
    is_current = partner.agreement_version == settings.PARTNER_AGREEMENT_VERSION
    return AgreementState.CURRENT if is_current else AgreementState.OLDER


@dataclass(frozen=True)
class PartnerDetail:
    """A partner with all its page shows. Counts stop at COUNT_LIMIT + 1."""

    partner: Partner
    admins: list[User]
    partnerships: list[Partnership]
    signatures: list[AuditEvent]
    customers: int
    subscriptions: int
    open_cases: int
    nomination: ProviderNomination | None


def partner_detail(partner_id: uuid.UUID) -> PartnerDetail:
    """Return one partner. Raises: Http404."""
    rows = Partner.objects.select_related("organization", "becoming_reseller_of__organization")
    partner = rows.prefetch_related("locations").filter(pk=partner_id).first()
    if partner is None:
        raise Http404
    mine = Q(provider=partner) | Q(reseller=partner)
    partnerships = Partnership.objects.filter(mine, status__in=OPEN_PARTNERSHIPS)
    signatures = AuditEvent.objects.filter(subject_id=str(partner.pk), event_type=SIGNED)
    return PartnerDetail(
        partner=partner,
        admins=people_with_role(partner.pk, Role.GLOBAL_ADMIN),
        partnerships=list(
            partnerships.select_related("provider__organization", "reseller__organization").order_by(
                "requested_at", "pk"
            )
        ),
        signatures=list(signatures.order_by("-id")[:20]),
        customers=_count(ResellerRelationship.objects.active().filter(partner=partner)),
        subscriptions=_count(Subscription.objects.filter(billing_owner=partner)),
        open_cases=_count(SupportCase.objects.filter(partner=partner, status__in=UNRESOLVED)),
        nomination=ProviderNomination.objects.filter(partner=partner).order_by("-requested_at", "-pk").first(),
    )


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: COUNT_LIMIT + 1].count()


def offer_page(*, text: str = "", status: str = "", cursor: str = "") -> Page[Offer]:
    """Return one page of all publishers' offers, drafts too, by name and with their plans counted (one query)."""
    rows = Offer.objects.select_related("publisher__organization").annotate(plan_count=Count("plans"))
    if status:
        rows = rows.filter(status=status)
    if text:
        key = name_key(text)
        rows = rows.filter(Q(name_key__contains=key) | Q(publisher__organization__name_key__contains=key))
    return keyset_page(rows, order=OFFER_ORDER, cursor=cursor)


@dataclass(frozen=True)
class MarketRow:
    """A market with the number of its countries on a day, and of the partners in it."""

    code: str
    name: str
    countries: int
    partners: int


def markets(*, on: datetime.date) -> list[MarketRow]:
    """Return every market, in two queries."""
    holds = Q(countries__valid_from__lte=on) & (
        Q(countries__valid_until__isnull=True) | Q(countries__valid_until__gt=on)
    )
    rows = Market.objects.annotate(count=Count("countries", filter=holds)).values_list("code", "name", "count")
    partners = dict(Partner.objects.order_by().values_list("market").annotate(count=Count("pk")))
    return [MarketRow(code, name, count, partners.get(code, 0)) for code, name, count in rows.order_by("name", "pk")]


def market_of(code: str) -> Market:
    """Return one market. Raises: Http404."""
    market = Market.objects.filter(pk=code).first()
    if market is None:
        raise Http404
    return market


def countries_of(market: Market) -> list[MarketCountry]:
    """Return the countries of a market with their days, past and to come too."""
    return list(market.countries.order_by("country", "valid_from"))


def nomination_page(*, status: str = "", cursor: str = "") -> Page[ProviderNomination]:
    """Return one page of the nominations, newest first (one query). Raises: BadCursor."""
    rows = ProviderNomination.objects.select_related("partner__organization", "requested_by")
    if status:
        rows = rows.filter(status=status)
    return keyset_page(rows, order=("-requested_at", "-pk"), cursor=cursor)


def nomination_of(nomination_id: uuid.UUID) -> ProviderNomination:
    """Return one nomination, whoever's it is. Raises: Http404."""
    rows = ProviderNomination.objects.select_related("partner__organization", "requested_by")
    nomination = rows.filter(pk=nomination_id).first()
    if nomination is None:
        raise Http404
    return nomination


def own_nominations(actor: Actor) -> list[ProviderNomination]:
    """Return what the actor's partner asked so far, newest first."""
    rows = ProviderNomination.objects.filter(partner_id=actor.organization_id)
    return list(rows.order_by("-requested_at", "-pk")[:20])
