"""Who is told what about transfers: log, mail, webhook, Action Center (T7, T8, T9; portal reference, section 6.7)."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent, Outcome
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries
from transfers.enums import Party, ProductType, TransferEvent
from transfers.models import BulkRun, Transfer

E = TransferEvent
SOURCE, TARGET, RESELLER, CUSTOMER = Party.SOURCE, Party.TARGET, Party.RESELLER, Party.CUSTOMER

# T7 names the first and the third line; the others go to those who have to act or to wait no longer (section 6.7).
E_MAILED_TO: dict[TransferEvent, tuple[Party, ...]] = {
    E.CREATED: (SOURCE, CUSTOMER),
    E.SUBMITTED: (TARGET, CUSTOMER),
    E.COMPLETED: (SOURCE, TARGET, CUSTOMER),
    E.FAILED: (SOURCE, TARGET),
    E.DRAFTED: (TARGET,),
    E.CANCELED: (SOURCE, CUSTOMER),
    E.DECLINED: (TARGET, CUSTOMER),
    E.EXPIRING: (SOURCE,),
    E.EXPIRED: (SOURCE, TARGET, CUSTOMER),
    E.ITEM_FAILED: (SOURCE, TARGET),
}
# What stands in the Action Center of whom.
NEWS: dict[TransferEvent, tuple[Promise, tuple[Party, ...]]] = {
    E.CREATED: (_("%(target)s asks for the billing ownership of subscriptions of %(customer)s"), (SOURCE, RESELLER)),
    E.SUBMITTED: (_("%(source)s accepted your transfer request for %(customer)s"), (TARGET, RESELLER)),
    E.COMPLETED: (_("The transfer for %(customer)s is completed"), (SOURCE, TARGET, RESELLER)),
    E.FAILED: (_("The transfer for %(customer)s failed"), (SOURCE, TARGET, RESELLER)),
    E.DRAFTED: (_("%(reseller)s prepared a transfer request for %(customer)s"), (TARGET,)),
    E.CANCELED: (_("%(target)s canceled its transfer request for %(customer)s"), (SOURCE, RESELLER)),
    E.DECLINED: (_("%(source)s declined your transfer request for %(customer)s"), (TARGET, RESELLER)),
    E.EXPIRED: (_("The transfer request for %(customer)s expired"), (SOURCE, TARGET, RESELLER)),
    E.ITEM_FAILED: (_("Items of the transfer for %(customer)s failed"), (SOURCE, TARGET)),
}
# What asks for work, until it is done: a mandatory action of the source, one the target may put away.
WORK = {(E.CREATED, SOURCE): ActionKind.MANDATORY, (E.DRAFTED, TARGET): ActionKind.RECOMMENDED}
# API reference, section 7.6: other ends of a request reach webhooks as an update.
WEBHOOK_NAMES = {E.CANCELED: E.SUBMITTED, E.DECLINED: E.SUBMITTED, E.EXPIRED: E.SUBMITTED}
_OWN_TO_THE_TARGET = frozenset({E.DRAFTED, E.DRAFT_DELETED})


def announce(
    event_type: TransferEvent,
    transfer: Transfer,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    details: Mapping[str, Any] | None = None,
    party_details: Mapping[UUID, Mapping[str, Any]] | None = None,
    outcome: Outcome = Outcome.SUCCEEDED,
) -> AuditEvent:
    """Write the log entry, deliveries, mails and notices of one event; ``actor`` None is the portal itself.

    ``party_details`` holds what one side alone may read: before completion the target sees nothing of the items.
    """
    parties = dict(_parties(transfer))
    if event_type in _OWN_TO_THE_TARGET:
        parties = {party: parties[party] for party in (TARGET, RESELLER) if party in parties}
    event = log.record(
        event_type=event_type,
        organization_ids=parties.values(),
        subject_type="transfer",
        subject_id=transfer.pk,
        subject_name=transfer.customer.organization.name,
        actor=actor,
        occurred_at=now,
        customer_id=transfer.customer_id,
        customer_name=transfer.customer.organization.name,
        outcome=outcome,
        details={**_facts(transfer), **(details or {})},
        party_details=party_details,
    )
    deliveries.queue(event, event_type=WEBHOOK_NAMES.get(event_type, event_type))
    _mail(event, event_type, transfer, details or {})
    _notify(event, event_type, transfer)
    return event


def _facts(transfer: Transfer) -> dict[str, str]:
    """What every party may read of an event."""
    return {
        "status": transfer.status,
        "source partner": transfer.source_partner.organization.name,
        "target partner": transfer.target_partner.organization.name,
        **({"partner on record": transfer.partner_on_record} if transfer.partner_on_record else {}),
    }


def announce_bulk(
    event_type: TransferEvent,
    run: BulkRun,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    outcome: Outcome = Outcome.SUCCEEDED,
) -> None:
    """Log a step of a file of many transfers, for the partner whose file it is; each transfer has its own news (T7)."""
    event = log.record(
        event_type=event_type,
        outcome=outcome,
        organization_ids=[run.partner_id],
        subject_type="bulk-transfers",
        subject_id=run.pk,
        subject_name=run.file_name,
        actor=actor,
        occurred_at=now,
        details={
            "rows": run.row_count,
            "carried out": run.done_count,
            "failed": run.failed_count,
            "left out": run.left_out_count,
        },
    )
    deliveries.queue(event)


def settle(transfer: Transfer, *, now: datetime.datetime) -> None:
    """Close the actions that asked somebody to answer or send this transfer."""
    action_center.complete(subject_type="transfer", subject_id=transfer.pk, now=now)


def page_of(transfer: Transfer, party: Party) -> str:
    """Return the path of the page that shows the transfer to one of its parties."""
    if party == CUSTOMER:
        return reverse("transfers:my_transfer", args=[transfer.pk])
    return reverse("transfers:detail", args=[transfer.pk])


def _parties(transfer: Transfer) -> Iterator[tuple[Party, UUID]]:
    yield SOURCE, transfer.source_partner_id
    yield TARGET, transfer.target_partner_id
    if transfer.reseller_id:
        yield RESELLER, transfer.reseller_id
    yield CUSTOMER, transfer.customer_id


def _texts(transfer: Transfer) -> dict[str, str]:
    return {
        "customer": transfer.customer.organization.name,
        "source": transfer.source_partner.organization.name,
        "target": transfer.target_partner.organization.name,
        "reseller": transfer.reseller.organization.name if transfer.reseller else "",
    }


def _mail(event: AuditEvent, event_type: TransferEvent, transfer: Transfer, details: Mapping[str, Any]) -> None:
    organizations = dict(_parties(transfer))
    for party in E_MAILED_TO.get(event_type, ()):
        outbox.queue_email(
            template=f"transfers/{event_type}",
            event=event,
            recipients=_recipients(transfer, party, organizations[party]),
            context={
                "transfer": transfer,
                "party": str(party),
                "names": _texts(transfer),
                "product_types": [ProductType(value).label for value in transfer.product_types],
                "details": details,
                "url": f"{settings.BASE_URL}{page_of(transfer, party)}",
            },
            kind=ActionKind.MANDATORY,
            workspace="transfers",
        )


def _recipients(transfer: Transfer, party: Party, organization_id: UUID) -> list[Recipient]:
    """Partner mail goes to the admin agents, customer mail to the address in the request and nowhere else (T7)."""
    if party == CUSTOMER:
        email, name = transfer.customer_email, transfer.customer_name
        return [Recipient(email=email, name=name, language=transfer.customer_language)]
    return [Recipient.of(person) for person in people_with_role(organization_id, Role.ADMIN_AGENT)]


def _notify(event: AuditEvent, event_type: TransferEvent, transfer: Transfer) -> None:
    title, parties = NEWS.get(event_type, (None, ()))
    organizations = dict(_parties(transfer))
    for party in parties:
        if title is None or party not in organizations:
            continue
        kind = WORK.get((event_type, party), ActionKind.TRANSACTIONAL)
        action_center.notify(
            event=event,
            organization_id=organizations[party],
            roles=[Role.ADMIN_AGENT],
            kind=kind,
            workspace="transfers",
            title=title,
            title_params=_texts(transfer),
            url=page_of(transfer, party),
            due_at=transfer.expires_at if kind == ActionKind.MANDATORY else None,
        )
