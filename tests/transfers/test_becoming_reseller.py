"""A direct bill partner that becomes an indirect reseller hands its subscriptions to its provider (T4, A2)."""

import datetime

import pytest

from customers.enums import AgreementMethod, ProductFamily, RelationshipKind
from customers.models import ResellerRelationship, Subscription
from customers.rules import NotFinishedYet
from customers.workflow import becoming_reseller
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization
from tests.customers.factories import make_agreement, make_partnership, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_partner
from tests.transfers.factories import USAGE
from transfers import processing, workflow
from transfers.enums import TransferStatus
from transfers.reasons import TransferRefused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_contradicts")]
LATER = NOON + datetime.timedelta(days=1)


def test_from_the_first_step_to_the_reseller_that_is_billed_for_nothing():
    direct = make_partner(OrganizationKind.DIRECT_BILL)
    provider = make_partnership(reseller=direct).provider.organization
    relationship = make_relationship(direct)
    make_agreement(relationship, method=AgreementMethod.DIRECT)
    subscription = make_subscription(relationship)
    previous = make_subscription(relationship, product_family=ProductFamily.AZURE_LEGACY, **USAGE)
    boss, agent = make_actor(direct, Role.GLOBAL_ADMIN), make_actor(direct)
    becoming_reseller.start_becoming_reseller(provider_id=provider.pk, actor=boss, now=NOON)
    becoming_reseller.move_customer(relationship_id=relationship.pk, actor=agent, now=NOON)
    with pytest.raises(NotFinishedYet):
        becoming_reseller.finish_becoming_reseller(actor=boss, now=NOON)

    request = workflow.Request(
        customer_id=relationship.customer_id,
        source_tenant_id=direct.pk,
        customer_name="Moved",
        customer_email="contact@moved.example",
        partner_on_record=direct.partner.locations.get().partner_id_number,
    )
    transfer = workflow.create_transfer(request=request, actor=make_actor(provider), now=LATER)
    workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=None, actor=agent, now=LATER)
    processing.process_transfer(transfer_id=transfer.pk, clock=lambda: LATER)

    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETED
    moved = Subscription.objects.get(transferred_from=subscription)
    assert (moved.billing_owner_id, moved.reseller_id) == (provider.pk, direct.pk)
    as_it_was = Subscription.objects.get(transferred_from=previous)  # phase 1 does not apply to this move (A2)
    assert (as_it_was.product_family, as_it_was.parent_id) == (ProductFamily.AZURE_LEGACY, None)
    becoming_reseller.finish_becoming_reseller(actor=boss, now=LATER)
    assert Organization.objects.get(pk=direct.pk).kind == OrganizationKind.INDIRECT_RESELLER
    rows = ResellerRelationship.objects.active().filter(customer_id=relationship.customer_id)
    kinds = dict(rows.values_list("partner_id", "kind"))
    assert kinds == {direct.pk: RelationshipKind.RESELLER, provider.pk: RelationshipKind.PROVIDER}
    with pytest.raises(TransferRefused) as refusal:
        workflow.create_transfer(request=request, actor=make_actor(provider), now=LATER)
    assert refusal.value.code == "reseller-cannot-give"
