"""Reset and clock: all of a sandbox, nothing of anybody else, and the log as it was."""

import datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import ForeignKey
from django.urls import reverse

from billing.models import Charge
from customers.models import Customer, RelationshipInvitation, ResellerRelationship, Subscription
from customers.rules import NotASandbox
from customers.workflow.invitations import expire_invitations
from marketplace.models import SaaSSubscription
from marketplace.processing import terms
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner, User
from portal.accounts.permissions import ROLES_BY_KIND
from portal.accounts.workflow.organization import ask_for_partner_agreement, sign_partner_agreement
from portal.audit.models import AuditEvent, AuditEventParty
from portal.celery import app as celery_app
from portal.core.errors import PermissionDenied
from portal.core.invariants import breaches
from portal.notifications.models import ActionItem
from portal.webhooks.models import WebhookRegistration
from sandbox import rules
from sandbox.extent import KEPT, REACHED, ROOTS
from sandbox.models import Sandbox
from sandbox.workflow.clock import jump
from sandbox.workflow.reset import reset_sandbox
from tests.customers.factories import make_relationship
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.portal.api.factories import api_client
from tests.sandbox.factories import make_pair, make_sandbox_partner, make_stage, player
from transfers.enums import TransferStatus
from transfers.models import Transfer
from transfers.workflow import expire_transfers

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def snapshot(*, without=()):
    """How many rows each table has, and the newest change of each, but for the tables named."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.label in without:
                continue
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{model._meta.db_table}\" t"
            )
            found[model._meta.label] = cursor.fetchone()
    return found


def test_every_table_that_points_to_a_partner_is_known_here():
    """Say in sandbox/extent.py whether a reset deletes it (ROOTS) or not (KEPT)."""
    unknown = set()
    for model in apps.get_models():
        names = {
            column.name
            for column in model._meta.concrete_fields
            if isinstance(column, ForeignKey) and column.related_model in (Organization, Partner)
        }
        if names and model._meta.label not in {*ROOTS, *KEPT, *REACHED}:
            unknown.add(model._meta.label)
    assert not unknown
    for label, columns in ROOTS.items():
        assert all(apps.get_model(label)._meta.get_field(column) for column in columns)


def test_a_reset_deletes_what_the_sandbox_holds_and_nothing_else():
    partners = make_pair()
    people = [make_member(partner) for partner in partners]
    make_stage(is_sandbox=False)
    make_stage()
    log_and_sandboxes = {"audit.AuditEvent", "audit.AuditEventParty", "audit.UnsealedEvent", "sandbox.Sandbox"}
    before = snapshot(without=log_and_sandboxes)
    events = AuditEvent.objects.count()

    stage = make_stage()
    told = AuditEventParty.objects.filter(organization_id=stage.source.pk).count()
    actor = player(stage.source)
    contents = reset_sandbox(actor=actor, now=NOON)
    assert contents.counts == {
        "customers": 1,
        "subscriptions": 2,
        "transfers": 1,
        "orders": 1,
        "relationship requests": 1,
        "webhooks": 1,
    }
    assert not Customer.objects.filter(pk=stage.customer.pk).exists()
    # What is left of it are the partners, their people, and the publisher's catalogue that others share.
    after = snapshot(without=log_and_sandboxes)
    changed = {label for label in after if after[label] != before[label]}
    assert changed <= {
        *("accounts.Organization", "accounts.Partner", "accounts.PartnerLocation", "accounts.User"),
        *("accounts.Membership", "sandbox.SandboxPartner"),
        *("marketplace.Publisher", "marketplace.Offer", "marketplace.Plan", "marketplace.PlanPrice"),
    }
    assert AuditEventParty.objects.filter(organization_id=stage.source.pk).count() == told + 1
    assert AuditEvent.objects.count() > events
    event = AuditEvent.objects.get(event_type="sandbox-reset")
    assert event.details["customers"] == 1
    assert {party.organization_id for party in event.parties.all()} == {stage.source.pk, stage.target.pk}
    assert [Membership.objects.filter(pk=member.pk).exists() for member in people] == [True, True]
    assert list(breaches()) == []

    reset_sandbox(actor=actor, now=NOON)
    assert AuditEvent.objects.filter(event_type="sandbox-reset").count() == 1
    assert snapshot(without=log_and_sandboxes) == after


def test_what_is_to_be_signed_and_who_is_invited_stays_to_be_done():
    stage = make_stage()
    organization = stage.source
    Partner.objects.filter(pk=organization.pk).update(agreement_version="2020-01")
    ask_for_partner_agreement(organization_id=organization.pk, now=NOON)
    item = ActionItem.objects.get(subject_type="partner-agreement", organization=organization)
    jump(hours=24, actor=player(organization), now=NOON)
    reset_sandbox(actor=player(organization), now=NOON)
    assert list(ActionItem.objects.filter(organization=organization)) == [item]
    item.refresh_from_db()
    assert item.completed_at is None
    sign_partner_agreement(actor=player(organization, Role.GLOBAL_ADMIN), now=NOON)
    reset_sandbox(actor=player(organization), now=NOON)
    assert not ActionItem.objects.filter(organization=organization).exists()


def test_what_is_shared_with_others_is_neither_deleted_nor_made_older():
    stage = make_stage()
    stranger = make_sandbox_partner()
    make_relationship(stranger, stage.customer)
    for act in (
        lambda: reset_sandbox(actor=player(stage.source), now=NOON),
        lambda: jump(hours=1, actor=player(stage.source), now=NOON),
    ):
        with pytest.raises(rules.SandboxShared, match=stage.customer.organization.name):
            act()
    assert Subscription.objects.filter(customer=stage.customer).count() == 2


def test_a_jump_of_the_clock_makes_due_what_would_be_due_then():
    stage, other = make_stage(), make_stage(is_sandbox=False)
    started = stage.saas.activated_at
    sandbox = jump(hours=24 * 31, actor=player(stage.source), now=NOON)
    assert (sandbox.hours_ahead, sandbox.jumped_at) == (744, NOON)
    stage.saas.refresh_from_db()
    assert stage.saas.activated_at == started - 31 * DAY
    assert stage.saas.counted_from == NOON.date() - 31 * DAY
    assert list(breaches()) == []

    assert expire_transfers(now=NOON) == 1
    assert expire_invitations(now=NOON) == 1
    assert terms.run(now=NOON)["renewed"] == 1
    stage.transfer.refresh_from_db()
    other.transfer.refresh_from_db()
    assert (stage.transfer.status, other.transfer.status) == (TransferStatus.EXPIRED, TransferStatus.PENDING)
    row = Subscription.objects.get(pk=stage.saas.pk)
    assert row.starts_on <= NOON.date() < row.ends_on
    assert list(breaches()) == []


def test_hours_add_up_to_days_and_the_clock_never_goes_back():
    stage = make_stage()
    for hours, dates_moved in ((13, 0), (13, 1), (22, 2)):
        jump(hours=hours, actor=player(stage.source), now=NOON)
        saas = SaaSSubscription.objects.get(pk=stage.saas.pk)
        assert (NOON.date() - saas.counted_from).days == dates_moved
    assert saas.activated_at == NOON - 2 * DAY
    for hours in (0, -1, 24 * 367):
        with pytest.raises(rules.WrongJump):
            jump(hours=hours, actor=player(stage.source), now=NOON)
    assert Sandbox.objects.get(members__partner_id=stage.source.pk).hours_ahead == 48


def test_a_jump_moves_charges_past_each_other_s_places():
    stage = make_stage()
    common = {"subscription_id": stage.saas.pk, "billing_owner": stage.source.partner, "customer": stage.customer}
    facts = {"kind": "cycle", "unit_price": 1, "amount": 1, "currency": "EUR", "created_at": NOON, **common}
    days = [NOON.date() + number * DAY for number in (90, 60, 30)]  # written in this order: each meets the one below
    for day in days:
        Charge.objects.create(starts_on=day, ends_on=day + DAY, **facts)
    jump(hours=24 * 30, actor=player(stage.source), now=NOON)
    moved = Charge.objects.filter(kind="cycle").order_by("-starts_on").values_list("starts_on", flat=True)
    assert list(moved) == [day - 30 * DAY for day in days]


def test_the_work_that_finds_what_is_due_is_queued_at_once(django_capture_on_commit_callbacks):
    stage = make_stage()
    with django_capture_on_commit_callbacks() as queued:
        jump(hours=72, actor=player(stage.source), now=NOON)
    names = {job.task_name for job in queued if hasattr(job, "task_name")}
    assert set(settings.SANDBOX_DUE_TASKS) <= names
    assert set(settings.SANDBOX_DUE_TASKS) <= set(celery_app.conf.beat_schedule)


@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
@pytest.mark.parametrize("is_sandbox", [True, False], ids=["sandbox", "production"])
def test_only_admins_of_a_sandbox_jump_and_reset(role, is_sandbox):
    actor = make_actor(make_partner(is_sandbox=is_sandbox), role)
    may = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
    for act in (lambda: jump(hours=1, actor=actor, now=NOON), lambda: reset_sandbox(actor=actor, now=NOON)):
        if may and is_sandbox:
            act()
            continue
        with pytest.raises(NotASandbox if may else PermissionDenied):
            act()


# --- pages and API ---------------------------------------------------------------------------------------------------
def test_the_pages_jump_show_what_happened_name_what_is_lost_and_reset(client_for):
    stage = make_stage()
    client = client_for(make_member(stage.source))
    jump_url, reset_url, overview = (reverse(f"sandbox:{name}") for name in ("jump", "reset", "overview"))
    wrong = client.post(jump_url, {"amount": "0", "unit": "1"})
    assert wrong.status_code == 422
    too_far = client.post(jump_url, {"amount": "400", "unit": "24"})
    assert too_far.status_code == 422
    assert "366 days at a time" in too_far.text
    assert client.post(jump_url, {"amount": "3", "unit": "24"}).headers["Location"] == overview
    page = client.get(overview).text
    assert "So far: 3 days and 0 hours." in page
    assert "Sandbox clock moved on" in page

    asked = client.get(reset_url).text
    for words in (stage.source.name, stage.target.name, "Customers: 1", "Subscriptions: 2", "Transfers: 1"):
        assert words in asked
    assert Transfer.objects.exists()
    assert client.post(reset_url).headers["Location"] == overview
    assert not Transfer.objects.exists()
    assert "The sandbox is empty" in client.get(reset_url).text


def test_by_api_the_same():
    stage = make_stage()
    client = api_client(stage.source)
    found = client.get("/v1/sandbox").json()
    assert (found["hoursAhead"], found["contents"]["subscriptions"]) == (0, 2)
    assert {one["tenantId"] for one in found["partners"]} == {str(stage.source.pk), str(stage.target.pk)}
    assert client.send("POST", "/v1/sandbox/clock", {"hours": 1, "days": 3}).json()["hoursAhead"] == 73
    assert client.send("POST", "/v1/sandbox/clock", {}).status_code == 400
    unsure = client.send("POST", "/v1/sandbox/reset", {})
    assert (unsure.status_code, unsure.json()["code"]) == (400, 3000)
    assert ResellerRelationship.objects.exists()
    done = client.send("POST", "/v1/sandbox/reset", {"confirm": True}).json()
    assert (done["hoursAhead"], set(done["contents"].values())) == (0, {0})
    assert not WebhookRegistration.objects.exists()
    assert not RelationshipInvitation.objects.exists()
    assert not User.objects.filter(memberships__organization__kind=OrganizationKind.CUSTOMER).exists()
    production = api_client()
    for method, path in (("GET", ""), ("POST", "/clock"), ("POST", "/reset")):
        body = {"hours": 1, "confirm": True} if method == "POST" else None
        answer = production.send(method, f"/v1/sandbox{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (400, 900127)
