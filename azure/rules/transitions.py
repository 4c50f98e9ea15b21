"""What keeps a previous-offer subscription from becoming one below the Azure plan (section 9.4)."""

import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import PendingOperation, ProductFamily, SubscriptionStatus
from customers.models import Subscription
from portal.core.errors import Refusal


class NotPreviousOffer(Refusal):
    code = "not-the-previous-offer"


class SharedServicesStay(Refusal):
    code = "shared-services-not-converted"


class SuspendedNotConverted(Refusal):
    code = "suspended-not-converted"


class BoughtTooRecently(Refusal):
    code = "bought-too-recently"


class ConversionRunning(Refusal):
    code = "conversion-running"


class NothingToConvert(Refusal):
    code = "nothing-to-convert"


def check_can_convert(subscription: Subscription, *, now: datetime.datetime) -> None:
    """Raises: SharedServicesStay, NotPreviousOffer, ConversionRunning, SuspendedNotConverted, BoughtTooRecently."""
    if subscription.product_family == ProductFamily.SHARED_SERVICES:
        raise SharedServicesStay(
            _("Shared services stay what they are."), who=_("nobody"), next_step=_("Nothing needs to be done.")
        )
    if subscription.product_family != ProductFamily.AZURE_LEGACY:
        raise NotPreviousOffer(_("This is not a subscription of the previous offer."), who=_("nobody"))
    if subscription.pending_operation:
        raise ConversionRunning(
            _("Something still runs on it: %(operation)s.")
            % {"operation": PendingOperation(subscription.pending_operation).label},
            who=_("nobody: it ends by itself"),
            next_step=_("Try again later."),
        )
    if subscription.status != SubscriptionStatus.ACTIVE:
        raise SuspendedNotConverted(
            _("Only active subscriptions are converted; this one is not: %(status)s.")
            % {"status": subscription.get_status_display()},
            who=_("an admin agent of your company"),
            next_step=_("Reactivate it first."),
        )
    hours = settings.AZURE_TRANSITION_HOURS
    if now < subscription.created_at + datetime.timedelta(hours=hours):
        raise BoughtTooRecently(
            ngettext("It was bought within the last hour.", "It was bought within the last %(count)d hours.", hours)
            % {"count": hours},
            who=_("nobody: it can be converted later"),
            next_step=_("Try again tomorrow."),
        )


def check_something(found: list[Subscription]) -> None:
    """Raises: NothingToConvert."""
    if not found:
        raise NothingToConvert(
            _("No subscription that can be converted is chosen."), next_step=_("Choose one that can be converted.")
        )
