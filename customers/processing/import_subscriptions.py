"""A batch of subscriptions from a file: what each row would do, and doing it with a few statements for all (R12)."""

import datetime
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q

from customers.enums import BillingFrequency, CustomerEvent, ProductFamily, RowResult, SubscriptionStatus
from customers.import_announcements import announce_rows
from customers.models import ImportRow, ImportRun, ResellerRelationship, Subscription
from customers.models.relationships import ResellerRelationshipQuerySet
from customers.models.subscriptions import SubscriptionQuerySet
from customers.processing.import_lookups import earlier_rows, resellers_by_number
from customers.rules.imports import KINDS, SubscriptionRow, WrongRow, read_subscription
from portal.accounts.actor import Actor
from portal.audit.log import Subject

CHANGEABLE = ("product_name", "friendly_name", "quantity", "status", "partner_on_record", "reseller_id")


class SubscriptionBatch:
    """Some hundred rows of a file of subscriptions, judged against what is here and against the rows before them."""

    def __init__(self, run: ImportRun, rows: Sequence[ImportRow], *, actor: Actor, now: datetime.datetime) -> None:
        self.run, self.rows, self.actor, self.now = run, rows, actor, now
        self.partner = run.partner
        self.keys = [row.key for row in rows if row.key]
        self.new: list[Subscription] = []
        self.changed: list[tuple[Subscription, dict[str, Any]]] = []

    def lock(self) -> None:
        """Lock the relationships that pay for the subscriptions (decision 0012), then the subscriptions."""
        self.own = {row.customer_id: row for row in self._own_rows().locked_all()}
        self.known = list(self._known_rows().locked_all())

    # --- what is here already ----------------------------------------------------------------------------------------
    def _own_rows(self) -> ResellerRelationshipQuerySet:
        """The relationships of the partner with the customers of the batch in which it is billed."""
        customers = {self.run.customer_id, *(self._tenant(row) for row in self.rows)} - {None}
        return ResellerRelationship.objects.active().filter(
            partner=self.partner, customer_id__in=customers, kind=KINDS[self.actor.organization_kind]
        )

    @staticmethod
    def _tenant(row: ImportRow) -> UUID | None:
        try:
            return UUID(row.values.get("tenant_id", ""))
        except ValueError:
            return None

    def _known_rows(self) -> SubscriptionQuerySet:
        return Subscription.objects.filter(Q(pk__in=self.keys) | Q(entitlement_id__in=self.keys))

    @cached_property
    def own(self) -> dict[UUID, ResellerRelationship]:
        return {row.customer_id: row for row in self._own_rows()}

    @cached_property
    def known(self) -> list[Subscription]:
        return list(self._known_rows())

    @cached_property
    def by_id(self) -> dict[UUID, Subscription]:
        return {row.pk: row for row in self.known}

    @cached_property
    def entitlements(self) -> set[UUID]:
        """What goes on under another identifier: a row of its own would make two billing owners of one thing."""
        return {row.entitlement for row in self.known}

    @cached_property
    def resellers(self) -> dict[str, UUID]:
        return resellers_by_number(self.partner, (row.values.get("reseller", "") for row in self.rows))

    @cached_property
    def ids_before(self) -> dict[UUID, int]:
        return earlier_rows(self.run, "key", self.keys, before=self.rows[0].number, result=~Q(result=RowResult.WRONG))

    # --- what each row would do --------------------------------------------------------------------------------------
    def judge(self) -> None:
        """Say of each row what becomes of it, and note what is to be written."""
        for row in self.rows:
            row.reason, row.facts = "", {}
            try:
                told = read_subscription(row.values)
                row.result = self._judge(told)
            except WrongRow as wrong:
                row.result, row.reason, row.facts = RowResult.WRONG, wrong.reason, wrong.facts
            else:
                self.ids_before[told.subscription_id] = row.number

    def _judge(self, told: SubscriptionRow) -> RowResult:
        """Raises: WrongRow."""
        if told.subscription_id in self.ids_before:
            raise WrongRow("duplicate", row=self.ids_before[told.subscription_id])
        customer_id = told.tenant_id or self.run.customer_id
        if customer_id is None:
            raise WrongRow("id-missing")
        if self.run.customer_id not in (None, customer_id):
            raise WrongRow("other-customer")
        if customer_id not in self.own:
            raise WrongRow("not-your-customer", text=customer_id)
        here = self.by_id.get(told.subscription_id)
        if here is not None:
            return self._judge_known(here, told, customer_id)
        if told.subscription_id in self.entitlements:
            raise WrongRow("subscription-elsewhere")
        if told.status == SubscriptionStatus.TRANSFERRED:
            raise WrongRow("status-transferred")
        self.new.append(self._subscription(told, customer_id))
        return RowResult.NEW

    def _judge_known(self, here: Subscription, told: SubscriptionRow, customer_id: UUID) -> RowResult:
        """Raises: WrongRow."""
        if here.billing_owner_id != self.partner.pk or here.customer_id != customer_id:
            raise WrongRow("subscription-elsewhere")
        if here.status == SubscriptionStatus.TRANSFERRED:
            if told.status == SubscriptionStatus.TRANSFERRED:
                return RowResult.SAME
            raise WrongRow("status-transferred")
        changes = {name: value for name, value in self._values(told, here).items() if getattr(here, name) != value}
        if not changes:
            return RowResult.SAME
        if told.status == SubscriptionStatus.TRANSFERRED:
            raise WrongRow("status-transferred")
        if here.order_id or here.transferred_from_id or here.pending_operation:
            raise WrongRow("subscription-managed")
        self.changed.append((here, changes))
        return RowResult.CHANGED

    def _values(self, told: SubscriptionRow, here: Subscription) -> dict[str, Any]:
        """Return the columns that a file can change; an empty cell says nothing about its column."""
        values: dict[str, Any] = {"product_name": told.name, "status": told.status.value}
        if here.friendly_name == here.product_name:
            values["friendly_name"] = told.name
        if not told.is_usage_based:
            values["quantity"] = told.quantity
        if told.reseller_number not in ("", here.partner_on_record):
            values["partner_on_record"] = told.reseller_number
            values["reseller_id"] = self.resellers.get(told.reseller_number)
        return values

    def _subscription(self, told: SubscriptionRow, customer_id: UUID) -> Subscription:
        """Return a new subscription. Term and price stand in no export, so they stay open."""
        return Subscription(
            pk=told.subscription_id,
            customer_id=customer_id,
            billing_owner=self.partner,
            reseller_id=self.resellers.get(told.reseller_number),
            partner_on_record=told.reseller_number,
            product_family=told.family or ProductFamily.LICENSE_BASED,
            product_name=told.name,
            friendly_name=told.name,
            quantity=told.quantity,
            status=told.status.value,
            billing_frequency=BillingFrequency.USAGE if told.is_usage_based else BillingFrequency.MONTHLY,
            auto_renew=told.renews,
            created_at=self.now,
        )

    # --- doing it ----------------------------------------------------------------------------------------------------
    def write(self) -> None:
        """Make what the rows ask for and tell it. Raises: IntegrityError where somebody else was faster."""
        Subscription.objects.bulk_create(sorted(self.new, key=lambda row: row.pk))
        subjects = [self._subject(row, before=None, after=self._facts(row)) for row in self.new]
        for row, changes in self.changed:
            before = self._facts(row)
            for name, value in changes.items():
                setattr(row, name, value)
            after = self._facts(row)
            changed = [name for name in after if before[name] != after[name]]
            subjects.append(
                self._subject(
                    row, before={name: before[name] for name in changed}, after={name: after[name] for name in changed}
                )
            )
        if self.changed:
            Subscription.objects.bulk_update([row for row, _changes in self.changed], CHANGEABLE)
        announce_rows(CustomerEvent.SUBSCRIPTION_IMPORTED, "subscription", subjects, actor=self.actor, now=self.now)

    @staticmethod
    def _facts(row: Subscription) -> dict[str, Any]:
        return {
            "name": row.product_name,
            "quantity": row.quantity,
            "status": row.status,
            "partner on record": row.partner_on_record,
        }

    def _subject(self, row: Subscription, *, before: dict[str, Any] | None, after: dict[str, Any]) -> Subject:
        return Subject(
            id=row.pk,
            name=row.friendly_name,
            organization_ids=[self.partner.pk, row.customer_id, *([row.reseller_id] if row.reseller_id else [])],
            customer_id=row.customer_id,
            customer_name=self.own[row.customer_id].customer_name,
            before=before,
            after=after,
        )
