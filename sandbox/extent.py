"""All rows that belong to a sandbox: what its clock ages and its reset deletes (P8, X6; decision 0040).

It begins with the sandbox's customers and with what its partners did (ROOTS), and goes on to everything that points
there, so that a new table below a customer, subscription or transfer belongs to it by itself. A table that points to a
partner stands in ROOTS or in KEPT; ``tests/sandbox/test_extent.py`` finds one that stands in neither.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import ForeignKey, Model, Q, QuerySet

from customers.models import Customer, ResellerRelationship
from portal.accounts.enums import PARTNER_KINDS, OrganizationKind
from portal.accounts.models import Membership, Organization, Partner, User
from portal.audit.models import AuditEvent
from portal.notifications.models import ActionItem, OutgoingEmail

# What a partner did, by the columns that name the partner.
ROOTS: dict[str, tuple[str, ...]] = {
    "api.StoredAnswer": ("organization",),
    "azure.PlanTransition": ("partner",),
    "azure.SharedServicesTenant": ("partner",),
    "billing.Budget": ("partner",),
    "billing.Charge": ("billing_owner",),
    "billing.IncentiveEarning": ("billing_owner",),
    "billing.Invoice": ("billing_owner",),
    "billing.OwnPrice": ("partner",),
    "billing.OwnTerms": ("partner",),
    "billing.UsageRecord": ("billing_owner",),
    "bundles.Bundle": ("partner",),
    "bundles.BundleSale": ("partner",),
    "customers.CustomerAgreement": ("partner",),
    "customers.ImportRun": ("partner",),
    "customers.RelationshipInvitation": ("partner", "reseller"),
    "customers.ResellerRelationship": ("partner",),
    "customers.Subscription": ("billing_owner",),
    "customers.Tag": ("partner",),
    "customers.WireCart": ("partner",),
    "directory.Group": ("organization",),
    "marketplace.Cart": ("partner",),
    "marketplace.Order": ("partner",),
    "marketplace.SaaSSubscription": ("partner",),
    "notifications.ActionItem": ("organization",),
    "notifications.OutgoingEmail": ("organization",),
    "support.SupportCase": ("partner",),
    "transfers.BulkRun": ("partner",),
    "transfers.Transfer": ("source_partner", "target_partner"),
    "webhooks.WebhookRegistration": ("organization",),
}
# What a partner is, and what others arranged for it.
KEPT = frozenset(
    {
        "accounts.Membership",
        "accounts.Partner",
        "accounts.PartnerLocation",
        "accounts.Partnership",
        "accounts.UserInvitation",
        "api.AppRegistration",
        "billing.PartnerCompetency",
        "customers.Customer",  # a partner is none; those of the sandbox are found by their relationships
        "customers.SavedView",
        "marketplace.ExclusivePartner",
        "marketplace.Margin",
        "marketplace.PlanAudience",
        "marketplace.Publisher",
        "operators.ProviderNomination",
        "sandbox.SandboxPartner",
    }
)
# Found by the customer or the invoice that it also points to.
REACHED = frozenset(
    {"azure.RoleAssignment", "billing.FormerReseller", "billing.InvoiceLine", "billing.InvoiceSubtotal"}
)
# Among the rows of ROOTS, those about what stays: work that is still to be done there.
STAYING = {
    "notifications.ActionItem": Q(subject_type__in=("partner-agreement", "user-invitation"), completed_at__isnull=True),
}
UNTOUCHED_APPS = frozenset({"audit"})  # append-only: the log outlives whatever it speaks of

Rows = dict[type[Model], set[Any]]


@dataclass
class Extent:
    """The primary keys of a sandbox's rows, by model."""

    partner_ids: list[UUID]
    customer_ids: list[UUID]
    rows: Rows = field(default_factory=dict)

    def count(self, label: str) -> int:
        return len(self.rows.get(apps.get_model(label), ()))

    @property
    def organization_ids(self) -> set[UUID]:
        return {*self.partner_ids, *self.customer_ids}


def extent_of(partner_ids: Collection[UUID]) -> Extent:
    """Return all rows of the sandbox that these partners make up."""
    extent = Extent(sorted(partner_ids), _customers(partner_ids))
    _follow(extent.rows, list(_seeds(extent)))
    return extent


def extent_of_customer(customer_id: UUID, partner_ids: Collection[UUID]) -> Extent:
    """Return all rows of one customer of the sandbox, and what was written to people about it."""
    extent = Extent(sorted(partner_ids), [customer_id])
    events = AuditEvent.objects.filter(customer_id=customer_id)
    seeds: list[tuple[type[Model], set[Any]]] = [
        (Organization, {customer_id}),
        (User, _people(extent)),
        (OutgoingEmail, _about(OutgoingEmail, events)),
        (ActionItem, _about(ActionItem, events)),
    ]
    _follow(extent.rows, seeds)
    return extent


def outsiders(extent: Extent) -> list[Organization]:
    """Return partners and customers beyond the sandbox that its rows point to; there must be none."""
    found: set[UUID] = set()
    for model, keys in extent.rows.items():
        for column in _columns_to(model, Organization, Partner, Customer):
            rows = model._base_manager.filter(pk__in=keys, **{f"{column.name}__isnull": False})
            found.update(rows.values_list(column.attname, flat=True).distinct())
    kinds = [*PARTNER_KINDS, OrganizationKind.CUSTOMER]
    others = Organization.objects.filter(pk__in=found - extent.organization_ids, kind__in=kinds)
    return list(others.order_by("name_key", "pk"))


def _customers(partner_ids: Collection[UUID]) -> list[UUID]:
    """Return the sandbox customers whose partners, past ones too, are all of this sandbox."""
    rows = ResellerRelationship.objects.all()
    own = rows.filter(partner_id__in=partner_ids).values("customer_id")
    shared = rows.exclude(partner_id__in=partner_ids).values("customer_id")
    found = Customer.objects.filter(organization__is_sandbox=True, pk__in=own).exclude(pk__in=shared)
    return sorted(found.values_list("pk", flat=True))


def _seeds(extent: Extent) -> Iterator[tuple[type[Model], set[Any]]]:
    yield Organization, set(extent.customer_ids)
    for label, columns in ROOTS.items():
        model = apps.get_model(label)
        named = Q()
        for column in columns:
            named |= Q(**{f"{column}__in": extent.partner_ids})
        rows = model._base_manager.filter(named)
        if label in STAYING:
            rows = rows.exclude(STAYING[label])
        yield model, set(rows.values_list("pk", flat=True))
    yield User, _people(extent)
    events = AuditEvent.objects.filter(parties__organization_id__in=extent.organization_ids)
    yield OutgoingEmail, _about(OutgoingEmail, events)


def _about(model: type[OutgoingEmail | ActionItem], events: QuerySet[AuditEvent]) -> set[Any]:
    """Return what was written to people about events."""
    rows = model._base_manager.filter(event_id__in=events.values("public_id"))
    return set(rows.values_list("pk", flat=True))


def _people(extent: Extent) -> set[Any]:
    """Return the people who belong to customers of the sandbox and to nobody else."""
    inside = Membership.objects.filter(organization_id__in=extent.customer_ids).values("user_id")
    outside = Membership.objects.exclude(organization_id__in=extent.customer_ids).values("user_id")
    return set(User.objects.filter(pk__in=inside).exclude(pk__in=outside).values_list("pk", flat=True))


def _follow(rows: Rows, frontier: list[tuple[type[Model], set[Any]]]) -> None:
    """Add what points to the rows found so far, until nothing new does."""
    while frontier:
        model, found = frontier.pop()
        fresh = found - rows.setdefault(model, set())
        if not fresh:
            continue
        rows[model] |= fresh
        for child, column in _pointing_at(model):
            pointing = child._base_manager.filter(**{f"{column}__in": fresh}).values_list("pk", flat=True)
            frontier.append((child, set(pointing)))


def _pointing_at(model: type[Model]) -> Iterator[tuple[type[Model], str]]:
    for child in apps.get_models():
        if child._meta.app_label not in UNTOUCHED_APPS:
            for column in _columns_to(child, model):
                yield child, column.name


def _columns_to(model: type[Model], *targets: type[Model]) -> list["ForeignKey[Any, Any]"]:
    """Return the foreign keys of a model that lead to one of the targets."""
    return [
        column
        for column in model._meta.concrete_fields
        if isinstance(column, ForeignKey) and column.related_model in targets
    ]
