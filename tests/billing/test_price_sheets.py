"""The original's price sheets: read as they are, each row with its result, put into the lists once (A9)."""

import gzip
import io
from datetime import date
from decimal import Decimal

import pytest

from billing.enums import SheetStatus
from billing.models import PriceList, PriceListEntry, PriceSheet
from billing.workflow import prices as workflow
from billing.workflow.prices import PriceSheetNotWaiting, SheetTerms
from customers.enums import ProductFamily
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.csv_files import UnreadableFile
from portal.core.errors import PermissionDenied
from tests.factories import NOON, make_actor, make_organization

pytestmark = pytest.mark.django_db

LICENSES = """\
ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,Currency,\
UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,Tags,ERP Price,Segment
Office Suite,CFQ1,0001,Office Suite Standard,Example,"For offices, and shops",1 License,P1Y,Monthly,FR,EUR,9.36,,,\
2026-11-01T00:00:00.0000000Z,9999-12-31T23:59:59.0000000Z,popular;suite,11.70,Commercial
Office Suite,CFQ1,0001,Office Suite Standard,Example,,1 License,P1Y,Annual,FR,EUR,112.32,,,\
2026-11-01T00:00:00.0000000Z,2026-11-30T23:59:59.0000000Z,,140.40,Charity
Office Suite,CFQ1,0001,Office Suite Standard,Example,,1 License,P1Y,Monthly,SE,SEK,105,1,,2026-11-01,,,131,Education
"""
METERS = """\
ProductTitle,ProductId,SkuId,SkuTitle,Publisher,UnitOfMeasure,Market,Currency,UnitPrice,PricingTierRangeMin,\
EffectiveStartDate,EffectiveEndDate,Tags,MeterId,MeterType,Segment
Blob Storage,DZH1,0009,Hot LRS,Example,1 GB/Month,FR,USD,0.0196000001,0,2026-11-01T00:00:00Z,9999-12-31T23:59:59Z,\
Storage,meter-1,Standard,Commercial
Blob Storage,DZH1,0009,Hot LRS,Example,1 GB/Month,FR,USD,0.0188,51200,2026-11-01T00:00:00Z,9999-12-31T23:59:59Z,\
Storage,meter-1,Standard,Commercial
"""
NOVEMBER = SheetTerms(ProductFamily.LICENSE_BASED, date(2026, 11, 1))


@pytest.fixture
def operator():
    return make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)


def check(operator, text, terms=NOVEMBER, encoding="utf-8-sig"):
    stream = io.BytesIO(text.encode(encoding))
    return workflow.check_price_sheet(stream=stream, file_name="sheet.csv", terms=terms, actor=operator, now=NOON)


def publish(operator, text, terms=NOVEMBER):
    sheet = check(operator, text, terms)
    return workflow.publish_price_sheet(sheet_id=sheet.pk, actor=operator, now=NOON)


def test_a_compressed_sheet_is_read_as_well(operator):
    stream = io.BytesIO(gzip.compress(LICENSES.encode("utf-16")))
    sheet = workflow.check_price_sheet(stream=stream, file_name="a.csv.gz", terms=NOVEMBER, actor=operator, now=NOON)

    assert (sheet.row_count, sheet.new_count) == (3, 3)


def test_a_sheet_of_licenses_is_checked_first_and_published_on_a_yes(operator):
    sheet = check(operator, LICENSES)

    assert (sheet.row_count, sheet.new_count, sheet.wrong_count) == (3, 3, 0)
    assert sheet.ignored_columns == ["PricingTierRangeMax"]
    assert not PriceListEntry.objects.exists()

    workflow.publish_price_sheet(sheet_id=sheet.pk, actor=operator, now=NOON)

    monthly, annual = PriceListEntry.objects.filter(price_list__country="FR").order_by("-billing_frequency")
    assert (monthly.unit_price, monthly.retail_price) == (Decimal("9.36"), Decimal("11.70"))
    assert (monthly.term, monthly.billing_frequency, monthly.segment) == ("P1Y", "monthly", "commercial")
    assert (monthly.starts_on, monthly.ends_on, monthly.tags) == (date(2026, 11, 1), None, ["popular", "suite"])
    assert (annual.billing_frequency, annual.segment, annual.ends_on) == ("annual", "nonprofit", date(2026, 12, 1))
    assert set(PriceList.objects.values_list("country", "currency")) == {("FR", "EUR"), ("SE", "SEK")}
    assert list(AuditEvent.objects.order_by("pk").values_list("event_type", flat=True)) == [
        "price-sheet-checked",
        "price-list-published",
    ]


def test_meters_keep_their_many_decimals_and_their_tiers(operator):
    publish(operator, METERS, SheetTerms(ProductFamily.AZURE_PLAN, date(2026, 11, 1)))

    first, second = PriceListEntry.objects.order_by("tier_from")
    assert (first.unit_price, first.billing_frequency, first.term) == (Decimal("0.0196000001"), "usage", "none")
    assert (first.meter_id, second.tier_from, second.retail_price) == ("meter-1", 51200, Decimal("0.0188"))


def test_the_same_sheet_again_changes_nothing_and_a_corrected_one_only_what_is_corrected(operator):
    publish(operator, LICENSES)
    before = list(PriceListEntry.objects.order_by("pk").values())

    again = check(operator, LICENSES)
    assert (again.new_count, again.changed_count, again.same_count) == (0, 0, 3)
    workflow.publish_price_sheet(sheet_id=again.pk, actor=operator, now=NOON)
    assert list(PriceListEntry.objects.order_by("pk").values()) == before

    corrected = publish(operator, LICENSES.replace("9.36", "9.40"))
    assert (corrected.changed_count, corrected.same_count) == (1, 2)
    assert PriceListEntry.objects.order_by("pk").first().unit_price == Decimal("9.40")
    assert PriceListEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('CFQ1,0001,Office Suite Standard,Example,"', ',0001,Office,Example,"', "no-product"),
        ("FR,EUR,9.36", "France,EUR,9.36", "wrong-market"),
        ("FR,EUR,9.36", "FR,€,9.36", "wrong-currency"),
        ("9.36", '"9,36"', "wrong-price"),
        ("11.70", "n/a", "wrong-price"),
        ("9.36,", "9.36,some", "wrong-tier"),
        ("2026-11-01T00:00:00.0000000Z,9999", "2026-13-41,9999", "wrong-dates"),
        ("9999-12-31T23:59:59.0000000Z", "2026-10-01", "wrong-dates"),
        ("P1Y,Monthly,FR", "P7Y,Monthly,FR", "unknown-term"),
        ("P1Y,Monthly,FR", "P1Y,Daily,FR", "unknown-billing-plan"),
        ("11.70,Commercial", "11.70,Pirates", "unknown-segment"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_leaves_the_others_alone(operator, old, new, reason):
    assert old in LICENSES

    sheet = publish(operator, LICENSES.replace(old, new, 1))

    wrong = sheet.rows.get(result="wrong")
    assert (wrong.number, wrong.reason) == (2, reason)
    assert (sheet.new_count, sheet.wrong_count, PriceListEntry.objects.count()) == (2, 1, 2)


def test_a_row_that_comes_twice_counts_once(operator):
    lines = LICENSES.splitlines()
    sheet = publish(operator, "\n".join([*lines, lines[1]]))

    assert sheet.rows.get(result="wrong").reason == "twice"
    assert PriceListEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("ProductId,SkuId\n1,2\n", "SkuTitle"),
        (LICENSES.splitlines()[0], "no rows"),
        (LICENSES + "one,two\n", "Line 5"),
        ("PK\x03\x04", "workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_line_and_leaves_nothing(operator, text, said):
    with pytest.raises(UnreadableFile) as refused:
        check(operator, text, encoding="utf-8")

    assert said in refused.value.explanation


def test_other_delimiters_and_encodings_are_read_alike(operator):
    first = LICENSES.splitlines()[0].replace(",", ";")
    row = ";".join(["Été", "CFQ1", "1", "Été", "", "", "", "P1M", "Monthly", "FR", "EUR", "1", "", "", "2026-11-01"])
    publish(operator, f"sep=;\n{first}\n{row};;;;")
    assert PriceListEntry.objects.get().product_title == "Été"

    assert check(operator, LICENSES, encoding="utf-16").new_count == 3


def test_a_sheet_is_published_or_canceled_once_and_only_by_the_operator(operator):
    sheet = check(operator, LICENSES)
    partner = make_actor()

    for step in (workflow.publish_price_sheet, workflow.cancel_price_sheet):
        with pytest.raises(PermissionDenied):
            step(sheet_id=sheet.pk, actor=partner, now=NOON)
    with pytest.raises(PermissionDenied):
        check(partner, LICENSES)

    workflow.cancel_price_sheet(sheet_id=sheet.pk, actor=operator, now=NOON)
    assert PriceSheet.objects.get(pk=sheet.pk).status == SheetStatus.CANCELED
    assert not sheet.rows.exists()
    with pytest.raises(PriceSheetNotWaiting):
        workflow.publish_price_sheet(sheet_id=sheet.pk, actor=operator, now=NOON)
