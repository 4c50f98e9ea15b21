"""The demo world's money: what its subscriptions cost in the last months, and the invoices of the closed ones (P10)."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from billing.enums import ChargeKind, InvoiceStatus
from billing.models import Charge, Invoice, LicenseAssignment
from billing.processing import invoices
from billing.workflow import charge_many
from billing.workflow.invoices import mark_paid
from customers.enums import BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models import ResellerRelationship, Subscription
from customers.terms import add_months, cycle_on
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.queries import make_actor
from portal.core.money import round_money

MONTHS = 2  # closed ones
MORNING = datetime.time(9, 0, tzinfo=datetime.UTC)  # when the charges of a day are written
PER_EURO = {"EUR": Decimal(1), "SEK": Decimal("11.2"), "CAD": Decimal("1.5"), "USD": Decimal("1.1")}
UNEVEN = (0, -3, 0, 0, 2, -1)  # assigned beyond what was bought
NOT_HERE = (ProductFamily.THIRD_PARTY,)  # charged by what sells it


@dataclass(frozen=True)
class Older:
    """A subscription from before the first closed month, so that every demo partner has invoices of all of them."""

    partner: str
    customer: str
    name: str
    quantity: int
    day: int = 5


OLDER = (
    Older("belfortcloud", "boulangerie-marchetti", "Sauvegarde des caisses", 6),
    Older("belfortcloud", "clinique-des-lilas", "Sauvegarde du service", 120, 9),
    Older("belfortcloud", "nordisk-travaru", "Säkerhetskopior, sågen", 15, 17),
    Older("fjallvind", "skargardens-rederi", "Säkerhetskopior, rederiet", 40),
    Older("fjallvind", "nordisk-travaru", "Säkerhetskopior, fält", 18, 12),
    Older("rheingold", "hanse-feinkost", "Feinkost backup", 25),
    Older("delta-distributie", "wittezwaan", "Brewery backup", 16),
    Older("laurentide", "scierie-cote", "Sauvegarde de la scierie", 11),
    Older("potomac-federal", "tidewater-port", "Port backup", 200),
    Older("sandbox.fjallvind", "beispiel", "Probe backup", 10),
    Older("sandbox.belfortcloud", "exemple-sarl", "Essai de sauvegarde", 3),
)


def load(*, now: datetime.datetime) -> None:
    """Write the older subscriptions and every cycle that began since, then close the months that have ended."""
    first = add_months(now.date().replace(day=1), -MONTHS)
    Subscription.objects.bulk_create(_subscription(older, first, now) for older in OLDER)
    day = first
    while day <= now.date():
        _charge_cycles(day)
        day += datetime.timedelta(days=1)
    for months in range(MONTHS - 1, -1, -1):
        closing = add_months(now.date().replace(day=1), -months)
        at = datetime.datetime.combine(closing, datetime.time(6, 30), tzinfo=datetime.UTC)
        if at <= now:
            invoices.close_ended_months(clock=partial(_same, at))
    _pay(first, now)
    _report_assignments(now)


def _same(at: datetime.datetime) -> datetime.datetime:
    return at


def _subscription(older: Older, first: datetime.date, now: datetime.datetime) -> Subscription:
    relationship = (
        ResellerRelationship.objects.active()
        .select_related("partner")
        .get(partner__organization__domain=f"{older.partner}.example", customer_domain=f"{older.customer}.example")
    )
    starts_on = first.replace(day=older.day)
    currency = relationship.partner.currency
    return Subscription(
        id=uuid.uuid5(relationship.customer_id, f"{relationship.partner_id} {older.name}"),
        customer_id=relationship.customer_id,
        billing_owner_id=relationship.partner_id,
        reseller_id=relationship.counterpart_id,
        product_family=ProductFamily.LICENSE_BASED,
        product_name="Backup for mailboxes",
        friendly_name=older.name,
        quantity=older.quantity,
        unit_price=round_money(Decimal("2.35") * PER_EURO[currency], currency),
        currency=currency,
        status=SubscriptionStatus.ACTIVE,
        term=Term.YEAR,
        billing_frequency=BillingFrequency.MONTHLY,
        auto_renew=True,
        order_id=uuid.uuid5(relationship.customer_id, f"order {relationship.partner_id} {older.name}"),
        starts_on=starts_on,
        ends_on=add_months(starts_on, 12),
        created_at=datetime.datetime.combine(starts_on, MORNING),
    )


def _charge_cycles(day: datetime.date) -> None:
    """Charge what begins a cycle on a day, to whoever was the billing owner then; what was charged is left alone."""
    rows = Subscription.objects.filter(unit_price__isnull=False, starts_on__lte=day).exclude(
        product_family__in=NOT_HERE
    )
    charged = set(Charge.objects.filter(starts_on=day).values_list("subscription_id", flat=True))
    due = [row for row in rows.order_by("pk") if row.pk not in charged and _begins(row, day)]
    if not due:
        return
    charge_many(
        select="""
            SELECT id AS subscription_id, kind, %s::date AS starts_on, ends_on, quantity, unit_price, '' AS reference
            FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::int[], %s::numeric[])
                AS due (id, kind, ends_on, quantity, unit_price)
        """,
        params=[
            day,
            [row.pk for row in due],
            [ChargeKind.NEW if row.starts_on == day else ChargeKind.CYCLE for row in due],
            [_end_of_cycle(row, day) for row in due],
            [row.quantity for row in due],
            [row.unit_price for row in due],
        ],
        now=datetime.datetime.combine(day, MORNING),
    )


def _begins(row: Subscription, day: datetime.date) -> bool:
    owned_since = row.created_at.date() if row.transferred_from_id else day
    is_theirs = owned_since <= day and (row.transferred_at is None or day < row.transferred_at.date())
    if row.status not in (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED, SubscriptionStatus.TRANSFERRED):
        is_theirs = is_theirs and row.starts_on == day  # ended meanwhile: its first cycle was paid for
    if row.billing_frequency == BillingFrequency.ONE_TIME:
        return is_theirs and row.starts_on == day
    cycle = cycle_on(day, starts_on=row.starts_on or day, ends_on=row.ends_on, frequency=row.billing_frequency)
    return is_theirs and cycle is not None and cycle.starts_on == day


def _end_of_cycle(row: Subscription, day: datetime.date) -> datetime.date:
    cycle = cycle_on(day, starts_on=row.starts_on or day, ends_on=row.ends_on, frequency=row.billing_frequency)
    return cycle.ends_on if cycle else day + datetime.timedelta(days=1)


def _pay(month: datetime.date, now: datetime.datetime) -> None:
    """Let the operator note that the oldest invoices were paid, all but one."""
    people = Membership.objects.active().with_role(Role.OPERATOR_ADMIN).select_related("user", "organization")
    member = people.filter(organization__kind=OrganizationKind.OPERATOR)[0]
    for invoice in Invoice.objects.filter(month=month, status=InvoiceStatus.OPEN).order_by("number")[1:]:
        paid_at = min(datetime.datetime.combine(invoice.issued_on, MORNING) + datetime.timedelta(days=12), now)
        mark_paid(invoice_id=invoice.pk, paid_on=paid_at.date(), actor=make_actor(member, member.user), now=paid_at)


def _report_assignments(now: datetime.datetime) -> None:
    """Note how many licenses people hold: mostly all, here fewer, there more than were bought."""
    rows = Subscription.objects.filter(
        product_family=ProductFamily.LICENSE_BASED, status=SubscriptionStatus.ACTIVE, quantity__gte=5
    )
    reported_at = now - datetime.timedelta(days=1)
    LicenseAssignment.objects.bulk_create(
        LicenseAssignment(
            subscription=row, assigned=row.quantity + UNEVEN[number % len(UNEVEN)], reported_at=reported_at
        )
        for number, row in enumerate(rows.order_by("friendly_name", "pk"))
    )
