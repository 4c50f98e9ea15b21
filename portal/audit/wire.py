"""Events under the original's names and ids: what the API and webhooks call an event (API reference, section 6).

Several of our events share one operation of the original; those it has no word for go by their own name.
"""

import datetime
import re
from dataclasses import dataclass
from uuid import UUID

from portal.audit.models import AuditEvent

EPOCH = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
TICKS_PER_MICROSECOND = 10
RECORD_ID = re.compile(
    r"(?P<partner>[0-9a-f-]{36})(?:_(?P<customer>[0-9a-f-]{36}))?(?:_(?P<resource>[^_]+))?_(?P<operation>[a-z0-9]+)"
    r"_(?P<ticks>\d{1,19})"
)

# event type -> operation
OPERATIONS = {
    "customer-added": "add_customer",
    "customer-imported": "add_customer",
    "customer-updated": "update_company_info",
    "customer-billing-profile-updated": "update_customer_billing_profile",
    "customer-qualification-updated": "update_customer_qualification",
    "customer-agreement-created": "create_agreement",
    "reseller-relationship-removed": "remove_partner_customer_relationship",
    "sandbox-customer-deleted": "delete_customer",
    "partnership-accepted": "create_partner_relationship",
    "partnership-ended": "remove_partner_relationship",
    "organization-updated": "update_company_info",
    "user-joined": "create_partner_user",
    "user-roles-changed": "update_partner_user",
    "user-reactivated": "update_partner_user",
    "user-deactivated": "remove_partner_user",
    "app-registered": "register_application",
    "app-removed": "unregister_application",
    "app-secret-added": "add_application_credential",
    "app-secret-revoked": "remove_application_credential",
    "create-transfer": "create_transfer",
    "update-transfer": "update_transfer",
    "complete-transfer": "complete_transfer",
    "fail-transfer": "fail_transfer",
}
# subject type -> resource
RESOURCES = {
    "customer": "customer",
    "customer-agreement": "agreement",
    "customer-tag": "customer",
    "customer-view": "undefined",
    "reseller-relationship": "partner_customer_relationship",
    "relationship-request": "partner_customer_relationship",
    "partner-agreement": "agreement",
    "partnership": "partner_relationship",
    "user": "partner_user",
    "user-invitation": "partner_user",
    "app-registration": "application",
    "subscription": "subscription",
    "order": "order",
    "transfer": "transfer",
    "invoice": "invoice",
}
# Records about a customer and its relationship name the customer alone, as the original's do.
WITHOUT_RESOURCE = frozenset({"customer", "reseller-relationship", "relationship-request"})


@dataclass(frozen=True)
class RecordKey:
    """A record's id taken apart."""

    partner_id: UUID
    operation: str
    occurred_at: datetime.datetime


def operation_of(event_type: str) -> str:
    """Return what the original calls the operation."""
    return OPERATIONS.get(event_type, event_type.replace("-", "_"))


def resource_of(subject_type: str) -> str:
    """Return what the original calls the kind of resource."""
    return RESOURCES.get(subject_type, "undefined")


def subjects_of(resource: str) -> list[str]:
    """Return our kinds of subject that the original knows as one resource, whatever its case and underscores."""
    wanted = resource.replace("_", "").lower()
    return [subject for subject, name in RESOURCES.items() if name.replace("_", "") == wanted]


def record_id(event: AuditEvent, organization_id: UUID) -> str:
    """Return the id of an event as one organization's record: partner, customer, resource, operation, time.

    Receivers of webhooks read customer and resource out of it by position, so the order stays.
    """
    customer = str(event.customer_id) if event.customer_id else ""
    resource = "" if customer and event.subject_type in WITHOUT_RESOURCE else event.subject_id
    operation = operation_of(event.event_type).replace("_", "")
    parts = (str(organization_id), customer, resource, operation, str(_ticks(event.occurred_at)))
    return "_".join(part for part in parts if part)


def read_record_id(text: str) -> RecordKey | None:
    """Take a record's id apart; ``None`` for anything else."""
    match = RECORD_ID.fullmatch(text.lower())
    if match is None:
        return None
    try:
        moment = EPOCH + datetime.timedelta(microseconds=int(match["ticks"]) // TICKS_PER_MICROSECOND)
        return RecordKey(UUID(match["partner"]), match["operation"], moment)
    except (ValueError, OverflowError):
        return None


def _ticks(moment: datetime.datetime) -> int:
    """Return a time in units of 100 nanoseconds since the year 1."""
    return (moment - EPOCH) // datetime.timedelta(microseconds=1) * TICKS_PER_MICROSECOND
