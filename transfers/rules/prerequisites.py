"""What must hold before a request is sent, and still when it is accepted (T3, T6; portal reference, section 6.9).

``prerequisites`` gives the whole checklist for the page, ``check_prerequisites`` raises what stops the request.
"""

import datetime
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.enums import InvoiceState
from billing.rules import is_past_due
from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import Customer, ResellerRelationship, Subscription
from customers.rules import has_signed_agreement, market_of
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Partner, PartnerLocation, Partnership
from portal.accounts.rules import may_give_up_subscriptions, may_take_over_subscriptions
from transfers.enums import AZURE_TYPES, OPEN_STATUSES, Level
from transfers.models import Transfer
from transfers.reasons import Finding, TransferRefused
from transfers.rules.paths import PATHS

Findings = Iterator[Finding]


@dataclass(frozen=True)
class Wanted:
    """A request as the target means to send it. ``source_tenant_id`` None: not entered yet."""

    customer: Customer
    target: Partner
    source_tenant_id: uuid.UUID | None
    partner_on_record: str = ""
    product_types: frozenset[str] = frozenset()
    wishes: tuple[str, ...] = ()
    own_id: uuid.UUID | None = None  # of the request itself once it exists

    @cached_property
    def source(self) -> Partner | None:
        """The partner with that Microsoft ID; one of the other world (sandbox or not) does not exist for the target."""
        if self.source_tenant_id is None:
            return None
        partners = Partner.objects.select_related("organization")
        is_sandbox = self.target.organization.is_sandbox
        return partners.filter(pk=self.source_tenant_id, organization__is_sandbox=is_sandbox).first()

    @cached_property
    def reseller(self) -> Partner | None:
        """The partner whose location has the PartnerID on record."""
        if not self.partner_on_record:
            return None
        found = PartnerLocation.objects.select_related("partner__organization")
        location = found.filter(partner_id_number=self.partner_on_record).first()
        return location.partner if location else None


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
    rows = ResellerRelationship.objects.active().filter(partner=wanted.target, customer=wanted.customer)
    if not rows.exists():
        yield Finding("no-relationship-with-customer", url=reverse("customers:new_relationship"))


def _customer_agreement(wanted: Wanted, on: datetime.date) -> Findings:
    if not has_signed_agreement(partner_id=wanted.target.pk, customer_id=wanted.customer.pk):
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
    rows = ResellerRelationship.objects.active().filter(partner=wanted.source, customer=wanted.customer)
    if not rows.exists():
        yield Finding("source-without-customer")


def _market_and_cloud(wanted: Wanted, on: datetime.date) -> Findings:
    place = market_of(wanted.customer.organization.country, on=on)
    partners = [partner for partner in (wanted.source, wanted.target) if partner]
    if place is None or any(partner.market != place.market_id for partner in partners):
        yield Finding("different-markets")
    clouds = {partner.organization.cloud for partner in partners} | {wanted.customer.organization.cloud}
    if len(clouds) > 1:
        yield Finding("different-clouds")


def _past_due(wanted: Wanted, on: datetime.date) -> Findings:
    if is_past_due(wanted.target.pk, on=on):
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
    elif not _works_with(wanted.target, wanted.reseller):
        yield Finding("partner-on-record-not-reseller", params)
    elif wanted.reseller.agreement_version != settings.PARTNER_AGREEMENT_VERSION:
        yield Finding("reseller-agreement-not-signed")


def _works_with(provider: Partner, reseller: Partner) -> bool:
    active = Partnership.objects.filter(status=PartnershipStatus.ACTIVE)
    return active.filter(provider=provider, reseller=reseller).exists()


def has_azure_plan(partner: Partner, customer: Customer) -> bool:
    """Say whether the partner has an active Azure plan for the customer, below which Azure items can be put."""
    plans = Subscription.objects.filter(product_family=ProductFamily.AZURE_PLAN, status=SubscriptionStatus.ACTIVE)
    return plans.filter(customer=customer, billing_owner=partner).exists()


def _azure_plan(wanted: Wanted, on: datetime.date) -> Findings:
    asks_for_azure = bool(wanted.product_types & AZURE_TYPES)
    if (asks_for_azure or not wanted.product_types) and not has_azure_plan(wanted.target, wanted.customer):
        yield Finding("azure-plan-missing" if asks_for_azure else "azure-plan-missing-for-azure-items")


def _currencies(wanted: Wanted, on: datetime.date) -> Findings:
    if wanted.source is not None and wanted.source.currency != wanted.target.currency:
        yield Finding("currencies-differ", {"source": wanted.source.currency, "target": wanted.target.currency})


def _other_requests(wanted: Wanted, on: datetime.date) -> Findings:
    others = Transfer.objects.filter(status__in=OPEN_STATUSES, customer=wanted.customer)
    if wanted.own_id is not None:
        others = others.exclude(pk=wanted.own_id)
    if wanted.source is not None and others.filter(source_partner=wanted.source, target_partner=wanted.target).exists():
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
