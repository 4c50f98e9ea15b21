"""Usage of the demo world's Azure subscriptions, with the rates, prices and budgets that go with it (P10)."""

import datetime
import io
from collections.abc import Iterator
from decimal import Decimal

from billing.enums import IncentiveKind, PriceRuleKind
from billing.prices_demo import METERS, PER_EURO
from billing.workflow import budgets, competencies, incentives, own_prices, usage
from billing.workflow.own_prices import PriceTerms
from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import ResellerRelationship, Subscription
from customers.terms import add_months
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership, Partner
from portal.accounts.queries import make_actor

MONTHS = 2  # closed ones with usage, before the running one
SOURCE = "Reference rates of the demo world"
GUIDE = "Programme guide of the demo world"
HEADER = "EntitlementId,UsageDate,MeterId,MeterName,MeterCategory,MeterRegion,Unit,ResourceURI,Quantity"
PER_DAY = (24, 48, Decimal("0.25"), 320, 14, 24)  # of each meter, before it goes up and down
MARKED_UP, ITS_OWN = "belfortcloud", "clinique-des-lilas"


def load(*, now: datetime.datetime) -> None:
    """Write rates and daily usage up to yesterday, then what a partner made of it."""
    operator = _someone(Role.OPERATOR_ADMIN)
    if operator is None:
        return
    first = add_months(now.date().replace(day=1), -MONTHS)
    for step in range(MONTHS + 1):
        _rates(add_months(first, step), operator, now)
    _incentives(first, operator, now)
    rows = list(_rows(first, now.date()))
    if rows:
        stream = io.BytesIO("\n".join([HEADER, *rows]).encode())
        usage.import_usage(stream=stream, file_name=f"usage-{now:%Y-%m-%d}.csv", actor=operator, now=now)
    _own_prices(first, now)
    budgets.check_budgets(now=now)


def _rates(month: datetime.date, operator: Actor, now: datetime.datetime) -> None:
    for currency, per_euro in PER_EURO.items():
        if currency != "USD":
            rate = (per_euro / PER_EURO["USD"] * (1 + Decimal(month.month) / 1000)).quantize(Decimal("0.0001"))
            incentives.set_exchange_rate(
                base="USD", currency=currency, rate=rate, valid_from=month, source=SOURCE, actor=operator, now=now
            )


def _rows(first: datetime.date, today: datetime.date) -> Iterator[str]:
    """Yield what each Azure subscription used each day, more on working days than at the weekend."""
    found = Subscription.objects.filter(product_family=ProductFamily.AZURE_SUBSCRIPTION)
    found = found.exclude(status=SubscriptionStatus.TRANSFERRED).order_by("friendly_name", "pk")
    for at, subscription in enumerate(found):
        began = max(first, subscription.starts_on or subscription.created_at.date())
        for day in (began + datetime.timedelta(days) for days in range((today - began).days)):
            for number, meter in enumerate(METERS[: 3 + at % 4]):
                share = Decimal(100 - 45 * (day.weekday() > 4) + (day.day * 7 + at * 13 + number) % 20) / 100
                quantity = PER_DAY[number] * share * (1 + at % 3)
                yield (
                    f"{subscription.entitlement},{day},{meter.meter_id},{meter.sku},{meter.tags[0]},West Europe,"
                    f"{meter.unit},/vm/{number},{quantity:.4f}"
                )


def _incentives(first: datetime.date, operator: Actor, now: datetime.datetime) -> None:
    """Give the rule of every partner a source, and record a successor's competency, whose rule stays a placeholder."""
    incentives.set_incentive(
        kind=IncentiveKind.INCENTIVE,
        family=ProductFamily.AZURE_SUBSCRIPTION,
        percent=Decimal("3.75"),
        competency="",
        valid_from=first,
        source=GUIDE,
        note="",
        actor=operator,
        now=now,
    )
    holder = Partner.objects.filter(organization__domain__startswith=MARKED_UP).first()
    if holder is not None:
        competencies.record_competency(
            partner_id=holder.pk,
            competency="Silver Cloud Platform",
            held_as="Solutions Partner for Infrastructure",
            valid_from=first + datetime.timedelta(days=14),
            valid_until=None,
            actor=operator,
            now=now,
        )


def _own_prices(first: datetime.date, now: datetime.datetime) -> None:
    """Let one partner set prices, and budgets for the two customers that use most."""
    admin = _someone(Role.GLOBAL_ADMIN, domain=MARKED_UP)
    if admin is None:
        return
    rows = ResellerRelationship.objects.visible_to(admin).active().order_by("customer_name", "pk")
    own = rows.filter(customer_domain__startswith=ITS_OWN).first()
    wanted = [PriceTerms(kind=PriceRuleKind.DISCOUNT, percent=Decimal(5), valid_from=first)]
    if own is not None:
        licenses = ProductFamily.LICENSE_BASED
        wanted.append(
            PriceTerms(
                PriceRuleKind.MARKUP,
                first,
                Decimal(12),
                customer_id=own.customer_id,
                family=licenses,
                note="Contrat 2026",
            )
        )
    for terms in wanted:
        own_prices.set_own_price(terms=terms, actor=admin, now=now)
    for relationship, amount in zip(rows.filter(customer_country__in=["FR", "SE"])[:3], (150, 400, 900), strict=False):
        budgets.set_budget(
            customer_id=relationship.customer_id,
            amount=Decimal(amount),
            thresholds=(80, 100),
            actor=admin,
            now=now,
        )


def _someone(role: Role, *, domain: str = "") -> Actor | None:
    """Return a person of the demo world who holds a role; nothing where there is none."""
    found = Membership.objects.active().with_role(role).filter(organization__domain__startswith=domain)
    member = found.select_related("user", "organization").order_by("created_at", "pk").first()
    return make_actor(member, member.user) if member else None
