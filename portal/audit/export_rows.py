"""The columns of the exported activity log."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.accounts.actor import Actor
from portal.audit import catalogue
from portal.audit.models import AuditEventParty, Outcome
from portal.audit.presentation import as_json, own_email, performed_by_portal


def header() -> list[str]:
    """Return the titles of the columns, in the reader's language."""
    return [
        _("Date-Time (UTC)"),
        _("Affected customer"),
        _("Customer ID"),
        _("Action"),
        _("Event type"),
        _("Performed by"),
        _("E-mail address"),
        _("Organization"),
        _("Outcome"),
        pgettext("audit", "Subject"),
        _("Subject type"),
        _("Subject ID"),
        _("Before"),
        _("After"),
        _("Details"),
        _("Details for your organization"),
        _("Request ID"),
        _("Event ID"),
    ]


def rows(parties: Iterable[AuditEventParty], actor: Actor) -> Iterator[list[object]]:
    """Yield one row per event, as the actor's organisation sees it."""
    outcomes = {outcome.value: str(outcome.label) for outcome in Outcome}
    portal = performed_by_portal()
    for party in parties:
        event = party.event
        yield [
            event.occurred_at,
            event.customer_name,
            event.customer_id,
            catalogue.label(event.event_type),
            event.event_type,
            event.actor_name or portal,
            own_email(event, actor),
            event.actor_organization_name,
            outcomes[event.outcome],
            event.subject_name,
            event.subject_type,
            event.subject_id,
            as_json(event.before),
            as_json(event.after),
            as_json(event.details),
            as_json(party.details),
            event.request_id,
            event.public_id,
        ]
