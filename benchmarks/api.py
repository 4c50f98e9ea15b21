"""The API's list of 500 customers at 1,000,000, beside its bare rows behind the same token (figures of issue 5)."""

import datetime

from django.conf import settings
from django.test import Client
from django.utils import timezone

from benchmarks import databases, world
from benchmarks.customers import LARGE, Site
from benchmarks.harness import Candidate, Line, Report, measure
from portal.accounts.enums import Role
from portal.api.enums import AppKind
from portal.api.models import AppRegistration, AppSecret
from portal.api.tokens import audiences, claims
from portal.api.tokens.claims import Grant
from portal.core.links import hash_token, make_token

LIMIT = 1.2
FLOOR, LIST, CALL = "/v1/floor/v", "/v1/customers?size=500", "/v1/floor/nothing"


def run() -> Report:
    """Measure the list beside values() and orjson for the same rows."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    site = Site(LARGE)
    client = Client(headers={"Authorization": f"Bearer {_token()}"})
    costs = measure({path: _candidate(site, client, path) for path in (FLOOR, LIST, CALL)})
    report = Report("The API's list of 500 customers, CPU per request (process and database)")
    line = Line("500 of 1,000,000 customers", costs[LIST], "ms", "V behind a token", costs[LIST] / costs[FLOOR], LIMIT)
    report.lines.append(line)
    report.notes.append(f"a call that does nothing, token and limit checked: {costs[CALL]:.2f} ms")
    return report


def _candidate(site: Site, client: Client, path: str) -> Candidate:
    def work() -> None:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")

    return Candidate(work=work, enter=lambda: databases.use(site.database))


def _token() -> str:
    """Return a token of an app made for this run."""
    now = timezone.now()
    app = AppRegistration.objects.create(
        organization_id=world.ORGANIZATION_ID,
        kind=AppKind.PARTNER,
        name="Benchmark",
        roles=[Role.ADMIN_AGENT],
        created_at=now,
    )
    secret = AppSecret.objects.create(
        app=app, secret_hash=hash_token(make_token()), created_at=now, expires_at=now + datetime.timedelta(days=1)
    )
    return claims.issue(Grant(secret=secret, audience=audiences.PARTNER_RESOURCE, version=1), now=now)
