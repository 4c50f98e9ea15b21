"""Files of daily usage as statements: read as they are, priced, given to the owner of each day, and kept once (A7).

Layout: the original's daily rated usage files; of several names that a column had over the years each is known.
Source: decisions 0031 (who owns a day) and 0047 (prices, rates, earned credit).
"""

from functools import partial

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from billing.prices_files import text_of
from portal.core.csv_files import CsvFile, Layout

LAYOUT = Layout(
    {
        "record_id": ("RecordId", "UsageRecordId", "RecordKey"),
        "entitlement": ("EntitlementId", "AzureSubscriptionId", "SubscriptionGuid", "Entitlement"),
        "subscription": ("SubscriptionId", "Subscription"),
        "day": ("UsageDate", "Date", "UsageDateTime", "ChargeStartDate", "Day"),
        "meter_id": ("MeterId", "ResourceGuid"),
        "meter_name": ("MeterName", "SkuName", "ServiceResource"),
        "category": ("MeterCategory", "ProductName", "ServiceName", "Category"),
        "region": ("MeterRegion", "ResourceLocation", "Region"),
        "unit": ("Unit", "UnitType", "UnitOfMeasure"),
        "resource": ("ResourceURI", "ResourceId", "InstanceId", "Resource"),
        "quantity": ("Quantity", "ConsumedQuantity"),
        "publisher": ("PublisherType", "ChargeType", "Publisher"),
        "unit_price": ("UnitPrice",),
        "pricing_currency": ("PricingCurrency",),
    },
    required=("day", "meter_id", "quantity"),
    takes_first=True,
)
REASONS: dict[str, Promise] = {
    "no-subscription": _("The row names no subscription by its ID."),
    "unknown-subscription": _("No partner owned this Azure subscription on that day."),
    "wrong-day": _("The day of usage cannot be read, or lies in the future."),
    "wrong-quantity": _("The quantity is not a number with a point as its decimal sign."),
    "too-much": _("The quantity or what it costs is larger than any that can be kept."),
    "no-meter": _("The row names no meter."),
    "no-price": _("The rate card of that day has no price of the meter in the partner's currency or in US dollars."),
    "no-rate": _("There is no exchange rate from the currency of the price to the partner's for that month."),
    "twice": _("An earlier row of the file has the same record."),
    "charged": _("The month of the record has been charged already; a correction needs a record of its own."),
}
# Why a whole file was not imported, once it was taken.
FAILURES: dict[str, Promise] = {
    "unreadable-line": _("A line has other columns than the first one, or is not in UTF-8."),
    "unreadable-file": _("The file has no rows, or more than are taken."),
    "not-allowed": _("The person who uploaded the file may not import usage any more."),
    "gave-up": _("The import was begun several times and never came to its end. The log of the workers says why."),
}
LIST_CURRENCY = "USD"  # in which the original prices its meters
NUMBER = r"'^[0-9]{1,11}(\.[0-9]+)?([eE]-?[0-9]{1,2})?$'"
MOST = "1e12"  # of the columns of quantity and cost
UUID = r"'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'"

# The owner of an entitlement on each day: the transfer day is the target's, whenever the item itself moved.
OWNERS = """
    CREATE TEMPORARY TABLE owners ON COMMIT DROP AS
    SELECT row.id, coalesce(row.entitlement_id, row.id) AS entitlement, row.billing_owner_id, row.customer_id,
        row.reseller_id, row.product_family, partner.currency, tenant.country,
        CASE WHEN before.id IS NULL THEN '-infinity'::date
            ELSE coalesce(arrival.day, (before.transferred_at AT TIME ZONE 'UTC')::date) END AS first_day,
        coalesce(departure.day, (row.transferred_at AT TIME ZONE 'UTC')::date, 'infinity'::date) AS last_day
    FROM customers_subscription AS row
    JOIN accounts_partner AS partner ON partner.organization_id = row.billing_owner_id
    JOIN accounts_organization AS tenant ON tenant.id = row.customer_id
    LEFT JOIN customers_subscription AS before ON before.id = row.transferred_from_id
    LEFT JOIN ({days}) AS arrival (subscription_id, day) ON arrival.subscription_id = before.id
    LEFT JOIN ({days}) AS departure (subscription_id, day) ON departure.subscription_id = row.id
    WHERE row.product_family IN ('azure_subscription', 'azure_legacy', 'shared_services')
"""
# The days on which a role earns credit, and the condition that the billing owner or its reseller held one that day.
EARNING = """
    CREATE TEMPORARY TABLE earning ON COMMIT DROP AS
    SELECT entitlement, organization_id, service, first_day, last_day
    FROM ({days}) AS held (entitlement, organization_id, service, first_day, last_day)
"""
EARNS = """
    EXISTS (
        SELECT FROM earning
        WHERE earning.entitlement = {entitlement} AND earning.organization_id IN ({owner}, {reseller})
            AND earning.service IN ('', lower({record}.category))
            AND {record}.day >= earning.first_day AND {record}.day < earning.last_day
    )
"""
# Each row in our words. The key names the record over all files; without one, day, meter and resource do.
READ = """
    CREATE TEMPORARY TABLE read ON COMMIT DROP AS
    SELECT raw.*, md5(CASE WHEN record_id <> '' THEN record_id
        ELSE concat_ws('|', entitlement, day, meter_id, resource) END)::uuid AS key
    FROM (
        SELECT number, {record_id} AS record_id,
            CASE WHEN {owner} ~ {uuid} THEN ({owner})::uuid END AS entitlement,
            CASE WHEN {day} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' AND pg_input_is_valid(left({day}, 10), 'date')
                THEN left({day}, 10)::date END AS day,
            left({meter_id}, 40) AS meter_id, left(coalesce(nullif({meter_name}, ''), {meter_id}), 200) AS meter_name,
            left({category}, 100) AS category, left({region}, 100) AS region, left({unit}, 100) AS unit,
            left({resource}, 500) AS resource,
            CASE WHEN {quantity} ~ {number} THEN round(({quantity})::numeric, 12) END AS quantity,
            CASE WHEN lower({publisher}) IN ('marketplace', 'thirdparty', 'third party', '3p') THEN 'third_party'
                WHEN {meter_name} ILIKE '%%spot%%' THEN 'spot' ELSE 'consumption' END AS kind,
            CASE WHEN {unit_price} ~ {number} AND {pricing_currency} ~ '^[A-Z]{{3}}$'
                THEN round(({unit_price})::numeric, 12) END AS file_price,
            {pricing_currency} AS file_currency
        FROM incoming
    ) AS raw
"""
# What a meter costs in a month, for each combination that the file has: a few rows, however long the file is.
PRICES = """
    CREATE TEMPORARY TABLE priced ON COMMIT DROP AS
    SELECT asked.*, found.price, found.currency AS pricing_currency, found.list_id, found.product_id, found.sku_id,
        found.segment
    FROM (
        SELECT DISTINCT owners.country, owners.currency AS billing_currency, owners.product_family, read.meter_id,
            date_trunc('month', read.day)::date AS month
        FROM read JOIN owners ON owners.entitlement = read.entitlement
            AND read.day >= owners.first_day AND read.day < owners.last_day
        WHERE read.file_price IS NULL
    ) AS asked
    CROSS JOIN LATERAL (
        SELECT list.currency, list.id AS list_id, entry.product_id, entry.sku_id, entry.segment,
            CASE WHEN asked.product_family = 'azure_legacy' AND asked.month >= %(retail_from)s
                THEN entry.retail_price ELSE entry.unit_price END AS price
        FROM billing_pricelistentry AS entry
        JOIN billing_pricelist AS list ON list.id = entry.price_list_id
        WHERE entry.meter_id = asked.meter_id AND entry.meter_id <> '' AND entry.tier_from = 0
            AND list.country = asked.country AND list.currency IN (asked.billing_currency, %(list_currency)s)
            AND list.family = CASE asked.product_family WHEN 'azure_legacy' THEN 'azure_legacy' ELSE 'azure_plan' END
            AND list.month <= asked.month AND entry.starts_on < asked.month + interval '1 month'
            AND (entry.ends_on IS NULL OR entry.ends_on > asked.month)
        ORDER BY (list.currency = asked.billing_currency) DESC, list.month DESC, entry.starts_on DESC
        LIMIT 1
    ) AS found
"""
# What units beyond the first tier cost, for the meters that have more than one; tiers count over a month.
TIERS = """
    CREATE TEMPORARY TABLE tiers ON COMMIT DROP AS
    SELECT * FROM (
        SELECT priced.country, priced.billing_currency, priced.product_family, priced.meter_id, priced.month,
            tier.tier_from, lead(tier.tier_from) OVER each AS tier_until, tier.price, count(*) OVER (
                PARTITION BY country, billing_currency, product_family, meter_id, month
            ) AS how_many
        FROM priced
        CROSS JOIN LATERAL (
            SELECT DISTINCT ON (entry.tier_from) entry.tier_from,
                CASE WHEN priced.product_family = 'azure_legacy' AND priced.month >= %(retail_from)s
                    THEN entry.retail_price ELSE entry.unit_price END AS price
            FROM billing_pricelistentry AS entry
            WHERE entry.price_list_id = priced.list_id AND entry.meter_id = priced.meter_id
                AND entry.product_id = priced.product_id AND entry.sku_id = priced.sku_id
                AND entry.segment = priced.segment AND entry.starts_on < priced.month + interval '1 month'
                AND (entry.ends_on IS NULL OR entry.ends_on > priced.month)
            ORDER BY entry.tier_from, entry.starts_on DESC
        ) AS tier
        WINDOW each AS (PARTITION BY country, billing_currency, product_family, meter_id, month ORDER BY tier_from)
    ) AS every WHERE how_many > 1
"""
# The exchange rate in force on the first day of the month, and what the usage of a family earns on it.
RATES = """
    CREATE TEMPORARY TABLE rates ON COMMIT DROP AS
    SELECT pair.*, found.rate
    FROM (
        SELECT DISTINCT used.base, owners.currency, used.month
        FROM (SELECT DISTINCT currency FROM owners) AS owners
        CROSS JOIN (
            SELECT pricing_currency AS base, month FROM priced
            UNION SELECT file_currency, date_trunc('month', day)::date FROM read WHERE file_price IS NOT NULL
        ) AS used
        WHERE used.base <> owners.currency
    ) AS pair
    CROSS JOIN LATERAL (
        SELECT rate FROM billing_exchangerate AS known
        WHERE known.base = pair.base AND known.currency = pair.currency AND known.valid_from <= pair.month
        ORDER BY valid_from DESC LIMIT 1
    ) AS found
"""
FOUND = f"""
    SELECT read.number, read.key, owners.id AS subscription_id, owners.billing_owner_id, owners.customer_id, read.day,
        read.kind, read.meter_id, read.meter_name, read.category, read.region, read.unit, read.resource, read.quantity,
        coalesce(read.file_price, priced.price) AS unit_price,
        CASE WHEN read.file_price IS NULL THEN priced.pricing_currency ELSE read.file_currency END AS pricing_currency,
        read.file_price IS NOT NULL AS has_own_price, owners.currency, read.entitlement,
        coalesce(rates.rate, CASE WHEN owners.currency =
            CASE WHEN read.file_price IS NULL THEN priced.pricing_currency ELSE read.file_currency END THEN 1 END
        ) AS exchange_rate,
        CASE WHEN read.kind = 'consumption' AND earned.percent > 0
            AND {
    EARNS.format(
        entitlement="read.entitlement", owner="owners.billing_owner_id", reseller="owners.reseller_id", record="read"
    )
}
            THEN earned.percent ELSE 0 END AS earned_percent,
        read.record_id
    FROM read
    LEFT JOIN owners ON owners.entitlement = read.entitlement
        AND read.day >= owners.first_day AND read.day < owners.last_day
    LEFT JOIN priced ON priced.country = owners.country AND priced.billing_currency = owners.currency
        AND priced.product_family = owners.product_family AND priced.meter_id = read.meter_id
        AND priced.month = date_trunc('month', read.day)::date
    LEFT JOIN rates ON rates.currency = owners.currency AND rates.month = date_trunc('month', read.day)::date
        AND rates.base = CASE WHEN read.file_price IS NULL THEN priced.pricing_currency ELSE read.file_currency END
    LEFT JOIN billing_incentiverule AS earned ON earned.kind = 'earned_credit'
        AND earned.family = owners.product_family AND earned.competency = '' AND earned.valid_from <= read.day
        AND (earned.valid_until IS NULL OR earned.valid_until > read.day)
"""  # noqa: S608 - a condition of ours
# What is wrong with a row. In the order of the keys, as they are stored (STORE).
JUDGED = f"""
    CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
    SELECT found.*, CASE
        WHEN day IS NULL OR day > %(today)s THEN 'wrong-day'
        WHEN quantity IS NULL THEN 'wrong-quantity'
        WHEN greatest(quantity, unit_price, quantity * unit_price * exchange_rate) >= {MOST} THEN 'too-much'
        WHEN meter_id = '' THEN 'no-meter'
        WHEN entitlement IS NULL THEN 'no-subscription'
        WHEN subscription_id IS NULL THEN 'unknown-subscription'
        WHEN unit_price IS NULL THEN 'no-price'
        WHEN exchange_rate IS NULL THEN 'no-rate'
        WHEN row_number() OVER (PARTITION BY key ORDER BY number) > 1 THEN 'twice'
        ELSE '' END AS reason
    FROM ({FOUND}) AS found ORDER BY key
"""  # noqa: S608 - statements of ours
KEPT = (
    "key, subscription_id, billing_owner_id, customer_id, day, kind, meter_id, meter_name, category, region, unit,"
    " resource, quantity, unit_price, pricing_currency, exchange_rate, has_own_price,"
    " currency, earned_percent"
)
# A slice of the records at a time, in the order of their keys: two imports of the same records meet in one order, so
# that one waits for the other and neither for both.
STORE = f"""
    INSERT INTO billing_usagerecord AS record ({KEPT}, cost)
    SELECT {KEPT}, round(quantity * unit_price * exchange_rate, 12)
    FROM judged WHERE reason = '' AND key >= %(first)s AND key <= %(last)s ORDER BY key
    ON CONFLICT (key) DO UPDATE SET quantity = excluded.quantity, unit_price = excluded.unit_price,
        pricing_currency = excluded.pricing_currency, exchange_rate = excluded.exchange_rate, cost = excluded.cost,
        has_own_price = excluded.has_own_price, earned_percent = excluded.earned_percent
    WHERE record.charge_id IS NULL AND (record.quantity, record.unit_price, record.exchange_rate, record.earned_percent)
        IS DISTINCT FROM (excluded.quantity, excluded.unit_price, excluded.exchange_rate, excluded.earned_percent)
    RETURNING (xmax = 0) AS is_new
"""  # noqa: S608 - names of ours
# Subscription, meter and month that the file touches are counted anew, all records of them in the order of their days;
# what is charged already stays as it is and has used up its part of the tiers.
BY_TIERS = """
    WITH touched AS (
        SELECT DISTINCT judged.subscription_id, judged.meter_id, date_trunc('month', judged.day)::date AS month,
            owners.country, owners.currency, owners.product_family
        FROM judged JOIN owners ON owners.id = judged.subscription_id
        WHERE judged.reason = '' AND NOT judged.has_own_price
            AND judged.meter_id IN (SELECT meter_id FROM tiers)
    ), counted AS (
        SELECT record.id, record.charge_id, record.quantity, touched.*, sum(record.quantity) OVER (
            PARTITION BY touched.subscription_id, touched.meter_id, touched.month
            ORDER BY record.charge_id IS NULL, record.day, record.id
        ) - record.quantity AS used_before
        FROM touched JOIN billing_usagerecord AS record ON record.subscription_id = touched.subscription_id
            AND record.meter_id = touched.meter_id AND record.day >= touched.month
            AND record.day < touched.month + interval '1 month' AND NOT record.has_own_price
    ), due AS (
        SELECT counted.id, sum(tiers.price * (
            least(counted.used_before + counted.quantity, tiers.tier_until)
            - greatest(counted.used_before, tiers.tier_from)
        )) AS amount
        FROM counted JOIN tiers ON tiers.country = counted.country AND tiers.billing_currency = counted.currency
            AND tiers.product_family = counted.product_family AND tiers.meter_id = counted.meter_id
            AND tiers.month = counted.month AND tiers.tier_from < counted.used_before + counted.quantity
            AND (tiers.tier_until IS NULL OR tiers.tier_until > counted.used_before)
        WHERE counted.charge_id IS NULL
        GROUP BY counted.id
    )
    UPDATE billing_usagerecord AS record SET cost = round(due.amount * record.exchange_rate, 12)
    FROM due WHERE record.id = due.id AND record.cost <> round(due.amount * record.exchange_rate, 12)
"""
# Records that stand on a charge already and would be others now.
CHARGED = """
    UPDATE judged SET reason = 'charged' FROM billing_usagerecord AS record
    WHERE record.key = judged.key AND judged.reason = '' AND record.charge_id IS NOT NULL
        AND record.quantity <> judged.quantity
"""
WRONG = """
    INSERT INTO billing_usageimportrow (usage_import_id, number, values, reason)
    SELECT %(usage_import)s, number, jsonb_build_object('entitlement', entitlement, 'day', day, 'meter_id', meter_id,
        'meter_name', meter_name, 'quantity', quantity, 'resource', resource), reason
    FROM judged WHERE reason <> '' ORDER BY number LIMIT %(most)s
"""
# A role may have been taken away on the day of the import; a day without it earns nothing.
UNEARNED = f"""
    UPDATE billing_usagerecord AS record SET earned_percent = 0
    FROM customers_subscription AS row
    WHERE record.charge_id IS NULL AND record.day < %(before)s AND record.earned_percent > 0
        AND row.id = record.subscription_id
        AND NOT {
    EARNS.format(
        entitlement="coalesce(row.entitlement_id, row.id)",
        owner="record.billing_owner_id",
        reseller="row.reseller_id",
        record="record",
    )
}
"""  # noqa: S608 - a condition of ours
TEMPORARY = ("owners", "earning", "read", "priced", "tiers", "rates", "judged")


def owners_statement() -> str:
    """Return the statement that finds the owner of each day; whoever moves subscriptions says on which day they did."""
    days = settings.TRANSFER_DAYS
    nobody = "SELECT NULL::uuid, NULL::date WHERE false"
    return OWNERS.format(days=import_string(days) if days else nobody)


def earning_statement() -> str:
    """Return the statement that finds on which days a role earns credit; whoever keeps the roles says so."""
    days = settings.EARNING_ACCESS
    nobody = "SELECT NULL::uuid, NULL::uuid, '', NULL::date, NULL::date WHERE false"
    return EARNING.format(days=import_string(days)() if days else nobody)


def read_statement(file: CsvFile) -> str:
    """Return the statement that says each row of ``incoming`` in our words."""
    text = partial(text_of, file)
    names = {name: text(name) for name in LAYOUT.columns if name not in ("entitlement", "subscription")}
    owner = f"coalesce(nullif({text('entitlement')}, ''), {text('subscription')})"
    return READ.format(owner=owner, uuid=UUID, number=NUMBER, **names)
