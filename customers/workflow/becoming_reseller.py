"""A direct bill partner becomes an indirect reseller: start, move customers, cancel, finish (T4, decision 0022)."""

import datetime
from uuid import UUID

from django.db import transaction

from customers import rules
from customers.announcements import announce_relationship
from customers.enums import AgreementMethod, CustomerEvent, RelationshipKind
from customers.models import Customer, CustomerAgreement, CustomerProfile, ResellerRelationship
from customers.partnership_announcements import announce_becoming
from customers.workflow.invitations import lock_requests, revoke_requests
from customers.workflow.relationships import start_relationships
from portal.accounts.actor import Actor
from portal.accounts.enums import AccountEvent, OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner, Partnership
from portal.accounts.permissions import Permission


@transaction.atomic
def start_becoming_reseller(*, provider_id: UUID, actor: Actor, now: datetime.datetime) -> Partner:
    """Begin the change: from now on the partner starts nothing in its own name and moves its customers.

    Raises: PermissionDenied, Partner.DoesNotExist, and what rules.check_can_start raises.
    """
    actor.require(Permission.PARTNERSHIP_MANAGE)
    partner = Partner.objects.locked(actor.organization_id)
    provider = Partner.objects.select_related("organization").get(pk=provider_id)
    Partnership.objects.hold(provider_id=provider_id, reseller_id=partner.pk)
    rules.check_can_start(partner, provider)

    _save_change(partner, provider, now)
    announce_becoming(AccountEvent.BECOMING_RESELLER_STARTED, partner, provider, actor=actor, now=now)
    return partner


@transaction.atomic
def move_customer(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> ResellerRelationship:
    """Make the provider a partner of one customer, without a click of the customer, and oneself its reseller there.

    The provider gets the bill-to data and no administration rights; the customer's own signature counts for it, an
    attestation of the former partner does not. Subscriptions stay where they are: each follows by a transfer.
    Source: portal reference, sections 4.8 and 5.3.
    Raises: PermissionDenied, ResellerRelationship.DoesNotExist, rules.NotBecomingReseller, rules.RelationshipNotActive.
    """
    actor.require(Permission.PARTNERSHIP_REQUEST)
    asked = ResellerRelationship.objects.visible_to(actor).get(pk=relationship_id)
    customer = Customer.objects.locked(asked.customer_id)
    partner = Partner.objects.held(actor.organization_id)
    provider = rules.check_becoming(partner)
    own = rules.check_can_move(ResellerRelationship.objects.active().filter(pk=asked.pk).locked_all().first())

    own.kind, own.counterpart = RelationshipKind.RESELLER, provider
    own.save(update_fields=["kind", "counterpart"])
    _keep_signature(customer, partner, provider)
    of_provider, _own = start_relationships(
        customer_organization=customer.organization, partner=provider, reseller=partner, has_admin_rights=False, now=now
    )
    own.has_agreement = rules.has_signed_agreement(partner_id=provider.pk, customer_id=customer.pk)
    own.save(update_fields=["has_agreement"])
    _share_bill_to(own, of_provider)
    announce_relationship(
        CustomerEvent.MOVED_TO_PROVIDER,
        [own, of_provider],
        actor=actor,
        now=now,
        before={"kind": RelationshipKind.DIRECT.value},
        after={"kind": RelationshipKind.RESELLER.value, "provider": provider.organization.name},
    )
    return own


def _keep_signature(customer: Customer, partner: Partner, provider: Partner) -> None:
    """Copy the customer's newest signature of its own over to the provider (section 5.3)."""
    signed = CustomerAgreement.objects.filter(partner=partner, customer=customer, method=AgreementMethod.DIRECT)
    newest = signed.order_by("-created_at", "-pk").first()
    has_one = CustomerAgreement.objects.filter(partner=provider, customer=customer).exists()
    if newest is None or has_one:
        return
    facts = ("version", "language", "country", "method", "first_name", "last_name", "email", "phone", "agreed_on")
    CustomerAgreement.objects.create(
        partner=provider,
        customer=customer,
        **{name: getattr(newest, name) for name in facts},
        recorded_by_id=newest.recorded_by_id,
        recorded_by_name=newest.recorded_by_name,
        created_at=newest.created_at,
    )


def _share_bill_to(own: ResellerRelationship, of_provider: ResellerRelationship) -> None:
    """Give the provider whom to bill, unless it has noted that already."""
    profile = CustomerProfile.objects.filter(relationship=own).first()
    if profile is not None:
        names = [field.name for field in CustomerProfile._meta.fields if field.name.startswith("bill_to_")]
        values = {name: getattr(profile, name) for name in names}
        CustomerProfile.objects.get_or_create(relationship=of_provider, defaults=values)


@transaction.atomic
def cancel_becoming_reseller(*, actor: Actor, now: datetime.datetime) -> Partner:
    """Stay a direct bill partner. Possible until the first customer is served through the provider.

    Open requests that name the provider and the partner as its reseller are revoked.
    Raises: PermissionDenied, rules.NotBecomingReseller, rules.CustomersMovedAlready.
    """
    actor.require(Permission.PARTNERSHIP_MANAGE)
    asked = Partner.objects.get(pk=actor.organization_id)
    provider = rules.check_becoming(asked)
    lock_requests(partner_id=provider.pk, reseller_id=asked.pk)
    partner = Partner.objects.locked(asked.pk)
    rules.check_can_cancel(partner)

    _save_change(partner, None, None)
    revoke_requests(partner_id=provider.pk, reseller_id=partner.pk, actor=actor, now=now)
    announce_becoming(AccountEvent.BECOMING_RESELLER_CANCELED, partner, provider, actor=actor, now=now)
    return partner


@transaction.atomic
def finish_becoming_reseller(*, actor: Actor, now: datetime.datetime) -> Partner:
    """Become an indirect reseller: nothing is billed to the partner any more, and no customer is its own.

    Its open requests in its own name are revoked. Requests are locked before the partner, as whoever answers does.
    Raises: PermissionDenied, rules.NotBecomingReseller, rules.NotFinishedYet.
    """
    actor.require(Permission.PARTNERSHIP_MANAGE)
    lock_requests(partner_id=actor.organization_id, reseller_id=None)
    organization = Organization.objects.locked(actor.organization_id)
    partner = Partner.objects.locked(organization.pk)
    rules.check_can_finish(partner)
    provider = rules.check_becoming(partner)

    organization.kind = OrganizationKind.INDIRECT_RESELLER
    organization.save(update_fields=["kind"])
    _save_change(partner, None, None)
    _take_sales_role_from_the_deactivated(organization)
    revoke_requests(partner_id=partner.pk, reseller_id=None, actor=actor, now=now)
    announce_becoming(
        AccountEvent.BECAME_RESELLER,
        partner,
        provider,
        actor=actor,
        now=now,
        before={"kind": OrganizationKind.DIRECT_BILL.value},
        after={"kind": OrganizationKind.INDIRECT_RESELLER.value},
    )
    return partner


def _take_sales_role_from_the_deactivated(organization: Organization) -> None:
    """Leave nobody a role that resellers do not have, should the person come back (reference 3.1)."""
    for membership in Membership.objects.with_role(Role.SALES_AGENT).filter(organization=organization):
        membership.roles = [role for role in membership.roles if role != Role.SALES_AGENT]
        membership.save(update_fields=["roles"])


def _save_change(partner: Partner, provider: Partner | None, since: datetime.datetime | None) -> None:
    partner.becoming_reseller_of = provider
    partner.becoming_reseller_since = since
    partner.save(update_fields=["becoming_reseller_of", "becoming_reseller_since"])
