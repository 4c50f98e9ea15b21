"""Words that APIs of several apps have for subscriptions (API reference, section 4.2)."""

from customers.enums import BillingFrequency, Term
from customers.models import Subscription

CYCLES = {
    BillingFrequency.USAGE: "none",
    BillingFrequency.MONTHLY: "monthly",
    BillingFrequency.ANNUAL: "annual",
    BillingFrequency.ONE_TIME: "one_time",
}
UPFRONT = {Term.MONTH: "monthly", Term.YEAR: "annual", Term.TWO_YEARS: "biennial", Term.THREE_YEARS: "triennial"}


def billing_cycle(subscription: Subscription) -> str:
    """Return the original's ``billingCycle``; what is paid upfront is billed by the term."""
    return cycle_of(subscription.billing_frequency, subscription.term)


def cycle_of(billing_frequency: str, term: str) -> str:
    """Return the original's word for a billing frequency of a term."""
    if billing_frequency == BillingFrequency.UPFRONT:
        return UPFRONT.get(Term(term), "one_time")
    return CYCLES[BillingFrequency(billing_frequency)]
