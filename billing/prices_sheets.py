"""The original's price sheets as statements: what a row says in our words, and what is wrong with it (A9).

The layouts of license-based, Azure plan, reservation and software sheets name the same columns; those that only some
have may be missing. Source: the "Pricing and offers" downloads; decision 0047 lists the columns.
"""

from collections.abc import Callable
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.prices_files import text_of
from customers.enums import ProductFamily
from portal.core.csv_files import CsvFile, Layout

LAYOUT = Layout(
    {
        "product_title": ("ProductTitle",),
        "product_id": ("ProductId",),
        "sku_id": ("SkuId",),
        "sku_title": ("SkuTitle",),
        "publisher": ("Publisher",),
        "sku_description": ("SkuDescription",),
        "unit_of_measure": ("UnitOfMeasure",),
        "term": ("TermDuration", "Term"),
        "billing": ("BillingPlan", "Billing"),
        "country": ("Market", "Country"),
        "currency": ("Currency",),
        "unit_price": ("UnitPrice",),
        "tier_from": ("PricingTierRangeMin", "TierFrom"),
        "starts": ("EffectiveStartDate", "Starts"),
        "ends": ("EffectiveEndDate", "Ends"),
        "tags": ("Tags",),
        "retail_price": ("ERP Price", "ERP", "RetailPrice"),
        "segment": ("Segment",),
        "meter_id": ("MeterId",),
    },
    required=("product_id", "sku_id", "sku_title", "country", "currency", "unit_price", "starts"),
    takes_first=True,
)
METERED = frozenset({ProductFamily.AZURE_PLAN, ProductFamily.AZURE_LEGACY})
REASONS: dict[str, Promise] = {
    "no-product": _("The row names no product or no SKU."),
    "wrong-market": _("The market is not a country code of two letters."),
    "wrong-currency": _("The currency is not a code of three letters."),
    "wrong-price": _("The unit price or the ERP price is not a number with a point as its decimal sign."),
    "wrong-dates": _("The first or last day is not written as 2026-11-30, or the last one is before the first."),
    "unknown-term": _("The term is none of P1M, P1Y, P2Y, P3Y or empty."),
    "unknown-billing-plan": _("The billing plan is none of Monthly, Annual, Upfront, OneTime or empty."),
    "unknown-segment": _("The segment is none of Commercial, Education, Government, Charity or empty."),
    "wrong-tier": _("The lower end of the pricing tier is not a number."),
    "twice": _("An earlier row of the file has the same product, term, billing plan and first day."),
}
NUMBER = r"'^[0-9]{1,12}(\.[0-9]+)?$'"
DAY = r"'^[0-9]{4}-[0-9]{2}-[0-9]{2}'"
BILLING = {
    "monthly": "monthly",
    "annual": "annual",
    "upfront": "upfront",
    "triennial": "upfront",
    "onetime": "one_time",
}
SEGMENTS = {
    "": "commercial",
    "commercial": "commercial",
    "education": "education",
    "government": "government",
    "charity": "nonprofit",
    "nonprofit": "nonprofit",
}
# The key that a price has within a list, and the columns that a later file may change.
KEY = ("product_id", "sku_id", "segment", "term", "billing_frequency", "meter_id", "tier_from", "starts_on")
CHANGES = (
    "product_title",
    "sku_title",
    "sku_description",
    "publisher",
    "unit_of_measure",
    "unit_price",
    "retail_price",
    "ends_on",
    "tags",
)
# How a row is kept until the yes; the same names as the columns of the list.
RECORD = (
    "country text, currency text, product_id text, sku_id text, product_title text, sku_title text,"
    " sku_description text, publisher text, segment text, term text, billing_frequency text, meter_id text,"
    " unit_of_measure text, tier_from numeric, unit_price numeric, retail_price numeric, starts_on date, ends_on date,"
    " tags text[]"
)


def check_statement(file: CsvFile, family: str) -> str:
    """Return the INSERT that keeps each row of the temporary table ``incoming`` with what would become of it.

    Parameters: sheet, family, month.
    """
    same = " AND ".join(f"entry.{name} IS NOT DISTINCT FROM row.{name}" for name in CHANGES)
    key = " AND ".join(f"entry.{name} = row.{name}" for name in KEY)
    words = "".join(f"'{name}', row.{name}, " for name in ("country", "currency", *KEY, *CHANGES)).rstrip(", ")
    partition = ", ".join(("country", "currency", *KEY))
    return f"""
        INSERT INTO billing_pricesheetrow (sheet_id, number, values, result, reason)
        SELECT %(sheet)s, number, jsonb_build_object({words}),
            CASE WHEN row.reason <> '' THEN 'wrong' WHEN entry.id IS NULL THEN 'new' WHEN {same} THEN 'same'
                ELSE 'changed' END,
            row.reason
        FROM (
            SELECT read.*, CASE WHEN wrong <> '' THEN wrong
                WHEN row_number() OVER (PARTITION BY wrong, {partition} ORDER BY number) > 1 THEN 'twice'
                ELSE '' END AS reason
            FROM ({_read(file, family)}) AS read
        ) AS row
        LEFT JOIN billing_pricelist AS list ON list.country = row.country AND list.currency = row.currency
            AND list.family = %(family)s AND list.month = %(month)s
        LEFT JOIN billing_pricelistentry AS entry ON entry.price_list_id = list.id AND {key}
    """  # noqa: S608 - names of ours; texts of the file stay in their columns


def publish_statement() -> str:
    """Return the INSERT that puts the good rows of a sheet into its lists. Parameters: sheet, family, month."""
    columns = ", ".join((*KEY, *CHANGES))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in CHANGES)
    old, new = (", ".join(f"{row}.{name}" for name in CHANGES) for row in ("entry", "excluded"))
    return f"""
        INSERT INTO billing_pricelistentry AS entry (price_list_id, {columns})
        SELECT list.id, {", ".join(f"row.{name}" for name in (*KEY, *CHANGES))}
        FROM billing_pricesheetrow AS kept
        CROSS JOIN LATERAL jsonb_to_record(kept.values) AS row ({RECORD})
        JOIN billing_pricelist AS list ON list.country = row.country AND list.currency = row.currency
            AND list.family = %(family)s AND list.month = %(month)s
        WHERE kept.sheet_id = %(sheet)s AND kept.result IN ('new', 'changed')
        ON CONFLICT ON CONSTRAINT price_once DO UPDATE SET {assigned} WHERE ({old}) IS DISTINCT FROM ({new})
    """  # noqa: S608 - names of ours


LISTS = """
    INSERT INTO billing_pricelist (id, family, country, currency, month, created_at)
    SELECT gen_random_uuid(), %(family)s, values ->> 'country', values ->> 'currency', %(month)s, %(now)s
    FROM billing_pricesheetrow WHERE sheet_id = %(sheet)s AND result <> 'wrong'
    GROUP BY values ->> 'country', values ->> 'currency'
    ON CONFLICT ON CONSTRAINT price_list_once_a_month DO NOTHING
"""


def _read(file: CsvFile, family: str) -> str:
    """Return the SELECT that gives each row in our words, and in ``wrong`` why it cannot be used."""
    text = partial(text_of, file)
    retail = f"coalesce(nullif({text('retail_price')}, ''), {text('unit_price')})"
    return f"""
        SELECT number, {_wrong(text, retail)} AS wrong, upper({text("country")}) AS country,
            upper({text("currency")}) AS currency, {text("product_id")} AS product_id, {text("sku_id")} AS sku_id,
            left(coalesce(nullif({text("product_title")}, ''), {text("sku_title")}), 300) AS product_title,
            left({text("sku_title")}, 300) AS sku_title, {text("sku_description")} AS sku_description,
            left({text("publisher")}, 200) AS publisher, {_case(text("segment"), SEGMENTS)} AS segment,
            coalesce(nullif(upper({text("term")}), ''), 'none') AS term, {_billing(text, family)} AS billing_frequency,
            left({text("meter_id")}, 40) AS meter_id, left({text("unit_of_measure")}, 100) AS unit_of_measure,
            {_number(text("tier_from"))} AS tier_from, {_number(text("unit_price"))} AS unit_price,
            {_number(retail)} AS retail_price, {_day(text("starts"))} AS starts_on,
            {_end(text("ends"))} AS ends_on,
            array_remove(ARRAY(SELECT left(btrim(tag), 100)
                FROM regexp_split_to_table({text("tags")}, '[;,|]') AS tag), '')::varchar[] AS tags
        FROM incoming
    """  # noqa: S608 - names of ours


def _wrong(text: Callable[[str], str], retail: str) -> str:
    """Return the SQL of the first thing that is wrong with a row."""
    starts, ends = text("starts"), text("ends")
    checks = {
        "no-product": f"{text('product_id')} = '' OR {text('sku_id')} = ''"
        f" OR length({text('product_id')}) > 40 OR length({text('sku_id')}) > 40",
        "wrong-market": f"{text('country')} !~ '^[A-Za-z]{{2}}$'",
        "wrong-currency": f"{text('currency')} !~ '^[A-Za-z]{{3}}$'",
        "wrong-price": f"{text('unit_price')} !~ {NUMBER} OR {retail} !~ {NUMBER}",
        "wrong-tier": f"{text('tier_from')} !~ {NUMBER} AND {text('tier_from')} <> ''",
        "wrong-dates": f"{_day(starts)} IS NULL OR ({ends} <> '' AND {_day(ends)} IS NULL)"
        f" OR {_end(ends)} <= {_day(starts)}",
        "unknown-term": f"upper({text('term')}) NOT IN ('', 'P1M', 'P1Y', 'P2Y', 'P3Y')",
        "unknown-billing-plan": f"lower({text('billing')}) NOT IN ('', 'none', {_quoted(BILLING)})",
        "unknown-segment": f"lower({text('segment')}) NOT IN ({_quoted(SEGMENTS)})",
    }
    return "CASE " + " ".join(f"WHEN {sql} THEN '{reason}'" for reason, sql in checks.items()) + " ELSE '' END"


def _billing(text: Callable[[str], str], family: str) -> str:
    """Return the SQL of the billing frequency; a sheet without billing plans is of usage or of what is paid at once."""
    otherwise = "'usage'" if family in METERED else f"CASE {text('term')} WHEN '' THEN 'one_time' ELSE 'upfront' END"
    whens = " ".join(f"WHEN '{name}' THEN '{ours}'" for name, ours in BILLING.items())
    return f"CASE lower({text('billing')}) {whens} ELSE {otherwise} END"


def _case(value: str, table: dict[str, str]) -> str:
    whens = " ".join(f"WHEN '{name}' THEN '{ours}'" for name, ours in table.items())
    return f"CASE lower({value}) {whens} ELSE '' END"


def _quoted(names: dict[str, str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _number(value: str) -> str:
    return f"CASE WHEN {value} ~ {NUMBER} THEN round({value}::numeric, 12) ELSE 0 END"


def _day(value: str) -> str:
    """Return the SQL of a day, or NULL for a text that is none."""
    return (
        f"CASE WHEN {value} ~ {DAY} AND pg_input_is_valid(left({value}, 10), 'date') THEN left({value}, 10)::date END"
    )


def _end(value: str) -> str:
    """Return the SQL of the first day after a price: its last moment is 23:59:59 or midnight; year 9999 means never."""
    is_late = f"{value} ~ 'T23:59|\\s23:59'"
    return f"CASE WHEN {value} NOT LIKE '9999%%' THEN {_day(value)} + CASE WHEN {is_late} THEN 1 ELSE 0 END END"
