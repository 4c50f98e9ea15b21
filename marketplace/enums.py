"""Statuses, kinds and event names of the marketplace. The words of the publishers' API stand as they are sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.enums import BillingFrequency, Term


class OfferStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", pgettext_lazy("offer", "Withdrawn")  # no new purchases; what runs goes on


class OfferCategory(models.TextChoices):
    ANALYTICS = "analytics", _("Analytics")
    COLLABORATION = "collaboration", _("Collaboration")
    DEVELOPER_TOOLS = "developer-tools", _("Developer tools")
    FINANCE = "finance", _("Finance")
    INDUSTRY = "industry", _("Industry")
    MARKETING = "marketing", _("Marketing")
    OPERATIONS = "operations", _("Operations")
    SALES = "sales", _("Sales")
    SECURITY = "security", _("Security")


# Which billing frequencies a term may have (section 7.1); "upfront" pays a term of several years at once.
FREQUENCIES_OF_TERM: dict[Term, tuple[BillingFrequency, ...]] = {
    Term.MONTH: (BillingFrequency.MONTHLY,),
    Term.YEAR: (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL),
    Term.TWO_YEARS: (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.UPFRONT),
    Term.THREE_YEARS: (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.UPFRONT),
}
SOLD_TERMS = tuple(FREQUENCIES_OF_TERM)


class Refund(models.TextChoices):
    """What a partner gets back for canceling inside the offer's window (section 7.7)."""

    FULL = "full", _("Everything but metered usage")
    PRORATED = "prorated", _("The days that are left")
    NONE = "none", _("Nothing")


class CartStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("cart", "Open")
    ORDERED = "ordered", _("Ordered")


class FulfillmentStatus(models.TextChoices):
    """``saasSubscriptionStatus`` of the publishers' API (fulfillment reference, section 1.1)."""

    PENDING = "PendingFulfillmentStart", _("Waits for the publisher")
    SUBSCRIBED = "Subscribed", _("Active")
    SUSPENDED = "Suspended", _("Suspended")
    UNSUBSCRIBED = "Unsubscribed", pgettext_lazy("subscription", "Ended")


LIVING = (FulfillmentStatus.PENDING, FulfillmentStatus.SUBSCRIBED, FulfillmentStatus.SUSPENDED)


class EndReason(models.TextChoices):
    """Why a subscription ended."""

    CANCELED = "canceled", _("Canceled")
    CANCELED_BY_PUBLISHER = "canceled-by-publisher", _("Canceled by the publisher")
    NOT_ACTIVATED = "not-activated", _("Not activated in time")
    TERM_ENDED = "term-ended", _("The term ended")
    NOT_PAID = "not-paid", _("Not paid")


class OperationAction(models.TextChoices):
    """``action`` of an operation (fulfillment reference, section 3.11)."""

    CHANGE_PLAN = "ChangePlan", _("Change of plan")
    CHANGE_QUANTITY = "ChangeQuantity", _("Change of quantity")
    REINSTATE = "Reinstate", _("Reinstatement")
    SUSPEND = "Suspend", _("Suspension")
    UNSUBSCRIBE = "Unsubscribe", _("Cancellation")
    RENEW = "Renew", _("Renewal")
    SUBSCRIBE = "Subscribe", _("Activation")


# What a publisher may still refuse; of everything else it is only informed (section 4.1).
DECIDED_BY_PUBLISHER = frozenset({OperationAction.CHANGE_PLAN, OperationAction.CHANGE_QUANTITY})
# What waits until the publisher has answered the call that tells of it.
WAITS_FOR_PUBLISHER = DECIDED_BY_PUBLISHER | {OperationAction.REINSTATE}


class OperationStatus(models.TextChoices):
    """``status`` of an operation (fulfillment reference, section 3.11)."""

    NOT_STARTED = "NotStarted", _("Not started")
    IN_PROGRESS = "InProgress", _("In progress")
    SUCCEEDED = "Succeeded", _("Succeeded")
    FAILED = "Failed", _("Failed")
    CONFLICT = "Conflict", _("Conflict")


class OperationSource(models.TextChoices):
    """``operationRequestSource`` of an operation: the marketplace or the publisher (section 3.11)."""

    MARKETPLACE = "Azure", _("Marketplace")
    PUBLISHER = "Partner", _("Publisher")


class CallStatus(models.TextChoices):
    """How far a call to a publisher's webhook has come."""

    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    REFUSED = "refused", _("Refused by the publisher")  # 4xx, or a redirect: never tried again by itself
    FAILED = "failed", _("Failed")  # no answer until the last try
    DROPPED = "dropped", _("Not needed any more")  # the operation was decided before the publisher was reached


class UsageStatus(models.TextChoices):
    """``status`` of one reported usage event (fulfillment reference, section 5.2); only accepted ones are kept."""

    ACCEPTED = "Accepted", _("Accepted")
    EXPIRED = "Expired", pgettext_lazy("usage", "Expired")
    DUPLICATE = "Duplicate", _("Duplicate")
    ERROR = "Error", _("Error")
    RESOURCE_NOT_FOUND = "ResourceNotFound", _("Resource not found")
    RESOURCE_NOT_AUTHORIZED = "ResourceNotAuthorized", _("Resource of another publisher")
    RESOURCE_NOT_ACTIVE = "ResourceNotActive", _("Resource not active")
    INVALID_DIMENSION = "InvalidDimension", _("Invalid dimension")
    INVALID_QUANTITY = "InvalidQuantity", _("Invalid quantity")
    BAD_ARGUMENT = "BadArgument", _("Bad argument")


class Turn(models.TextChoices):
    """Who has to do something next (M7)."""

    PARTNER = "partner", _("Your turn: open the publisher's site")
    PUBLISHER = "publisher", _("The publisher's turn")
    OPERATOR = "operator", _("The operator's turn: a payment is missing")
    NOBODY = "nobody", _("Nothing to do")


class Wish(models.TextChoices):
    """What a sales agent may ask an admin agent to do (section 3.3)."""

    QUANTITY = "quantity", _("Change the quantity")
    PLAN = "plan", _("Change the plan")
    BILLING_FREQUENCY = "billing-frequency", _("Change the billing frequency")
    AUTO_RENEW = "auto-renew", _("Switch auto-renew")
    CANCEL = "cancel", _("Cancel the subscription")
    NAME = "name", _("Change the friendly name")
    RESELLER = "reseller", _("Change the reseller")


class MarketplaceEvent(models.TextChoices):
    """What happens in the marketplace; the same names in log, mail and webhook."""

    PURCHASED = "marketplace-subscription-purchased", _("Marketplace subscription purchased")
    LINK_ISSUED = "marketplace-publisher-link-issued", _("Link to the publisher's site issued")
    ACTIVATED = "marketplace-subscription-activated", _("Marketplace subscription activated")
    QUANTITY_REQUESTED = "marketplace-quantity-change-requested", _("Change of quantity requested")
    QUANTITY_CHANGED = "marketplace-quantity-changed", _("Quantity changed")
    PLAN_REQUESTED = "marketplace-plan-change-requested", _("Change of plan requested")
    PLAN_CHANGED = "marketplace-plan-changed", _("Plan changed")
    CHANGE_REFUSED = "marketplace-change-refused", _("Change refused by the publisher")
    FREQUENCY_CHANGED = "marketplace-billing-frequency-changed", _("Billing frequency changed")
    AUTO_RENEW_CHANGED = "marketplace-auto-renew-changed", _("Auto-renew switched")
    RENAMED = "marketplace-subscription-renamed", _("Friendly name changed")
    RESELLER_CHANGED = "marketplace-reseller-changed", _("Reseller of a subscription changed")
    CANCELED = "marketplace-subscription-canceled", _("Marketplace subscription canceled")
    SUSPENDED = "marketplace-subscription-suspended", _("Marketplace subscription suspended")
    REINSTATEMENT_STARTED = "marketplace-reinstatement-started", _("Reinstatement started")
    REINSTATED = "marketplace-subscription-reinstated", _("Marketplace subscription reinstated")
    RENEWED = "marketplace-subscription-renewed", _("Marketplace subscription renewed")
    ENDED = "marketplace-subscription-ended", _("Marketplace subscription ended")
    LAPSED = "marketplace-purchase-lapsed", _("Purchase lapsed without activation")
    RENEWAL_NEAR = "marketplace-renewal-near", _("End of term near")
    CHANGE_ASKED = "marketplace-change-asked", _("Change asked of an admin agent")
    OFFER_CREATED = "marketplace-offer-created", _("Offer drafted")
    OFFER_CHANGED = "marketplace-offer-changed", _("Offer changed")
    OFFER_PLAN_ADDED = "marketplace-offer-plan-added", _("Plan added to an offer")
    OFFER_PLAN_CHANGED = "marketplace-offer-plan-changed", _("Plan of an offer changed")
    OFFER_PRICED = "marketplace-offer-priced", _("Price of a plan set")
    OFFER_PUBLISHED = "marketplace-offer-published", _("Offer published")
    OFFER_WITHDRAWN = "marketplace-offer-withdrawn", _("Offer withdrawn")
    CONFIGURATION_CHANGED = "marketplace-technical-configuration-changed", _("Technical configuration changed")
    CALL_FAILED = "marketplace-publisher-not-reached", _("Publisher could not be reached")
    CALL_REPEATED = "marketplace-publisher-call-repeated", _("Call to the publisher repeated")
