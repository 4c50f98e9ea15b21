"""Service health: the operator tells, partners read, on its page and beside a new case."""

import html

import pytest
from django.urls import reverse

from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from support import rules, workflow
from support.enums import IncidentKind, IncidentStatus, ServiceProduct
from support.models import ServiceIncident
from support.workflow import NewIncident
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.support.factories import make_incident, make_operator

pytestmark = pytest.mark.django_db
PAGE = "/support/health/"
NEW = NewIncident(IncidentKind.INCIDENT, ServiceProduct.COMMERCE, "Orders take longer", "We look into it.", NOON)


@pytest.fixture
def operator():
    member = make_operator()
    return actor_of(member, member.user)


def body(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


def test_only_the_operator_publishes_and_what_is_resolved_stays(operator):
    for role in sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]):
        with pytest.raises(PermissionDenied):
            workflow.publish_incident(new=NEW, actor=make_actor(make_partner(), role), now=NOON)
    made = workflow.publish_incident(new=NEW, actor=operator, now=NOON)
    assert workflow.publish_incident(new=NEW, actor=operator, now=NOON, incident_id=made.pk) == made
    planned = NewIncident(**{**vars(NEW), "kind": IncidentKind.ADVISORY})
    assert workflow.publish_incident(new=planned, actor=operator, now=NOON).status == IncidentStatus.ANNOUNCED

    who = {"incident_id": made.pk, "actor": operator, "now": NOON}
    workflow.update_incident(**who, status=IncidentStatus.RESTORING, text="Half of it works.")
    over = workflow.update_incident(**who, status=IncidentStatus.RESOLVED, text="All works.")
    assert over.resolved_at == NOON
    with pytest.raises(rules.IncidentOver):
        workflow.update_incident(**who, status=IncidentStatus.INVESTIGATING, text="Again?")
    assert made.updates.count() == 3
    logged = AuditEvent.objects.filter(subject_id=made.pk).order_by("id").values_list("event_type", flat=True)
    assert [name.removeprefix("service-incident-") for name in logged] == ["published", "updated", "resolved"]


def test_partners_read_current_and_past_by_role(client_for):
    current, past = make_incident(), make_incident(title="Slow sign-in", status=IncidentStatus.RESOLVED)
    make_incident(title="Old API fault", status=IncidentStatus.RESOLVED, product=ServiceProduct.API)
    partner = make_partner()
    for role in sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]):
        may = Permission.SERVICE_HEALTH_VIEW in ROLE_PERMISSIONS[role]
        assert client_for(make_member(partner, role)).get(PAGE).status_code == (200 if may else 403), role

    browser = client_for(make_member(partner))
    text = body(browser.get(PAGE))
    assert text.index(current.title) < text.index("Past") < text.index(past.title)
    assert "We are looking into it." in text
    assert reverse("support:new_incident") not in text
    narrowed = body(browser.get(f"{PAGE}?product=api", HTTP_HX_REQUEST="true"))
    assert ("Old API fault" in narrowed, past.title in narrowed) == (True, False)
    detail = body(browser.get(f"{PAGE}{current.pk}/"))
    assert ("We are looking into it." in detail, "/update/" in detail) == (True, False)
    beside = body(browser.get("/support/cases/new/"))
    assert (current.title in beside, past.title in beside) == (True, False)


def test_the_operator_publishes_and_updates_on_pages(client_for):
    browser = client_for(make_operator())
    assert "Nothing is known to be wrong" in body(browser.get(PAGE))
    form = {
        "incident_id": "0b2f6f0e-6d43-4d0c-8b0e-0a6f5b1f7c11",
        "kind": "advisory",
        "product": "azure",
        "title": "Planned work",
        "text": "Portal stops for an hour.",
        "starts_at": "2026-12-01T06:00",
    }
    assert body(browser.post(f"{PAGE}new/", {**form, "title": ""}), 422)
    for _ in range(2):
        assert browser.post(f"{PAGE}new/", form).status_code == 302
    made = ServiceIncident.objects.get()
    assert (made.starts_at.hour, made.status) == (6, IncidentStatus.ANNOUNCED)
    update = f"{PAGE}{made.pk}/update/"
    assert 'value="investigating"' not in body(browser.get(update, HTTP_HX_REQUEST="true"))
    assert browser.post(update, {"status": "resolved", "text": "Done."}).status_code == 302
    assert "This is over already." in body(browser.post(update, {"status": "resolved", "text": "Done."}), 409)
