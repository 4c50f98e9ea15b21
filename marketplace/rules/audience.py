"""Whom a publisher may name: tenants of a private plan, partners of an exclusive offer or a private offer (7.1)."""

import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from customers.models import Customer
from marketplace.models import Dimension, Margin, Offer, Plan, UsageRecord
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner, PartnerLocation
from portal.core.errors import InvalidInput, Refusal

BUYERS = (OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER)


class UsageReported(Refusal):
    code = "usage-reported"


def tenant_of_audience(plan: Plan, tenant: UUID) -> Organization:
    """Return the customer or buying partner with this tenant ID. Raises: InvalidInput."""
    kinds = (OrganizationKind.CUSTOMER, *BUYERS)
    found = _of_the_same_world(plan.offer).filter(pk=tenant, kind__in=kinds).first()
    if found is None:
        raise InvalidInput(_("No customer, direct bill partner or provider has this tenant ID."), field="tenant")
    if plan.audience.filter(organization=found).exists():
        raise InvalidInput(_("This tenant is named already."), field="tenant")
    return found


def buying_partner(offer: Offer, number: str) -> Partner:
    """Return the partner with this PartnerID, if it buys. Raises: InvalidInput."""
    own = PartnerLocation.objects.filter(partner__organization__in=_of_the_same_world(offer))
    place = own.select_related("partner__organization").filter(partner_id_number=number.strip()).first()
    if place is None:
        raise InvalidInput(_("No partner has the PartnerID %(number)s.") % {"number": number}, field="partner_id")
    organization = place.partner.organization
    if organization.kind not in BUYERS:
        raise InvalidInput(
            _("%(name)s is an indirect reseller and does not buy itself: name its provider.")
            % {"name": organization.name},
            field="partner_id",
        )
    return place.partner


def check_new_exclusive_partner(offer: Offer, partner: Partner) -> None:
    """Raises: InvalidInput."""
    if offer.exclusive_partners.filter(partner=partner).exists():
        raise InvalidInput(_("%(name)s is named already.") % {"name": partner.organization.name}, field="partner_id")


def customer_of_margin(offer: Offer, tenant: UUID | None) -> Customer | None:
    """Return the one customer of a private offer; ``None``: it is for all of them. Raises: InvalidInput."""
    if tenant is None:
        return None
    found = Customer.objects.filter(pk=tenant, organization__in=_of_the_same_world(offer)).first()
    if found is None:
        raise InvalidInput(_("No customer has this tenant ID."), field="customer")
    return found


def check_margin(wanted: Margin, *, today: datetime.date) -> None:
    """A private offer begins today at the earliest, and no two of the same kind hold on one day.

    Raises: InvalidInput.
    """
    if not Decimal(0) < wanted.percent <= Decimal(100):
        raise InvalidInput(_("Give more than 0 and at most 100 percent."), field="percent")
    if wanted.starts_on < today:
        raise InvalidInput(_("A private offer begins today at the earliest."), field="starts_on")
    if wanted.ends_on is not None and wanted.ends_on <= wanted.starts_on:
        raise InvalidInput(_("The last day is not before the first."), field="last_day")
    same = Margin.objects.filter(plan=wanted.plan, partner=wanted.partner, customer=wanted.customer)
    same = same.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=wanted.starts_on))
    if wanted.ends_on is not None:
        same = same.filter(starts_on__lt=wanted.ends_on)
    if same.exists():
        raise InvalidInput(
            _("Another private offer for the same partner and customers holds in these days: end it first."),
            field="starts_on",
        )


def check_metered(plan: Plan) -> None:
    """Raises: InvalidInput."""
    if plan.is_per_seat:
        raise InvalidInput(_("Only a flat rate meters usage; this plan is priced by license."), field="code")


def check_removable(dimension: Dimension) -> None:
    """What has been used is charged and stays. Raises: UsageReported."""
    if UsageRecord.objects.filter(dimension=dimension).exists():
        raise UsageReported(
            _("Usage of %(name)s has been reported, so it stays.") % {"name": dimension.name},
            next_step=_("Stop reporting it, or set its price to 0."),
        )


def _of_the_same_world(offer: Offer) -> QuerySet[Organization]:
    """Sandbox and production do not find each other (P8)."""
    return Organization.objects.filter(is_sandbox=offer.publisher.organization.is_sandbox)
