"""A transfer of billing ownership from one partner to another, and the items that move with it (T1–T13)."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from customers.models import Customer, Subscription
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.fields import NameKeyField
from transfers.enums import (
    ACCEPTED_STATUSES,
    FINISHED_STATUSES,
    OPEN_ITEM_STATUSES,
    OPEN_STATUSES,
    BulkKind,
    BulkResult,
    BulkStatus,
    FaultMode,
    Level,
    LineItemStatus,
    ProductType,
    TransferStatus,
)

MAX_WISHES = 500
# What a person must be allowed to let a file of many transfers run, and to see it (T2).
BULK_PERMISSIONS: dict[BulkKind, Permission] = {
    BulkKind.REQUESTS: Permission.TRANSFER_CREATE,
}
BULK_WORKING = (BulkStatus.CHECKING, BulkStatus.RUNNING)  # a task has something to do
BULK_OPEN = (*BULK_WORKING, BulkStatus.CHECKED)


class TransferQuerySet(models.QuerySet["Transfer"]):
    def visible_to(self, actor: Actor) -> Self:
        """The transfers that concern the actor's organization; drafts only those who prepare and send them."""
        own = actor.organization_id
        sent = ~Q(status=TransferStatus.DRAFT)
        if not actor.is_partner:
            return self.filter(sent, customer_id=own)
        return self.filter(Q(target_partner_id=own) | Q(reseller_id=own) | (sent & Q(source_partner_id=own)))

    def locked(self, transfer_id: uuid.UUID) -> "Transfer":
        """The transfer, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=transfer_id)


class Transfer(models.Model):
    """The target's request to become billing owner of what a customer has at the source (T1).

    The counters of items are written in the transaction that changes the items, so that a page over 10,000 items
    costs what one over 25 does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="transfers")
    source_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="outgoing_transfers")
    target_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="incoming_transfers")
    reseller = models.ForeignKey(  # the partner on record's organization, where the target is an indirect provider
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    partner_on_record = models.CharField(max_length=12, blank=True)  # its PartnerID, which lands on the moved items
    status = models.CharField(max_length=24, choices=TransferStatus.choices)
    product_types = ArrayField(models.CharField(max_length=20, choices=ProductType.choices), default=list, blank=True)
    wishes = ArrayField(models.CharField(max_length=200), default=list, blank=True)  # what the target hopes for
    note = models.TextField(max_length=2000, blank=True)  # from the target to the source
    customer_name = models.CharField(max_length=200)
    customer_name_key = NameKeyField(source="customer_name")
    customer_email = models.EmailField()  # mails to the customer go here, and nowhere else (T7)
    customer_language = models.CharField(max_length=8)
    source_partner_name = models.CharField(max_length=200, blank=True)  # as the target wrote it
    target_partner_email = models.CharField(max_length=254, blank=True)  # targetPartnerEmailId of the API, echoed
    wire_type = models.PositiveSmallIntegerField(default=3)  # transferType of the API, echoed (reference 2.8)
    created_by_id = models.UUIDField(null=True)
    created_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)  # by the source, first
    seen_by_name = models.CharField(max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by_name = models.CharField(max_length=200, blank=True)
    retry_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)  # canceled, declined or expired
    closed_by_name = models.CharField(max_length=200, blank=True)
    close_reason = models.TextField(max_length=1000, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    order_id = models.UUIDField(null=True, blank=True)  # the target's order of all that moved
    items_total = models.PositiveIntegerField(default=0)
    items_completed = models.PositiveIntegerField(default=0)
    items_failed = models.PositiveIntegerField(default=0)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="transfer_between_two_partners", condition=~Q(source_partner=F("target_partner"))
            ),
            models.CheckConstraint(
                name="transfer_sent_at_iff_sent",
                condition=Q(status=TransferStatus.DRAFT, sent_at__isnull=True, expires_at__isnull=True)
                | (~Q(status=TransferStatus.DRAFT) & Q(sent_at__isnull=False, expires_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="transfer_accepted_at_iff_accepted",
                condition=Q(status__in=sorted(ACCEPTED_STATUSES), accepted_at__isnull=False, retry_until__isnull=False)
                | (~Q(status__in=sorted(ACCEPTED_STATUSES)) & Q(accepted_at__isnull=True, retry_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="transfer_finished_at_iff_finished",
                condition=Q(status__in=sorted(FINISHED_STATUSES), finished_at__isnull=False)
                | (~Q(status__in=sorted(FINISHED_STATUSES)) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="transfer_closed_at_iff_closed",
                condition=Q(
                    status__in=[TransferStatus.CANCELED, TransferStatus.DECLINED, TransferStatus.EXPIRED],
                    closed_at__isnull=False,
                )
                | (
                    ~Q(status__in=[TransferStatus.CANCELED, TransferStatus.DECLINED, TransferStatus.EXPIRED])
                    & Q(closed_at__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="transfer_items_counted",
                condition=Q(items_total__gte=F("items_completed") + F("items_failed")),
            ),
            models.CheckConstraint(
                name="transfer_has_items_when_accepted",
                condition=~Q(status__in=sorted(ACCEPTED_STATUSES)) | Q(items_total__gte=1),
            ),
            models.CheckConstraint(name="transfer_at_most_500_wishes", condition=Q(wishes__len__lte=MAX_WISHES)),
        ]
        indexes = [
            models.Index(fields=["target_partner", "created_at", "id"], name="transfer_of_target"),
            models.Index(fields=["source_partner", "created_at", "id"], name="transfer_of_source"),
            models.Index(fields=["reseller", "created_at", "id"], name="transfer_of_reseller"),
            models.Index(fields=["customer", "created_at", "id"], name="transfer_of_customer"),
            models.Index(fields=["expires_at"], name="transfer_expiring", condition=Q(status=TransferStatus.PENDING)),
            models.Index(fields=["id"], name="transfer_running", condition=Q(status=TransferStatus.IN_PROGRESS)),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.status}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def items_open(self) -> int:
        return self.items_total - self.items_completed - self.items_failed


class TransferLineItem(models.Model):
    """One subscription inside a transfer, as it was when the source accepted. Exists from then on.

    Money: on the day of acceptance the source is credited, and the target charged, ``moved_amount`` for the rest of the
    running billing cycle (section 6.8; decision 0031).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="line_items")
    position = models.PositiveIntegerField()  # order on pages; what others depend on comes first
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="transfer_items")
    new_subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="arrived_by"
    )
    product_type = models.CharField(max_length=20, choices=ProductType.choices)
    product_name = models.CharField(max_length=200)
    friendly_name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    cycle_starts_on = models.DateField(null=True, blank=True)
    cycle_ends_on = models.DateField(null=True, blank=True)
    cycle_amount = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    moved_amount = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    ends_early_on = models.DateField(null=True, blank=True)  # partners bill in different currencies (section 6.8)
    status = models.CharField(max_length=12, choices=LineItemStatus.choices, default=LineItemStatus.NOT_STARTED)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=60, blank=True)  # code of transfers.reasons
    last_error_params = models.JSONField(default=dict, blank=True)  # its facts; ``detail`` is what the back end said
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "position"], name="line_item_position_once"),
            models.UniqueConstraint(
                fields=["subscription"],
                name="subscription_in_one_open_transfer",
                condition=Q(status__in=sorted(OPEN_ITEM_STATUSES)),
            ),
            models.CheckConstraint(
                name="line_item_completed_at_iff_completed",
                condition=Q(status=LineItemStatus.COMPLETED, completed_at__isnull=False, new_subscription__isnull=False)
                | (~Q(status=LineItemStatus.COMPLETED) & Q(completed_at__isnull=True, new_subscription__isnull=True)),
            ),
            models.CheckConstraint(
                name="line_item_next_attempt_iff_open",
                condition=Q(status__in=sorted(OPEN_ITEM_STATUSES), next_attempt_at__isnull=False)
                | (~Q(status__in=sorted(OPEN_ITEM_STATUSES)) & Q(next_attempt_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="line_item_failed_with_reason",
                condition=~Q(status=LineItemStatus.FAILED) | ~Q(last_error=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["transfer", "next_attempt_at", "position"],
                name="line_item_due",
                condition=Q(status__in=sorted(OPEN_ITEM_STATUSES)),
            ),
            models.Index(fields=["transfer", "status", "position"], name="line_item_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.friendly_name}: {self.status}"


class CommerceFault(models.Model):
    """What the sandbox's commerce back end is to do with a subscription when it moves (X6)."""

    subscription = models.OneToOneField(Subscription, on_delete=models.CASCADE, primary_key=True, related_name="fault")
    mode = models.CharField(max_length=12, choices=FaultMode.choices)
    amount = models.PositiveIntegerField(default=1)  # times still to fail, or seconds to take
    planned_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="fault_amount_in_range", condition=Q(amount__lte=259_200))]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.mode} {self.amount}"


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def visible_to(self, actor: Actor) -> Self:
        """The files of the actor's partner, of the kinds that the actor may let run itself."""
        kinds = [kind for kind, permission in BULK_PERMISSIONS.items() if actor.may(permission)]
        return self.filter(partner_id=actor.organization_id, kind__in=kinds)

    def waiting(self, *, since: datetime.datetime) -> Self:
        """Files that have something to do and that nobody has touched for a while: their task was lost."""
        return self.filter(status__in=BULK_WORKING, touched_at__lt=since)

    def locked(self, run_id: uuid.UUID) -> "BulkRun":
        """The run, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=run_id)


class BulkRun(models.Model):
    """A file of many transfers: checked, looked at, carried out row by row (X2).

    The counters are written in the transaction that changes the rows. ``checked_count`` is how far a check has come.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="bulk_transfers")
    kind = models.CharField(max_length=10, choices=BulkKind.choices)
    status = models.CharField(max_length=10, choices=BulkStatus.choices, default=BulkStatus.CHECKING)
    file_name = models.CharField(max_length=255)
    ignored_columns = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    green_count = models.PositiveIntegerField(default=0)  # of the rows that are waiting, as they were checked
    amber_count = models.PositiveIntegerField(default=0)
    red_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    left_out_count = models.PositiveIntegerField(default=0)
    started_by_id = models.UUIDField()
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField()

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="bulk_finished_at_iff_over",
                condition=Q(status__in=BULK_OPEN, finished_at__isnull=True)
                | (~Q(status__in=BULK_OPEN) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="bulk_runs_only_when_confirmed",
                condition=~Q(status__in=(BulkStatus.RUNNING, BulkStatus.DONE)) | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="bulk_rows_counted",
                condition=Q(
                    row_count__gte=F("green_count")
                    + F("amber_count")
                    + F("red_count")
                    + F("done_count")
                    + F("failed_count")
                    + F("left_out_count")
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "created_at", "id"], name="bulk_by_time"),
            models.Index(fields=["touched_at"], name="bulk_unfinished", condition=Q(status__in=BULK_WORKING)),
        ]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.status}"

    @property
    def checked_count(self) -> int:
        """Rows of this check that are looked at."""
        return self.green_count + self.amber_count + self.red_count

    @property
    def sendable_count(self) -> int:
        """Checked rows that a run carries out."""
        return self.green_count + self.amber_count

    @property
    def answered_count(self) -> int:
        """Rows of which it is known what became of them."""
        return self.done_count + self.failed_count + self.left_out_count


class BulkRow(models.Model):
    """One row of the file: its cells, what the check says, what is to be done, and what became of it.

    ``level`` empty: not checked since it last waited. Reasons are kept as codes with facts: readers have languages.
    """

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()  # as a spreadsheet counts
    values = models.JSONField()
    level = models.CharField(max_length=5, choices=Level.choices, blank=True)
    findings = models.JSONField(default=list, blank=True)
    plan = models.JSONField(default=dict, blank=True)  # what the workflow is to be asked for, as it was checked
    result = models.CharField(max_length=8, choices=BulkResult.choices, default=BulkResult.WAITING)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    transfer = models.ForeignKey(
        Transfer, on_delete=models.SET_NULL, null=True, blank=True, related_name="bulk_rows", db_index=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="bulk_row_once"),
            models.CheckConstraint(
                name="bulk_row_not_done_has_reason",
                condition=~Q(result__in=(BulkResult.FAILED, BulkResult.LEFT_OUT)) | ~Q(findings=[]),
            ),
        ]
        indexes = [models.Index(fields=["run", "result", "number"], name="bulk_row_by_result")]

    def __str__(self) -> str:
        return f"row {self.number} of {self.run_id}"
