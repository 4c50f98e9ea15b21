"""What may be done with a first-party subscription, by whom and until when (A7; sections 1.7, 7.7, 8 and 9.5)."""

import datetime
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azure.models import LicenseAddition
from azure.rules.buying import MAX_LICENSES
from azure.rules.families import AZURE, LIFECYCLES, Lifecycle
from customers.enums import CURRENT_STATUSES, PendingOperation, SubscriptionStatus
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.dates import date_format
from portal.core.errors import InvalidInput, Refusal

RUNNING = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED})


class NotRunning(Refusal):
    code = "subscription-not-running"


class SuspendedAlready(Refusal):
    code = "subscription-suspended-already"


class NotSuspended(Refusal):
    code = "subscription-is-active"


class NotForThisFamily(Refusal):
    code = "action-not-for-this-product"


class StillInUse(Refusal):
    code = "azure-plan-in-use"


class OperationRunning(Refusal):
    code = "subscription-busy"


class WindowOver(Refusal):
    code = "return-window-over"


class LicensesBound(Refusal):
    code = "licenses-bound-until-renewal"


class SameAlready(Refusal):
    code = "same-value-already"


class ProviderChanges(Refusal):
    code = "provider-changes-it"
    http_status = 403


def lifecycle_of(subscription: Subscription) -> Lifecycle:
    return LIFECYCLES[subscription.product_family]


def permission_for(subscription: Subscription) -> Permission:
    """Azure subscriptions are changed by admin agents, everything else by sales agents too (section 3.2)."""
    if subscription.product_family in AZURE:
        return Permission.AZURE_SUBSCRIPTION_UPDATE
    return Permission.SUBSCRIPTION_UPDATE


def check_may_change(subscription: Subscription, actor: Actor) -> None:
    """Raises: ProviderChanges, PermissionDenied."""
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        raise ProviderChanges(
            _("An indirect reseller does not change subscriptions itself."), who=_("your indirect provider")
        )
    actor.require(permission_for(subscription))


def check_running(subscription: Subscription) -> None:
    """Raises: NotRunning, OperationRunning."""
    if subscription.status not in RUNNING:
        raise NotRunning(
            _("This subscription has ended: %(status)s.") % {"status": subscription.get_status_display()},
            who=_("nobody"),
            next_step=_("Order the product again."),
        )
    if subscription.pending_operation:
        raise OperationRunning(
            _("Something still runs on it: %(operation)s.")
            % {"operation": PendingOperation(subscription.pending_operation).label},
            who=_("nobody: it ends by itself"),
            next_step=_("Try again later."),
        )


def check_can_suspend(subscription: Subscription) -> None:
    """Raises: NotRunning, OperationRunning, NotForThisFamily, SuspendedAlready."""
    _check_suspends(subscription)
    if subscription.status == SubscriptionStatus.SUSPENDED:
        raise SuspendedAlready(_("This subscription is suspended already."))


def check_can_reactivate(subscription: Subscription) -> None:
    """Raises: NotRunning, OperationRunning, NotForThisFamily, NotSuspended."""
    _check_suspends(subscription)
    if subscription.status != SubscriptionStatus.SUSPENDED:
        raise NotSuspended(_("This subscription is not suspended."))


def _check_suspends(subscription: Subscription) -> None:
    check_running(subscription)
    if not lifecycle_of(subscription).can_suspend:
        raise not_for(subscription, _("This kind of product is not suspended."))


def not_for(subscription: Subscription, why: str) -> NotForThisFamily:
    """Return the refusal of what a kind of product does not allow."""
    renews = lifecycle_of(subscription).renews
    return NotForThisFamily(
        why,
        who=_("nobody: the product's terms say so"),
        next_step=_("Switch auto-renew off: it then ends with its term.") if renews else "",
    )


def check_can_cancel(subscription: Subscription, *, now: datetime.datetime) -> None:
    """Inside the window of its family, or at any time where that has none (section 7.7).

    Raises: NotRunning, OperationRunning, NotForThisFamily, WindowOver, StillInUse.
    """
    check_running(subscription)
    lifecycle = lifecycle_of(subscription)
    if lifecycle.window_days == 0:
        raise not_for(subscription, _("This kind of product cannot be canceled."))
    until = subscription.cancelable_until
    if lifecycle.window_days is not None and (until is None or now >= until):
        raise WindowOver(
            _("Canceling was possible until %(until)s (UTC).")
            % {"until": date_format(until, "DATETIME_FORMAT") if until else "–"},
            who=_("nobody: the product's terms set this time"),
            next_step=_("Switch auto-renew off: it then ends with its term.") if lifecycle.renews else "",
        )
    _check_unused(subscription)


def _check_unused(subscription: Subscription) -> None:
    """A plan is canceled when nothing runs under it, and so is what a reservation belongs to (section 9.5)."""
    children = Subscription.objects.filter(parent=subscription, status__in=CURRENT_STATUSES).count()
    if children:
        message = ngettext(
            "%(count)d subscription still belongs to it.", "%(count)d subscriptions still belong to it.", children
        )
        raise StillInUse(
            message % {"count": children},
            who=_("an admin agent of your company"),
            next_step=_("Cancel what belongs to it first."),
        )


def check_can_switch_auto_renew(subscription: Subscription, *, auto_renew: bool | None = None) -> None:
    """Raises: NotRunning, OperationRunning, NotForThisFamily, SameAlready, SuspendedAlready."""
    check_running(subscription)
    if not lifecycle_of(subscription).renews or subscription.ends_on is None:
        raise NotForThisFamily(_("This kind of product has no term that renews."), who=_("nobody"))
    if subscription.status == SubscriptionStatus.SUSPENDED:
        raise SuspendedAlready(
            _("A suspended subscription does not renew."), next_step=_("Reactivate it first."), who=_("your company")
        )
    if auto_renew is not None and auto_renew == subscription.auto_renew:
        raise SameAlready(_("Auto-renew is set like this already."))


def check_counts(subscription: Subscription) -> None:
    """Raises: NotRunning, OperationRunning, NotForThisFamily, SuspendedAlready."""
    check_running(subscription)
    if not lifecycle_of(subscription).can_add:
        raise NotForThisFamily(
            _("The quantity of this kind of product does not change."),
            who=_("nobody: the product's terms say so"),
            next_step=_("Order the product once more."),
        )
    if subscription.status == SubscriptionStatus.SUSPENDED:
        raise SuspendedAlready(
            _("The quantity of a suspended subscription does not change."),
            next_step=_("Reactivate it first."),
            who=_("your company"),
        )


def check_new_quantity(subscription: Subscription, quantity: int, *, reducible: int) -> None:
    """More at any time; fewer only as far as licenses are still in their window (section 8).

    Raises: SameAlready, InvalidInput, NotForThisFamily, LicensesBound.
    """
    if not 1 <= quantity <= MAX_LICENSES:
        raise InvalidInput(_("The quantity lies between 1 and %(most)d.") % {"most": MAX_LICENSES}, field="quantity")
    if quantity == subscription.quantity:
        raise SameAlready(_("The subscription has this quantity already."))
    if quantity > subscription.quantity:
        return
    if not lifecycle_of(subscription).can_remove:
        raise not_for(subscription, _("Licenses of this product are not taken back."))
    if subscription.quantity - quantity > reducible:
        raise LicensesBound(
            _("Only %(count)d licenses can be taken back now; the others are bound until the renewal.")
            % {"count": reducible},
            who=_("nobody: licenses can go within 7 days after they came"),
            next_step=_("Set the quantity for the next term instead."),
        )


def reducible_now(subscription_id: UUID, *, now: datetime.datetime) -> int:
    """Return how many licenses are still in their window."""
    open_ones = LicenseAddition.objects.filter(subscription_id=subscription_id, reducible_until__gt=now)
    return open_ones.aggregate(total=Sum("left"))["total"] or 0
