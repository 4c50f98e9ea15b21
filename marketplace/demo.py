"""What the partners of the demo world bought from publishers, and what became of it (P10).

Done by the functions that pages and API call, in the order of time, so that logs, mails, charges and Action Center tell
the same story.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from customers.enums import BillingFrequency, Term
from customers.models import ResellerRelationship
from marketplace.demo_catalog import SIGNATURE, TIDVATTEN, write_offers
from marketplace.enums import CallStatus, Wish
from marketplace.models import Plan, SaaSSubscription, UsageRecord, WebhookCall
from marketplace.rules import UsageEvent
from marketplace.workflow import activation, calls, changes, endings, operations, purchases, usage
from marketplace.workflow.purchases import Purchase, Review
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.queries import make_actor
from portal.core.outgoing import Outcome

Step = tuple[datetime.datetime, Callable[[datetime.datetime], object]]
MONTHLY, ANNUAL = BillingFrequency.MONTHLY, BillingFrequency.ANNUAL


@dataclass
class Bought:
    """A purchase: by whom, for whom, what and when; ``id`` is known once it is made."""

    partner: str
    customer: str
    offer: str
    plan: str
    name: str
    quantity: int
    days_ago: float
    term: Term = Term.MONTH
    frequency: BillingFrequency = MONTHLY
    activated_after: float | None = 0.2  # days; None: not activated
    link_opened: bool = True
    ids: list[UUID] = field(default_factory=list)

    @property
    def publisher(self) -> str:
        return SIGNATURE if self.offer.startswith("azur") else TIDVATTEN

    @property
    def id(self) -> UUID:
        return self.ids[0]


def load(*, now: datetime.datetime) -> None:
    """Write the catalogue, then do what people did with it, in order. ``now`` is the present of the demo world."""
    write_offers(now=now)
    for when, act in sorted(_steps(now), key=lambda step: step[0]):
        act(when)
        _publishers_answer(when)


def _purchases() -> dict[str, Bought]:
    """Return what is bought, in all states: active, waiting, on trial, suspended, lapsed, canceled, ending, metered."""
    belfort, fjallvind = "belfortcloud", "fjallvind"
    year: dict[str, Any] = {"term": Term.YEAR}
    waits: dict[str, Any] = {"activated_after": None}
    analytics, team = ("tidvatten-analytics", "harbor"), ("azur-sign", "team")
    return {
        "contracts": Bought(belfort, "boulangerie-marchetti", *team, "Signature des contrats", 2, 12),
        "clinic": Bought(
            belfort, "clinique-des-lilas", "azur-sign", "business", "Signature – patients", 40, 20, **year
        ),
        "waiting": Bought(fjallvind, "skargardens-rederi", *analytics, "Tidvatten – kassan", 4, 2, **waits),
        "unopened": Bought(belfort, "ateliers-vauban", *team, "Devis signés", 6, 0.2, link_opened=False, **waits),
        "trial": Bought(fjallvind, "nordisk-travaru", *analytics, "Lagret", 6, 11),
        "unpaid": Bought(belfort, "ateliers-vauban", "tidvatten-analytics", "fairway", "Pilotage", 8, 18, **year),
        "lapsed": Bought(fjallvind, "moellers-fiskeri", "tidvatten-mooring", "port", "Harbor office", 1, 33, **waits),
        "regretted": Bought(
            *("delta-distributie", "wittezwaan", "azur-sign", "business", "Brewery contracts", 10, 16),
            frequency=ANNUAL,
            **year,
        ),
        "credited": Bought(
            *("rheingold", "hanse-feinkost", "tidvatten-analytics", "fairway", "Feinkost analytics", 9, 22), **year
        ),
        "ending": Bought(belfort, "skargardens-rederi", *team, "Manskap", 5, 27),
        "metered": Bought(belfort, "clinique-des-lilas", "azur-seal", "seal", "Certificats scellés", 1, 14),
    }


def _steps(now: datetime.datetime) -> Iterator[Step]:
    bought = _purchases()
    for purchase in bought.values():
        yield from _bought(purchase, now)

    def ago(days: float) -> datetime.datetime:
        return now - datetime.timedelta(days=days)

    yield ago(10), partial(_change_quantity, bought["clinic"], 48)
    yield ago(6), partial(_change_quantity, bought["credited"], 12)
    yield ago(3.1), partial(_suspend, bought["unpaid"])
    yield ago(2.9), lambda when: endings.lapse_purchase(subscription_id=bought["lapsed"].id, now=when)
    yield ago(9), partial(_cancel, bought["regretted"])
    yield ago(4), partial(_switch_off_auto_renew, bought["ending"])
    yield ago(0.4), partial(_ask, bought["contracts"])
    for days in (9, 6, 3, 1):
        yield ago(days), partial(_report_usage, bought["metered"])


def _bought(bought: Bought, now: datetime.datetime) -> Iterator[Step]:
    start = now - datetime.timedelta(days=bought.days_ago)
    yield start, partial(_buy, bought)
    if bought.link_opened:
        yield start + datetime.timedelta(minutes=9), partial(_open_link, bought)
    if bought.activated_after is not None:
        yield start + datetime.timedelta(days=bought.activated_after), partial(_activate, bought)


# --- who acts --------------------------------------------------------------------------------------------------------
def _agent(name: str, *roles: Role) -> Actor:
    """Return somebody of the organization with one of the roles, the first by address."""
    kind = {"organization__kind": "operator"} if name == "programme" else {"organization__domain": f"{name}.example"}
    members = Membership.objects.active().filter(roles__overlap=[str(role) for role in roles], **kind)
    member = members.select_related("user", "organization").order_by("user__email")[0]
    return make_actor(member, member.user)


# --- what they do ----------------------------------------------------------------------------------------------------
def _buy(bought: Bought, when: datetime.datetime) -> None:
    relationship = ResellerRelationship.objects.active().get(
        partner__organization__domain=f"{bought.partner}.example", customer_domain=f"{bought.customer}.example"
    )
    actor = _agent(bought.partner, Role.SALES_AGENT, Role.ADMIN_AGENT)
    plan = Plan.objects.get(offer__code=bought.offer, code=bought.plan)
    line = purchases.add_to_cart(
        customer_id=relationship.customer_id,
        purchase=Purchase(plan.pk, bought.term, bought.frequency, bought.quantity, bought.name),
        actor=actor,
        now=when,
    )
    order = purchases.checkout(
        cart_id=line.cart_id,
        review=Review(reseller_id=relationship.counterpart_id, is_attested=True),
        actor=actor,
        now=when + datetime.timedelta(minutes=2),
    )
    bought.ids.extend(order.lines.values_list("subscription_id", flat=True))


def _open_link(bought: Bought, when: datetime.datetime) -> None:
    actor = _agent(bought.partner, Role.SALES_AGENT, Role.ADMIN_AGENT)
    link = activation.issue_purchase_token(subscription_id=bought.id, actor=actor, now=when)
    publisher = _agent(bought.publisher, Role.PUBLISHER_ADMIN)
    token = link.rpartition("token=")[2]
    activation.resolve_purchase_token(token=token, actor=publisher, now=when + datetime.timedelta(minutes=1))


def _activate(bought: Bought, when: datetime.datetime) -> None:
    publisher = _agent(bought.publisher, Role.PUBLISHER_ADMIN)
    activation.activate_subscription(subscription_id=bought.id, actor=publisher, now=when)


def _change_quantity(bought: Bought, quantity: int, when: datetime.datetime) -> None:
    operation = changes.change_quantity(
        subscription_id=bought.id, quantity=quantity, actor=_agent(bought.partner, Role.ADMIN_AGENT), now=when
    )
    operations.decide_operation(
        subscription_id=bought.id,
        operation_id=operation.pk,
        succeeded=True,
        actor=_agent(bought.publisher, Role.PUBLISHER_ADMIN),
        now=when + datetime.timedelta(seconds=4),
    )


def _suspend(bought: Bought, when: datetime.datetime) -> None:
    operator = _agent("programme", Role.OPERATOR_ADMIN)
    endings.suspend_subscription(subscription_id=bought.id, actor=operator, now=when)


def _cancel(bought: Bought, when: datetime.datetime) -> None:
    endings.cancel_subscription(subscription_id=bought.id, actor=_agent(bought.partner, Role.ADMIN_AGENT), now=when)


def _switch_off_auto_renew(bought: Bought, when: datetime.datetime) -> None:
    admin = _agent(bought.partner, Role.ADMIN_AGENT)
    changes.set_auto_renew(subscription_id=bought.id, auto_renew=False, actor=admin, now=when)


def _ask(bought: Bought, when: datetime.datetime) -> None:
    changes.ask_admin_agent(
        subscription_id=bought.id,
        wish=Wish.QUANTITY,
        note="Deux vendeuses de plus à partir de lundi.",
        actor=_agent(bought.partner, Role.SALES_AGENT),
        now=when,
    )


def _report_usage(bought: Bought, when: datetime.datetime) -> UsageRecord:
    saas = SaaSSubscription.objects.with_rows().get(pk=bought.id)
    dimension = saas.plan.dimensions.get()
    event = UsageEvent(saas.pk, dimension.code, Decimal(3 + when.day % 4), when, saas.plan.code)
    return usage.report_usage(event=event, actor=_agent(bought.publisher, Role.PUBLISHER_ADMIN), now=when)


def _publishers_answer(when: datetime.datetime) -> None:
    """Let the publishers have answered what they were told, as their servers do within a second."""
    for call in WebhookCall.objects.filter(status=CallStatus.WAITING).select_related("operation__saas__plan__offer"):
        answered_at = call.created_at + datetime.timedelta(seconds=1)
        url = call.operation.saas.plan.offer.webhook_url
        answer = Outcome(200, milliseconds=180)
        calls.note_answer(call_id=call.pk, url=url, started_at=call.created_at, answer=answer, now=answered_at)
