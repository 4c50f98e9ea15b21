"""What must hold before a request is sent, and still when it is accepted (T3, T6; portal reference, section 6.9).

``prerequisites`` gives the whole checklist for the page, ``check_prerequisites`` raises what stops the request.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.enums import InvoiceState
from billing.rules import is_past_due
from customers.models import Customer
from customers.rules import market_of
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner
from portal.accounts.rules import may_give_up_subscriptions, may_take_over_subscriptions
from transfers.enums import AZURE_TYPES, Level
from transfers.reasons import Finding, TransferRefused
from transfers.rules.facts import Wanted, azure_plans
from transfers.rules.paths import PATHS

Findings = Iterator[Finding]


@dataclass(frozen=True)
class Check:
    """One line of the checklist. ``findings`` empty: it holds, unless it is open because the source is not known."""

    label: str | Promise
    findings: list[Finding] = field(default_factory=list)
    is_open: bool = False

    @property
    def level(self) -> Level:
        levels = {finding.level for finding in self.findings}
        return next((level for level in (Level.RED, Level.AMBER) if level in levels), Level.GREEN)


def prerequisites(wanted: Wanted, *, on: datetime.date) -> list[Check]:
    """Return the checklist of a request, whatever is filled in so far."""
    checks = []
    for label, check in _CHECKS:
        findings = list(check(wanted, on))
        is_open = wanted.source is None and check in _ABOUT_THE_SOURCE and not findings
        checks.append(Check(label, findings, is_open))
    return checks


def check_prerequisites(wanted: Wanted, *, on: datetime.date) -> None:
    """Raises: TransferRefused with everything that stops the request, the first as its code."""
    red = [finding for check in prerequisites(wanted, on=on) for finding in check.findings if finding.stops]
    if red:
        raise TransferRefused(*red)


def resolve(wanted: Wanted) -> tuple[Partner, Partner | None]:
    """Return the source and the reseller of a request that passed. Raises: TransferRefused."""
    if wanted.source is None:
        raise TransferRefused(Finding("source-partner-unknown"))
    return wanted.source, wanted.reseller


def _relationship(wanted: Wanted, on: datetime.date) -> Findings:
    if (wanted.target.pk, wanted.customer.pk) not in wanted.facts.relationships:
        yield Finding("no-relationship-with-customer", url=reverse("customers:new_relationship"))


def _customer_agreement(wanted: Wanted, on: datetime.date) -> Findings:
    if (wanted.target.pk, wanted.customer.pk) not in wanted.facts.agreements:
        yield Finding("customer-agreement-not-signed", url=reverse("customers:account", args=[wanted.customer.pk]))


def _partner_agreement(wanted: Wanted, on: datetime.date) -> Findings:
    if wanted.target.agreement_version != settings.PARTNER_AGREEMENT_VERSION:
        yield Finding("partner-agreement-not-signed", url=reverse("accounts:organization"))


def _target_kind(wanted: Wanted, on: datetime.date) -> Findings:
    if not may_take_over_subscriptions(wanted.target):
        yield Finding("reseller-cannot-send")


def _source(wanted: Wanted, on: datetime.date) -> Findings:
    if wanted.source_tenant_id is None:
        yield Finding("source-partner-missing")
        return
    if wanted.source_tenant_id == wanted.target.pk:
        yield Finding("source-is-target")
        return
    if wanted.source is None:
        yield Finding("source-partner-unknown")
        return
    kinds = (wanted.source.organization.kind, wanted.target.organization.kind)
    if not may_give_up_subscriptions(wanted.source):
        yield Finding("reseller-cannot-give")
    elif kinds not in PATHS and wanted.target.organization.kind != OrganizationKind.INDIRECT_RESELLER:
        yield Finding("source-partner-unknown")
    if (wanted.source.pk, wanted.customer.pk) not in wanted.facts.relationships:
        yield Finding("source-without-customer")


def _market_and_cloud(wanted: Wanted, on: datetime.date) -> Findings:
    place = wanted.facts.once(market_of, wanted.customer.organization.country, on=on)
    partners = [partner for partner in (wanted.source, wanted.target) if partner]
    if place is None or any(partner.market != place.market_id for partner in partners):
        yield Finding("different-markets")
    clouds = {partner.organization.cloud for partner in partners} | {wanted.customer.organization.cloud}
    if len(clouds) > 1:
        yield Finding("different-clouds")


def _past_due(wanted: Wanted, on: datetime.date) -> Findings:
    if wanted.facts.once(is_past_due, wanted.target.pk, on=on):
        yield Finding("target-past-due", url=f"{reverse('billing:invoices')}?state={InvoiceState.OVERDUE}")


def _partner_on_record(wanted: Wanted, on: datetime.date) -> Findings:
    number, params = wanted.partner_on_record, {"partner_id": wanted.partner_on_record}
    if wanted.target.organization.kind != OrganizationKind.INDIRECT_PROVIDER:
        if number:
            yield Finding("partner-on-record-not-allowed")
    elif not number:
        yield Finding("partner-on-record-missing")
    elif wanted.reseller is None:
        yield Finding("partner-on-record-unknown", params)
    elif (wanted.target.pk, wanted.reseller.pk) not in wanted.facts.partnerships:
        yield Finding("partner-on-record-not-reseller", params)
    elif wanted.reseller.agreement_version != settings.PARTNER_AGREEMENT_VERSION:
        yield Finding("reseller-agreement-not-signed")


def has_azure_plan(partner: Partner, customer: Customer) -> bool:
    """Say whether the partner has an active Azure plan for the customer, below which Azure items can be put."""
    return azure_plans([partner.pk], [customer.pk]).exists()


def _azure_plan(wanted: Wanted, on: datetime.date) -> Findings:
    asks_for_azure = bool(wanted.product_types & AZURE_TYPES)
    has_plan = (wanted.target.pk, wanted.customer.pk) in wanted.facts.azure_plans
    if (asks_for_azure or not wanted.product_types) and not has_plan:
        yield Finding("azure-plan-missing" if asks_for_azure else "azure-plan-missing-for-azure-items")


def _currencies(wanted: Wanted, on: datetime.date) -> Findings:
    if wanted.source is not None and wanted.source.currency != wanted.target.currency:
        yield Finding("currencies-differ", {"source": wanted.source.currency, "target": wanted.target.currency})


def _other_requests(wanted: Wanted, on: datetime.date) -> Findings:
    if wanted.others_open:
        yield Finding("another-request-open")


def _wishes(wanted: Wanted, on: datetime.date) -> Findings:
    if not wanted.wishes:
        yield Finding("no-wish-list")


_CHECKS: tuple[tuple[Promise, Callable[[Wanted, datetime.date], Findings]], ...] = (
    (_("The new partner is a kind of partner that sends transfer requests"), _target_kind),
    (_("The customer accepted the new partner's reseller relationship"), _relationship),
    (_("The customer signed the customer agreement with the new partner"), _customer_agreement),
    (_("The new partner signed the partner agreement"), _partner_agreement),
    (_("The new partner has no overdue invoice"), _past_due),
    (_("The current partner is known and has this customer"), _source),
    (_("All are in one market and one cloud"), _market_and_cloud),
    (_("The partner on record is a reseller of the new partner"), _partner_on_record),
    (_("The new partner has an active Azure plan for this customer"), _azure_plan),
    (_("Both partners are billed in one currency"), _currencies),
    (_("No other request for this customer is open"), _other_requests),
    (_("A list of agreed items is attached"), _wishes),
)
_ABOUT_THE_SOURCE = frozenset({_market_and_cloud, _currencies, _other_requests})
