"""What only a sandbox may, and how much it may hold (P8; API reference, section 10)."""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from customers.enums import CURRENT_STATUSES
from customers.models import Customer, ResellerRelationship, Subscription
from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.core.errors import Refusal


class NotASandbox(Refusal):
    code = "not-in-sandbox"


class SandboxCustomers(Refusal):
    code = "sandbox-customers-limit"


class SandboxSubscriptions(Refusal):
    code = "sandbox-subscriptions-limit"


class SandboxSeats(Refusal):
    code = "sandbox-seats-limit"


def check_is_sandbox(actor: Actor) -> None:
    """Playing others, faults, the clock and the reset exist in a sandbox alone. Raises: NotASandbox."""
    if not actor.is_sandbox:
        raise NotASandbox(
            _("This is possible in a sandbox only; %(name)s is a production account.")
            % {"name": actor.organization_name},
            next_step=_("Switch to your sandbox account, or ask the operator of the programme for one."),
        )


def check_sandbox_customers(organization: Organization, customer_id: UUID) -> None:
    """A sandbox partner has 75 customers at most. Nobody else has a limit. Raises: SandboxCustomers."""
    limit = settings.SANDBOX_CUSTOMERS
    if not organization.is_sandbox:
        return
    own = ResellerRelationship.objects.active().filter(partner_id=organization.pk)
    if own.exclude(customer_id=customer_id)[:limit].count() >= limit:
        raise SandboxCustomers(
            _("A sandbox has %(limit)s customers at most.") % {"limit": limit},
            next_step=_("Remove a customer, or reset the sandbox."),
        )


def check_sandbox_subscriptions(customer: Customer, *, more: int) -> None:
    """A sandbox customer has five subscriptions at most. Raises: SandboxSubscriptions."""
    limit = settings.SANDBOX_SUBSCRIPTIONS
    if not customer.organization.is_sandbox:
        return
    current = Subscription.objects.filter(customer=customer, status__in=sorted(CURRENT_STATUSES))
    if current.count() + more > limit:
        raise SandboxSubscriptions(
            _("A customer of a sandbox has %(limit)s subscriptions at most.") % {"limit": limit},
            next_step=_("Cancel one, use another customer, or reset the sandbox."),
        )


def check_sandbox_seats(organization: Organization, quantity: int) -> None:
    """A subscription in a sandbox has 25 licenses at most. Raises: SandboxSeats."""
    if organization.is_sandbox and quantity > settings.SANDBOX_SEATS:
        raise SandboxSeats(
            _("A subscription in a sandbox has %(limit)s licenses at most.") % {"limit": settings.SANDBOX_SEATS},
            next_step=_("Choose fewer licenses."),
        )
