"""What the two publishers of the demo world offer: data, and how it is written."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from customers.enums import BillingFrequency, Term
from marketplace.enums import OfferCategory, OfferStatus
from marketplace.models import (
    Dimension,
    DimensionPrice,
    ExclusivePartner,
    Margin,
    Offer,
    Plan,
    PlanPrice,
    Publisher,
)
from portal.accounts.models import Organization
from portal.api.models import AppRegistration
from portal.core.money import round_money

# What a euro is worth in the other currencies that the demo world's partners are billed in.
CURRENCIES = {"EUR": Decimal(1), "SEK": Decimal("11.2"), "CAD": Decimal("1.5"), "USD": Decimal("1.1")}
MONTHS_PER_CYCLE = {BillingFrequency.MONTHLY: 1, BillingFrequency.ANNUAL: 12}
MONTHS = {Term.MONTH: 1, Term.YEAR: 12, Term.THREE_YEARS: 36}
# What is saved by paying early or for long, in percent of the monthly price.
SAVED = {
    (Term.MONTH, BillingFrequency.MONTHLY): 0,
    (Term.YEAR, BillingFrequency.MONTHLY): 8,
    (Term.YEAR, BillingFrequency.ANNUAL): 12,
    (Term.THREE_YEARS, BillingFrequency.ANNUAL): 18,
    (Term.THREE_YEARS, BillingFrequency.UPFRONT): 25,
}


@dataclass(frozen=True)
class DemoPlan:
    """A plan: its price for a month, in euro."""

    code: str
    name: str
    description: str
    price: str
    terms: tuple[Term, ...] = (Term.MONTH, Term.YEAR)
    meters: tuple[tuple[str, str, str, str, int], ...] = ()  # code, name, unit, price in euro, included a month
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoOffer:
    """An offer of a publisher, by the publisher's domain."""

    publisher: str
    code: str
    name: str
    category: OfferCategory
    summary: str
    description: str
    plans: tuple[DemoPlan, ...]
    exclusive_to: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


SIGNATURE, TIDVATTEN = "signature-azur", "tidvatten"
OFFERS = (
    DemoOffer(
        SIGNATURE,
        "azur-sign",
        "Signature Azur",
        OfferCategory.OPERATIONS,
        "Contracts signed in the browser, with proof that stands in court.",
        "Send a contract, watch who has read it, and keep the signed copy with its certificate.\n"
        "Every signature carries a qualified time stamp; nothing is installed.",
        (
            DemoPlan("team", "Team", "Up to 50 people, 20 signatures each a month.", "9.00", more={"max_quantity": 50}),
            DemoPlan(
                "business",
                "Business",
                "Unlimited signatures, own letterhead, archive for ten years.",
                "16.50",
                terms=(Term.MONTH, Term.YEAR, Term.THREE_YEARS),
                more={"min_quantity": 5, "max_quantity": 5000},
            ),
        ),
    ),
    DemoOffer(
        SIGNATURE,
        "azur-seal",
        "Azur Seal",
        OfferCategory.SECURITY,
        "An electronic company seal for invoices and certificates.",
        "Seal documents by the thousand from your own systems. Sold by partners that were trained for it.",
        (
            DemoPlan(
                "seal",
                "Seal",
                "5,000 seals a month included, more by usage.",
                "120.00",
                meters=(("seals", "Seals", "1,000 seals", "4.50", 5),),
                more={"is_per_seat": False, "max_quantity": 1, "needs_azure_plan": True},
            ),
        ),
        exclusive_to=("belfortcloud",),
    ),
    DemoOffer(
        TIDVATTEN,
        "tidvatten-analytics",
        "Tidvatten Analytics",
        OfferCategory.ANALYTICS,
        "See how sales, stock and staff move through the day.",
        "Connect your till, your warehouse and your rota; read one clear picture each morning.\n"
        "Try it for thirty days without paying.",
        (
            DemoPlan("harbor", "Harbor", "One place, five sources.", "14.00", more={"trial_days": 30}),
            DemoPlan("fairway", "Fairway", "All places, all sources.", "29.00", more={"min_quantity": 3}),
            DemoPlan(
                "nordic",
                "Nordic",
                "Fairway with support by telephone in Danish, Norwegian and Swedish.",
                "33.00",
                more={"countries": ["DK", "NO", "SE"]},
            ),
        ),
    ),
    DemoOffer(
        TIDVATTEN,
        "tidvatten-mooring",
        "Tidvatten Mooring",
        OfferCategory.INDUSTRY,
        "Berths, dues and pilots of a small port in one calendar.",
        "Plan berths for weeks, bill dues by the hour and tell the pilots in time.",
        (
            DemoPlan(
                "port",
                "Port",
                "One port, any number of people.",
                "410.00",
                more={"is_per_seat": False, "max_quantity": 1},
            ),
        ),
        more={"is_once_per_customer": True},
    ),
)


def write_offers(*, now: datetime.datetime) -> None:
    """Write publishers, offers, plans and prices, as of long ago and, a little dearer, of last month."""
    founded = now - datetime.timedelta(days=60)
    organizations = {row.domain.removesuffix(".example"): row for row in Organization.objects.filter(kind="publisher")}
    publishers = {
        domain: Publisher.objects.get_or_create(
            organization=organizations[domain],
            defaults={"code": domain, "application_id": _app_of(organizations[domain])},
        )[0]
        for domain in (SIGNATURE, TIDVATTEN)
    }
    for wanted in OFFERS:
        offer = _offer(wanted, publishers[wanted.publisher], founded)
        for position, plan in enumerate(wanted.plans):
            _plan(plan, offer, position, founded.date())
    partner = Organization.objects.get(domain="belfortcloud.example").partner
    team = Plan.objects.get(offer__code="azur-sign", code="business")
    Margin.objects.create(plan=team, partner=partner, percent=Decimal(15), starts_on=founded.date())


def _app_of(organization: Organization) -> UUID:
    """Return the app that the publisher signs in with: calls to its webhooks are made out to it."""
    return AppRegistration.objects.filter(organization=organization).values_list("pk", flat=True)[0]


def _offer(wanted: DemoOffer, publisher: Publisher, founded: datetime.datetime) -> Offer:
    site = f"{settings.DEMO_PUBLISHER_URL}/{wanted.publisher}"
    host = f"{wanted.publisher}.example"
    offer = Offer.objects.create(
        publisher=publisher,
        code=wanted.code,
        name=wanted.name,
        summary=wanted.summary,
        description=wanted.description,
        category=wanted.category,
        status=OfferStatus.PUBLISHED,
        is_exclusive=bool(wanted.exclusive_to),
        documentation_url=f"https://{host}/docs/{wanted.code}",
        support_email=f"support@{host}",
        engineering_email=f"engineering@{host}",
        partner_contact_email=f"partners@{host}",
        landing_page_url=f"{site}/start",
        webhook_url=f"{site}/webhook",
        created_at=founded,
        published_at=founded,
        **wanted.more,
    )
    chosen = Organization.objects.filter(domain__in=[f"{domain}.example" for domain in wanted.exclusive_to])
    ExclusivePartner.objects.bulk_create(
        ExclusivePartner(offer=offer, partner_id=organization.pk) for organization in chosen
    )
    return offer


def _plan(wanted: DemoPlan, offer: Offer, position: int, since: datetime.date) -> None:
    plan = Plan.objects.create(
        offer=offer,
        code=wanted.code,
        name=wanted.name,
        description=wanted.description,
        position=position,
        **wanted.more,
    )
    PlanPrice.objects.bulk_create(
        PlanPrice(
            plan=plan,
            term=term,
            billing_frequency=frequency,
            currency=currency,
            unit_price=_cycle_price(wanted.price, term, frequency, currency, percent=percent),
            valid_from=day,
        )
        for (term, frequency) in SAVED
        if term in wanted.terms
        for currency in CURRENCIES
        for day, percent in ((since - datetime.timedelta(days=670), 100), (since + datetime.timedelta(days=35), 104))
    )
    for code, name, unit, price, included in wanted.meters:
        dimension = Dimension.objects.create(plan=plan, code=code, name=name, unit=unit, included_monthly=included)
        DimensionPrice.objects.bulk_create(
            DimensionPrice(
                dimension=dimension, currency=currency, unit_price=round_money(Decimal(price) * rate, currency)
            )
            for currency, rate in CURRENCIES.items()
        )


def _cycle_price(price: str, term: Term, frequency: BillingFrequency, currency: str, *, percent: int) -> Decimal:
    """Return what one license costs for one billing cycle, with what is saved by paying early or for long."""
    months = MONTHS_PER_CYCLE.get(frequency, MONTHS[term])
    saved = Decimal(100 - SAVED[term, frequency]) / 100
    return round_money(Decimal(price) * months * saved * percent / 100 * CURRENCIES[currency], currency)
