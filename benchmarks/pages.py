"""Lists and detail pages of moderate length beside the floors b and c1 (quality rows 30, 31).

The demo world, with the rows of one partner repeated: a page of each list is full.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models import Model, Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import databases
from benchmarks.harness import Candidate, Line, Report, measure
from billing.models import Invoice
from customers.enums import ProductFamily
from customers.models import ResellerRelationship, Subscription
from portal.accounts.enums import Role
from portal.accounts.models import Membership, Organization
from portal.notifications.enums import ACTION_KINDS
from portal.notifications.models import ActionItem
from transfers.models import Transfer

NAME, ROWS = "bench_pages", 120
PARTNER = "Fjällvind Data AB"
HTMX = {"HX-Request": "true"}


class Site:
    """The portal, with an admin agent and a billing admin of the partner signed in."""

    def __init__(self) -> None:
        databases.use(databases.prepare(NAME, content=f"demo world, {ROWS} rows of each list, version 1", fill=_fill))
        self.agent, self.billing = (_client(role) for role in (Role.ADMIN_AGENT, Role.BILLING_ADMIN))

    def page(self, client: Client, address: str, headers: Mapping[str, str] | None = None) -> Candidate:
        """Return the candidate that opens a page, and fails if it does not answer 200."""
        return Candidate(work=lambda: self.open(client, address, headers))

    def open(self, client: Client, address: str, headers: Mapping[str, str] | None = None) -> None:
        response = client.get(address, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")

    def lists(self) -> dict[str, tuple[Client, str]]:
        """Return the addresses of the lists."""
        return {
            "transfers list": (self.agent, reverse("transfers:list")),
            "action center": (self.agent, reverse("action_center:overview")),
            "invoices list": (self.billing, reverse("billing:invoices")),
            "activity log": (self.agent, reverse("audit:log")),
        }

    def details(self) -> dict[str, tuple[Client, str]]:
        """Return the addresses of the pages of one thing."""
        active = ResellerRelationship.objects.active().filter(partner__organization__name=PARTNER)
        own = Subscription.objects.filter(
            billing_owner__organization__name=PARTNER, customer__in=active.values("customer"), status="active"
        ).order_by("created_at", "pk")
        invoice = Invoice.objects.filter(billing_owner__organization__name=PARTNER, line_count__gt=5).latest("month")
        of_azure = own.filter(product_family=ProductFamily.AZURE_PLAN)[0]
        of_licenses = own.filter(product_family=ProductFamily.LICENSE_BASED)[0]
        return {
            "page of an Azure plan": (self.agent, reverse("azure:subscription", args=[of_azure.pk])),
            "page of licenses": (self.agent, reverse("azure:subscription", args=[of_licenses.pk])),
            "page of an invoice": (self.billing, reverse("billing:invoice", args=[invoice.pk])),
        }


def run() -> Report:
    """Measure the pages beside each other, and count their queries."""
    site = Site()
    lists, details = site.lists(), site.details()
    candidates = {"b": site.page(site.agent, "/floor/b/"), "c1": site.page(site.agent, "/floor/c1/")}
    candidates |= {name: site.page(*where) for name, where in (lists | details).items()}
    costs = measure(candidates)
    b, c1 = costs["b"], costs["c1"]
    report = Report("Lists and detail pages of the demo world, CPU per request (process and database)")
    report.lines += [Line(name, costs[name], "ms", "c1", costs[name] / c1, 1.0) for name in lists]
    report.lines += [Line(name, costs[name], "ms", "b", costs[name] / b, 3.0) for name in details]
    for name, where in (lists | details).items():
        with CaptureQueriesContext(connection) as captured:
            site.open(*where)
        most = 5 if name in lists else 8
        report.lines.append(Line(f"{name}: queries", len(captured), "queries", str(most), len(captured) / most, 1.0))
    report.notes.append(f"floors: b = {b:.2f} ms, c1 = {c1:.2f} ms = {c1 / b:.1f} b")
    return report


def _client(role: Role) -> Client:
    client = Client(raise_request_exception=True)
    own = Membership.objects.filter(organization__name=PARTNER, roles=[role], user__authenticator__isnull=False)
    membership = own.select_related("user").order_by("user__email")[0]
    client.force_login(membership.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["organization_id"] = str(membership.organization_id)
    session.save()
    return client


# --- the world -------------------------------------------------------------------------------------------------------
def _fill() -> None:
    """Write the demo world, and repeat what a partner's lists show until a page of each is full."""
    call_command("load_demo", verbosity=0)
    partner, now = Organization.objects.get(name=PARTNER), timezone.now()
    transfers = list(
        Transfer.objects.filter(Q(source_partner_id=partner.pk) | Q(target_partner_id=partner.pk)).order_by(
            "created_at", "pk"
        )
    )
    items = ActionItem.objects.filter(organization=partner, kind__in=ACTION_KINDS, completed_at=None)
    items = items.filter(roles__contains=[Role.ADMIN_AGENT]).order_by("created_at", "pk")
    action, invoice = items[0], Invoice.objects.filter(billing_owner_id=partner.pk).earliest("month")
    for number in range(1, ROWS + 1):
        moment = now - datetime.timedelta(hours=number)
        _repeat(transfers[number % len(transfers)], created_at=moment)
        _repeat(action, created_at=moment, event_id=uuid.uuid4(), subject_id=str(number))
        month = (invoice.month - datetime.timedelta(days=1)).replace(day=1)
        _repeat(invoice, month=month, number=f"{number:06}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _repeat(row: Model, **fields: Any) -> None:
    """Write the row once more, with other values."""
    row.pk = uuid.uuid4()
    row._state.adding = True
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(force_insert=True)
