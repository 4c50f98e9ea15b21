"""What is common to all files that people bring; tests/customers/test_import_files.py reads many more of them."""

import gzip
import io

import pytest

from portal.core.csv_files import Layout, UnreadableFile, open_csv

COLUMNS = {"day": ("Date", "UsageDate"), "price": ("Unit price",)}
STRICT = Layout(COLUMNS, required=("day",))
LAX = Layout(COLUMNS, required=("day",), takes_first=True)


def read(content: bytes, layout: Layout = STRICT, *, most: int = 10) -> list[tuple[int, dict[str, str]]]:
    return [(row.number, row.values) for row in open_csv(io.BytesIO(content), layout).rows(most=most)]


def refused(content: bytes, layout: Layout = STRICT, *, most: int = 10) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        read(content, layout, most=most)
    return str(refusal.value)


def test_a_packed_file_is_read_as_a_plain_one_and_no_further_than_its_limit(settings):
    text = b"unit_price;DATE\r\n1,5;2026-11-01\r\n\r\n2;\r\n"
    answer = [(2, {"price": "1,5", "day": "2026-11-01"}), (4, {"price": "2", "day": ""})]
    assert read(text) == read(gzip.compress(text)) == answer
    assert "damaged" in refused(gzip.compress(text)[:-9])
    settings.UNPACKED_MAX_BYTES = 1024**2
    assert "more than 1 MB" in refused(gzip.compress(text + b"x;y\n" * 400_000), most=10**6)


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_blocks_hold_all_below_the_first_line_whatever_ends_it(line_end):
    file = open_csv(io.BytesIO(line_end.join([b"sep=|", b"Date|x", b"1|2", b""])), STRICT)
    assert (b"".join(file.blocks), file.delimiter, file.first_line) == (b"1|2" + line_end, "|", 3)
    assert (file.columns, file.ignored) == (["day", ""], ["x"])


def test_of_two_columns_of_one_name_the_first_counts_where_the_layout_says_so():
    text = b"Date,UsageDate\n1,2\n"
    assert read(text, LAX) == [(2, {"day": "1"})]
    assert "more than once" in refused(text)


def test_rows_are_counted():
    assert "no rows" in refused(b"Date\n \n")
    assert "more than 1 rows" in refused(b"Date\n1\n2\n", most=1)
