"""Every change of a case: who may, in which state, who is told; nothing is written after a refusal (A12)."""

import datetime

import pytest
from django.http import Http404

from customers.enums import RelationshipKind
from customers.models import ResellerRelationship
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.accounts.queries import make_actor as actor_of
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied, Refusal
from portal.notifications.models import ActionItem, OutgoingEmail
from support import files, queries, rules, workflow
from support.enums import CaseAction, CaseStatus, Severity, SupportTopic
from support.files import NewFile
from support.invariants import breaches
from support.models import CaseAttachment, CaseMessage, SupportCase
from support.workflow import NewCase
from tests.customers.factories import make_indirect_relationships, make_relationship
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner
from tests.support.factories import make_attachment, make_case, make_operator

pytestmark = pytest.mark.django_db
A, S = CaseAction, CaseStatus
LATER = NOON + datetime.timedelta(hours=2)
NEW = NewCase(title="Line too many", text="Line 12 is charged twice.", topic=SupportTopic.BILLING, severity="moderate")
DIRECT, PROVIDER = OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER
RESELLER, OPERATOR = OrganizationKind.INDIRECT_RESELLER, OrganizationKind.OPERATOR


@pytest.fixture
def operator():
    member = make_operator(language="sv")
    return actor_of(member, member.user)


def act(action, case, actor, now=LATER):
    """Do one of the actions with values that fit."""
    who = {"case_id": case.pk, "actor": actor, "now": now}
    calls = {
        A.ANSWER: lambda: workflow.answer_case(**who, text="More"),
        A.ASK: lambda: workflow.ask_for_information(**who, text="Which line?"),
        A.RESOLVE: lambda: workflow.resolve_case(**who, text="Credited."),
        A.REOPEN: lambda: workflow.reopen_case(**who, text="Still there"),
        A.CLOSE: lambda: workflow.close_case(**who),
        A.SEVERITY: lambda: workflow.change_severity(**who, severity=Severity.CRITICAL),
        A.ASSIGN: lambda: workflow.assign_case(**who, user_id=queries.operators()[0].pk),
    }
    return calls[action]()


# Whose each action is, and the states before and after (for the partner, for the operator).
TABLE = {
    A.ANSWER: ({S.OPEN: S.OPEN, S.WAITING: S.OPEN}, {S.OPEN: S.OPEN, S.WAITING: S.WAITING}),
    A.ASK: ({}, {S.OPEN: S.WAITING}),
    A.RESOLVE: ({}, {S.OPEN: S.RESOLVED, S.WAITING: S.RESOLVED}),
    A.REOPEN: ({S.RESOLVED: S.OPEN, S.CLOSED: S.OPEN}, {}),
    A.CLOSE: ({S.OPEN: S.CLOSED, S.WAITING: S.CLOSED, S.RESOLVED: S.CLOSED}, {}),
    A.SEVERITY: ({S.OPEN: S.OPEN, S.WAITING: S.WAITING}, {S.OPEN: S.OPEN, S.WAITING: S.WAITING}),
    A.ASSIGN: ({}, {S.OPEN: S.OPEN, S.WAITING: S.WAITING, S.RESOLVED: S.RESOLVED}),
}


@pytest.mark.parametrize("action", list(CaseAction))
def test_each_action_for_each_side_in_each_state(action, operator):
    partner = make_partner()
    for side, actor in enumerate((make_actor(partner), operator)):
        for status in CaseStatus:
            case = make_case(partner, status=status)
            before = CaseMessage.objects.filter(case=case).count(), AuditEvent.objects.count()
            expected = TABLE[action][side].get(status)
            if expected is None:
                assert rules.why_not(action, case, actor=actor, now=LATER)
                with pytest.raises(Refusal):
                    act(action, case, actor)
                case.refresh_from_db()
                assert case.status == status
                assert (CaseMessage.objects.filter(case=case).count(), AuditEvent.objects.count()) == before
            else:
                assert not rules.why_not(action, case, actor=actor, now=LATER)
                act(action, case, actor)
                case.refresh_from_db()
                assert (case.status, case.modified_at) == (expected, LATER)
                assert bool(case.resolved_at) == (
                    expected == S.RESOLVED or (status, expected) == (S.RESOLVED, S.CLOSED)
                )
                assert AuditEvent.objects.filter(subject_id=case.pk, subject_type="support-case").count() == 1


@pytest.mark.parametrize("kind", [DIRECT, PROVIDER, RESELLER, OPERATOR, "customer", "publisher"])
def test_each_role_of_each_kind_opens_and_acts_or_is_refused(kind, operator):
    organization = make_partner(kind) if kind in (DIRECT, PROVIDER, RESELLER) else make_organization(kind)
    case = make_case()
    for role in sorted(ROLES_BY_KIND[kind]):
        actor = make_actor(organization, role)
        may_open = kind in (DIRECT, PROVIDER) and role in (Role.ADMIN_AGENT, Role.HELPDESK_AGENT)
        if may_open:
            assert workflow.open_case(new=NEW, actor=actor, now=NOON).partner_id == organization.pk
        else:
            with pytest.raises((PermissionDenied, rules.AskYourPartner)):
                workflow.open_case(new=NEW, actor=actor, now=NOON)
        if kind == OPERATOR:
            workflow.answer_case(case_id=case.pk, text="Hello", actor=actor, now=NOON)
        else:
            with pytest.raises((PermissionDenied, SupportCase.DoesNotExist)):  # nobody of another partner
                workflow.answer_case(case_id=case.pk, text="Hello", actor=actor, now=NOON)
            assert list(queries.rows_of(actor).exclude(partner_id=organization.pk)) == []


def test_opening_tells_the_operator_in_its_language_and_asks_it_until_it_answers(operator):
    relationship = make_relationship(has_admin_rights=True)
    helpdesk = make_actor(relationship.partner.organization, Role.HELPDESK_AGENT)

    case = workflow.open_case(
        new=NewCase(**{**vars(NEW), "customer_id": relationship.customer_id}), actor=helpdesk, now=NOON
    )

    mail = OutgoingEmail.objects.get()
    assert (mail.recipient, mail.language) == (operator.email, "sv")
    assert case.reference in mail.subject
    assert "Line 12 is charged twice." in mail.text
    event = AuditEvent.objects.get(event_type="support-case-opened")
    parties = set(event.parties.values_list("organization_id", flat=True))
    assert parties == {relationship.partner_id, operator.organization_id}  # the customer learns nothing of it
    assert event.customer_id == relationship.customer_id
    item = ActionItem.objects.get(organization_id=operator.organization_id)
    assert item.completed_at is None

    workflow.ask_for_information(case_id=case.pk, text="Which line?", actor=operator, now=LATER)
    item.refresh_from_db()
    assert item.completed_at == LATER
    asked = ActionItem.objects.get(organization_id=relationship.partner_id)
    assert (asked.kind, asked.completed_at) == ("recommended", None)
    assert OutgoingEmail.objects.get(event_type="support-case-information-requested").recipient == helpdesk.email

    workflow.answer_case(case_id=case.pk, text="One more question", actor=operator, now=LATER)
    asked.refresh_from_db()
    assert asked.completed_at is None  # still waited for
    workflow.answer_case(case_id=case.pk, text="Line 12", actor=helpdesk, now=LATER)
    asked.refresh_from_db()
    assert asked.completed_at == LATER
    assert not list(breaches())


def test_mails_go_to_the_assigned_person_and_to_who_opened_it_while_it_may_read_it(operator):
    other = make_operator()
    opener = make_member()
    case = make_case(opener.organization, opened_by=opener.user)
    colleague = make_member(opener.organization)
    workflow.assign_case(case_id=case.pk, user_id=other.user_id, actor=operator, now=NOON)

    workflow.answer_case(case_id=case.pk, text="Hi", actor=actor_of(opener, opener.user), now=NOON)
    assert OutgoingEmail.objects.get().recipient == other.user.email

    opener.is_active, opener.deactivated_at = False, NOON
    opener.save()
    workflow.answer_case(case_id=case.pk, text="Hello", actor=operator, now=NOON)
    assert OutgoingEmail.objects.latest("created_at", "pk").recipient in (colleague.user.email, other.user.email)
    assert OutgoingEmail.objects.filter(recipient=colleague.user.email).count() == 1


def test_a_case_for_a_customer_needs_a_relationship_with_administration_rights():
    direct = make_relationship()
    wanted = NewCase(**{**vars(NEW), "customer_id": direct.customer_id})
    with pytest.raises(rules.AdminRightsMissing):
        workflow.open_case(new=wanted, actor=make_actor(direct.partner.organization), now=NOON)
    with pytest.raises(Http404):
        workflow.open_case(new=wanted, actor=make_actor(), now=NOON)

    of_provider, of_reseller = make_indirect_relationships()
    wanted = NewCase(**{**vars(NEW), "customer_id": of_provider.customer_id})
    provider = make_actor(of_provider.partner.organization)
    with pytest.raises(rules.AdminRightsMissing):
        workflow.open_case(new=wanted, actor=provider, now=NOON)
    ResellerRelationship.objects.filter(pk=of_reseller.pk, kind=RelationshipKind.RESELLER).update(has_admin_rights=True)
    assert workflow.open_case(new=wanted, actor=provider, now=NOON).customer_id == of_provider.customer_id


def test_a_sandbox_account_opens_no_case():
    with pytest.raises(rules.NoCaseInSandbox):
        workflow.open_case(new=NEW, actor=make_actor(make_partner(is_sandbox=True)), now=NOON)


def test_sent_twice_it_is_one_case():
    actor, wanted = make_actor(), make_case().pk
    SupportCase.objects.filter(pk=wanted).update(partner_id=actor.organization_id)
    assert workflow.open_case(new=NEW, actor=actor, now=NOON, case_id=wanted).pk == wanted
    assert SupportCase.objects.count() == 1
    assert workflow.open_case(new=NEW, actor=make_actor(), now=NOON, case_id=wanted).pk != wanted  # another's id


def test_numbers_are_given_by_the_database_in_order():
    first, second = make_case(), make_case()
    assert second.number == first.number + 1
    assert first.reference == f"SR-{first.number}"


def test_a_closed_case_opens_again_for_some_days_only(settings):
    partner = make_partner()
    case, actor = make_case(partner, status=S.CLOSED), make_actor(partner)
    end = NOON + datetime.timedelta(days=settings.SUPPORT_REOPEN_DAYS)

    assert rules.why_not(A.REOPEN, case, actor=actor, now=end)
    assert not rules.why_not(A.REOPEN, case, actor=actor, now=end - datetime.timedelta(seconds=1))


def test_resolved_cases_close_by_themselves_once_and_tell_the_partner(settings, operator):
    case, fresh = make_case(status=S.RESOLVED), make_case(status=S.RESOLVED, resolved_at=LATER)
    due = NOON + datetime.timedelta(days=settings.SUPPORT_CLOSE_DAYS)

    assert workflow.close_resolved_cases(now=due - datetime.timedelta(seconds=1)) == 0
    assert workflow.close_resolved_cases(now=due) == 1
    assert workflow.close_resolved_cases(now=due) == 0
    case.refresh_from_db()
    fresh.refresh_from_db()
    assert (case.status, case.closed_at, fresh.status) == (S.CLOSED, due, S.RESOLVED)
    assert OutgoingEmail.objects.get().recipient == case.opened_by.email


def test_assigning_takes_one_of_the_operators_people_only(operator):
    case = make_case()
    with pytest.raises(Refusal):
        workflow.assign_case(case_id=case.pk, user_id=case.opened_by_id, actor=operator, now=NOON)


# --- attachments -----------------------------------------------------------------------------------------------------
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("shot.png", PNG, "image/png"),
        ("shot.PNG", PNG, "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("invoice.pdf", b"%PDF-1.7", "application/pdf"),
        ("lines.csv", "a;ö\n".encode(), "text/plain"),
        ("trace.log", b"x", "text/plain"),
        ("shot.png", b"<svg/>", ""),
        ("page.html", b"<script>", ""),
        ("notes.txt", b"a\x00b", ""),
        ("notes.txt", b"\xff\xfe", ""),
        ("notes.txt", b"", ""),
        ("macro.docx", b"PK\x03\x04", ""),
        ("program.exe", b"MZ", ""),
        ("noname", b"x", ""),
    ],
)
def test_the_kind_is_read_from_the_content(name, content, kind):
    if kind:
        assert files.checked(NewFile(name, content)).content_type == kind
    else:
        with pytest.raises(files.AttachmentRefused):
            files.checked(NewFile(name, content))


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/passwd.txt", "passwd.txt"), ("C:\\x\\räkning.csv", "räkning.csv"), ("a\r\nb.txt", "ab.txt")],
    ids=["folders", "windows", "lines"],
)
def test_names_of_files_are_made_harmless(name, kept):
    assert files.checked(NewFile(name, b"x")).name == kept


def test_files_have_a_limit_in_size_and_number_and_a_refused_one_leaves_nothing(settings):
    settings.SUPPORT_ATTACHMENT_MAX_BYTES, settings.SUPPORT_ATTACHMENTS_PER_CASE = 10, 2
    opener = make_member()
    case = make_case(opener.organization, opened_by=opener.user)
    actor = actor_of(opener, opener.user)

    def answer(*new):
        workflow.answer_case(case_id=case.pk, text="See files", files=new, actor=actor, now=NOON)

    small, large = NewFile("a.txt", b"x" * 10), NewFile("b.txt", b"x" * 11)
    for wrong in ((small, large), (small,) * 4, (small,) * 3):
        with pytest.raises(files.AttachmentRefused):
            answer(*wrong)
    assert CaseMessage.objects.filter(case=case).count() == 1
    answer(small, small)
    assert CaseAttachment.objects.filter(case=case).count() == 2
    with pytest.raises(files.AttachmentRefused):
        answer(small)


def test_invariants_find_what_contradicts_itself():
    case = make_case()
    file = make_attachment(case)
    CaseAttachment.objects.filter(pk=file.pk).update(case=make_case())
    found = list(breaches())
    assert any("another case" in line for line in found)
    assert any("without a word in the log" in line for line in found)
