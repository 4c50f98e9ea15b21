"""Who is told what about invoices: log, mail, webhook, Action Center (portal reference, sections 3.2 and 11.2)."""

import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.enums import BillingEvent
from billing.models import Invoice
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.money import money_text
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

SUBJECT = "invoice"
WORKSPACE = "billing"
REMINDERS = frozenset({BillingEvent.INVOICE_DUE_SOON, BillingEvent.INVOICE_OVERDUE})  # mails nobody switches off
READERS = (Role.BILLING_ADMIN, Role.GLOBAL_ADMIN)  # the invoice-ready mail goes to them (section 3.2)


def announce_invoice(
    event_type: BillingEvent, invoice: Invoice, *, actor: Actor | None, now: datetime.datetime
) -> AuditEvent:
    """Write log entry, deliveries, mails and notices of one event; ``actor`` None is the portal itself."""
    event = log.record(
        event_type=event_type,
        organization_ids=[invoice.billing_owner_id, *([actor.organization_id] if actor else [])],
        subject_type=SUBJECT,
        subject_id=invoice.pk,
        subject_name=invoice.number,
        actor=actor,
        occurred_at=now,
        details={
            "month": f"{invoice.month:%Y-%m}",
            "sum": f"{invoice.total.normalize():f} {invoice.currency}",
            "status": invoice.status,
        },
    )
    deliveries.queue(event)
    if event_type == BillingEvent.INVOICE_READY:
        _tell(event, invoice)
        _mail(event, invoice, kind=ActionKind.TRANSACTIONAL)
        if invoice.is_to_be_paid:
            _ask_for_payment(event, invoice)
    if event_type in REMINDERS:
        _mail(event, invoice, kind=ActionKind.MANDATORY)
    if event_type == BillingEvent.INVOICE_PAID:
        action_center.complete(subject_type=SUBJECT, subject_id=invoice.pk, now=now)
    return event


def _tell(event: AuditEvent, invoice: Invoice) -> None:
    action_center.notify(
        event=event,
        organization_id=invoice.billing_owner_id,
        roles=READERS,
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
        title=_("Invoice %(number)s is ready"),
        title_params={"number": invoice.number},
        url=reverse("billing:invoice", args=[invoice.pk]),
    )


def _mail(event: AuditEvent, invoice: Invoice, *, kind: ActionKind) -> None:
    outbox.queue_email(
        template=f"billing/{event.event_type}",
        event=event,
        recipients=[Recipient.of(person) for person in people_with_role(invoice.billing_owner_id, *READERS)],
        context={
            "invoice": invoice,
            "total": money_text(invoice.total, invoice.currency),
            "url": settings.BASE_URL + reverse("billing:invoice", args=[invoice.pk]),
        },
        kind=kind,
        workspace=WORKSPACE,
    )


def _ask_for_payment(event: AuditEvent, invoice: Invoice) -> None:
    """Put the payment before those who look after money, until the operator notes it."""
    end_of_day = datetime.datetime.combine(invoice.due_on, datetime.time.max, tzinfo=datetime.UTC)
    action_center.notify(
        event=event,
        organization_id=invoice.billing_owner_id,
        roles=READERS,
        kind=ActionKind.MANDATORY,
        workspace=WORKSPACE,
        title=_("Pay invoice %(number)s"),
        title_params={"number": invoice.number},
        body=_("With an overdue invoice your company can neither request nor receive transfers of billing ownership."),
        url=reverse("billing:invoice", args=[invoice.pk]),
        due_at=end_of_day.replace(microsecond=0),
    )


def announce_assignments(count: int, *, actor: Actor, now: datetime.datetime) -> AuditEvent:
    """Write into the log that numbers of assigned licenses were reported."""
    return log.record(
        event_type=BillingEvent.ASSIGNMENTS_REPORTED,
        organization_ids=[actor.organization_id],
        subject_type="organization",
        subject_id=actor.organization_id,
        subject_name=actor.organization_name,
        actor=actor,
        occurred_at=now,
        details={"count": count},
    )
