"""The customer list and a customer's pages at 10,000 and at 1,000,000 customers (R12, quality rows 30, 31)."""

import functools
import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks import databases, world
from benchmarks.harness import Candidate, Line, Report, measure
from customers import scale
from customers.queries import CustomerFilter, customer_of, customer_page
from portal.accounts.actor import Actor
from portal.accounts.models import Membership, Partner
from portal.accounts.queries import make_actor

SMALL, LARGE = 10_000, 1_000_000
DEEP_PAGE = 100
HTMX = {"HX-Request": "true"}
FREQUENT = "bakery"  # part of the name of one customer in sixty: it fills a page in both worlds
FIRST_CUSTOMER = uuid.UUID("722ce9f6-e455-ffcc-b77b-228491fd0966")  # number 1 of the world with seed 1
# What of the list is opened, and by which address. A filter that few customers pass shows as many rows in both worlds.
PAGES = {
    "first": {},
    "country": {"country": "PT"},
    "filters": {"agreement": "no", "rights": "no"},
    "tag": {"tag": "Managed"},
    "search": {"q": FREQUENT},
}


class Site:
    """The portal on one database, with an admin agent of the one partner signed in."""

    def __init__(self, count: int) -> None:
        self.database = databases.prepare(
            f"bench_customers_{count}",
            content=f"{count} customers, version 1",
            fill=functools.partial(_fill, count),
        )
        databases.use(self.database)
        self.client = world.signed_in_client()
        membership = Membership.objects.select_related("organization", "user").get()
        self.actor = make_actor(membership, membership.user)
        domain = customer_of(self.actor, FIRST_CUSTOMER).customer_domain
        self.pages = {**PAGES, "deep": {"cursor": _deep_cursor(self.actor)}, "rare": {"q": domain}}

    def list(self, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Candidate:
        return self.page(f"{reverse('customers:list')}?{urlencode(query)}", headers)

    def page(self, address: str, headers: Mapping[str, str] | None = None) -> Candidate:
        """Return the candidate that opens a page, and fails if it does not answer 200."""
        return Candidate(work=lambda: self.open(address, headers), enter=lambda: databases.use(self.database))

    def open(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        response = self.client.get(address, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")

    def queries(self, query: Mapping[str, str]) -> int:
        """Count the database queries of a list page."""
        databases.use(self.database)
        with CaptureQueriesContext(connection) as captured:
            self.open(f"{reverse('customers:list')}?{urlencode(query)}")
        return len(captured)


def _fill(count: int) -> None:
    """Write the partner of the benchmarks and so many customers of it."""
    world.fill(100)
    partner = Partner.objects.create(organization_id=world.ORGANIZATION_ID, market="europe", currency="EUR")
    for _progress in scale.load(partner=partner, customers=count, seed=1):
        pass


def _deep_cursor(actor: Actor) -> str:
    cursor = ""
    for _page in range(DEEP_PAGE - 1):
        cursor = customer_page(actor, CustomerFilter(), cursor=cursor).next_cursor
    return cursor


def run() -> Report:
    """Measure the list at both sizes beside each other, and beside the floors b and c1."""
    small, large = Site(SMALL), Site(LARGE)
    candidates = {"b": large.page("/floor/b/"), "c1": large.page("/floor/c1/")}
    for site, size in ((small, "small"), (large, "large")):
        for name, query in site.pages.items():
            candidates[f"{name} {size}"] = site.list(query)
    candidates["frame"] = large.page(reverse("help"))
    candidates["fragment"] = large.list({}, HTMX)
    candidates["count"] = large.page(reverse("customers:count"), HTMX)
    candidates["account"] = large.page(reverse("customers:account", args=[FIRST_CUSTOMER]))
    candidates["subscriptions"] = large.page(reverse("customers:subscriptions", args=[FIRST_CUSTOMER]))
    costs = measure(candidates)

    report = Report("Customer list and pages, CPU per request (process and database)")
    b, c1 = costs["b"], costs["c1"]
    against_small = [
        ("first page, 1,000,000 customers", "first"),
        (f"page {DEEP_PAGE} by keyset", "deep"),
        ("one country", "country"),
        ("two filters", "filters"),
        ("a tag", "tag"),
        (f"search for {FREQUENT!r}", "search"),
    ]
    for what, name in against_small:
        value, floor = costs[f"{name} large"], costs[f"{name} small"]
        report.lines.append(Line(what, value, "ms", "the same at 10,000", value / floor, 1.15))
    against_floors = [
        ("first page, 1,000,000 customers", "first large", c1, "c1", 1.0),
        ("list as fragment", "fragment", c1, "c1", 1.0),
        (f"search for {FREQUENT!r}", "search large", c1, "c1", 2.0),
        ("search for one customer by its domain", "rare large", c1, "c1", 2.0),
        ("the count that comes after the page", "count", c1, "c1", 1.0),
        ("subscriptions of a customer", "subscriptions", b, "b", 3.0),
        ("account of a customer", "account", b, "b", 3.0),
    ]
    for what, name, floor, floor_name, limit in against_floors:
        report.lines.append(Line(what, costs[name], "ms", floor_name, costs[name] / floor, limit))
    report.notes.append(f"floors: b = {b:.2f} ms, c1 = {c1:.2f} ms = {c1 / b:.1f} b")
    report.notes.append(f"the frame of every page alone (help): {costs['frame']:.2f} ms = {costs['frame'] / c1:.2f} c1")
    rare = costs["rare large"] / costs["rare small"]
    report.notes.append(f"search for one customer by its domain: {rare:.2f} × the same at 10,000 (a trigram index)")
    counts = {name: (small.queries(small.pages[name]), large.queries(large.pages[name])) for name in small.pages}
    report.notes.append(f"queries at 10,000 and 1,000,000: {counts}")
    return report
