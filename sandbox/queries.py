"""What stands in a sandbox: its partners, their customers, and what waits for whom the sandbox plays (P8)."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from customers.enums import InvitationStatus
from customers.models import Customer, RelationshipInvitation, ResellerRelationship, Subscription
from customers.queries import as_uuid
from marketplace.enums import FulfillmentStatus
from marketplace.models import Operation, SaaSSubscription
from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS, Role
from portal.accounts.models import Membership, Organization
from portal.audit.models import AuditEvent, AuditEventParty
from sandbox import rules
from sandbox.enums import Fault
from sandbox.models import Sandbox, SandboxFault, SandboxPartner
from transfers.models import CommerceFault

SHOWN = 50  # rows of each kind on the page; the API lists all
SHOWN_EVENTS = 20


def partner_ids(actor: Actor) -> list[UUID]:
    """Return the partners of the actor's sandbox, its own among them."""
    own = SandboxPartner.objects.filter(partner_id=actor.organization_id).values("sandbox_id")
    ids = SandboxPartner.objects.filter(sandbox_id__in=own).values_list("partner_id", flat=True)
    return sorted({actor.organization_id, *ids})


def partners(actor: Actor) -> list[Organization]:
    """Return the organizations of the sandbox's partners, by name."""
    return list(Organization.objects.filter(pk__in=partner_ids(actor)).order_by("name_key", "pk"))


def sandbox_of(actor: Actor) -> Sandbox | None:
    """Return the sandbox of the actor's partner; ``None`` before anything was done in it."""
    return Sandbox.objects.of_partner(actor.organization_id).first()


def customers(actor: Actor) -> QuerySet[Customer]:
    """Return the customers that one of the sandbox's partners has, or had; nobody else is played."""
    known = ResellerRelationship.objects.filter(partner_id__in=partner_ids(actor)).values("customer_id")
    own = Customer.objects.filter(organization__is_sandbox=True, pk__in=known)
    return own.select_related("organization").order_by("organization__name_key", "pk")


def relationships(actor: Actor) -> QuerySet[ResellerRelationship]:
    """Return the actor's own customers, newest first."""
    rows = ResellerRelationship.objects.visible_to(actor).active().select_related("customer__organization")
    return rows.order_by("-created_at", "pk")


def others_with(customer_id: UUID, actor: Actor) -> list[Organization]:
    """Return the other partners of the sandbox that have the customer now, by name."""
    having = ResellerRelationship.objects.active().filter(customer_id=customer_id, partner_id__in=partner_ids(actor))
    others = having.exclude(partner_id=actor.organization_id).values("partner_id")
    return list(Organization.objects.filter(pk__in=others).order_by("name_key", "pk"))


def open_requests(actor: Actor) -> QuerySet[RelationshipInvitation]:
    """Return the relationship requests of the actor's partner that nobody has answered, newest first."""
    rows = RelationshipInvitation.objects.visible_to(actor).filter(status=InvitationStatus.PENDING)
    return rows.order_by("-created_at", "pk")


def purchases_to_activate(actor: Actor) -> QuerySet[SaaSSubscription]:
    """Return what the actor's partner bought and no publisher has activated."""
    rows = SaaSSubscription.objects.visible_to(actor).with_rows().filter(status=FulfillmentStatus.PENDING)
    return rows.order_by("-purchased_at", "pk")


def changes_to_decide(actor: Actor) -> QuerySet[Operation]:
    """Return the changes that a publisher has not confirmed or refused."""
    own = SaaSSubscription.objects.visible_to(actor).values("pk")
    rows = Operation.objects.running().filter(saas_id__in=own)
    return rows.select_related("saas__subscription__customer__organization", "plan").order_by("-created_at", "pk")


@dataclass(frozen=True)
class Waiting:
    """What waits for whom the sandbox plays; the newest of each kind."""

    requests: list[RelationshipInvitation]
    relationships: list[ResellerRelationship]
    purchases: list[SaaSSubscription]
    changes: list[Operation]


def waiting(actor: Actor) -> Waiting:
    """Return what the page shows."""
    return Waiting(
        requests=list(open_requests(actor)[:SHOWN]),
        relationships=list(relationships(actor)[:SHOWN]),
        purchases=list(purchases_to_activate(actor)[:SHOWN]),
        changes=list(changes_to_decide(actor)[:SHOWN]),
    )


def since_jump(actor: Actor, sandbox: Sandbox | None) -> list[AuditEvent]:
    """Return what happened since the clock jumped last, newest first."""
    if sandbox is None or sandbox.jumped_at is None:
        return []
    parties = AuditEventParty.objects.filter(organization_id=actor.organization_id, occurred_at__gte=sandbox.jumped_at)
    return [one.event for one in parties.select_related("event").order_by("-occurred_at", "-id")[:SHOWN_EVENTS]]


def faults(actor: Actor) -> list[tuple[Fault, SandboxFault | None]]:
    """Return every fault that can be switched on, and by whom it is, if it is."""
    sandbox = sandbox_of(actor)
    planned = {one.fault: one for one in sandbox.faults.all()} if sandbox else {}
    return [(fault, planned.get(fault)) for fault in Fault]


def item_faults(actor: Actor) -> QuerySet[CommerceFault]:
    """Return what is planned for items of transfers that the actor's partner is billed for."""
    rows = CommerceFault.objects.filter(subscription__in=Subscription.objects.visible_to(actor))
    rows = rows.filter(subscription__billing_owner__organization__is_sandbox=True)
    return rows.select_related("subscription__customer__organization").order_by("-created_at", "pk")


# --- accounts --------------------------------------------------------------------------------------------------------
def holder_of_account_domain(organization: Organization) -> Organization | None:
    """Return who has the domain that the sandbox account of a partner would have."""
    return Organization.objects.filter(domain__iexact=rules.account_domain(organization)).first()


def account_of(organization: Organization) -> Organization | None:
    """Return the sandbox account of a production partner; ``None`` without one, and for sandboxes."""
    if organization.is_sandbox:
        return None
    holder = holder_of_account_domain(organization)
    return holder if holder and holder.is_sandbox and holder.is_partner else None


def sandbox_partner(text: str) -> Organization | None:
    """Return the sandbox partner of this domain or Microsoft ID."""
    rows = Organization.objects.filter(is_sandbox=True, kind__in=PARTNER_KINDS)
    tenant_id = as_uuid(text)
    return rows.filter(pk=tenant_id).first() if tenant_id else rows.filter(domain__iexact=text).first()


def others_in_sandbox(partner_id: UUID) -> list[Organization]:
    """Return the partners that share a partner's sandbox, by name, without itself."""
    own = SandboxPartner.objects.filter(partner_id=partner_id).values("sandbox_id")
    others = SandboxPartner.objects.filter(sandbox_id__in=own).exclude(partner_id=partner_id).values("partner_id")
    return list(Organization.objects.filter(pk__in=others).order_by("name_key", "pk"))


def admins_of(organization_id: UUID) -> list[Membership]:
    """Return the global admins and admin agents of a partner: who gets into its sandbox account."""
    rows = Membership.objects.active().with_role(Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
    return list(rows.filter(organization_id=organization_id).select_related("user").order_by("user__email"))
