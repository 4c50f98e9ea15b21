"""What incentives earned: a partner's statements, the operator's list of them, and who holds which competency (A3)."""

import datetime
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from billing.earned_incentives import ESTIMATED
from billing.enums import IncentiveKind
from billing.models import IncentiveEarning, IncentiveRule, InvoiceRun, PartnerCompetency
from customers.queries import as_uuid
from customers.terms import add_months
from portal.accounts.models import Partner
from portal.core.fields import name_key
from portal.core.money import round_money
from portal.core.pages import Page, keyset_page

ORDER = ("-amount", "-pk")
COMPETENCY_ORDER = ("-valid_from", "-pk")


class Estimate(NamedTuple):
    """What a rule would earn on the usage of a subscription that is not charged yet."""

    subscription_id: uuid.UUID
    subscription_name: str
    customer_name: str
    competency: str
    percent: Decimal
    source: str
    currency: str
    base: Decimal

    @property
    def amount(self) -> Decimal:
        return round_money(self.base * self.percent / 100, self.currency)


@dataclass(frozen=True)
class EarnedSum:
    """A statement's sum in one currency; ``placeholders`` is what is not to be paid (decision 0047)."""

    currency: str
    due: Decimal
    placeholders: Decimal
    base: Decimal


def is_closed(month: datetime.date) -> bool:
    """Say whether the statements of a month are written: they come with its usage charges."""
    return InvoiceRun.objects.filter(month__gte=month).exists()


def earned(owner_id: uuid.UUID, month: datetime.date) -> QuerySet[IncentiveEarning]:
    """Return the lines of a partner's statement of a month."""
    rows = IncentiveEarning.objects.filter(billing_owner_id=owner_id, month=month)
    return rows.select_related("charge__subscription", "charge__customer__organization")


def earned_page(owner_id: uuid.UUID, month: datetime.date, *, cursor: str = "") -> Page[IncentiveEarning]:
    """Return one page of a statement, the largest amounts first. Raises: BadCursor."""
    return keyset_page(earned(owner_id, month), order=ORDER, cursor=cursor)


def sums_of(owner_id: uuid.UUID, month: datetime.date) -> list[EarnedSum]:
    """Return what a partner's statement of a month comes to, by currency."""
    rows = IncentiveEarning.objects.filter(billing_owner_id=owner_id, month=month).order_by().values("currency")
    placeholder = Q(source="")
    sums = rows.annotate(
        due=Sum("amount", filter=~placeholder, default=Decimal(0)),
        placeholders=Sum("amount", filter=placeholder, default=Decimal(0)),
        sum=Sum("base"),
    )
    return [
        EarnedSum(row["currency"], row["due"], row["placeholders"], row["sum"]) for row in sums.order_by("currency")
    ]


def estimated(owner_id: uuid.UUID, month: datetime.date) -> list[Estimate]:
    """Return what a month's statement would have of what is reported so far, the most first.

    What came late for a closed month belongs to the next one.
    """
    since = datetime.date.min if is_closed(add_months(month, -1)) else month
    values: dict[str, Any] = {"owner": owner_id, "since": since, "before": add_months(month, 1)}
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATED, values)
        return [Estimate._make(row) for row in cursor.fetchall()]


def estimated_sums(found: Iterable[Estimate]) -> list[EarnedSum]:
    """Return what the estimates come to, by currency."""
    sums: dict[str, list[Decimal]] = {}
    for one in found:
        row = sums.setdefault(one.currency, [Decimal(0), Decimal(0), Decimal(0)])
        row[0 if one.source else 1] += one.amount
        row[2] += one.base
    return [EarnedSum(currency, *sums[currency]) for currency in sorted(sums)]


@dataclass(frozen=True)
class Statement:
    """What one partner earned in one month and currency, as the operator sees it."""

    partner_id: uuid.UUID
    partner_name: str
    is_sandbox: bool
    currency: str
    line_count: int
    due: Decimal
    placeholders: Decimal


def statements(month: datetime.date, *, text: str = "") -> Iterator[Statement]:
    """Yield the statements of all partners of a month, by name."""
    rows = IncentiveEarning.objects.filter(month=month)
    if text:
        rows = rows.filter(billing_owner__organization__name_key__contains=name_key(text))
    is_due = ~Q(source="") & Q(billing_owner__organization__is_sandbox=False)
    sums = (
        rows.order_by()
        .values(
            "currency",
            "billing_owner_id",
            name=F("billing_owner__organization__name"),
            sandbox=F("billing_owner__organization__is_sandbox"),
        )
        .annotate(
            count=Count("pk"),
            due=Sum("amount", filter=is_due, default=Decimal(0)),
            other=Sum("amount", filter=~is_due, default=Decimal(0)),
        )
    )
    for row in sums.order_by("name", "billing_owner_id", "currency").iterator(chunk_size=1_000):
        names = (row["billing_owner_id"], row["name"], row["sandbox"], row["currency"])
        yield Statement(*names, row["count"], row["due"], row["other"])


def competencies(*, text: str = "", held: str = "", today: datetime.date) -> QuerySet[PartnerCompetency]:
    """Return who holds what: of all partners or those of a name or ID; ``held`` empty: today."""
    rows = PartnerCompetency.objects.select_related("partner__organization")
    if not held:
        rows = rows.on(today)
    if text:
        named = Q(partner__organization__name_key__contains=name_key(text)) | Q(competency__icontains=text)
        partner_id = as_uuid(text)
        rows = rows.filter(named | Q(partner_id=partner_id) if partner_id else named)
    return rows


def competencies_of(partner_id: uuid.UUID) -> list[PartnerCompetency]:
    """Return what a partner holds and held, newest first."""
    return list(PartnerCompetency.objects.filter(partner_id=partner_id).order_by("-valid_from", "pk"))


def known_competencies() -> list[str]:
    """Return the competencies that incentive rules name."""
    rules = IncentiveRule.objects.filter(kind=IncentiveKind.INCENTIVE).exclude(competency="")
    return list(rules.order_by("competency").values_list("competency", flat=True).distinct())


def partner_named(text: str) -> Partner | None:
    """Return the partner of a Microsoft ID or domain."""
    partner_id = as_uuid(text.strip())
    which = Q(pk=partner_id) if partner_id else Q(organization__domain=text.strip().lower())
    return Partner.objects.select_related("organization").filter(which).first()
