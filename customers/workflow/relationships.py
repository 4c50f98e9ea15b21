"""Reseller relationships: start, end, and the administration rights that go with them (R4, R6, R10, R11)."""

import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_relationship, announce_removal
from customers.enums import CustomerEvent, RelationshipKind, RelationshipStatus
from customers.models import Customer, ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.models import Organization, Partner, Partnership
from portal.accounts.permissions import Permission


def hold_partners(partner_id: UUID, reseller_id: UUID | None) -> Partner:
    """Return the billing partner; its kind, and its partnership with the reseller, stay until the transaction ends.

    Many hold them at once. What ends a partnership, or makes a direct bill partner a reseller, waits for them.
    """
    partner = Partner.objects.held(partner_id)
    if reseller_id:
        Partnership.objects.hold(provider_id=partner_id, reseller_id=reseller_id)
    return partner


def start_relationships(
    *,
    customer_organization: Organization,
    partner: Partner,
    reseller: Partner | None,
    has_admin_rights: bool,
    now: datetime.datetime,
) -> list[ResellerRelationship]:
    """Create what is missing of a customer's relationships with a partner and its reseller, the partner's first.

    Called inside the transaction of accepting a request or adding a customer. Race-free: the unique constraint on
    active pairs decides, an existing row is taken as it is, and the customer's lock keeps a removal from passing by.
    Raises: rules.ResellerNotYours, rules.SellsThroughProvider, when partners parted meanwhile; rules.SandboxCustomers.
    """
    Customer.objects.get_or_create(organization=customer_organization)
    customer = Customer.objects.locked(customer_organization.pk)
    rules.check_still_partners(hold_partners(partner.pk, reseller.pk if reseller else None), reseller)
    rules.check_sandbox_customers(partner.organization, customer.pk)
    has_agreement = rules.has_signed_agreement(partner_id=partner.pk, customer_id=customer.pk)
    relationships = []
    for owner, owner_kind, counterpart in _wanted(partner, reseller):
        relationship, _created = ResellerRelationship.objects.get_or_create(
            partner=owner,
            customer=customer,
            status=RelationshipStatus.ACTIVE,
            defaults={
                "kind": owner_kind,
                "counterpart": counterpart,
                "has_admin_rights": has_admin_rights,
                "has_agreement": has_agreement,
                "customer_name": customer_organization.name,
                "customer_domain": customer_organization.domain.lower(),
                "customer_country": customer_organization.country,
                "created_at": now,
            },
        )
        relationships.append(relationship)
    _name_reseller(relationships[0], reseller)
    return relationships


def _wanted(partner: Partner, reseller: Partner | None) -> list[tuple[Partner, RelationshipKind, Partner | None]]:
    """Return whose relationships a customer starts: owner, kind and counterpart of each, the partner's first."""
    if reseller is None:
        return [(partner, RelationshipKind.DIRECT, None)]
    return [(partner, RelationshipKind.PROVIDER, reseller), (reseller, RelationshipKind.RESELLER, partner)]


def grant_admin_rights(relationships: list[ResellerRelationship]) -> None:
    """Give the rights that a customer has just agreed to, where the relationships stood without them."""
    for relationship in relationships:
        if not relationship.has_admin_rights:
            relationship.has_admin_rights = True
            relationship.admin_rights_removed_at = None
            relationship.save(update_fields=["has_admin_rights", "admin_rights_removed_at"])


def _name_reseller(relationship: ResellerRelationship, reseller: Partner | None) -> None:
    """Name the reseller at a provider's relationship that had lost its own, or never had one (decision 0012)."""
    if reseller and relationship.kind == RelationshipKind.PROVIDER and relationship.counterpart_id is None:
        relationship.counterpart = reseller
        relationship.save(update_fields=["counterpart"])


@transaction.atomic
def remove_relationship(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> list[ResellerRelationship]:
    """End a partner's relationship with a customer, when nothing is billed to it any more; returns all that ended.

    A provider takes its reseller along; a reseller goes alone (decision 0012).
    Source: portal reference, section 4.9; requirement R11.
    Raises: PermissionDenied, ResellerRelationship.DoesNotExist, rules.RelationshipNotActive, rules.RelationshipInUse.
    """
    actor.require(Permission.RELATIONSHIP_REMOVE)
    asked = ResellerRelationship.objects.visible_to(actor).get(pk=relationship_id)
    Customer.objects.locked(asked.customer_id)
    pair = Q(pk=asked.pk) | Q(customer_id=asked.customer_id, counterpart_id=asked.partner_id)
    rows = {row.pk: row for row in ResellerRelationship.objects.active().filter(pair).locked_all()}
    _check_active(rows.get(asked.pk))
    own = rows.pop(asked.pk)
    rules.check_can_remove(own)
    ended = [own]
    for other in rows.values():
        if other.kind == RelationshipKind.RESELLER:
            ended.append(other)
        else:  # the provider goes on without this reseller
            other.counterpart = None
            other.save(update_fields=["counterpart"])
    for row in ended:
        _end(row, now)
    announce_removal(ended, others=list(rows.values()), actor=actor, now=now)
    for name in settings.AFTER_RELATIONSHIP_REMOVED:
        partner_ids = [row.partner_id for row in ended]
        import_string(name)(partner_ids=partner_ids, customer_id=asked.customer_id, actor=actor, now=now)
    return ended


def _end(relationship: ResellerRelationship, now: datetime.datetime) -> None:
    """End one relationship, and the administration rights with it."""
    relationship.status = RelationshipStatus.REMOVED
    relationship.removed_at = now
    if relationship.has_admin_rights:
        relationship.has_admin_rights = False
        relationship.admin_rights_removed_at = now
    relationship.save(update_fields=["status", "removed_at", "has_admin_rights", "admin_rights_removed_at"])


@transaction.atomic
def take_back_admin_rights(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> ResellerRelationship:
    """Let the customer end a partner's administration rights; the relationship stays (section 4.7).

    Raises: PermissionDenied, ResellerRelationship.DoesNotExist, rules.RelationshipNotActive.
    """
    actor.require(Permission.PARTNER_RELATIONSHIP_MANAGE)
    relationship = ResellerRelationship.objects.visible_to(actor).locked(relationship_id)
    _check_active(relationship)
    if relationship.has_admin_rights:
        relationship.has_admin_rights = False
        relationship.admin_rights_removed_at = now
        relationship.save(update_fields=["has_admin_rights", "admin_rights_removed_at"])
        announce_relationship(
            CustomerEvent.ADMIN_RIGHTS_REMOVED,
            [relationship],
            actor=actor,
            now=now,
            before={"administration rights": True},
            after={"administration rights": False},
        )
    return relationship


def _check_active(relationship: ResellerRelationship | None) -> None:
    if relationship is None or relationship.status != RelationshipStatus.ACTIVE:
        raise rules.RelationshipNotActive(
            _("This relationship was removed already."), next_step=_("Request a new relationship.")
        )
