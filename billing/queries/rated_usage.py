"""The single usage records of an invoice, each with its part of the usage line and of the credit line (A7).

Costs have twelve decimals, lines whole cents. A record's part is what the rounded sum grows by with it, so the parts
of a line sum to the line to the cent.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from billing.enums import ChargeKind
from billing.models import ExchangeRate, Invoice, InvoiceLine, InvoiceSubtotal, UsageRecord
from billing.models.incentives import USAGE_FAMILIES
from billing.models.usage import FINE
from portal.core.money import round_money
from portal.core.pages import walk

LINES_AT_ONCE, RECORDS_AT_ONCE = 200, 2_000
BEGINNING = (0, 0)
FAMILIES = [family for family, _label in USAGE_FAMILIES]


@dataclass(frozen=True)
class RatedRecord:
    """A usage record on a line of an invoice; ``amount`` and ``credit`` are its parts in whole cents."""

    line: InvoiceLine
    record: UsageRecord
    amount: Decimal
    credit: Decimal

    @property
    def place(self) -> tuple[int, int]:
        """Where to go on after it."""
        return self.line.position, self.record.pk

    @property
    def pricing_total(self) -> Decimal:
        """What the record cost after the credit, in the currency of the price list."""
        record = self.record
        return (record.cost * (100 - record.earned_percent) / 100 / record.exchange_rate).quantize(FINE)


def has_usage(invoice: Invoice) -> bool:
    """Say whether usage records stand behind any line of the invoice."""
    return InvoiceSubtotal.objects.filter(
        invoice=invoice, kind=ChargeKind.METERED, product_family__in=FAMILIES
    ).exists()


def rated_usage(invoice: Invoice, *, after: tuple[int, int] = BEGINNING) -> Iterator[RatedRecord]:
    """Yield every usage record of an invoice in the order of its lines, from a place on: flat memory."""
    position, record_id = after
    for line in _lines(invoice, position, is_begun=bool(record_id)):
        yield from _records(invoice, line, after=record_id if line.position == position else 0)


def _lines(invoice: Invoice, position: int, *, is_begun: bool) -> Iterator[InvoiceLine]:
    rows = InvoiceLine.objects.filter(invoice=invoice, charge__kind=ChargeKind.METERED, product_family__in=FAMILIES)
    rows = rows.filter(position__gte=position if is_begun else position + 1)
    return walk(
        rows.select_related("charge__customer__organization", "charge__subscription"),
        order=("position",),
        size=LINES_AT_ONCE,
    )


def _records(invoice: Invoice, line: InvoiceLine, *, after: int) -> Iterator[RatedRecord]:
    charge = line.charge
    rows = UsageRecord.objects.filter(
        subscription_id=charge.subscription_id, day__gte=charge.starts_on, day__lt=charge.ends_on, charge=charge
    )
    cost = earned = Decimal(0)
    if after:
        edge = UsageRecord.objects.get(pk=after, charge=charge)
        beyond = Q(day__gt=edge.day) | Q(day=edge.day, pk__gt=edge.pk)
        cost, earned = _sums(rows.exclude(beyond))
        rows = rows.filter(beyond)
    for record in walk(rows, order=("day", "pk"), size=RECORDS_AT_ONCE):
        before = [round_money(total, invoice.currency) for total in (cost, earned)]
        cost += record.cost
        earned += record.cost * record.earned_percent / 100
        amount, credit = (round_money(total, invoice.currency) for total in (cost, earned))
        yield RatedRecord(line, record, amount - before[0], credit - before[1])


def _sums(rows: QuerySet[UsageRecord]) -> tuple[Decimal, Decimal]:
    found = rows.aggregate(used=Sum("cost"), earned=Sum(F("cost") * F("earned_percent")))
    return found["used"] or Decimal(0), (found["earned"] or Decimal(0)) / 100


class RateDays:
    """From which day the rate of a record holds: looked up once for each rate and month of a file."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, Decimal, datetime.date], datetime.date | None] = {}

    def of(self, record: UsageRecord) -> datetime.date | None:
        """Return the day; nothing where no money was converted."""
        if record.pricing_currency == record.currency:
            return None
        month = record.day.replace(day=1)
        key = (record.pricing_currency, record.currency, record.exchange_rate, month)
        if key not in self._known:
            rows = ExchangeRate.objects.filter(
                base=record.pricing_currency, currency=record.currency, rate=record.exchange_rate, valid_from__lte=month
            )
            self._known[key] = rows.order_by("-valid_from").values_list("valid_from", flat=True).first()
        return self._known[key]
