"""What several tests of people and rights look at."""

import json

from portal.accounts import queries
from portal.audit.models import AuditEvent
from portal.core import sealing
from portal.notifications.models import ActionItem, OutgoingEmail


def events_of(organization, event_type=None):
    """The events an organization sees, oldest first."""
    events = AuditEvent.objects.filter(parties__organization_id=organization.pk).order_by("pk")
    return list(events.filter(event_type=event_type) if event_type else events)


def event_names(organization):
    return [event.event_type for event in events_of(organization)]


def mails_to(email):
    return list(OutgoingEmail.objects.filter(recipient=email).order_by("created_at", "pk"))


def link_in(mail):
    """The unique link of a waiting mail, which stands sealed beside its text."""
    (link,) = json.loads(sealing.unseal(mail.sealed_secrets)).values()
    return link


def token_in(mail):
    return link_in(mail).rstrip("/").rsplit("/", 1)[-1]


def actor_of(membership):
    return queries.make_actor(membership, membership.user)


def traces():
    """How many rows tell of something: nothing is written after a refusal."""
    return AuditEvent.objects.count(), OutgoingEmail.objects.count(), ActionItem.objects.count()
