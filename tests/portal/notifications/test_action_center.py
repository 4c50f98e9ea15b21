import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy

from portal.accounts.enums import Role
from portal.notifications import action_center, queries
from portal.notifications.enums import ActionKind
from portal.notifications.models import ActionItem
from tests.factories import NOON, make_actor, make_partner
from tests.portal.notifications.builders import make_event, make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_languages():
    """A lazy text that says which language it is asked for."""
    return lazy(lambda: f"{translation.get_language()}: %(customer)s waits", str)()


def test_texts_are_stored_in_every_language_and_read_in_the_one_spoken(three_languages):
    item = make_item(make_partner(), title=three_languages, title_params={"customer": "Contoso"}, body="50 % off")

    assert item.title == {
        "en": "en: Contoso waits",
        "fr": "fr: Contoso waits",
        "sv": "sv: Contoso waits",
    }
    with translation.override("sv"):
        assert item.title_text == "sv: Contoso waits"
        assert item.body_text == "50 % off"  # without parameters a percent sign is just that
    with translation.override("de"):
        assert item.title_text == "en: Contoso waits"


def test_an_item_takes_event_subject_and_time_from_its_event():
    partner = make_partner()
    event = make_event([partner], event_type="transfer-created", subject_type="transfer", subject_id="42")

    action_center.notify(
        event=event,
        organization_id=partner.pk,
        roles=[Role.SALES_AGENT, Role.ADMIN_AGENT, Role.SALES_AGENT],
        kind=ActionKind.MANDATORY,
        workspace="customers",
        title=gettext_lazy("Overview"),
        due_at=NOON,
    )

    item = ActionItem.objects.get()
    assert (item.event_id, item.event_type, item.created_at) == (event.public_id, "transfer-created", NOON)
    assert (item.subject_type, item.subject_id, item.due_at) == ("transfer", "42", NOON)
    assert item.roles == ["admin_agent", "sales_agent"]


def test_an_open_action_is_not_written_twice_and_after_completion_it_is():
    partner = make_partner()
    for _round in range(2):
        with transaction.atomic():
            event = make_event([partner])
            action_center.notify(
                event=event,
                organization_id=partner.pk,
                roles=[Role.ADMIN_AGENT],
                kind=ActionKind.MANDATORY,
                workspace="customers",
                title="Do it",
            )
    assert ActionItem.objects.count() == 1

    assert action_center.complete(subject_type="user", subject_id="1", now=NOON) == 1
    action_center.notify(
        event=make_event([partner]),
        organization_id=partner.pk,
        roles=[Role.ADMIN_AGENT],
        kind=ActionKind.MANDATORY,
        workspace="customers",
        title="Do it",
    )
    assert ActionItem.objects.count() == 2


def test_completing_closes_actions_of_all_kinds_of_people_and_no_news():
    partner = make_partner()
    same = {"subject_type": "transfer", "subject_id": "42"}
    make_item(partner, kind=ActionKind.MANDATORY, **same)
    make_item(partner, Role.SALES_AGENT, kind=ActionKind.RECOMMENDED, **same)
    make_item(partner, kind=ActionKind.TRANSACTIONAL, **same)
    other = make_item(partner, kind=ActionKind.MANDATORY, subject_type="transfer", subject_id="43")

    assert action_center.complete(**same, now=NOON) == 2
    assert action_center.complete(**same, now=NOON) == 0
    assert set(ActionItem.objects.filter(completed_at=NOON).values_list("kind", flat=True)) == {
        "mandatory",
        "recommended",
    }
    other.refresh_from_db()
    assert other.completed_at is None


def test_completing_can_be_narrowed_to_one_party_or_event_type():
    first, second = make_partner(), make_partner()
    same = {"subject_type": "transfer", "subject_id": "42"}
    make_item(first, **same)
    make_item(second, **same)

    assert action_center.complete(**same, event_type="other", now=NOON) == 0
    assert action_center.complete(**same, organization_id=first.pk, now=NOON) == 1
    assert ActionItem.objects.get(completed_at=NOON).organization == first


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_an_item_leads_nowhere_outside_the_portal(url):
    with pytest.raises(IntegrityError, match="action_item_url_in_this_portal"):
        make_item(make_partner(), url=url)


def test_an_item_for_nobody_is_refused():
    with pytest.raises(IntegrityError, match="action_item_addressed"):
        make_item(make_partner(), user_id=None)


def test_news_cannot_be_completed():
    with pytest.raises(IntegrityError, match="action_item_completed_only_if_action"):
        ActionItem.objects.filter(pk=make_item(make_partner(), kind=ActionKind.TRANSACTIONAL).pk).update(
            completed_at=NOON
        )


def test_an_item_for_a_person_and_a_role_reaches_both_and_nobody_else():
    partner = make_partner()
    requester, agent = make_actor(partner, Role.SALES_AGENT), make_actor(partner, Role.ADMIN_AGENT)
    make_item(partner, Role.ADMIN_AGENT, user_id=requester.user_id)

    assert queries.open_action_count(requester) == 1
    assert queries.open_action_count(agent) == 1
    assert queries.open_action_count(make_actor(partner, Role.SALES_AGENT)) == 0
    assert queries.open_action_count(make_actor(make_partner(), Role.ADMIN_AGENT)) == 0
