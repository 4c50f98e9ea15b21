"""Every file that the original, this portal or a spreadsheet writes is read; every other is refused with a sentence."""

import io
import tracemalloc

import pytest
from django.utils import translation

from customers.enums import ImportKind
from customers.import_files import LAYOUTS
from portal.core.csv_files import CsvFile, Row, UnreadableFile, open_csv
from portal.core.exports import _lines
from tests.customers.imports import CUSTOMERS, SUBSCRIPTIONS, csv

ROW = ("2f5a1c9e-0000-4000-8000-000000000001", "Bakery; & Sons, Ltd", "bakery.example", "Cloud Reseller", "VIP, Gold")
ANSWER = dict(zip(("tenant_id", "name", "domain", "relationship", "tags"), ROW, strict=True))


def read(text: str | bytes) -> CsvFile:
    return open_csv(io.BytesIO(text if isinstance(text, bytes) else text.encode()), *LAYOUTS.values())


def rows(text: str | bytes) -> list[Row]:
    return list(read(text).rows(most=10))


def refused(text: str | bytes) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        rows(text)
    assert refusal.value.field == "file"
    return str(refusal.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_a_file_is_read_whatever_separates_encodes_and_ends_its_lines(delimiter, encoding, line_end):
    text = csv(CUSTOMERS, ROW, delimiter=delimiter).replace("\r\n", line_end)
    file = read(text.encode(encoding))
    assert file.layout.kind == ImportKind.CUSTOMERS
    assert [(row.number, row.values) for row in file.rows(most=1)] == [(2, ANSWER)]


def test_columns_stand_in_any_order_and_case_among_others():
    header = ["TAGS", "primary domain NAME", "Advisor", "microsoft-id", "Company  name", "relationship"]
    file = read(csv(header, ("VIP, Gold", "bakery.example", "no", ROW[0], ROW[1], "Cloud Reseller")))
    assert next(file.rows(most=1)).values == ANSWER
    assert file.ignored == ["Advisor"]


@pytest.mark.parametrize("language", ["en", "fr", "sv"])
@pytest.mark.parametrize("header", [CUSTOMERS, SUBSCRIPTIONS])
def test_our_own_exports_are_read_in_the_language_of_whoever_exported_them(language, header):
    with translation.override(language):
        text = csv([translation.gettext(name) for name in header], ["x"] * 5)
    assert "" not in read(text).columns


def test_a_file_of_subscriptions_is_known_by_its_columns():
    file = read(csv([*SUBSCRIPTIONS, "Customer Microsoft ID", "Product family"], range(7)))
    assert file.layout.kind == ImportKind.SUBSCRIPTIONS
    assert file.columns == ["subscription_id", "name", "quantity", "status", "reseller", "tenant_id", "family"]


def test_what_an_export_masks_for_spreadsheets_comes_back_as_it_was():
    text = _lines([CUSTOMERS, [ROW[0], "=HYPERLINK(1)", "bakery.example", "", "-10%"]])
    assert "'=HYPERLINK" in text
    values = rows(text)[0].values
    assert (values["name"], values["tags"]) == ("=HYPERLINK(1)", "-10%")


def test_an_apostrophe_of_a_name_stays():
    assert rows(csv(CUSTOMERS, [ROW[0], "'t Hoekje", "hoek.example", "", ""]))[0].values["name"] == "'t Hoekje"


def test_rows_are_numbered_as_a_spreadsheet_does_empty_and_broken_lines_included():
    text = csv(CUSTOMERS, ROW, [""] * 5, (ROW[0], "Two\r\nlines", "two.example", "", ""), ROW)
    assert [row.number for row in rows(text)] == [2, 4, 5]
    assert [row.number for row in rows("sep=,\r\n" + text)] == [3, 5, 6]


def test_cells_beyond_the_columns_are_kept_apart_and_missing_ones_are_no_matter():
    lines = "1,Bakery, Sons,bakery.example,,\r\n2,Bar\r\n3,Inn,inn.example,,\r\n"
    text = f"Microsoft ID,Company name,Primary domain name\r\n{lines}"
    assert [row.values for row in rows(text)] == [
        {"tenant_id": "1", "name": "Bakery", "domain": "Sons", "extra": "bakery.example"},
        {"tenant_id": "2", "name": "Bar"},
        {"tenant_id": "3", "name": "Inn", "domain": "inn.example"},
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty."),
        ("\r\n", "The file is empty."),
        (b"PK\x03\x04 and so on", "This is a workbook, not a CSV file."),
        (b"\xd0\xcf\x11\xe0 old", "This is a workbook, not a CSV file."),
        (b"%PDF-1.7\n\x00\x01", "The first line names no column"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "The file is not in UTF-8"),
        (b"a\x00b,c\n", "Line 1 holds characters that no text has"),
        ("Company name,City\r\nBakery,Bern\r\n", "names no column “Microsoft ID”, “Primary domain name”"),
        ("Subscription ID,Subscription\r\n1,2\r\n", "names no column “Quantity”, “Status”"),
        ("Microsoft ID,Tenant ID,Company name,Domain\r\n1,2,3,4\r\n", "“Microsoft ID” more than once"),
        ("x" * 200_000, "Line 1 is longer than any row of an export."),
        (csv(CUSTOMERS, ROW) + '"never closed' + "x\r\n" * 60_000, "a quotation mark is not closed"),
        ((csv(CUSTOMERS, ROW) + "Bäckerei").encode("latin-1"), "The file is not in UTF-8"),
        (csv(CUSTOMERS, ROW).encode("utf-16")[:-1], "The file is not in UTF-8"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_the_reason(text, sentence):
    assert sentence in refused(text)


def test_a_refusal_tells_the_next_step():
    with pytest.raises(UnreadableFile) as refusal:
        read(b"PK\x03\x04")
    assert "CSV UTF-8" in refusal.value.explanation


def test_a_long_file_is_read_in_flat_memory(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write(",".join(CUSTOMERS) + "\n")
        file.writelines(f"{ROW[0]},{'B' * 80},bakery{number}.example,,\n" for number in range(30_000))
    assert path.stat().st_size > 4_000_000
    rows(csv(CUSTOMERS, ROW))  # the names of columns are looked up once
    tracemalloc.start()
    with path.open("rb") as stream:
        count = sum(1 for _row in open_csv(stream, *LAYOUTS.values()).rows(most=30_000))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 500_000
