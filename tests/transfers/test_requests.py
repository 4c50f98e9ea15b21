"""Sending a request: the source × target matrix, and each prerequisite with its own refusal (T2, T3, T4, T6)."""

import datetime
import uuid

import pytest
from django.http import Http404

from billing.models import Invoice
from customers.enums import ProductFamily, RelationshipStatus
from customers.models import CustomerAgreement, Subscription
from portal.accounts.enums import Cloud, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Partner, Partnership
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem
from tests.billing.invoice_factories import make_invoice
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_partner
from tests.transfers.factories import make_world
from transfers import rules, workflow
from transfers.enums import Level, ProductType, TransferStatus
from transfers.models import Transfer
from transfers.reasons import TransferRefused

pytestmark = pytest.mark.django_db
DIRECT, PROVIDER, RESELLER = (
    OrganizationKind.DIRECT_BILL,
    OrganizationKind.INDIRECT_PROVIDER,
    OrganizationKind.INDIRECT_RESELLER,
)
KINDS = (DIRECT, PROVIDER, RESELLER)


def refused(world, **changes) -> list[str]:
    with pytest.raises(TransferRefused) as refusal:
        world.send(**changes)
    assert not Transfer.objects.exists()
    return [finding.code for finding in refusal.value.findings]


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_every_path_between_kinds_of_partners_is_allowed_or_has_its_reason(source, target):
    world = make_world(source, target)
    expected = {
        (DIRECT, DIRECT): [],
        (DIRECT, PROVIDER): [],
        (PROVIDER, PROVIDER): [],
        (PROVIDER, DIRECT): [],
        (RESELLER, DIRECT): ["reseller-cannot-give"],
        (RESELLER, PROVIDER): ["reseller-cannot-give"],
        (DIRECT, RESELLER): ["reseller-cannot-send"],
        (PROVIDER, RESELLER): ["reseller-cannot-send"],
        (RESELLER, RESELLER): ["reseller-cannot-send", "reseller-cannot-give"],
    }[source, target]

    if expected:
        assert refused(world) == expected
    else:
        assert world.send().status == TransferStatus.PENDING
    assert ((source, target) in rules.PATHS) == (not expected)


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[DIRECT]))
def test_only_admin_agents_create_and_others_are_told_who_may(role):
    world = make_world()
    actor = world.target_agent(role)

    if role == Role.ADMIN_AGENT:
        assert workflow.create_transfer(request=world.request(), actor=actor, now=NOON)
    else:
        with pytest.raises(PermissionDenied) as refusal:
            workflow.create_transfer(request=world.request(), actor=actor, now=NOON)
        assert "Admin agent" in refusal.value.who
        assert not Transfer.objects.exists()


def test_a_request_lives_30_days_and_asks_the_source_to_act():
    world = make_world()

    transfer = world.send()

    assert transfer.expires_at == NOON + datetime.timedelta(days=30)
    action = ActionItem.objects.get(organization_id=world.source.pk, kind="mandatory")
    assert (action.due_at, action.roles) == (transfer.expires_at, ["admin_agent"])


def test_without_a_relationship_of_the_target_there_is_no_request():
    world = make_world()
    world.at_target.status = RelationshipStatus.REMOVED
    world.at_target.removed_at = NOON
    world.at_target.save()

    assert refused(world) == ["no-relationship-with-customer"]


def test_without_the_customer_agreement_there_is_no_request():
    world = make_world()
    CustomerAgreement.objects.all().delete()

    assert refused(world) == ["customer-agreement-not-signed"]


@pytest.mark.parametrize("version", ["", "2025-01"])
def test_without_the_partner_agreement_in_force_there_is_no_request(version):
    world = make_world()
    when = NOON if version else None
    Partner.objects.filter(pk=world.target.pk).update(
        agreement_version=version, agreement_signed_at=when, agreement_signed_by="Ada" if version else ""
    )

    assert refused(world) == ["partner-agreement-not-signed"]


@pytest.mark.parametrize(
    ("fields", "grace", "codes"),
    [
        ({}, 0, ["target-past-due"]),
        ({"due_on": NOON.date()}, 0, []),
        ({"total": "-5"}, 0, []),
        ({"status": "paid", "paid_on": NOON.date()}, 0, []),
        ({}, 30, []),
    ],
    ids=["overdue", "due today", "credit note", "paid", "within the days of grace"],
)
def test_a_target_with_an_overdue_invoice_requests_nothing_and_receives_nothing(fields, grace, codes, settings):
    settings.INVOICE_GRACE_DAYS = grace
    world = make_world()
    sent = world.send()
    late = {"issued_on": datetime.date(2026, 9, 1), "due_on": datetime.date(2026, 11, 1)}
    invoice = make_invoice(world.at_target)
    Invoice.objects.filter(pk=invoice.pk).update(**late | fields)
    subscription = make_subscription(world.at_source)

    if not codes:
        assert world.accept(sent, subscription).status == TransferStatus.IN_PROGRESS
        return
    with pytest.raises(TransferRefused) as refusal:
        world.accept(sent, subscription)
    assert [finding.code for finding in refusal.value.findings] == codes
    assert "58" not in str(refusal.value)  # what it owes is nobody else's business
    with pytest.raises(TransferRefused) as refusal:
        world.send()
    assert "target-past-due" in [finding.code for finding in refusal.value.findings]

    Invoice.objects.update(status="paid", paid_on=NOON.date())
    assert world.accept(sent, subscription).status == TransferStatus.IN_PROGRESS


def test_the_source_must_exist_be_another_and_have_the_customer():
    world = make_world()

    assert refused(world, source_tenant_id=uuid.uuid4()) == ["source-partner-unknown"]
    assert refused(world, source_tenant_id=world.customer.pk) == ["source-partner-unknown"]
    assert refused(world, source_tenant_id=world.target.pk) == ["source-is-target"]
    assert refused(world, source_tenant_id=make_partner().pk) == ["source-without-customer"]


def test_a_sandbox_partner_does_not_exist_for_a_real_one():
    world = make_world(source_fields={"is_sandbox": True})

    assert refused(world) == ["source-partner-unknown"]


def test_both_partners_and_the_customer_are_in_one_market_and_cloud():
    world = make_world()
    Partner.objects.filter(pk=world.source.pk).update(market="canada")
    assert refused(world) == ["different-markets"]

    elsewhere = make_world(country="CA")
    assert refused(elsewhere) == ["different-markets"]

    government = make_world(source_fields={"cloud": Cloud.US_GOVERNMENT})
    assert refused(government) == ["different-clouds"]


def test_a_provider_names_one_of_its_resellers_and_nobody_else_does():
    world = make_world(target=PROVIDER)

    assert refused(world, partner_on_record="") == ["partner-on-record-missing"]
    assert refused(world, partner_on_record="9999999") == ["partner-on-record-unknown"]
    stranger = make_partner(RESELLER).partner.locations.get().partner_id_number
    assert refused(world, partner_on_record=stranger) == ["partner-on-record-not-reseller"]
    assert refused(make_world(), partner_on_record=stranger) == ["partner-on-record-not-allowed"]


def test_a_partnership_that_is_only_asked_for_is_not_enough():
    world = make_world(target=PROVIDER)
    Partnership.objects.update(status=PartnershipStatus.REQUESTED, accepted_at=None)

    assert refused(world) == ["partner-on-record-not-reseller"]


def test_the_reseller_has_signed_the_partner_agreement():
    world = make_world(target=PROVIDER)
    unsigned = {"agreement_version": "", "agreement_signed_at": None, "agreement_signed_by": ""}
    Partner.objects.filter(pk=world.reseller.pk).update(**unsigned)

    assert refused(world) == ["reseller-agreement-not-signed"]


@pytest.mark.parametrize("kind", [ProductType.AZURE_SUBSCRIPTION, ProductType.AZURE_RESERVATION])
def test_asking_for_azure_needs_an_active_azure_plan(kind):
    world = make_world()

    assert refused(world, product_types=[kind]) == ["azure-plan-missing"]
    world.azure_plan(at=world.at_target, status="suspended")
    assert refused(world, product_types=[kind]) == ["azure-plan-missing"]
    Subscription.objects.filter(product_family=ProductFamily.AZURE_PLAN).update(status="active")
    assert world.send(product_types=[kind])


def test_everything_that_stops_a_request_is_said_at_once():
    world = make_world(target=PROVIDER)
    CustomerAgreement.objects.all().delete()

    assert refused(world, partner_on_record="", source_tenant_id=uuid.uuid4()) == [
        "customer-agreement-not-signed",
        "source-partner-unknown",
        "partner-on-record-missing",
    ]


def test_warnings_do_not_stop_a_request():
    world = make_world(target_fields={"currency": "SEK"})
    world.send()
    wanted = workflow.requests.wanted_of(
        world.request(), target=world.target.partner, actor=world.target_agent(), lock=False
    )

    checks = rules.prerequisites(wanted, on=NOON.date())

    amber = {finding.code for check in checks for finding in check.findings}
    assert amber == {
        "currencies-differ",
        "another-request-open",
        "azure-plan-missing-for-azure-items",
        "no-wish-list",
    }
    assert Level.RED not in {check.level for check in checks}
    assert world.send()


def test_a_customer_of_nobody_elses_does_not_exist():
    world, other = make_world(), make_world()

    with pytest.raises(Http404):
        workflow.create_transfer(request=other.request(), actor=world.target_agent(), now=NOON)


def test_a_partner_on_its_way_to_becoming_a_reseller_gives_to_its_provider_and_takes_nothing():
    world = make_world(DIRECT, PROVIDER)
    becoming = {"becoming_reseller_of": world.target.partner, "becoming_reseller_since": NOON}
    Partner.objects.filter(pk=world.source.pk).update(**becoming)

    assert world.send().status == TransferStatus.PENDING

    back = make_world()
    provider = make_partner(PROVIDER).partner
    Partner.objects.filter(pk=back.target.pk).update(becoming_reseller_of=provider, becoming_reseller_since=NOON)
    with pytest.raises(TransferRefused) as refusal:
        back.send()
    assert refusal.value.code == "reseller-cannot-send"


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_reseller_prepares_what_its_provider_sends():
    world = make_world(DIRECT, PROVIDER)
    make_relationship(world.reseller, world.customer, counterpart=world.target, kind="reseller")
    reseller_agent = make_actor(world.reseller)

    transfer = workflow.prepare_draft(request=world.request(), actor=reseller_agent, now=NOON)

    assert (transfer.status, transfer.target_partner_id) == (TransferStatus.DRAFT, world.target.pk)
    assert not Transfer.objects.visible_to(world.source_agent()).exists()
    seen = AuditEvent.objects.filter(parties__organization_id=world.source.pk, subject_type="transfer")
    assert not seen.exists()
    with pytest.raises(TransferRefused):
        workflow.send_draft(transfer_id=transfer.pk, actor=reseller_agent, now=NOON)

    sent = workflow.send_draft(transfer_id=transfer.pk, actor=world.target_agent(), now=NOON)

    assert sent.status == TransferStatus.PENDING
    assert Transfer.objects.visible_to(world.source_agent()).get() == transfer
    with pytest.raises(TransferRefused) as refusal:
        workflow.delete_draft(transfer_id=transfer.pk, actor=reseller_agent, now=NOON)
    assert refusal.value.code == "not-a-draft"
