"""Files of customers and subscriptions that a partner brings along: the run, and what becomes of each row."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from customers.enums import ImportKind, ImportStatus, RowResult
from customers.models.customers import MAX_TAG_LENGTH, Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission

# What a person must be allowed. A file of subscriptions can hold products of every family, marketplace ones too, so it
# takes the right that only those have who may change all of them (decision 0021).
IMPORT_PERMISSIONS: dict[ImportKind, Permission] = {
    ImportKind.CUSTOMERS: Permission.CUSTOMER_ADD,
    ImportKind.SUBSCRIPTIONS: Permission.MARKETPLACE_SUBSCRIPTION_UPDATE,
}
WORKING = (ImportStatus.READ, ImportStatus.RUNNING)  # a task has something to do
OPEN = (*WORKING, ImportStatus.PREVIEWED)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, actor: Actor) -> Self:
        """The imports of the actor's partner, of the kinds that the actor may import itself."""
        kinds = [kind for kind, permission in IMPORT_PERMISSIONS.items() if actor.may(permission)]
        return self.filter(partner_id=actor.organization_id, kind__in=kinds)

    def waiting(self, *, since: datetime.datetime) -> Self:
        """Imports that have something to do and that nobody has touched for a while: their task was lost."""
        return self.filter(status__in=WORKING, touched_at__lt=since)

    def locked(self, run_id: uuid.UUID) -> "ImportRun":
        """The run, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=run_id)


class ImportRun(models.Model):
    """One file that somebody imports. It is worked off in batches; ``position`` is how far that has come."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=15, choices=ImportKind.choices)
    status = models.CharField(max_length=10, choices=ImportStatus.choices, default=ImportStatus.READ)
    file_name = models.CharField(max_length=255)
    ignored_columns = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    customer = models.ForeignKey(  # whose subscriptions the file lists, if it does not say so itself
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    country = models.CharField(max_length=2, blank=True)  # of new customers for which the file names none
    reseller = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    takes_tags = models.BooleanField(default=False)
    new_tags = ArrayField(models.CharField(max_length=MAX_TAG_LENGTH), default=list, blank=True)  # as the check finds
    row_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)  # rows worked off in this status; the next four add up to it
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    same_count = models.PositiveIntegerField(default=0)
    wrong_count = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)  # number of the last row worked off in this status
    started_by_id = models.UUIDField()
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    previewed_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField()

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_finished_at_iff_closed",
                condition=Q(status__in=OPEN, finished_at__isnull=True)
                | (~Q(status__in=OPEN) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="import_runs_only_when_confirmed",
                condition=~Q(status__in=(ImportStatus.RUNNING, ImportStatus.DONE)) | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="import_confirmed_only_after_preview",
                condition=Q(confirmed_at__isnull=True) | Q(previewed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="import_of_customers_names_no_customer",
                condition=~Q(kind=ImportKind.CUSTOMERS) | Q(customer__isnull=True),
            ),
            models.CheckConstraint(
                name="import_counts_add_up",
                condition=Q(
                    done_count=models.F("new_count")
                    + models.F("changed_count")
                    + models.F("same_count")
                    + models.F("wrong_count")
                )
                & Q(done_count__lte=models.F("row_count")),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "created_at", "id"], name="import_by_time"),
            models.Index(fields=["touched_at"], name="import_unfinished", condition=Q(status__in=WORKING)),
        ]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.status}"


class ImportRow(models.Model):
    """One row of the file, by its cells, and what becomes of it. The reason is kept as a code: readers have languages.

    ``key`` and ``domain`` repeat what names the row's object, so that a batch finds the same one in rows before it.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()  # as a spreadsheet counts
    key = models.UUIDField(null=True)
    domain = models.CharField(max_length=253, blank=True)
    values = models.JSONField()
    result = models.CharField(max_length=10, choices=RowResult.choices, default=RowResult.WAITING)
    reason = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="import_row_once"),
            models.CheckConstraint(
                name="import_row_wrong_has_reason", condition=~Q(result=RowResult.WRONG) | ~Q(reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["run", "result", "number"], name="import_row_by_result"),
            models.Index(fields=["run", "key", "number"], name="import_row_by_key"),
            models.Index(fields=["run", "domain", "number"], name="import_row_by_domain", condition=~Q(domain="")),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of {self.run_id}"
