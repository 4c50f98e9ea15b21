import json

import pytest
from django.db import transaction

from portal.accounts.enums import Role
from portal.core import sealing
from portal.notifications.enums import ActionKind
from portal.notifications.models import MailPreference, OutgoingEmail
from portal.notifications.outbox import Recipient, SecretInPlainText
from tests.factories import make_member, make_user
from tests.portal.notifications.builders import make_event, queue_sample

pytestmark = pytest.mark.django_db
LINK = "https://portal.example/join/canary-0123456789abcdef?a=1&b=2"


def test_each_recipient_gets_one_mail_in_its_own_language_or_else_in_english():
    emails = queue_sample(Recipient("ada@example.com", "Ada", "sv"), Recipient("bo@example.com", "Bo", "xx"))

    assert {address: email.language for address, email in emails.items()} == {
        "ada@example.com": "sv",
        "bo@example.com": "en",
    }
    assert '<html lang="sv"' in emails["ada@example.com"].html
    assert emails["bo@example.com"].subject == "News from Contoso"


def test_two_spellings_of_one_address_get_one_mail():
    assert list(queue_sample("ada@example.com", "ADA@example.com")) == ["ada@example.com"]


def test_a_second_announcement_of_the_same_event_writes_no_second_mail():
    event = make_event()
    queue_sample("ada@example.com", event=event)
    queue_sample("ada@example.com", "bo@example.com", event=event)

    assert OutgoingEmail.objects.filter(event_id=event.public_id).count() == 2


def test_a_rollback_takes_the_mail_back():
    with transaction.atomic():
        queue_sample("ada@example.com")
        transaction.set_rollback(True)

    assert not OutgoingEmail.objects.exists()


def test_subject_and_text_are_not_html_escaped_and_the_html_part_is():
    email = queue_sample("ada@example.com", customer="<b>Smith & Sons</b>")["ada@example.com"]

    assert email.subject == "News from <b>Smith & Sons</b>"
    assert "Customer: <b>Smith & Sons</b>\nPartner: Fabrikam\n" in email.text
    assert "&lt;b&gt;Smith &amp; Sons&lt;/b&gt;" in email.html
    assert "<b>Smith" not in email.html


def test_line_breaks_and_direction_overrides_in_names_are_harmless():
    nasty = "Contoso\r\nBcc: all@example.com\u202e\u2066 moc.live"
    email = queue_sample("ada@example.com", customer=nasty)["ada@example.com"]

    assert email.subject == "News from Contoso Bcc: all@example.com moc.live"
    assert not set("\u202e\u2066") & set(email.subject + email.text + email.html)


def test_a_right_to_left_name_and_a_very_long_one_are_kept():
    hebrew, long = "חברת דוגמה", "x" * 400
    assert hebrew in queue_sample("ada@example.com", customer=hebrew)["ada@example.com"].html
    email = queue_sample("ada@example.com", customer=long)["ada@example.com"]

    assert len(email.subject) == 300
    assert long in email.text


def test_secrets_stand_sealed_beside_the_mail_and_in_no_text():
    email = queue_sample("ada@example.com", secrets={"link": LINK})["ada@example.com"]

    stored = f"{email.subject}{email.text}{email.html}{bytes(email.sealed_secrets)!r}"
    assert "canary" not in stored
    [(placeholder, value)] = json.loads(sealing.unseal(email.sealed_secrets)).items()
    assert value == LINK
    assert placeholder in email.text
    assert placeholder in email.html


def test_a_name_cannot_pretend_to_be_a_placeholder():
    first = queue_sample("ada@example.com", secrets={"link": LINK})["ada@example.com"]
    second = queue_sample("ada@example.com", secrets={"link": LINK})["ada@example.com"]

    assert sealing.unseal(first.sealed_secrets) != sealing.unseal(second.sealed_secrets)


def test_a_secret_that_also_stands_in_the_context_stops_the_mail():
    with pytest.raises(SecretInPlainText):
        queue_sample("ada@example.com", customer=f"see {LINK}", secrets={"link": LINK})


def test_an_optional_mail_is_not_written_for_people_who_switched_it_off():
    silent, curious = make_user(), make_user()
    MailPreference.objects.create(user=silent, workspace="customers", kind="transactional", wants_mail=False)
    people = [Recipient.of(silent), Recipient.of(curious)]

    def told(**fields):
        return set(queue_sample(*people, **fields))

    assert told(kind=ActionKind.TRANSACTIONAL, workspace="customers") == {curious.email}
    assert told(kind=ActionKind.TRANSACTIONAL, workspace="billing") == {silent.email, curious.email}
    assert told(kind=ActionKind.PROMOTIONAL, workspace="customers") == {silent.email, curious.email}
    assert told(kind=ActionKind.MANDATORY, workspace="customers") == {silent.email, curious.email}
    assert told() == {silent.email, curious.email}


def test_only_people_with_an_account_are_led_to_their_preferences():
    user = make_member(None, Role.ADMIN_AGENT).user
    emails = queue_sample(Recipient.of(user), "customer@example.com")

    for part in ("text", "html"):
        assert "/action-center/preferences/" in getattr(emails[user.email], part)
        assert "/action-center/preferences/" not in getattr(emails["customer@example.com"], part)


def test_the_text_part_reads_as_one_wrote_it_by_hand():
    email = queue_sample("ada@example.com", secrets={"link": LINK})["ada@example.com"]

    lines = email.text.splitlines()
    assert lines[:2] == ["Contoso", ""]
    assert lines[-1].endswith("http://testserver/")
    assert "\n\n\n" not in email.text
