"""The days of the milestones, and the facts that the decision table asks (A1-A3)."""

import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from azure.enums import Milestone
from azure.models import OfferDate, SharedServicesTenant
from azure.rules.table import Dates, Facts
from customers.enums import ProductFamily, Qualification, SubscriptionStatus
from customers.models import Customer, ResellerRelationship, Subscription
from customers.rules.buying import Buyer
from portal.accounts.models import Partner


def milestones() -> dict[Milestone, datetime.date | None]:
    """Return every milestone with its day: the operator's, else that of the settings."""
    days: dict[Milestone, datetime.date | None] = {one: settings.AZURE_MILESTONES[one.value] for one in Milestone}
    for row in OfferDate.objects.all():
        days[Milestone(row.milestone)] = row.starts_on
    return days


def facts_of(buyer: Buyer, dates: Dates) -> Facts:
    """Return what the decision table asks about a sale by a partner to a customer."""
    own = Subscription.objects.filter(customer=buyer.customer, billing_owner=buyer.partner)
    previous = own.filter(product_family=ProductFamily.AZURE_LEGACY)
    active = SubscriptionStatus.ACTIVE
    phase_1 = dates[Milestone.PHASE_1]
    return Facts(
        is_government=buyer.customer.qualification == Qualification.GOVERNMENT_COMMUNITY_CLOUD,
        is_own_tenant=SharedServicesTenant.objects.filter(customer=buyer.customer, partner=buyer.partner).exists(),
        is_new_partner=phase_1 is not None and not _has_sold_before(buyer.partner, phase_1),
        is_new_relationship=phase_1 is not None and not _has_served_before(buyer, phase_1),
        holds_previous=previous.filter(status=active).exists(),
        has_had_previous=previous.exists(),
        has_azure_plan=own.filter(product_family=ProductFamily.AZURE_PLAN, status=active).exists(),
    )


def _before(day: datetime.date) -> Q:
    """What began before a day: imported subscriptions keep the day on which they really began."""
    return Q(starts_on__lt=day) | Q(starts_on__isnull=True, created_at__date__lt=day)


def _has_sold_before(partner: Partner, day: datetime.date) -> bool:
    return Subscription.objects.filter(_before(day), billing_owner=partner).exists()


def _has_served_before(buyer: Buyer, day: datetime.date) -> bool:
    served = ResellerRelationship.objects.filter(partner=buyer.partner, customer=buyer.customer)
    if served.filter(created_at__date__lt=day).exists():
        return True
    own = Subscription.objects.filter(customer=buyer.customer, billing_owner=buyer.partner)
    return own.filter(_before(day)).exists()


def buyer_of(partner_id: UUID, customer_id: UUID, *, today: datetime.date) -> Buyer:
    """Return partner and customer of a sale as the rules of buying ask for them."""
    partner = Partner.objects.select_related("organization").get(pk=partner_id)
    customer = Customer.objects.select_related("organization").get(pk=customer_id)
    return Buyer(partner, customer, today)
