"""Who is told what about partnerships, and about a partner that becomes an indirect reseller (P7, R10, T4)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.enums import AccountEvent
from portal.accounts.models import Partner, Partnership
from portal.accounts.permissions import Permission, roles_allowing
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

WORKSPACE = "customers"
PARTNERSHIP = "partnership"

# What each event is called in mails and in the Action Center, and what it means; ``partner`` is the other side.
_TITLES: dict[AccountEvent, Promise] = {
    AccountEvent.PARTNERSHIP_REQUESTED: _("%(partner)s asks your company for a partnership"),
    AccountEvent.PARTNERSHIP_ACCEPTED: _("Your partnership with %(partner)s is active"),
    AccountEvent.PARTNERSHIP_DECLINED: _("%(partner)s declined your request for a partnership"),
    AccountEvent.PARTNERSHIP_WITHDRAWN: _("%(partner)s withdrew its request for a partnership"),
    AccountEvent.PARTNERSHIP_ENDED: _("Your partnership with %(partner)s has ended"),
    AccountEvent.BECOMING_RESELLER_STARTED: _("%(partner)s is becoming your indirect reseller"),
    AccountEvent.BECOMING_RESELLER_CANCELED: _("%(partner)s no longer becomes your indirect reseller"),
    AccountEvent.BECAME_RESELLER: _("%(partner)s is an indirect reseller now"),
}
_MEANINGS: dict[AccountEvent, Promise] = {
    AccountEvent.PARTNERSHIP_REQUESTED: _(
        "In a partnership an indirect provider and a reseller win customers together, and the provider is billed. "
        "A global admin of your company accepts or declines."
    ),
    AccountEvent.PARTNERSHIP_ACCEPTED: _("From now on relationship requests can name both companies."),
    AccountEvent.PARTNERSHIP_DECLINED: _("Nothing changes. You can ask again at any time."),
    AccountEvent.PARTNERSHIP_WITHDRAWN: _("Nothing needs to be done."),
    AccountEvent.PARTNERSHIP_ENDED: _(
        "Relationship requests that named both companies and were still open are revoked."
    ),
    AccountEvent.BECOMING_RESELLER_STARTED: _(
        "It moves its customers to your company. Create a transfer for the subscriptions of each; it accepts them."
    ),
    AccountEvent.BECOMING_RESELLER_CANCELED: _("Your partnership stays active."),
    AccountEvent.BECAME_RESELLER: _("Its customers and their subscriptions are with its provider."),
}
_TELLS_BOTH = frozenset({AccountEvent.PARTNERSHIP_ACCEPTED, AccountEvent.PARTNERSHIP_ENDED})


class _Sentence:
    """A sentence with values, written in the language of whoever reads it."""

    def __init__(self, text: Promise, values: Mapping[str, str]) -> None:
        self.text, self.values = text, values

    def __str__(self) -> str:
        return str(self.text) % self.values


def announce_partnership(
    event_type: AccountEvent, partnership: Partnership, *, actor: Actor, now: datetime.datetime
) -> AuditEvent:
    """Log what became of a partnership for both sides; mail and notify those it is news for, and close what asked."""
    provider, reseller = partnership.provider, partnership.reseller
    event = log.record(
        event_type=event_type,
        organization_ids=[provider.pk, reseller.pk],
        subject_type=PARTNERSHIP,
        subject_id=partnership.pk,
        subject_name=f"{provider.organization.name} – {reseller.organization.name}",
        actor=actor,
        occurred_at=now,
        details={"provider": provider.organization.name, "reseller": reseller.organization.name},
    )
    deliveries.queue(event)
    action_center.complete(subject_type=PARTNERSHIP, subject_id=partnership.pk, now=now)
    url = reverse("customers:partnership", args=[partnership.pk])
    for own, other in ((provider, reseller), (reseller, provider)):
        if own.pk != actor.organization_id or event_type in _TELLS_BOTH:
            _tell(event, own, other, url=url)
    return event


def announce_becoming(
    event_type: AccountEvent, partner: Partner, provider: Partner, *, actor: Actor, now: datetime.datetime, **facts: Any
) -> AuditEvent:
    """Log a step of a direct bill partner on its way to becoming a reseller, for it and for its provider."""
    event = log.record(
        event_type=event_type,
        organization_ids=[partner.pk, provider.pk],
        subject_type="organization",
        subject_id=partner.pk,
        subject_name=partner.organization.name,
        actor=actor,
        occurred_at=now,
        details={"provider": provider.organization.name},
        **facts,
    )
    deliveries.queue(event)
    _tell(event, provider, partner, url=reverse("customers:partnerships"))
    return event


def _tell(event: AuditEvent, own: Partner, other: Partner, *, url: str) -> None:
    """Mail and notify those people of one side who may deal with partnerships; a request asks for an answer."""
    event_type = AccountEvent(event.event_type)
    asks = event_type == AccountEvent.PARTNERSHIP_REQUESTED
    may = Permission.PARTNERSHIP_MANAGE if asks else Permission.PARTNERSHIP_REQUEST
    kind = ActionKind.RECOMMENDED if asks else ActionKind.TRANSACTIONAL
    values = {"partner": other.organization.name}
    outbox.queue_email(
        template="customers/partnership",
        event=event,
        recipients=[Recipient.of(person) for person in _people(own.pk, may)],
        context={
            "title": _Sentence(_TITLES[event_type], values),
            "meaning": _MEANINGS[event_type],
            "partner_name": other.organization.name,
            "partner_domain": other.organization.domain,
            "partner_id": other.pk,
            "url": settings.BASE_URL + url,
        },
        kind=kind,
        workspace=WORKSPACE,
    )
    action_center.notify(
        event=event,
        organization_id=own.pk,
        roles=roles_allowing(may),
        kind=kind,
        workspace=WORKSPACE,
        title=_TITLES[event_type],
        title_params=values,
        body=_MEANINGS[event_type],
        url=url,
    )


def _people(organization_id: UUID, permission: Permission) -> list[Any]:
    return people_with_role(organization_id, *roles_allowing(permission))
