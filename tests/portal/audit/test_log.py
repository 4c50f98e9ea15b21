"""Many events at once read and seal like single ones."""

import uuid

import pytest

from portal.audit import log, processing
from portal.audit.checking import check_log
from portal.audit.models import AuditEvent, AuditEventParty
from tests.factories import NOON, make_organization

pytestmark = pytest.mark.django_db
EACH = """
    SELECT id AS subject_id, name AS subject_name, id AS customer_id, name AS customer_name, name_key AS customer_key,
        jsonb_build_object('name', domain) AS before, jsonb_build_object('name', name) AS after,
        jsonb_build_object('country', country) AS details, ARRAY[id, %(other)s::uuid] AS organization_ids
    FROM accounts_organization WHERE id = ANY(%(ids)s)
"""


def test_selected_events_are_those_that_record_would_have_written():
    organizations = [make_organization(name=f"Größe {number}") for number in range(3)]
    other = make_organization()
    ids = [organization.pk for organization in organizations]
    written = log.record_selected(
        event_type="organization-updated",
        subject_type="organization",
        select=EACH,
        params={"ids": ids, "other": other.pk},
        occurred_at=NOON,
    )
    first = organizations[0]
    single = log.record(
        event_type="organization-updated",
        organization_ids=[first.pk, other.pk],
        subject_type="organization",
        subject_id=first.pk,
        subject_name=first.name,
        actor=None,
        occurred_at=NOON,
        customer_id=first.pk,
        customer_name=first.name,
        before={"name": first.domain},
        after={"name": first.name},
        details={"country": first.country},
    )
    assert len(written) == 3
    many = AuditEvent.objects.get(pk__in=written, subject_id=str(first.pk))
    own = {"id", "public_id"}
    assert {
        key: value for key, value in AuditEvent.objects.filter(pk=many.pk).values()[0].items() if key not in own
    } == {key: value for key, value in AuditEvent.objects.filter(pk=single.pk).values()[0].items() if key not in own}
    columns = [
        field.attname for field in AuditEventParty._meta.concrete_fields if field.attname not in {"id", "event_id"}
    ]
    parties = {event.pk: set(map(str, event.parties.values_list(*columns))) for event in (many, single)}
    assert parties[many.pk] == parties[single.pk]


def test_selected_events_are_sealed_and_none_for_an_empty_selection():
    organization = make_organization()
    params = {"ids": [uuid.uuid4()], "other": organization.pk}
    write = {"event_type": "organization-updated", "subject_type": "organization", "select": EACH, "occurred_at": NOON}
    assert log.record_selected(params=params, **write) == []
    log.record_selected(params=params | {"ids": [organization.pk], "other": make_organization().pk}, **write)
    assert processing.seal_waiting() == 1
    assert check_log(now=NOON, expected=None, progress=lambda position: None).fault is None
