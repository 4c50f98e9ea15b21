"""The sorting form of names."""

from portal.core.fields import name_key


def test_accents_and_case_do_not_count() -> None:
    assert name_key("Hélène ÅKESSON") == name_key("helene akesson")


def test_the_apostrophe_of_the_keyboard_finds_the_typographic_one() -> None:
    assert name_key("Centre d’actions") == name_key("centre d'actions")
