"""What may be done with a marketplace subscription, by whom and until when (M3, M4, M7, M8)."""

import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.amounts import Rate
from customers.enums import Term
from customers.rules import NotASandbox
from customers.subscription_changes import QuantityOutOfRange
from customers.terms import Period, cycle_on
from marketplace.enums import FREQUENCIES_OF_TERM, EndReason, FulfillmentStatus, Turn
from marketplace.models import Operation, Plan, SaaSSubscription
from portal.accounts.actor import Actor, denied
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import Permission
from portal.core.dates import date_format
from portal.core.errors import InvalidInput, PermissionDenied, Refusal

MAX_NAME_LENGTH = 200


class SalesAgentsDoNotChange(PermissionDenied):
    """The temporary rule of section 3.3; the page offers to ask an admin agent."""


class NotActivated(Refusal):
    code = "subscription-not-activated"


class SubscriptionSuspended(Refusal):
    code = "subscription-suspended"


class SubscriptionEnded(Refusal):
    code = "subscription-ended"


class NotSuspended(Refusal):
    code = "subscription-not-suspended"


class ChangeRunning(Refusal):
    code = "operation-in-progress"


class NothingChanges(Refusal):
    code = "nothing-changes"


class WindowOver(Refusal):
    code = "cancellation-window-over"


class FrequencyNotOffered(Refusal):
    code = "billing-frequency-not-offered"


class ResellersDoNotChange(Refusal):
    code = "reseller-cannot-change"
    http_status = 403


class PublisherMayNot(Refusal):
    """``allowedCustomerOperations`` of a reseller's purchase is ``Read`` alone (fulfillment reference, section 1.5)."""

    code = "not-allowed-for-publisher"


class OperationFinished(Refusal):
    code = "operation-finished"


def is_sales_agent_rule_in_force(today: datetime.date) -> bool:
    """Say whether sales agents are kept from changing marketplace subscriptions on a day (section 3.3)."""
    begins: datetime.date = settings.SALES_AGENT_RULE_FROM
    ends: datetime.date = settings.SALES_AGENT_RULE_UNTIL
    return begins <= today < ends


def check_may_change(actor: Actor, *, today: datetime.date) -> None:
    """Admin agents of the billing partner change; sales agents once the temporary rule has ended (M4).

    Source: portal reference, sections 3.3 and 7.6. Raises: PermissionDenied, SalesAgentsDoNotChange,
    ResellersDoNotChange.
    """
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        raise ResellersDoNotChange(
            _("An indirect reseller does not change subscriptions itself."), who=_("your indirect provider")
        )
    if actor.may(Permission.MARKETPLACE_SUBSCRIPTION_UPDATE):
        return
    if Role.SALES_AGENT not in actor.roles or not actor.may(Permission.SUBSCRIPTION_UPDATE):
        raise denied(Permission.MARKETPLACE_SUBSCRIPTION_UPDATE, kind=actor.organization_kind)
    if is_sales_agent_rule_in_force(today):
        raise SalesAgentsDoNotChange(
            _("Sales agents cannot change marketplace subscriptions for now; buying new ones works."),
            who=str(Role.ADMIN_AGENT.label),
            next_step=_("Sign in as an admin agent, or ask an admin agent to make the change."),
        )


def check_living(saas: SaaSSubscription) -> None:
    """Raises: SubscriptionEnded."""
    if saas.status == FulfillmentStatus.UNSUBSCRIBED:
        raise SubscriptionEnded(
            _("This subscription has ended: %(reason)s.") % {"reason": EndReason(saas.end_reason).label},
            next_step=_("Buy the offer again; an ended subscription does not come back."),
        )


def check_subscribed(saas: SaaSSubscription) -> None:
    """Only an active subscription changes plan, quantity or billing. Raises: NotActivated, SubscriptionSuspended,
    SubscriptionEnded.
    """
    check_living(saas)
    publisher = saas.publisher.organization.name
    if saas.status == FulfillmentStatus.PENDING:
        raise NotActivated(
            _("%(publisher)s has not activated this subscription yet.") % {"publisher": publisher},
            who=publisher,
            next_step=_("Open the publisher's site and finish the setup; until then you can only cancel."),
        )
    if saas.status == FulfillmentStatus.SUSPENDED:
        raise SubscriptionSuspended(
            _("This subscription is suspended because a payment is missing."),
            who=_("the programme operator"),
            next_step=_("Pay what is open; then the subscription is reinstated."),
        )


def check_no_change_runs(running: Operation | None) -> None:
    """One change at a time (fulfillment reference, section 1.2). Raises: ChangeRunning."""
    if running is not None:
        raise ChangeRunning(
            _("A change is running already: %(change)s.") % {"change": running.get_action_display()},
            who=running.saas.publisher.organization.name,
            next_step=_("Wait until the publisher has answered; this takes seconds, or some hours while it is away."),
        )


def check_new_quantity(saas: SaaSSubscription, quantity: int) -> None:
    """Raises: QuantityOutOfRange, NothingChanges."""
    plan = saas.plan
    if not plan.is_per_seat:
        raise QuantityOutOfRange(
            _("The plan %(plan)s has a flat rate: its quantity is 1.") % {"plan": plan.name}, field="quantity"
        )
    if not plan.min_quantity <= quantity <= plan.max_quantity:
        raise QuantityOutOfRange(
            _("The plan %(plan)s is sold from %(least)d to %(most)d licenses.")
            % {"plan": plan.name, "least": plan.min_quantity, "most": plan.max_quantity},
            field="quantity",
        )
    if quantity == saas.subscription.quantity:
        raise NothingChanges(_("The subscription has this quantity already."))


def check_new_plan(saas: SaaSSubscription, plan: Plan) -> None:
    """A plan of the same offer that takes the quantity there is. Raises: InvalidInput, NothingChanges."""
    if plan.offer_id != saas.plan.offer_id:
        raise InvalidInput(_("This plan belongs to another offer."), field="plan")
    if plan.pk == saas.plan_id:
        raise NothingChanges(_("The subscription has this plan already."))
    quantity = saas.subscription.quantity
    if plan.is_per_seat != saas.plan.is_per_seat:
        raise InvalidInput(_("One plan counts licenses, the other has a flat rate: buy the new one."), field="plan")
    if not plan.min_quantity <= quantity <= plan.max_quantity:
        raise InvalidInput(
            _("The plan %(plan)s is sold from %(least)d to %(most)d licenses; the subscription has %(have)d.")
            % {"plan": plan.name, "least": plan.min_quantity, "most": plan.max_quantity, "have": quantity},
            field="plan",
            next_step=_("Change the quantity first."),
        )


def check_new_frequency(saas: SaaSSubscription, billing_frequency: str) -> None:
    """Raises: NothingChanges, FrequencyNotOffered."""
    subscription = saas.subscription
    if billing_frequency == subscription.billing_frequency:
        raise NothingChanges(_("The subscription is billed like this already."))
    allowed = FREQUENCIES_OF_TERM.get(Term(subscription.term), ())
    if subscription.is_trial or billing_frequency not in allowed:
        raise FrequencyNotOffered(
            _("A free trial is not billed yet.")
            if subscription.is_trial
            else _("A term of this length is not billed like that."),
            next_step=_("Choose another billing frequency at the end of the term."),
        )


def check_can_cancel(saas: SaaSSubscription, *, now: datetime.datetime) -> None:
    """Before activation always; afterwards until the end of the offer's window (M8, section 7.7).

    Raises: SubscriptionEnded, WindowOver.
    """
    check_living(saas)
    if saas.status == FulfillmentStatus.PENDING or is_in_window(saas, now=now):
        return
    subscription = saas.subscription
    until = subscription.cancelable_until
    raise WindowOver(
        _("Canceling was possible until %(until)s (UTC); this subscription now runs until its term ends.")
        % {"until": date_format(until, "DATETIME_FORMAT") if until else "–"},
        who=_("nobody; the publisher's rules set this time"),
        next_step=_("Switch auto-renew off: the subscription then ends with its term.")
        if subscription.auto_renew
        else _("Auto-renew is off: the subscription ends with its term."),
        next_url=reverse("marketplace:subscription", args=[saas.pk]),
    )


def is_in_window(saas: SaaSSubscription, *, now: datetime.datetime) -> bool:
    """Say whether the time to cancel with a refund still runs."""
    until = saas.subscription.cancelable_until
    return until is not None and now < until


def check_publisher_may_change(saas: SaaSSubscription) -> None:
    """Raises: PublisherMayNot."""
    if not saas.publisher_may_change:
        raise PublisherMayNot(
            _("This subscription was bought through a partner, who changes and cancels it."),
            who=saas.subscription.billing_owner.organization.name,
        )


def check_can_activate(saas: SaaSSubscription) -> None:
    """Raises: SubscriptionEnded, SubscriptionSuspended. An active one is left alone by the workflow."""
    check_living(saas)
    if saas.status == FulfillmentStatus.SUSPENDED:
        raise SubscriptionSuspended(_("A suspended subscription cannot be activated."))


def check_in_sandbox(saas: SaaSSubscription) -> None:
    """Raises: NotASandbox."""
    if not saas.subscription.billing_owner.organization.is_sandbox:
        raise NotASandbox(
            _("Only what a sandbox bought can be activated without its publisher."),
            who=saas.publisher.organization.name,
            next_step=_("Open the publisher's site and finish the setup there."),
        )


def check_suspended(saas: SaaSSubscription) -> None:
    """Raises: SubscriptionEnded, NotSuspended."""
    check_living(saas)
    if saas.status != FulfillmentStatus.SUSPENDED:
        raise NotSuspended(_("This subscription is not suspended."))


def check_operation_running(operation: Operation) -> None:
    """Raises: OperationFinished."""
    if operation.finished_at is not None:
        raise OperationFinished(
            _("This change is decided already: %(status)s.") % {"status": operation.get_status_display()}
        )


def check_reseller_differs(saas: SaaSSubscription, *, reseller_id: UUID | None, number: str) -> None:
    """Raises: NothingChanges."""
    subscription = saas.subscription
    if (subscription.reseller_id, subscription.partner_on_record) == (reseller_id, number):
        raise NothingChanges(_("This reseller is on record already."))


def running_cycle(saas: SaaSSubscription, day: datetime.date) -> Period | None:
    """Return the paid billing cycle that holds a day; ``None`` in a free trial or before activation."""
    subscription = saas.subscription
    if subscription.starts_on is None or subscription.is_trial:
        return None
    return cycle_on(
        day,
        starts_on=subscription.starts_on,
        ends_on=subscription.ends_on,
        frequency=subscription.billing_frequency,
    )


def running_rate(saas: SaaSSubscription, day: datetime.date) -> Rate | None:
    """Return what is paid for the billing cycle that holds a day, or ``None`` where none is paid."""
    cycle = running_cycle(saas, day)
    return Rate(cycle, saas.subscription.quantity, unit_price_of(saas)) if cycle else None


def paid_rate(saas: SaaSSubscription, day: datetime.date) -> Rate:
    """Return ``running_rate`` of a subscription that has one. Raises: NotActivated."""
    rate = running_rate(saas, day)
    if rate is None:
        raise NotActivated(_("No billing cycle of this subscription runs today."))
    return rate


def term_of(saas: SaaSSubscription) -> Term:
    return Term(saas.subscription.term)


def end_of(saas: SaaSSubscription) -> datetime.date:
    """Return the first day after the term that runs. Raises: NotActivated."""
    if saas.subscription.ends_on is None:
        raise NotActivated(_("No term of this subscription runs."))
    return saas.subscription.ends_on


def unit_price_of(saas: SaaSSubscription) -> Decimal:
    """Return what one license costs for one cycle; every marketplace subscription has a price."""
    return saas.subscription.unit_price or Decimal(0)


def clean_name(text: str) -> str:
    """Return a friendly name without needless spaces. Raises: InvalidInput."""
    name = " ".join(text.split())
    if not name:
        raise InvalidInput(_("Give the subscription a name."), field="friendly_name")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidInput(
            _("The name has at most %(most)d characters.") % {"most": MAX_NAME_LENGTH}, field="friendly_name"
        )
    return name


def is_living(saas: SaaSSubscription) -> bool:
    return saas.status != FulfillmentStatus.UNSUBSCRIBED


def turn_of(saas: SaaSSubscription, running: Operation | None) -> Turn:
    """Return who has to do something next (M7)."""
    if running is not None:
        return Turn.PUBLISHER
    if saas.status == FulfillmentStatus.PENDING:
        return Turn.PARTNER if saas.link_opened_at is None else Turn.PUBLISHER
    return Turn.OPERATOR if saas.status == FulfillmentStatus.SUSPENDED else Turn.NOBODY
