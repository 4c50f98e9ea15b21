"""Support cases and service health of the demo world, done by the functions that the pages call (P10)."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.queries import make_actor
from support import workflow
from support.enums import IncidentKind, IncidentStatus, ServiceProduct, Severity, SupportTopic
from support.files import NewFile
from support.models import SupportCase
from support.workflow import NewCase, NewIncident

T, S = SupportTopic, Severity
TRACE = b"09:41:07 sign-in started\n09:41:09 token refused: interaction required\n09:41:09 sign-in ended\n"


@dataclass(frozen=True)
class Wanted:
    """A case: who opens it how long ago, for a customer or not, and what happens then (hours later, what, text)."""

    partner: str
    role: Role
    days_ago: float
    new: NewCase
    for_customer: bool = False
    with_file: bool = False
    then: tuple[tuple[float, str, str], ...] = field(default=())


CASES = (
    Wanted(
        "fjallvind",
        Role.ADMIN_AGENT,
        20.4,
        NewCase(
            "Transfer of a reservation stays in progress",
            "One reservation has been tried for two days. The other items have moved.",
            T.TRANSFERS,
            S.MODERATE,
        ),
        then=(
            (3, "assign", ""),
            (4, "answer", "We see it: the renewal of its base subscription was still running. It moves tonight."),
            (40, "resolve", "The reservation has moved. The credit and the charge are on this month's files."),
            (44, "close", ""),
        ),
    ),
    Wanted(
        "rheingold",
        Role.ADMIN_AGENT,
        9.1,
        NewCase(
            "Which currency does a reseller in Switzerland get?",
            "Our reseller asks whether its customers can be billed in francs.",
            T.PROGRAMME,
            S.MINIMAL,
            ServiceProduct.COMMERCE,
        ),
        then=(
            (20, "resolve", "You are billed in euro. What you bill your resellers in is for you to agree with them."),
        ),
    ),
    Wanted(
        "belfortcloud",
        Role.ADMIN_AGENT,
        6.2,
        NewCase(
            "Charge of a canceled subscription",
            "The reconciliation file still holds a line of a subscription that we canceled inside its window.",
            T.BILLING,
            S.MODERATE,
            ServiceProduct.COMMERCE,
        ),
        then=(
            (5, "assign", ""),
            (9, "ask", "Which subscription is it? Please send its ID and the number of the line."),
        ),
    ),
    Wanted(
        "fjallvind",
        Role.HELPDESK_AGENT,
        3.3,
        NewCase(
            "Webhook tells of no renewals",
            "Purchases and cancellations arrive, renewals do not.",
            T.API,
            S.MINIMAL,
            ServiceProduct.API,
        ),
        then=((6, "answer", "Thank you. We compare the deliveries of the last week with the log."),),
    ),
    Wanted(
        "belfortcloud",
        Role.HELPDESK_AGENT,
        0.3,
        NewCase(
            "New licenses cannot sign in",
            "Since this morning nobody with a license of the last order can sign in. The trace is attached.",
            T.SUBSCRIPTIONS,
            S.CRITICAL,
            ServiceProduct.ONLINE_SERVICES,
        ),
        for_customer=True,
        with_file=True,
    ),
)


def load(*, now: datetime.datetime) -> None:
    """Write the cases and the incidents of the demo world. Dates are relative to ``now``."""
    operator = _person(kind=OrganizationKind.OPERATOR)
    for wanted in CASES:
        _play(wanted, operator, now=now)
    _tell(operator, now=now)


def _play(wanted: Wanted, operator: Actor, *, now: datetime.datetime) -> None:
    opened_at = now - datetime.timedelta(days=wanted.days_ago)
    actor = _person(domain=f"{wanted.partner}.example", role=wanted.role)
    new = wanted.new
    if wanted.for_customer:
        served = ResellerRelationship.objects.visible_to(actor).active().filter(has_admin_rights=True)
        new = replace(new, customer_id=served.order_by("customer_name_key").values_list("customer_id", flat=True)[0])
    files = [NewFile("sign-in.log", TRACE)] if wanted.with_file else []
    case = workflow.open_case(new=new, files=files, actor=actor, now=opened_at)
    for hours, name, text in wanted.then:
        _step(name, case, text, operator if name != "close" else actor, opened_at + datetime.timedelta(hours=hours))


def _step(name: str, case: SupportCase, text: str, actor: Actor, when: datetime.datetime) -> None:
    if name == "assign":
        workflow.assign_case(case_id=case.pk, user_id=actor.user_id, actor=actor, now=when)
    elif name == "close":
        workflow.close_case(case_id=case.pk, actor=actor, now=when)
    else:
        written: dict[str, Callable[..., SupportCase]] = {
            "answer": workflow.answer_case,
            "ask": workflow.ask_for_information,
            "resolve": workflow.resolve_case,
        }
        written[name](case_id=case.pk, text=text, actor=actor, now=when)


def _tell(operator: Actor, *, now: datetime.datetime) -> None:
    def ago(hours: float) -> datetime.datetime:
        return now - datetime.timedelta(hours=hours)

    kind, product = IncidentKind, ServiceProduct
    old = NewIncident(
        kind.INCIDENT,
        product.PORTAL,
        "Pages answer slowly",
        "Lists of customers take up to ten seconds.",
        ago(12.2 * 24),
    )
    incident = workflow.publish_incident(new=old, actor=operator, now=ago(12.1 * 24))
    workflow.update_incident(
        incident_id=incident.pk,
        status=IncidentStatus.RESOLVED,
        text="A repaired index makes lists as fast as before.",
        actor=operator,
        now=ago(12 * 24 - 2),
    )
    text = "Orders of Azure products are confirmed late. None is lost; do not send them twice."
    slow = NewIncident(kind.INCIDENT, product.COMMERCE, "Orders take longer than usual", text, ago(5))
    incident = workflow.publish_incident(new=slow, actor=operator, now=ago(4.6))
    workflow.update_incident(
        incident_id=incident.pk,
        status=IncidentStatus.RESTORING,
        text="The cause is found. Waiting orders are confirmed one after another, within some two hours.",
        actor=operator,
        now=ago(1.5),
    )
    text = "Between 02:00 and 03:00 UTC usage is not updated. Budgets and alerts follow afterwards."
    planned = NewIncident(
        kind.ADVISORY, product.AZURE, "Usage pauses for an hour", text, now + datetime.timedelta(days=6)
    )
    workflow.publish_incident(new=planned, actor=operator, now=ago(30))


def _person(*, domain: str = "", kind: str = "", role: Role | None = None) -> Actor:
    """The first person of an organization, by domain or kind, who holds a role."""
    members = Membership.objects.active().select_related("user", "organization")
    members = members.filter(organization__domain=domain) if domain else members.filter(organization__kind=kind)
    if role is not None:
        members = members.with_role(role)
    member = members.order_by("user__email")[0]
    return make_actor(member, member.user)
