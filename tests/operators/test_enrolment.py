"""How an empty installation gets its operator, and the programme its partners and publishers (decision 0050)."""

import html
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from operators import queries
from operators.rules import FirstPerson, NewOrganization
from operators.workflow import enrolment
from portal.accounts.enums import InvitationStatus, OrganizationKind, Role
from portal.accounts.models import Organization, PartnerLocation, User, UserInvitation
from portal.accounts.queries import make_actor
from portal.accounts.rules import OrganizationHasPeople
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from portal.notifications.models import OutgoingEmail
from tests.factories import NOON, make_member, make_partner
from tests.factories import make_actor as make_other_actor
from tests.operators.factories import make_waiting
from tests.support.factories import make_operator

pytestmark = pytest.mark.django_db
PASSWORD = "Quiet-harbour-47"
FIELDS = {
    "kind": "direct_bill",
    "name": "Novo Cloud, Lda.",
    "domain": "Novo-Cloud.example",
    "country": "PT",
    "cloud": "public",
    "partner_id": "",
    "language": "fr",
    "person_name": "Ines Novo",
    "email": "Ines@novo-cloud.example",
}


def body(response, status=200):
    assert response.status_code == status, response.headers.get("Location")
    return html.unescape(response.content.decode())


def operator():
    member = make_operator()
    return make_actor(member, member.user)


def enroll(actor, **fields):
    known = {"kind": OrganizationKind.DIRECT_BILL, "name": "Novo", "domain": "novo.example", "country": "PT"}
    new = NewOrganization(**{**known, "language": "en", **fields})
    return enrolment.enroll(new=new, person=FirstPerson("Ines Novo", "ines@novo.example"), actor=actor, now=NOON)


def create_operator(**options):
    known = {"organization": "Programme Office", "domain": "programme.example", "country": "NL"}
    out = StringIO()
    person = {"person": "Willem Jansen", "email": "Willem@programme.example"}
    call_command("create_operator", **{**known, **person, **options}, stdout=out)
    return out.getvalue()


def test_an_empty_installation_gets_an_operator_who_chooses_a_password_by_the_printed_link_and_enrolls(client):
    link = re.search(r"https?://[^/\s]+(/\S+)", create_operator())[1]
    form = client.get(link, follow=True)
    body(form)
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD, "password": PASSWORD})
    user = User.objects.get(email="willem@programme.example")
    assert user.check_password(PASSWORD)
    member = user.memberships.get()
    assert (member.organization.kind, member.roles) == ("operator", ["operator_admin"])
    assert AuditEvent.objects.get(event_type="organization-enrolled").actor_name == ""

    with pytest.raises(CommandError, match="There is a programme operator already"):
        create_operator(domain="second.example", email="second@programme.example")
    partner = enroll(make_actor(member, user))
    assert partner.partner.market == "europe"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"domain": "programme"}, "Enter a domain"),
        ({"email": "nobody"}, "Enter a valid email address"),
        ({"country": "XX"}, "XX is no country"),
    ],
)
def test_what_is_wrong_in_the_command_is_told_and_nothing_is_created(options, said):
    with pytest.raises(CommandError, match=said):
        create_operator(**options)
    assert not Organization.objects.exists()


def test_the_form_enrolls_a_partner_whose_first_person_joins_by_the_mail(client_for, client):
    browser = client_for(make_operator())
    assert "/programme/enroll/" in body(browser.get("/programme/partners/"))
    wrong = body(browser.post("/programme/enroll/", {**FIELDS, "domain": "novo", "country": ""}), 422)
    assert "Enter a domain" in wrong
    assert "Novo Cloud, Lda." in wrong

    assert browser.post("/programme/enroll/", FIELDS).headers["Location"] == "/programme/partners/"
    partner = Organization.objects.get(domain="novo-cloud.example")
    assert (partner.kind, partner.partner.currency, partner.language) == ("direct_bill", "EUR", "fr")
    assert PartnerLocation.objects.get(partner=partner.partner).is_headquarters
    invitation = UserInvitation.objects.get(organization=partner)
    assert (invitation.email, invitation.roles) == ("ines@novo-cloud.example", ["admin_agent", "global_admin"])
    mail = OutgoingEmail.objects.get(recipient="ines@novo-cloud.example")
    assert "Novo Cloud, Lda." in mail.subject
    assert "Ines Novo" in body(browser.get("/programme/partners/"))
    assert AuditEvent.objects.filter(event_type="partner-agreement-requested", subject_id=partner.pk).exists()
    assert "belongs to an organization already" in body(browser.post("/programme/enroll/", FIELDS), 422)


def test_a_partner_id_is_kept_unless_somebody_has_it_and_a_publisher_has_none(client_for):
    actor = operator()
    first = enroll(actor, partner_id="4711000")
    assert first.partner.locations.get().partner_id_number == "4711000"
    with pytest.raises(InvalidInput, match="Another partner"):
        enroll(actor, domain="second.example", partner_id="4711000")
    with pytest.raises(InvalidInput, match="in no market"):
        enroll(actor, domain="third.example", country="KP")
    publisher = enroll(actor, domain="isv.example", kind=OrganizationKind.PUBLISHER)
    assert not PartnerLocation.objects.filter(partner_id=publisher.pk).exists()
    assert UserInvitation.objects.get(organization=publisher).roles == ["publisher_admin"]


def test_a_first_person_is_invited_again_until_somebody_is_there(client_for):
    browser = client_for(make_operator())
    earlier = make_waiting()
    address = f"/programme/enroll/{earlier.organization_id}/"
    assert "ines@newcomer.example" in body(browser.get(address))
    assert browser.post(address, {"person_name": "Rui Novo", "email": "rui@newcomer.example"}).status_code == 302
    earlier.refresh_from_db()
    assert earlier.status == InvitationStatus.REVOKED
    assert set(OutgoingEmail.objects.values_list("recipient", flat=True)) == {earlier.email, "rui@newcomer.example"}
    assert [one.email for one in queries.waiting_organizations()] == ["rui@newcomer.example"]

    make_member(earlier.organization, Role.GLOBAL_ADMIN)
    assert queries.waiting_organizations() == []
    assert browser.get(address).status_code == 404
    with pytest.raises(OrganizationHasPeople):
        enrolment.invite_first_person(
            organization_id=earlier.organization_id, person=FirstPerson("A", "a@b.example"), actor=operator(), now=NOON
        )


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMIN_AGENT])
def test_nobody_but_the_operator_enrolls(client_for, role):
    member = make_member(make_partner(), role)
    browser = client_for(member)
    assert browser.get("/programme/enroll/").status_code == 403
    assert browser.post("/programme/enroll/", FIELDS).status_code == 403
    with pytest.raises(PermissionDenied):
        enroll(make_other_actor(member.organization, role))
    assert not UserInvitation.objects.exists()
