"""People and events of the benchmarks, written by set-based SQL."""

import uuid

from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, User

ORGANIZATION_ID = uuid.UUID(int=1)
RARE_CUSTOMER = "Zyxwvutsr Quintessential"

EVENTS = """
INSERT INTO audit_auditevent (
    public_id, event_type, outcome, occurred_at, actor_user_id, actor_name, actor_email, actor_organization_id,
    actor_organization_name, subject_type, subject_id, subject_name, customer_id, customer_name, before, after, details,
    request_id
)
SELECT
    gen_random_uuid(),
    (ARRAY['user-invited', 'user-joined', 'user-roles-changed', 'signed-in', 'profile-updated'])[1 + n %% 5],
    CASE WHEN n %% 200 = 0 THEN 'failed' ELSE 'succeeded' END,
    timestamptz '2026-11-01 00:00+00' - n * interval '90 seconds',
    md5('person ' || n %% 400)::uuid, 'Person ' || n %% 400, 'person' || n %% 400 || '@example.com', %(organization)s,
    'Benchmark', 'user', md5('subject ' || n)::uuid::text, 'Subject ' || n %% 5000,
    CASE WHEN n %% 10 > 0 THEN md5('customer ' || n %% 3000)::uuid END,
    CASE WHEN n %% 100000 = 5000 THEN %(rare)s WHEN n %% 10 > 0 THEN md5('name ' || n %% 3000) ELSE '' END,
    '{"roles": ["sales_agent"], "name": "Marc"}', '{"roles": ["admin_agent"], "name": "Marc"}', '{"ticket": "4711"}',
    md5('request ' || n)
FROM generate_series(1, %(count)s) AS n
"""
PARTIES = """
INSERT INTO audit_auditeventparty (
    event_id, organization_id, occurred_at, event_type, outcome, customer_id, customer_key, actor_user_id, actor_key,
    details
)
SELECT id, actor_organization_id, occurred_at, event_type, outcome, customer_id, lower(customer_name), actor_user_id,
    lower(actor_name) || ' ' || actor_email, '{}'
FROM audit_auditevent
"""


def fill(count: int) -> None:
    """Write an organisation with one admin agent, and so many events that it sees."""
    now = timezone.now()
    organization = Organization.objects.create(
        id=ORGANIZATION_ID,
        kind=OrganizationKind.DIRECT_BILL,
        name="Benchmark",
        domain="benchmark.example",
        country="FR",
        created_at=now,
    )
    make_agent(organization, email="bench@benchmark.example")
    write_events(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def make_agent(organization: Organization, *, email: str) -> Membership:
    """Write an admin agent who has a second factor."""
    now = timezone.now()
    user = User.objects.create_user(email=email, name="Bench Agent", created_at=now)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return Membership.objects.create(user=user, organization=organization, roles=[Role.ADMIN_AGENT], created_at=now)


def write_events(count: int) -> None:
    """Write so many events, each with its party; all of them wait for their seals."""
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, {"count": count, "organization": ORGANIZATION_ID, "rare": RARE_CUSTOMER})
        cursor.execute(PARTIES)


def signed_in_client() -> Client:
    """Return a client signed in as the admin agent of the database in use."""
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
