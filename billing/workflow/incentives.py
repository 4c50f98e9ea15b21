"""Exchange rates and incentive rules: what the operator keeps, by date (A3, A8)."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.enums import PriceEvent
from billing.models import ExchangeRate, IncentiveRule
from billing.prices_announcements import announce
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput


class RowsRefused(InvalidInput):
    """Rows of a file cannot be taken, so nothing of it was; ``reasons`` by the number of the row."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(_("Nothing was entered, because rows of the file are wrong."), field="file")
        self.reasons = reasons


@dataclass(frozen=True)
class NewRate:
    """A row of a file of rates; ``number`` is the row's, as a spreadsheet counts."""

    number: int
    base: str
    currency: str
    rate: Decimal
    valid_from: datetime.date
    source: str

    @property
    def key(self) -> tuple[str, str, datetime.date]:
        return self.base, self.currency, self.valid_from


@transaction.atomic
def import_exchange_rates(*, rates: Sequence[NewRate], actor: Actor, now: datetime.datetime) -> int:
    """Enter the rates of a file, all or none; what is here already stays. Return how many are new.

    Raises: PermissionDenied, RowsRefused.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    rows = ExchangeRate.objects.filter(valid_from__in={rate.valid_from for rate in rates})
    known = {(row.base, row.currency, row.valid_from): row.rate for row in rows}
    new: dict[tuple[str, str, datetime.date], NewRate] = {}
    reasons: dict[int, str] = {}
    for rate in rates:
        if rate.base == rate.currency:
            reasons[rate.number] = _("A rate is between two different currencies.")
        elif rate.key not in known:
            known[rate.key], new[rate.key] = rate.rate, rate
        elif known[rate.key] != rate.rate:
            reasons[rate.number] = _("There is another rate from that day already. It stays, because it may be in use.")
    if reasons:
        raise RowsRefused(reasons)
    for rate in new.values():
        set_exchange_rate(
            base=rate.base,
            currency=rate.currency,
            rate=rate.rate,
            valid_from=rate.valid_from,
            source=rate.source,
            actor=actor,
            now=now,
        )
    return len(new)


@transaction.atomic
def set_exchange_rate(
    *,
    base: str,
    currency: str,
    rate: Decimal,
    valid_from: datetime.date,
    source: str,
    actor: Actor,
    now: datetime.datetime,
) -> ExchangeRate:
    """Enter a rate that holds from a day on. What is converted already stays as it is.

    Raises: PermissionDenied, InvalidInput.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    if base == currency:
        raise InvalidInput(_("A rate is between two different currencies."), field="currency")
    if ExchangeRate.objects.filter(base=base, currency=currency, valid_from=valid_from).exists():
        raise InvalidInput(
            _("There is a rate from that day already. It stays, because it may have been used."), field="valid_from"
        )
    row = ExchangeRate.objects.create(
        base=base,
        currency=currency,
        rate=rate,
        valid_from=valid_from,
        source=source,
        entered_by_name=actor.name,
        created_at=now,
    )
    facts = {"rate": f"1 {base} = {rate.normalize():f} {currency}", "source": source}
    announce(
        PriceEvent.RATE_SET,
        organization_ids=[actor.organization_id],
        subject=("exchange-rate", row.pk, f"{base} – {currency}"),
        actor=actor,
        now=now,
        details={**facts, "valid from": valid_from.isoformat()},
    )
    return row


@transaction.atomic
def set_incentive(
    *,
    kind: str,
    family: str,
    percent: Decimal,
    competency: str,
    valid_from: datetime.date,
    source: str,
    note: str,
    actor: Actor,
    now: datetime.datetime,
) -> IncentiveRule:
    """Let the usage of a family earn so many percent from a day on; the rule it takes the place of ends that day.

    Raises: PermissionDenied, InvalidInput.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    same = IncentiveRule.objects.filter(kind=kind, family=family, competency=competency)
    if same.filter(valid_from__gte=valid_from).exists():
        raise InvalidInput(_("A rule that begins on that day or later is here already."), field="valid_from")
    same.on(valid_from).update(valid_until=valid_from)
    try:
        with transaction.atomic():
            rule = IncentiveRule.objects.create(
                kind=kind,
                family=family,
                percent=percent,
                competency=competency,
                valid_from=valid_from,
                source=source,
                note=note,
            )
    except IntegrityError as error:
        raise InvalidInput(_("A rule that begins on that day is here already."), field="valid_from") from error
    _announce(PriceEvent.INCENTIVE_SET, rule, actor=actor, now=now)
    return rule


@transaction.atomic
def end_incentive(*, rule_id: UUID, valid_until: datetime.date, actor: Actor, now: datetime.datetime) -> IncentiveRule:
    """Let a rule hold no longer from a day on. Usage that is imported already keeps what it earned.

    Raises: PermissionDenied, IncentiveRule.DoesNotExist, InvalidInput.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    rule = IncentiveRule.objects.locked(rule_id)
    if valid_until <= rule.valid_from:
        raise InvalidInput(_("The rule must have held at least one day."), field="valid_until")
    rule.valid_until = valid_until
    rule.save(update_fields=["valid_until"])
    _announce(PriceEvent.INCENTIVE_ENDED, rule, actor=actor, now=now)
    return rule


def _announce(event_type: PriceEvent, rule: IncentiveRule, *, actor: Actor, now: datetime.datetime) -> None:
    announce(
        event_type,
        organization_ids=[actor.organization_id],
        subject=("incentive-rule", rule.pk, str(rule.get_kind_display())),
        actor=actor,
        now=now,
        details={
            "product family": rule.family,
            "percent": f"{rule.percent.normalize():f}",
            "competency": rule.competency,
            "source": rule.source,
            "valid from": rule.valid_from.isoformat(),
            "valid until": rule.valid_until.isoformat() if rule.valid_until else "",
        },
    )
