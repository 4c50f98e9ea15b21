"""What a term may become: at once, and with the next one (sections 1.7 and 8)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from azure.models import ProductTerm
from azure.prices import Way
from azure.rules.buying import MAX_LICENSES
from azure.rules.lifecycle import (
    NotForThisFamily,
    SameAlready,
    SuspendedAlready,
    check_can_switch_auto_renew,
    check_running,
    lifecycle_of,
    not_for,
)
from customers.enums import BillingFrequency, SubscriptionStatus, Term
from customers.models import Subscription
from customers.terms import TERM_MONTHS
from portal.core.errors import InvalidInput, Refusal

IN_MID_TERM = (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL)  # of three years, each may become the other


class NoNextTerm(Refusal):
    code = "no-next-term"


class TermOnlyLonger(Refusal):
    code = "term-only-longer"


class FrequencyFixed(Refusal):
    code = "billing-frequency-fixed"


class NothingPlanned(Refusal):
    code = "nothing-planned"


@dataclass(frozen=True)
class NextTermPlan:
    """What a term is to begin with."""

    quantity: int
    term: str
    billing_frequency: str

    @classmethod
    def as_now(cls, subscription: Subscription) -> "NextTermPlan":
        return cls(subscription.quantity, subscription.term, subscription.billing_frequency)

    @property
    def way(self) -> tuple[str, str]:
        return self.term, self.billing_frequency


def planned(subscription: Subscription, term: ProductTerm | None) -> NextTermPlan:
    """Return what the next term begins with, as it stands."""
    current = NextTermPlan.as_now(subscription)
    if term is None:
        return current
    return NextTermPlan(
        term.renewal_quantity or current.quantity,
        term.renewal_term or current.term,
        term.renewal_frequency or current.billing_frequency,
    )


def months_of(term: str) -> int:
    """Return how long a term lasts; 0 for none."""
    return TERM_MONTHS.get(Term(term), 0)


def longer_ways(subscription: Subscription, ways: Sequence[Way]) -> list[Way]:
    """Return the ways to buy with a longer term than the running one."""
    return [way for way in ways if months_of(way.term) > months_of(subscription.term)]


def check_can_plan(subscription: Subscription) -> None:
    """Changes are planned for what is active and renews. Raises: as check_can_switch_auto_renew, NoNextTerm."""
    check_can_switch_auto_renew(subscription)
    if not subscription.auto_renew:
        raise NoNextTerm(
            _("Auto-renew is off: there is no next term."), who=_("your company"), next_step=_("Switch it on first.")
        )


def check_plan(subscription: Subscription, plan: NextTermPlan, *, ways: Sequence[Way]) -> None:
    """What the next term may begin with: fewer licenses too, but no shorter term, and a way that is sold (section 8).

    Raises: InvalidInput, NotForThisFamily, TermOnlyLonger.
    """
    _check_planned_quantity(subscription, plan.quantity)
    if plan.way == (subscription.term, subscription.billing_frequency):
        return
    if months_of(plan.term) < months_of(subscription.term):
        raise TermOnlyLonger(
            _("A term becomes longer, never shorter."),
            who=_("nobody: the product's terms say so"),
            next_step=_("Switch auto-renew off, and order the shorter term when this one is over."),
        )
    check_way(plan.term, plan.billing_frequency, ways)


def _check_planned_quantity(subscription: Subscription, quantity: int) -> None:
    lifecycle = lifecycle_of(subscription)
    if not 1 <= quantity <= MAX_LICENSES:
        raise InvalidInput(_("The quantity lies between 1 and %(most)d.") % {"most": MAX_LICENSES}, field="quantity")
    if quantity != subscription.quantity and not lifecycle.is_counted:
        raise InvalidInput(_("The quantity of this product is 1."), field="quantity")
    if quantity < subscription.quantity and not lifecycle.can_shrink:
        raise not_for(subscription, _("Licenses of this product are not taken back."))


def check_way(term: str, billing_frequency: str, ways: Sequence[Way]) -> Way:
    """Return the way to buy, if today's price list has it. Raises: InvalidInput."""
    for way in ways:
        if (way.term, way.billing_frequency) == (term, billing_frequency):
            return way
    raise InvalidInput(_("This product is not sold for this term and billing frequency."), field="way")


def check_planned(*, has_plans: bool) -> None:
    """Raises: NothingPlanned."""
    if not has_plans:
        raise NothingPlanned(_("Nothing is planned for the next term."))


def check_term_runs(subscription: Subscription) -> None:
    """Raises: NotRunning, OperationRunning, NotForThisFamily, SuspendedAlready."""
    check_running(subscription)
    lifecycle = lifecycle_of(subscription)
    if not lifecycle.can_change_term or subscription.ends_on is None or subscription.unit_price is None:
        raise NotForThisFamily(
            _("The term and the billing frequency of this kind of product do not change before its end."),
            who=_("nobody: the product's terms say so"),
            next_step=_("Plan it for the next term.") if lifecycle.renews else "",
        )
    if subscription.status == SubscriptionStatus.SUSPENDED:
        raise SuspendedAlready(
            _("The term of a suspended subscription does not change."),
            next_step=_("Reactivate it first."),
            who=_("your company"),
        )


def check_can_lengthen(subscription: Subscription, ways: Sequence[Way]) -> None:
    """Raises: as check_term_runs, TermOnlyLonger."""
    check_term_runs(subscription)
    if not longer_ways(subscription, ways):
        raise TermOnlyLonger(
            _("A term becomes longer, never shorter, and today's price list has no longer one."),
            who=_("the programme operator, who publishes the price lists"),
        )


def check_longer(subscription: Subscription, *, term: str, billing_frequency: str, ways: Sequence[Way]) -> Way:
    """Return the way to buy a longer term. Raises: as check_can_lengthen, InvalidInput."""
    check_can_lengthen(subscription, ways)
    return check_way(term, billing_frequency, longer_ways(subscription, ways))


def other_frequencies(subscription: Subscription, ways: Sequence[Way]) -> list[Way]:
    """Return the other ways to bill the running term before its end."""
    now = (subscription.term, subscription.billing_frequency)
    own = [way for way in ways if way.term == subscription.term and way.billing_frequency in IN_MID_TERM]
    return [way for way in own if (way.term, way.billing_frequency) != now]


def check_can_change_frequency(subscription: Subscription, ways: Sequence[Way]) -> None:
    """Before its end only three years change between monthly and annual (section 8).

    Raises: as check_term_runs, FrequencyFixed.
    """
    check_term_runs(subscription)
    if subscription.term != Term.THREE_YEARS or subscription.billing_frequency not in IN_MID_TERM:
        raise FrequencyFixed(
            _("Before its end only a term of 3 years changes, between monthly and annual billing."),
            who=_("nobody: the product's terms say so"),
            next_step=_("Plan it for the next term."),
        )
    if not other_frequencies(subscription, ways):
        raise FrequencyFixed(
            _("Today's price list has no other billing frequency for this term."),
            who=_("the programme operator, who publishes the price lists"),
        )


def check_frequency(subscription: Subscription, billing_frequency: str, *, ways: Sequence[Way]) -> Way:
    """Return the way to buy with another billing frequency. Raises: as check_can_change_frequency, SameAlready."""
    check_can_change_frequency(subscription, ways)
    if billing_frequency == subscription.billing_frequency:
        raise SameAlready(_("The subscription is billed like this already."))
    return check_way(subscription.term, billing_frequency, other_frequencies(subscription, ways))
