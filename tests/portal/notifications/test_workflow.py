import uuid

import pytest

from portal.accounts.enums import AccountEvent, Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications import action_center, announcements, processing, queries, workflow
from portal.notifications.enums import ActionKind, EmailStatus, NotificationEvent, Undelivered
from portal.notifications.models import ActionItem, ActionItemMark, MailPreference
from tests.factories import NOON, make_actor, make_partner
from tests.portal.notifications.builders import make_email, make_event, make_item

pytestmark = pytest.mark.django_db


def logged(event_type):
    return list(AuditEvent.objects.filter(event_type=event_type))


def test_archiving_puts_away_for_this_person_only_and_is_logged():
    partner = make_partner()
    me, colleague = make_actor(partner), make_actor(partner)
    item = make_item(partner)

    result = workflow.archive_items(item_ids=[item.pk], actor=me, now=NOON)

    assert (result.done, result.refusals) == (1, [])
    assert queries.open_action_count(me) == 0
    assert queries.open_action_count(colleague) == 1
    [event] = logged(NotificationEvent.ACTION_ITEMS_ARCHIVED)
    assert event.actor_user_id == me.user_id
    assert event.details["items"] == [{"id": str(item.pk), "title": "Item 0"}]


def test_a_mandatory_action_stays_and_says_why_while_the_others_go():
    partner = make_partner()
    actor = make_actor(partner)
    locked = make_item(partner, kind=ActionKind.MANDATORY, title="Review it", title_params=None, url="/transfers/")
    free = make_item(partner)

    result = workflow.archive_items(item_ids=[locked.pk, free.pk], actor=actor, now=NOON)

    assert result.done == 1
    [refusal] = result.refusals
    assert refusal.code == "mandatory-cannot-be-archived"
    assert "Review it" in str(refusal)
    assert refusal.next_step
    assert refusal.next_url == "/transfers/"
    assert not ActionItemMark.objects.filter(item=locked).exists()


def test_a_mandatory_action_that_is_done_can_be_archived():
    partner = make_partner()
    item = make_item(partner, kind=ActionKind.MANDATORY)
    action_center.complete(subject_type=item.subject_type, subject_id=item.subject_id, now=NOON)

    assert workflow.archive_items(item_ids=[item.pk], actor=make_actor(partner), now=NOON).done == 1


def test_restoring_brings_back_and_a_second_time_changes_nothing():
    partner = make_partner()
    actor = make_actor(partner)
    item = make_item(partner)
    workflow.archive_items(item_ids=[item.pk], actor=actor, now=NOON)

    assert workflow.restore_items(item_ids=[item.pk], actor=actor, now=NOON).done == 1
    assert workflow.restore_items(item_ids=[item.pk], actor=actor, now=NOON).done == 0
    assert queries.open_action_count(actor) == 1
    assert len(logged(NotificationEvent.ACTION_ITEMS_RESTORED)) == 1


def test_marking_as_read_keeps_the_archive_mark():
    partner = make_partner()
    actor = make_actor(partner)
    item = make_item(partner)
    workflow.archive_items(item_ids=[item.pk], actor=actor, now=NOON)

    assert workflow.mark_items_read(item_ids=[item.pk, item.pk], actor=actor, now=NOON).done == 1

    mark = ActionItemMark.objects.get()
    assert (mark.read_at, mark.archived_at) == (NOON, NOON)


def test_foreign_and_unknown_items_are_passed_over_in_silence():
    partner = make_partner()
    item = make_item(make_partner())
    for change in (workflow.archive_items, workflow.restore_items, workflow.mark_items_read):
        assert change(item_ids=[item.pk, uuid.uuid4()], actor=make_actor(partner), now=NOON).done == 0
    assert not ActionItemMark.objects.exists()


class TestPreferences:
    def save(self, actor, *, language="en", **wanted):
        choices = {("customers", kind): wants for kind, wants in wanted.items()}
        workflow.save_preferences(language=language, wanted=choices, actor=actor, now=NOON)

    def test_choices_are_stored_and_logged_with_before_and_after(self):
        actor = make_actor()

        self.save(actor, transactional=True, promotional=False)

        assert queries.unwanted_mails(actor.user_id) == {("customers", "promotional")}
        [event] = logged(NotificationEvent.MAIL_PREFERENCES_CHANGED)
        assert event.before == {"switched_off": [], "asked_for": []}
        assert event.after == {"switched_off": ["customers: promotional"], "asked_for": []}

    def test_the_same_choices_again_change_and_log_nothing(self):
        actor = make_actor()
        self.save(actor, promotional=False)
        self.save(actor, promotional=False)

        assert len(logged(NotificationEvent.MAIL_PREFERENCES_CHANGED)) == 1

    def test_the_language_is_part_of_the_profile(self):
        actor = make_actor()

        self.save(actor, language="sv")

        assert User.objects.get(pk=actor.user_id).language == "sv"
        assert len(logged(AccountEvent.PROFILE_UPDATED)) == 1
        assert logged(NotificationEvent.MAIL_PREFERENCES_CHANGED) == []

    def test_choices_of_workspaces_not_shown_stay(self):
        actor = make_actor()
        MailPreference.objects.create(user_id=actor.user_id, workspace="billing", kind="promotional", wants_mail=False)

        self.save(actor, promotional=False)
        self.save(actor, promotional=True)

        assert queries.unwanted_mails(actor.user_id) == {("billing", "promotional")}


class TestUndeliveredMails:
    @pytest.fixture
    def partner(self):
        return make_partner()

    @pytest.fixture
    def admin(self, partner):
        return make_actor(partner, Role.ACCOUNT_ADMIN)

    @pytest.fixture
    def email(self, partner, admin):
        """A mail that its recipient's server refused for good."""
        email = make_email(admin.email, event=make_event([partner]))
        claimed = processing.claim_next(now=NOON)
        processing.give_up(
            email=claimed, status=EmailStatus.FAILED, reason=Undelivered.REFUSED, answer="550 no", now=NOON
        )
        email.refresh_from_db()
        return email

    @pytest.mark.parametrize("status", [EmailStatus.FAILED, EmailStatus.UNCONFIRMED])
    def test_sending_again_starts_over(self, partner, admin, status):
        email = make_email(status=status, organization=partner, attempts=14, last_error="550 no")

        assert workflow.send_again(email_ids=[email.pk], actor=admin, now=NOON).done == 1

        email.refresh_from_db()
        assert (email.status, email.attempts, email.next_attempt_at) == (EmailStatus.WAITING, 0, NOON)
        [event] = logged(NotificationEvent.EMAIL_SENT_AGAIN)
        assert event.actor_user_id == admin.user_id

    @pytest.mark.parametrize("status", [EmailStatus.WAITING, EmailStatus.SENDING, EmailStatus.SENT])
    @pytest.mark.parametrize("change", [workflow.send_again, workflow.settle])
    def test_a_mail_that_is_not_undelivered_is_refused_with_its_status(self, partner, admin, status, change):
        email = make_email(status=status, organization=partner)

        result = change(email_ids=[email.pk], actor=admin, now=NOON)

        assert result.done == 0
        assert str(status.label) in str(result.refusals[0])

    @pytest.mark.parametrize("change", [workflow.send_again, workflow.settle])
    def test_only_the_admins_of_the_organization_may(self, partner, email, change):
        with pytest.raises(PermissionDenied):
            change(email_ids=[email.pk], actor=make_actor(partner, Role.ADMIN_AGENT), now=NOON)
        stranger = make_actor(make_partner(), Role.ACCOUNT_ADMIN)
        assert change(email_ids=[email.pk], actor=stranger, now=NOON).done == 0

    def test_settling_takes_the_mail_from_the_list_and_closes_the_action_with_the_last_one(self, admin, email):
        assert queries.open_action_count(admin) == 1

        assert workflow.settle(email_ids=[email.pk], actor=admin, now=NOON).done == 1

        assert list(queries.undelivered_page(admin)) == []
        assert queries.open_action_count(admin) == 0
        assert len(logged(NotificationEvent.EMAIL_SETTLED)) == 1

    def test_sending_again_closes_the_action_and_another_failure_opens_a_new_one(self, admin, email):
        workflow.send_again(email_ids=[email.pk], actor=admin, now=NOON)
        assert queries.open_action_count(admin) == 0

        claimed = processing.claim_next(now=NOON)
        processing.give_up(email=claimed, status=EmailStatus.FAILED, reason=Undelivered.REFUSED, now=NOON)

        assert queries.open_action_count(admin) == 1
        assert ActionItem.objects.filter(subject_type=announcements.UNDELIVERED_MAILS).count() == 2

    def test_a_mail_sent_again_and_delivered_is_as_good_as_any(self, mail_server, admin, email):
        workflow.send_again(email_ids=[email.pk], actor=admin, now=NOON)

        processing.send_waiting(clock=lambda: NOON)

        email.refresh_from_db()
        assert (email.status, email.last_error, email.reason) == (EmailStatus.SENT, "", "")
