"""Service health: the operator tells, partners read, on its page and beside a new case."""

import html

import pytest
from django.urls import reverse

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem, MailPreference, OutgoingEmail
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


def test_the_page_is_narrowed_by_title_product_kind_and_state(client_for):
    make_incident(title="Slow sign-in", product=ServiceProduct.PORTAL)
    make_incident(title="Planned work", kind=IncidentKind.ADVISORY, status=IncidentStatus.ANNOUNCED)
    make_incident(title="Old API fault", status=IncidentStatus.RESOLVED, product=ServiceProduct.API)
    browser = client_for(make_member())
    titles = {"Slow sign-in", "Planned work", "Old API fault"}
    for query, shown in (
        ("", titles),
        ("q=sign", {"Slow sign-in"}),
        ("product=api", {"Old API fault"}),
        ("kind=advisory", {"Planned work"}),
        ("state=current", {"Slow sign-in", "Planned work"}),
        ("state=past", {"Old API fault"}),
        ("state=past&product=portal", set()),
    ):
        text = body(browser.get(f"{PAGE}?{query}", HTTP_HX_REQUEST="true"))
        assert {title for title in titles if title in text} == shown, query
    assert "Nothing of this kind." in text


def test_home_says_that_all_is_well_or_what_is_not(client_for):
    partner = make_partner()
    browser = client_for(make_member(partner))
    assert "All is well" in body(browser.get("/"))
    make_incident(title="Planned work", kind=IncidentKind.ADVISORY, status=IncidentStatus.ANNOUNCED)
    text = body(browser.get("/"))
    assert "All is well" in text
    assert "Planned work" in text
    for number in range(4):
        make_incident(title=f"Fault {number}")
    text = body(browser.get("/"))
    assert "All is well" not in text
    assert "And 2 more." in text
    blind = next(role for role in sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]) if not may_read(role))
    assert "home-health" not in body(client_for(make_member(partner, blind)).get("/"))


def may_read(role):
    return Permission.SERVICE_HEALTH_VIEW in ROLE_PERMISSIONS[role]


def ask_for_news(member):
    return {"language": member.user.language, "topic:service-health": "on"}


def test_who_asks_for_it_is_told_once_of_the_beginning_and_once_of_the_end(operator, client_for):
    asking, silent, once = make_member(), make_member(), make_member()
    preferences = reverse("action_center:preferences")
    for member in (asking, once):
        assert client_for(member).post(preferences, ask_for_news(member)).status_code == 302
        assert 'name="topic:service-health"' in body(client_for(member).get(preferences))
    assert client_for(once).post(preferences, {"language": "en"}).status_code == 302, "asked for no more"
    logged = AuditEvent.objects.filter(event_type="mail-preferences-changed").order_by("pk")
    assert [event.after["asked_for"] for event in logged] == [["service-health"], ["service-health"], []]
    left = make_member(make_partner(), Role.ADMIN_AGENT)
    client_for(left).post(preferences, ask_for_news(left))
    Membership.objects.filter(pk=left.pk).update(is_active=False, deactivated_at=NOON)
    second = make_member(make_partner(is_sandbox=True), Role.ADMIN_AGENT, user=asking.user)

    made = workflow.publish_incident(new=NEW, actor=operator, now=NOON)
    workflow.publish_incident(new=NEW, actor=operator, now=NOON, incident_id=made.pk)
    who = {"incident_id": made.pk, "actor": operator, "now": NOON}
    workflow.update_incident(**who, status=IncidentStatus.RESTORING, text="Half of it works.")
    workflow.update_incident(**who, status=IncidentStatus.RESOLVED, text="All works <again>.")

    mails = OutgoingEmail.objects.order_by("created_at", "subject")
    assert {mail.recipient for mail in mails} == {asking.user.email}
    assert sorted(mail.subject for mail in mails) == [
        "Incident, Orders and billing: Orders take longer",
        "Resolved, Orders and billing: Orders take longer",
    ]
    over = mails.get(event_type="service-incident-resolved")
    assert "All works &lt;again&gt;." in over.html
    assert f"{PAGE}{made.pk}/" in over.text
    items = ActionItem.objects.all()
    assert {item.user_id for item in items} == {asking.user_id}
    assert {item.organization_id for item in items} == {asking.organization_id} != {second.organization_id}
    assert sorted(item.title["en"] for item in items) == [
        "Orders and billing, resolved: Orders take longer",
        "Orders and billing: Orders take longer",
    ]
    assert silent.user_id not in {item.user_id for item in items}


def test_who_may_not_read_service_health_is_not_offered_its_news(client_for):
    blind = next(role for role in sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]) if not may_read(role))
    member = make_member(make_partner(), blind)
    preferences = reverse("action_center:preferences")

    browser = client_for(member)
    assert "topic:service-health" not in body(browser.get(preferences))
    browser.post(preferences, ask_for_news(member))
    assert not MailPreference.objects.filter(workspace="service-health").exists()


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
