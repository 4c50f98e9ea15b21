import pytest
from django.utils import translation

from portal.audit.presentation import changes, facts, text


@pytest.mark.parametrize(
    ("value", "name", "shown"),
    [
        (None, "", "–"),
        ("", "", "–"),
        ([], "", "–"),
        (0, "", "0"),
        (True, "", "Yes"),
        (False, "", "No"),
        ("1.10", "", "1.10"),
        (["a", None, 3], "", "a, –, 3"),
        ({"b": 1, "a": ["ö"]}, "", '{"a": ["ö"], "b": 1}'),
        ([{"a": 1}], "", '[{"a": 1}]'),
        (["sales_agent", "admin_agent"], "roles", "Sales agent, Admin agent"),
        (["a_role_long_gone"], "roles", "a_role_long_gone"),
        ("FR", "country", "France"),
        ("sv", "language", "Swedish"),
        ("xx", "language", "xx"),
        ("public", "cloud", "Public cloud"),
    ],
)
def test_a_value_reads_as_people_write_it(value, name, shown):
    assert text(value, name) == shown


def test_codes_speak_the_readers_language():
    with translation.override("sv"):
        assert text("FR", "country") == "Frankrike"
        assert text("sv", "language") == "Svenska"


def test_fields_that_differ_come_first_and_fields_of_one_side_are_not_lost():
    rows = changes({"name": "Marc", "roles": ["sales_agent"]}, {"name": "Marc", "roles": [], "country": "SE"})

    assert [(row.label, row.before, row.after) for row in rows] == [
        ("Country", "–", "Sweden"),
        ("Roles", "Sales agent", "–"),
        ("Name", "Marc", "Marc"),
    ]
    assert changes(None, None) == []


def test_facts_are_sorted_by_name_and_named_in_words():
    assert facts({"sessions_ended": 2, "a_fact_long_gone": "x"}) == [
        {"label": "A fact long gone", "value": "x"},
        {"label": "Sessions ended", "value": "2"},
    ]
