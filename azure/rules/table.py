"""The decision table: which Azure offer a partner may sell to a customer on a day (A1-A3; section 9.3).

Data, read from the top: the first row that fits decides. A row holds ``since`` one milestone and ``until`` another;
the days themselves are settings that the operator changes (``azure.queries.dates``). Decision 0041 tells what we read
between the lines of the original's table.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from azure.enums import AzureOffer, Milestone

Dates = Mapping[Milestone, datetime.date | None]
A, M = AzureOffer, Milestone
NOBODY = _("nobody: the programme's dates decide")
ADD_AZURE_PLAN = _("Add an Azure plan instead.")


@dataclass(frozen=True)
class Facts:
    """What the table asks about a sale: of the partner, the customer, and what is between them."""

    is_government: bool = False  # the customer belongs to the Government Community Cloud
    is_own_tenant: bool = False  # the customer is the partner's own tenant for shared services
    is_new_partner: bool = False  # sold nothing before phase 1
    is_new_relationship: bool = False  # did not serve this customer before phase 1
    holds_previous: bool = False  # the customer has the previous offer, active, from this partner
    has_had_previous: bool = False  # the customer had it from this partner at any time
    has_azure_plan: bool = False  # the customer has an active Azure plan from this partner


@dataclass(frozen=True)
class Row:
    """One row: what must hold, what may be sold then, and what a refusal says."""

    code: str
    number: str  # of the row in section 9.3; empty for what its text says beside the table
    sells: frozenset[AzureOffer]
    why: str | Promise
    wants: Mapping[str, bool] = field(default_factory=dict)  # field of Facts -> its value
    since: Milestone | None = None
    until: Milestone | None = None
    who: str | Promise = NOBODY
    next_step: str | Promise = ADD_AZURE_PLAN

    def holds(self, facts: Facts, dates: Dates, day: datetime.date) -> bool:
        """Say whether the row decides a sale with these facts on a day."""
        if self.since is not None and not has_begun(self.since, dates, day):
            return False
        if self.until is not None and has_begun(self.until, dates, day):
            return False
        return all(getattr(facts, name) == value for name, value in self.wants.items())


def has_begun(milestone: Milestone, dates: Dates, day: datetime.date) -> bool:
    """Say whether a milestone's day has come; one without a day never comes."""
    starts_on = dates[milestone]
    return starts_on is not None and day >= starts_on


TABLE: tuple[Row, ...] = (
    Row(
        "azure-government-exempt",
        "1",
        frozenset({A.PREVIOUS}),
        _("Customers of the Government Community Cloud still get the previous offer; the Azure plan comes later."),
        {"is_government": True},
        until=M.GOVERNMENT_PLAN,
        who=_("the programme operator, by setting the day of the Azure plan for this cloud"),
        next_step=_("Sell the previous offer."),
    ),
    Row(
        "azure-shared-services-tenant",
        "2",
        frozenset({A.SHARED_SERVICES}),
        _("This is your own tenant for shared services: it holds that offer and nothing else of Azure."),
        {"is_own_tenant": True},
        next_step=_("Use the shared services offer here, and sell to customers in their own tenants."),
    ),
    Row(
        "azure-phase-3",
        "",
        frozenset({A.AZURE_PLAN}),
        _("Phase 3 has begun: the previous offer is sold to nobody any more."),
        since=M.PHASE_3,
    ),
    Row(
        "azure-new-partner",
        "3",
        frozenset({A.AZURE_PLAN}),
        _("Your company sold its first product after phase 1 had begun; the previous offer is closed to new partners."),
        {"is_new_partner": True},
        since=M.PHASE_1,
    ),
    Row(
        "azure-new-relationship",
        "4",
        frozenset({A.AZURE_PLAN}),
        _("This customer became yours after phase 1 had begun; new relationships get the Azure plan only."),
        {"is_new_relationship": True, "has_had_previous": False},
        since=M.PHASE_1,
    ),
    Row(
        "azure-continuity",
        "5",
        frozenset({A.PREVIOUS, A.AZURE_PLAN}),
        _("This customer holds the previous offer from you and may go on buying it until it takes the Azure plan."),
        {"is_new_relationship": False, "holds_previous": True, "has_azure_plan": False},
        since=M.PHASE_1,
    ),
    Row(
        "azure-first-purchase",
        "6",
        frozenset({A.AZURE_PLAN}),
        _("This customer never bought Azure from you; a first purchase is the Azure plan."),
        {"is_new_relationship": False, "has_had_previous": False},
        since=M.PHASE_1,
    ),
    Row(
        "azure-plan-chosen",
        "7",
        frozenset({A.AZURE_PLAN}),
        _("This customer has the Azure plan from you; after that the previous offer cannot be bought."),
        {"has_azure_plan": True},
        next_step=_("Add an Azure subscription under its Azure plan."),
    ),
    Row(
        "azure-previous-ended",
        "",
        frozenset({A.AZURE_PLAN}),
        _("This customer does not hold the previous offer from you since before phase 1, so it cannot buy it anew."),
        since=M.PHASE_1,
    ),
    Row(
        "azure-before-phase-1",
        "",
        frozenset({A.PREVIOUS, A.AZURE_PLAN}),
        _("Before phase 1 both offers are sold."),
    ),
)
