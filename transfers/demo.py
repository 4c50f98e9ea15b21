"""The transfers of the demo world: one in every state, done by the functions that the pages call (P10)."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from customers.enums import PendingOperation
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership, Organization, PartnerLocation
from portal.accounts.queries import make_actor
from transfers import processing, workflow
from transfers.enums import FaultMode, ProductType
from transfers.models import Transfer

BELFORT, FJALLVIND, DELTA, REEDERI = "belfortcloud", "fjallvind", "delta-distributie", "skargardens-rederi"
Step = tuple[datetime.datetime, Callable[[datetime.datetime], object]]


@dataclass(frozen=True)
class Wanted:
    """A request: who asks whom for which customer, how long ago, and what became of it.

    ``items``: friendly names that the source chooses; on those in ``busy`` a renewal runs after the acceptance, so that
    they cannot move. ``ending``: draft, pending, seen, canceled, declined, expired, or accepted.
    """

    target: str
    source: str
    customer: str
    days_ago: float
    ending: str
    items: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    reseller: str = ""
    types: tuple[ProductType, ...] = ()
    wishes: tuple[str, ...] = ()
    answered_after: float = 1.0  # days


REQUESTS = (
    Wanted(BELFORT, FJALLVIND, REEDERI, 37, "expired", types=(ProductType.LICENSE_BASED,)),
    Wanted(FJALLVIND, BELFORT, "nordisk-travaru", 19.4, "canceled", answered_after=0.2),
    Wanted(BELFORT, FJALLVIND, REEDERI, 16.1, "declined", types=(ProductType.AZURE_SUBSCRIPTION,), answered_after=2.3),
    Wanted(
        BELFORT,
        FJALLVIND,
        REEDERI,
        12.5,
        "accepted",
        items=("Kajkontoret", "Biljettluckan"),
        wishes=("Mail and Calendar Plan 1, 6 licenses", "Office Suite Business Standard, 4 licenses"),
    ),
    Wanted(
        DELTA,
        FJALLVIND,
        "moellers-fiskeri",
        9.2,
        "accepted",
        items=("Fleet devices",),
        busy=("Fleet devices",),
        reseller="oresund-konsult",
    ),
    Wanted(
        FJALLVIND,
        BELFORT,
        "clinique-des-lilas",
        1.4,
        "accepted",
        items=("Accueil et standard", "Tablettes des étages"),
        busy=("Tablettes des étages",),
        answered_after=1.2,
    ),
    Wanted(
        FJALLVIND,
        BELFORT,
        "nordisk-travaru",
        3.3,
        "seen",
        wishes=("Kontoret", "Azure – lager"),
        answered_after=0.4,
    ),
    Wanted("sandbox.belfortcloud", "sandbox.fjallvind", "beispiel", 2.1, "pending"),
    Wanted(DELTA, FJALLVIND, "moellers-fiskeri", 0.8, "draft", reseller="oresund-konsult"),
)
STUBBORN = "Probe devices"  # of the sandbox: fails twice, then moves


def load(*, now: datetime.datetime) -> None:
    """Write the transfers of the demo world. Dates are relative to ``now``."""
    steps: list[Step] = []
    for wanted in REQUESTS:
        transfers: list[Transfer] = []
        sent_at = now - datetime.timedelta(days=wanted.days_ago)
        steps.append((sent_at, partial(_ask, wanted, transfers)))
        if wanted.ending not in ("pending", "draft"):
            answered_at = sent_at + datetime.timedelta(days=wanted.answered_after)
            steps.append((answered_at, partial(_answer, wanted, transfers)))
    steps.append((now - datetime.timedelta(days=7), lambda when: workflow.expire_transfers(now=when)))
    for when, act in sorted(steps, key=lambda step: step[0]):
        act(when)
    _work(now)
    _plan_fault(now)


def _ask(wanted: Wanted, transfers: list[Transfer], when: datetime.datetime) -> None:
    customer = _organization(wanted.customer)
    request = workflow.Request(
        customer_id=customer.pk,
        source_tenant_id=_organization(wanted.source).pk,
        customer_name=customer.name,
        customer_email=f"contact@{customer.domain}",
        customer_language=customer.language,
        source_partner_name=_organization(wanted.source).name,
        partner_on_record=_number(wanted.reseller),
        product_types=wanted.types,
        wishes=wanted.wishes,
    )
    if wanted.ending == "draft":
        transfers.append(workflow.prepare_draft(request=request, actor=_agent(wanted.reseller), now=when))
    else:
        transfers.append(workflow.create_transfer(request=request, actor=_agent(wanted.target), now=when))


def _answer(wanted: Wanted, transfers: list[Transfer], when: datetime.datetime) -> None:
    transfer_id, source = transfers[0].pk, _agent(wanted.source)
    if wanted.ending == "canceled":
        workflow.cancel_transfer(transfer_id=transfer_id, actor=_agent(wanted.target), now=when)
        return
    if wanted.ending == "expired":
        return
    workflow.mark_seen(transfer_id=transfer_id, actor=source, now=when)
    if wanted.ending == "declined":
        reason = "The customer has told us that it stays with us for Azure."
        workflow.decline_transfer(transfer_id=transfer_id, reason=reason, actor=source, now=when)
    elif wanted.ending == "accepted":
        ids = [_subscription(wanted, name).pk for name in wanted.items]
        workflow.accept_transfer(transfer_id=transfer_id, subscription_ids=ids, actor=source, now=when)
        busy = Subscription.objects.filter(pk__in=[_subscription(wanted, name).pk for name in wanted.busy])
        busy.update(pending_operation=PendingOperation.RENEWAL)


def _work(now: datetime.datetime) -> None:
    """Do what the workers did meanwhile: try each accepted transfer whenever something was due."""
    for transfer in Transfer.objects.filter(accepted_at__isnull=False).order_by("accepted_at", "pk"):
        moment = transfer.accepted_at
        while moment is not None and moment <= now:
            at = moment
            moment = processing.process_transfer(transfer_id=transfer.pk, clock=lambda at=at: at).next_at  # type: ignore[misc]


def _plan_fault(now: datetime.datetime) -> None:
    subscription = Subscription.objects.get(friendly_name=STUBBORN)
    actor = _agent("sandbox.fjallvind")
    workflow.plan_fault(subscription_id=subscription.pk, mode=FaultMode.FAIL_TIMES, amount=2, actor=actor, now=now)


def _organization(name: str) -> Organization:
    return Organization.objects.get(domain=f"{name}.example")


def _agent(name: str) -> Actor:
    members = Membership.objects.active().with_role(Role.ADMIN_AGENT).filter(organization__domain=f"{name}.example")
    member = members.select_related("user", "organization").order_by("user__email")[0]
    return make_actor(member, member.user)


def _number(reseller: str) -> str:
    if not reseller:
        return ""
    places = PartnerLocation.objects.filter(is_headquarters=True, partner__organization__domain=f"{reseller}.example")
    return places.get().partner_id_number


def _subscription(wanted: Wanted, name: str) -> Subscription:
    own = Subscription.objects.filter(customer_id=_organization(wanted.customer).pk, friendly_name=name)
    return own.get(billing_owner_id=_organization(wanted.source).pk)
