"""What one row says, whatever way a file spells it, and the reason for each row that says nothing usable."""

import pytest
from django.utils import translation

from customers.enums import ProductFamily, RelationshipKind, SubscriptionStatus
from customers.rules.imports import REASONS, WrongRow, read_customer, read_subscription, sentences

ID = "2f5a1c9e-0000-4000-8000-000000000001"
CUSTOMER = {"tenant_id": ID, "name": "Bakery", "domain": "bakery.example"}
SUBSCRIPTION = {"subscription_id": ID, "name": "Office", "quantity": "5", "status": "Active"}


def customer(kind=RelationshipKind.DIRECT, **values):
    return read_customer(CUSTOMER | values, kind=kind)


def subscription(**values):
    return read_subscription(SUBSCRIPTION | values)


def reason(read, **values) -> str:
    with pytest.raises(WrongRow) as wrong:
        read(**values)
    assert all(sentences(wrong.value.reason, wrong.value.facts))
    return wrong.value.reason


@pytest.mark.parametrize("text", [ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}"])
def test_an_id_is_read_however_it_is_written(text):
    assert str(customer(tenant_id=text).tenant_id) == ID


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Bakery.Example", "bakery.example"),
        ("bakery.onmicrosoft.com.", "bakery.onmicrosoft.com"),
        ("bäckerei.example", "xn--bckerei-5wa.example"),
        ("shop.xn--p1ai", "shop.xn--p1ai"),
    ],
)
def test_a_domain_is_read_as_it_is_stored(text, domain):
    assert customer(domain=text).domain == domain


def test_tags_are_separated_by_commas_or_semicolons_and_each_stands_once():
    assert customer(tags=" VIP , Renewal  2027;vip,, ").tags == ("VIP", "Renewal 2027")


@pytest.mark.parametrize("language", ["en", "fr", "sv"])
def test_a_cloud_reseller_is_known_by_our_word_in_any_language_and_by_an_empty_cell(language):
    with translation.override(language):
        word = str(RelationshipKind.DIRECT.label)
    for text in ("", word, word.upper()):
        assert customer(relationship=text)
        assert customer(RelationshipKind.PROVIDER, relationship=text)


@pytest.mark.parametrize("text", ["FR", "fr", "France", "Frankrike", "FRANCE"])
def test_a_country_is_read_by_code_and_by_name_in_any_language(text):
    assert customer(country=text).country == "FR"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"tenant_id": ""}, "id-missing"),
        ({"tenant_id": "42"}, "id-invalid"),
        ({"name": " "}, "name-missing"),
        ({"name": "x" * 201}, "name-too-long"),
        ({"domain": ""}, "domain-missing"),
        ({"domain": "localhost"}, "domain-invalid"),
        ({"domain": "a b.example"}, "domain-invalid"),
        ({"domain": "x" * 300 + ".example"}, "domain-invalid"),
        ({"domain": "ü" * 300 + ".example"}, "domain-invalid"),
        ({"domain": "=cmd|' /C calc'!A0"}, "domain-invalid"),
        ({"relationship": "Advisor"}, "relationship-unknown"),
        ({"relationship": "Indirect provider"}, "relationship-other"),
        ({"tags": "x" * 51}, "tag-invalid"),
        ({"tags": ",".join(f"t{n}" for n in range(151))}, "tags-of-customer"),
        ({"country": "Atlantis"}, "country-unknown"),
        ({"extra": "Ltd"}, "torn"),
    ],
)
def test_a_customer_that_cannot_be_read_is_told_why(values, expected):
    assert reason(customer, **values) == expected


def test_the_number_of_a_reseller_counts_for_a_provider_only():
    assert customer(reseller="not a number").reseller_number == ""
    assert reason(customer, kind=RelationshipKind.PROVIDER, reseller="not a number") == "reseller-unknown"
    assert customer(RelationshipKind.PROVIDER, reseller="4567890").reseller_number == "4567890"


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("25", 25), ("1,250", 1250), ("1.250", 1250), ("1 250", 1250), ("25 Licenses", 25), ("Usage-based", 1), ("", 1)],
)
def test_a_quantity_is_read_with_its_unit_and_groups(text, quantity):
    assert subscription(quantity=text).quantity == quantity


@pytest.mark.parametrize(
    ("text", "status", "renews"),
    [
        ("Active", SubscriptionStatus.ACTIVE, False),
        ("suspended", SubscriptionStatus.SUSPENDED, False),
        ("Cancelled", SubscriptionStatus.DELETED, False),
        ("Action needed", SubscriptionStatus.PENDING, False),
        ("Auto renews on 6/20/2027", SubscriptionStatus.ACTIVE, True),
        ("Expires on 20 juin 2027", SubscriptionStatus.ACTIVE, False),
        ("Expired", SubscriptionStatus.EXPIRED, False),
    ],
)
def test_a_state_is_read_in_the_words_of_list_and_export(text, status, renews):
    told = subscription(status=text)
    assert (told.status, told.renews) == (status, renews)


def test_every_state_of_ours_is_read_in_every_language():
    for language in ("en", "fr", "sv"):
        with translation.override(language):
            labels = {str(status.label): status for status in SubscriptionStatus}
        assert {label: subscription(status=label).status for label in labels} == labels


def test_the_product_family_is_told_by_a_column_of_its_own_or_not_at_all():
    assert subscription().family is None
    assert subscription(family="Azure plan").family == ProductFamily.AZURE_PLAN


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"quantity": "0"}, "quantity-invalid"),
        ({"quantity": "-1"}, "quantity-invalid"),
        ({"quantity": "2.5"}, "quantity-invalid"),
        ({"quantity": "9" * 30}, "quantity-invalid"),
        ({"status": "Sleeping"}, "status-unknown"),
        ({"status": ""}, "status-unknown"),
        ({"family": "Toys"}, "family-unknown"),
        ({"tenant_id": "x"}, "id-invalid"),
        ({"reseller": "A1"}, "reseller-unknown"),
    ],
)
def test_a_subscription_that_cannot_be_read_is_told_why(values, expected):
    assert reason(subscription, **values) == expected


def test_every_reason_has_a_sentence_that_its_facts_complete():
    facts = {"text": "%(row)s%%", "row": "7"}
    for code in REASONS:
        what, next_step = sentences(code, facts)
        assert what
        assert next_step or code == "keeps-name"
