"""What the API lists: rows as tuples, for lists of hundreds cost what their columns cost (figures of issue 5)."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from customers.models import CustomerAgreement, ResellerRelationship, Subscription
from customers.queries.lists import customers_of
from customers.rules.partnerships import PartnerNumberUnknown
from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS
from portal.accounts.models import Organization, Partner, PartnerLocation
from portal.core.errors import Refusal
from portal.core.pages import Page, keyset_page

ORDER = ("customer_name_key", "id")
IDS = ("customer_id", "id")


class SubscriptionNotFound(Refusal):
    """The customer has no such subscription that the caller may see."""

    code = "subscription-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("The customer has no such subscription, or none you may see."))


class CustomerRow(NamedTuple):
    """What the list of customers holds of each, and the columns its order needs; ids as text, as they are written."""

    customer_id: str
    customer_name: str
    customer_domain: str
    customer_name_key: str
    id: str


def customer_page(actor: Actor, condition: Q, *, cursor: str, size: int) -> Page[Any]:
    """Return one page of the actor's customers by name, as CustomerRows. Raises: BadCursor."""

    def fetch(rows: QuerySet[ResellerRelationship], count: int) -> list[Any]:
        wanted = [Cast(name, TextField()) if name in IDS else name for name in CustomerRow._fields]
        return list(map(CustomerRow._make, rows.values_list(*wanted)[:count]))

    return keyset_page(customers_of(actor).filter(condition), order=ORDER, cursor=cursor, size=size, fetch=fetch)


def subscriptions_of(actor: Actor, customer_id: UUID) -> QuerySet[Subscription]:
    """Return a customer's subscriptions the actor may see, whatever their status, oldest first."""
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id)
    return rows.select_related("customer__organization").order_by("created_at", "pk")


def agreements_with(partner_id: UUID, customer_id: UUID) -> list[CustomerAgreement]:
    """Return what the customer signed with a partner, newest first."""
    rows = CustomerAgreement.objects.filter(partner_id=partner_id, customer_id=customer_id)
    return list(rows.order_by("-created_at", "-pk"))


def partner_by_number(number: str) -> Partner | None:
    """Return the partner one of whose places has this PartnerID."""
    place = PartnerLocation.objects.filter(partner_id_number=number).select_related("partner__organization").first()
    return place.partner if place and place.partner.organization.kind in PARTNER_KINDS else None


def number_of(partner_id: UUID | None) -> str:
    """Return the PartnerID of a partner's headquarters; empty for no partner."""
    place = PartnerLocation.objects.filter(partner_id=partner_id, is_headquarters=True).first() if partner_id else None
    return place.partner_id_number if place else ""


def credited(number: str, actor: Actor) -> tuple[UUID | None, str]:
    """Return the reseller a PartnerID credits (none for the actor's own company), and the number.

    Raises: PartnerNumberUnknown.
    """
    partner = partner_by_number(number)
    if partner is None:
        raise PartnerNumberUnknown(_("No partner has this PartnerID."), field="partnerId")
    return (None if partner.pk == actor.organization_id else partner.pk), number


def is_domain_taken(domain: str) -> bool:
    """Say whether an organization has this domain."""
    return Organization.objects.filter(domain__iexact=domain).exists()
