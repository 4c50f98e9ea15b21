"""Days in words: French counts the first of a month and no other day, everywhere a day is written (P11)."""

import datetime

import pytest
from django.template import Context, Template
from django.utils.translation import override

from portal.core.dates import date_format

FIRST, SECOND = datetime.date(2026, 2, 1), datetime.date(2026, 2, 2)


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("fr", "1er février 2026", "2 février 2026"),
        ("sv", "1 februari 2026", "2 februari 2026"),
        ("en", "Feb. 1, 2026", "Feb. 2, 2026"),
    ],
)
def test_the_first_of_a_month_is_written_as_the_language_does(language, first, second):
    template = Template('{{ day|date:"DATE_FORMAT" }}|{{ day|date:"j" }}|{{ nothing|date }}{{ "x"|date }}')
    with override(language):
        assert (date_format(FIRST), date_format(SECOND)) == (first, second)
        assert template.render(Context({"day": FIRST})) == f"{first}|{'1er' if language == 'fr' else '1'}|"
        assert date_format(FIRST, "SHORT_DATE_FORMAT") in ("01/02/2026", "2026-02-01", "02/01/2026")


def test_a_moment_is_written_in_the_time_zone_of_the_reader():
    moment = datetime.datetime(2026, 1, 31, 23, 30, tzinfo=datetime.UTC)
    with override("fr"):
        shown = Template('{% load tz %}{% timezone "Europe/Paris" %}{{ at|date:"DATETIME_FORMAT" }}{% endtimezone %}')
        assert shown.render(Context({"at": moment})) == "1er février 2026 00:30"
        assert date_format(moment, "DATETIME_FORMAT") == "31 janvier 2026 23:30"
