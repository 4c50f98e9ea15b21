import csv
import datetime
import io
import tracemalloc
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from portal.core.errors import PermissionDenied
from portal.core.exports import ROWS_AT_ONCE, cell, csv_response

BOM = b"\xef\xbb\xbf"


def body(response):
    return b"".join(response.streaming_content)


def read(response):
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"), newline="")))


def test_a_list_becomes_a_file_that_a_spreadsheet_reads():
    response = csv_response("people.csv", ["Name", "Note"], [["Åsa", 'says "hi", twice'], ["Bo", None]])

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
    content = body(response)
    assert content.startswith(BOM)
    assert content.decode("utf-8-sig") == 'Name,Note\r\nÅsa,"says ""hi"", twice"\r\nBo,\r\n'


@pytest.mark.parametrize("count", [0, 1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_every_row_is_written_once_whatever_their_number(count):
    rows = read(csv_response("x.csv", ["n"], ([number] for number in range(count))))

    assert rows == [["n"], *([str(number)] for number in range(count))]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x";"y")']
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert cell(text) == f"'{text}"
    assert read(csv_response("x.csv", ["n"], [[text, "a=b"]]))[1] == [f"'{text}", "a=b"]


def test_what_only_looks_like_a_formula_in_another_type_is_judged_as_text():
    assert cell(gettext_lazy("=1")) == "'=1"


@pytest.mark.parametrize("number", [-5, -1.5, Decimal("-0.10")])
def test_negative_numbers_stay_numbers(number):
    assert cell(number) == str(number)


def test_moments_are_iso_with_their_zone():
    assert cell(datetime.datetime(2026, 11, 20, 12, 0, 1, 5, tzinfo=datetime.UTC)) == "2026-11-20T12:00:01+00:00"


def test_a_right_lost_while_the_file_runs_ends_it_with_a_sentence():
    def rows():
        yield ["one"]
        raise PermissionDenied("Your role does not allow this.")

    assert read(csv_response("x.csv", ["n"], rows())) == [["n"], ["one"], ["Your role does not allow this."]]


def test_a_fault_is_not_dressed_as_the_end_of_the_file():
    def rows():
        yield ["one"]
        raise RuntimeError("bug")

    with pytest.raises(RuntimeError, match="bug"):
        body(csv_response("x.csv", ["n"], rows()))


def test_the_file_keeps_the_language_of_its_request_and_leaves_the_threads_alone():
    def rows():
        for _ in range(3 * ROWS_AT_ONCE):
            yield [translation.get_language()]

    with translation.override("sv"):
        response = csv_response("x.csv", ["n"], rows())

    languages = set()
    for _part in response.streaming_content:
        languages.add(translation.get_language())
    assert languages == {"en"}
    with translation.override("sv"):
        response = csv_response("x.csv", ["n"], rows())
    assert {row[0] for row in read(response)[1:]} == {"sv"}


def test_memory_stays_flat():
    def peak(count):
        response = csv_response("x.csv", ["n"], (["x" * 100] for _ in range(count)))
        tracemalloc.start()
        for _ in response.streaming_content:
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(100_000) < 1.5 * peak(2_000)
