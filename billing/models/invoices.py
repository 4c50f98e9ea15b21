"""Invoices: which charges a billing owner is asked to pay for which month, and under which number."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from billing.enums import ChargeKind, InvoiceStatus
from billing.models.charges import Charge
from billing.models.incentives import ExchangeRate
from customers.enums import ProductFamily
from customers.models import Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner

_FIRST_OF_MONTH = Q(month__day=1)


class InvoiceRun(models.Model):
    """The closing of one month for all billing owners; a row that is not finished goes on where it stopped."""

    month = models.DateField(primary_key=True)  # its first day
    charged_before = models.DateTimeField()  # what is written later goes on the next month's invoice
    done_up_to = models.UUIDField(null=True, blank=True)  # last billing owner of the batches that are committed
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="invoice_run_of_a_month", condition=_FIRST_OF_MONTH)]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class InvoiceSeries(models.Model):
    """Numbers given so far under one prefix. Counted in the transaction of the invoices, so there are no gaps."""

    prefix = models.CharField(max_length=20, primary_key=True)
    last_number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}{self.last_number}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def visible_to(self, actor: Actor) -> Self:
        """The invoices of the actor's own company; a provider's resellers are billed by the provider."""
        return self.filter(billing_owner_id=actor.organization_id)

    def locked(self, invoice_id: uuid.UUID) -> "Invoice":
        """The invoice, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=invoice_id)


class Invoice(models.Model):
    """All charges of one billing owner, month and currency on one bill; below zero it is a credit note.

    Name and address are those of the day it was written. Of what it says only ``status`` changes afterwards,
    and what was told of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=30, unique=True)
    billing_owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    month = models.DateField()  # its first day
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=4)  # in whole cents of the currency
    line_count = models.PositiveIntegerField()
    is_sandbox = models.BooleanField(default=False)  # marked "not to be paid" (P8)
    billed_to_name = models.CharField(max_length=200)
    billed_to_address = models.TextField(max_length=500, blank=True)
    billed_to_country = models.CharField(max_length=2)
    issued_on = models.DateField()
    due_on = models.DateField()
    status = models.CharField(max_length=12, choices=InvoiceStatus.choices, default=InvoiceStatus.OPEN)
    paid_on = models.DateField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)  # of the due date, before it
    overdue_told_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["billing_owner", "month", "currency"], name="invoice_once_per_month"),
            models.CheckConstraint(name="invoice_of_a_month", condition=_FIRST_OF_MONTH),
            models.CheckConstraint(name="invoice_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
            models.CheckConstraint(name="invoice_has_lines", condition=Q(line_count__gte=1)),
            models.CheckConstraint(name="invoice_due_after_issue", condition=Q(due_on__gte=F("issued_on"))),
            models.CheckConstraint(
                name="invoice_paid_on_iff_paid",
                condition=Q(status=InvoiceStatus.PAID, paid_on__isnull=False)
                | (~Q(status=InvoiceStatus.PAID) & Q(paid_on__isnull=True)),
            ),
            models.CheckConstraint(
                name="invoice_of_sandbox_not_to_be_paid",
                condition=Q(is_sandbox=False) | Q(status=InvoiceStatus.NOTHING_DUE),
            ),
        ]
        indexes = [models.Index(fields=["status", "due_on", "id"], name="invoice_by_state")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        return self.total < 0

    @property
    def is_to_be_paid(self) -> bool:
        return self.status == InvoiceStatus.OPEN and self.total > 0


class InvoiceLine(models.Model):
    """That a charge stands on an invoice, at which place, and what was true of its subscription on that day.

    The charge is the key: it can stand on one invoice only, and once.
    """

    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, primary_key=True, related_name="invoice_line")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()  # from 1, by customer and subscription
    reseller = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    product_family = models.CharField(max_length=20, choices=ProductFamily.choices)
    product_name = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_once")]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.position}"


class InvoiceRate(models.Model):
    """An exchange rate by which usage of a month was converted that stands on an invoice (A8; section 9.6)."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="rates", db_index=False)
    rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()  # of the usage; late records keep the rate of their own month

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "month", "rate"], name="invoice_rate_once"),
            models.CheckConstraint(name="invoice_rate_of_a_month", condition=_FIRST_OF_MONTH),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.rate_id}"


class InvoiceSubtotal(models.Model):
    """Sum of the lines of an invoice that have customer, reseller, product family and kind of charge in common.

    Written with the invoice, so that the page of one with a million lines reads a few rows.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="subtotals")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    reseller = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    product_family = models.CharField(max_length=20, choices=ProductFamily.choices)
    kind = models.CharField(max_length=20, choices=ChargeKind.choices)
    line_count = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "customer", "reseller", "product_family", "kind"],
                name="invoice_subtotal_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_family} {self.kind} {self.amount}"
