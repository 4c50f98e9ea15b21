"""The script of the documentation plays the whole story over HTTP alone, and pages leave the same records."""

import json
import subprocess
import sys
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import ResellerRelationship
from marketplace.models import Cart, SaaSSubscription
from portal.audit.models import AuditEventParty
from portal.webhooks.models import WebhookRegistration
from tests import live
from tests.factories import make_member
from tests.marketplace.factories import make_plan
from tests.portal.api.factories import make_app, secret_of
from tests.sandbox.factories import make_pair
from transfers import processing
from transfers.models import Transfer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SCRIPT = live.PROJECT / "docs" / "examples" / "full_story.py"
BY_PROGRAMS = {"webhook-registered", "sandbox-reset"}  # pages do them as well, but people need not for this story


@pytest.fixture
def site(tmp_path):
    """granian and a Celery worker, allowed to call this machine."""
    variables = live.environment(
        DJANGO_SETTINGS_MODULE="tests.journeys.marketplace_settings",
        MAILBOX_DIR=str(tmp_path),
        DEMO_PUBLISHER_STORE=str(tmp_path / "publishers.sqlite3"),
        TEST_QUEUE=f"test-{uuid.uuid4()}",
    )
    with live.worker(tmp_path, variables), live.Site(tmp_path, variables) as running:
        yield running


def account(partner):
    """What demo_accounts would say of an organization's app and of one of its people."""
    secret = make_app(partner)
    app = {"kind": secret.app.kind, "tenant_id": str(partner.pk), "client_id": str(secret.app_id)}
    facts = {"kind": partner.kind, "tenant_id": str(partner.pk), "sandbox": partner.is_sandbox}
    return app | {"client_secret": secret_of(secret)}, {"organisation": facts}


def events_of(*organizations):
    """The kinds of events that each of the organizations sees."""
    rows = AuditEventParty.objects.filter(organization_id__in=[one.pk for one in organizations])
    return set(rows.values_list("event_type", flat=True)) - BY_PROGRAMS


def by_script(site, tmp_path, source, target, publisher):
    pairs = [account(one) for one in (source, target, publisher.organization)]
    accounts = tmp_path / "accounts.json"
    accounts.write_text(json.dumps({"apps": [app for app, _ in pairs], "people": [person for _, person in pairs]}))
    command = [sys.executable, str(SCRIPT), f"http://127.0.0.1:{site.port}", str(accounts)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{site.log[-3000:]}"
    return done.stdout


def by_pages(client_for, source, target, plan):
    """The same story as people click it, the tasks' work done here."""
    giver, taker = (client_for(make_member(partner)) for partner in (source, target))
    customer = ""
    for client in (giver, taker):
        client.post(reverse("sandbox:create_request"))
        invitation = client.get(reverse("sandbox:overview")).context["waiting"].requests[0]
        new = {"company_name": "Nordlys", "domain": "nordlys.example", "country": "FR"}
        accept_url = reverse("sandbox:accept_request", args=[invitation.pk])
        answer = client.post(accept_url, {"customer": customer, **new})
        assert answer.status_code == 302, answer.text
        customer = str(ResellerRelationship.objects.get(partner=source.partner).customer_id)
    buy_and_activate(giver, customer, source, plan)
    for name in ("Practice Suite", "Practice Mail"):
        facts = {"name": name, "family": "license_based", "quantity": 5}
        giver.post(reverse("sandbox:add_subscription", args=[customer]), facts)
    send_and_accept(giver, taker, customer, source)


def buy_and_activate(giver, customer, source, plan):
    choice = {"plan": plan.pk, "price": "P1M:monthly", "quantity": 1, "friendly_name": ""}
    giver.post(reverse("marketplace:offer", args=[customer, plan.offer_id]), choice)
    review = {
        "cart": Cart.objects.get(partner=source.partner).pk,
        "total": "10.00",
        "credited": source.partner.locations.get().partner_id_number,
        "attested": "on",
    }
    answer = giver.post(reverse("marketplace:review", args=[customer]), review)
    saas = SaaSSubscription.objects.filter(partner=source.partner).first()
    assert saas is not None, answer.text
    giver.post(reverse("marketplace:publisher_link", args=[saas.pk]))
    giver.post(reverse("sandbox:activate", args=[saas.pk]))


def send_and_accept(giver, taker, customer, source):
    wanted = {
        "source_tenant_id": str(source.pk),
        "source_partner_name": source.name,
        "customer_name": "Nordlys",
        "customer_email": "ledger@nordlys.example",
        "customer_language": "en",
        "product_types": ["license_based"],
        "step": "send",
        "token": str(uuid.uuid4()),
    }
    answer = taker.post(reverse("transfers:create", args=[customer]), wanted)
    transfer = Transfer.objects.filter(customer_id=customer).first()
    assert transfer is not None, answer.text
    answer = giver.post(reverse("transfers:accept", args=[transfer.pk]), {"base": "everything", "count": "2"})
    transfer.refresh_from_db()
    assert transfer.accepted_at, answer.text
    processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now)


def test_the_script_plays_the_whole_story_and_pages_leave_the_same_records(site, tmp_path, client_for):
    plan = make_plan()
    source, target = make_pair()
    told = by_script(site, tmp_path, source, target, plan.offer.publisher)
    assert told.endswith("Done.\n"), told
    assert WebhookRegistration.objects.count() == 2

    giver, taker = make_pair()
    by_pages(client_for, giver, taker, plan)
    assert events_of(source, target) == events_of(giver, taker)
    assert {"complete-transfer", "marketplace-subscription-activated"} <= events_of(giver)
