"""Which countries form a market: the data of section 10 of the portal reference, loaded by a migration.

Later changes are rows with dates (MarketCountry), never edits of this file.
"""

MARKETS: dict[str, tuple[str, str, str]] = {
    # code: (name, default currency, ISO 3166-1 codes)
    "africa": (
        "Africa",
        "USD",
        "AO BJ BW BF BI CM CV CF TD KM CG CD CI DJ GQ ER ET PF GA GM GH GN GW KE LR MG MW ML MU YT NA NC NE NG RE RW "
        "ST SN SC SL SO SS SD SH TZ TG UG ZM",
    ),
    "asia_pacific": (
        "Asia and Pacific",
        "USD",
        "BD BN KH HK ID LA MO MY MV MM NP PH SG LK TH TL VN",
    ),
    "australia": (
        "Australia",
        "AUD",
        "AU CX CC CK FJ TF HM KI MH FM NR NU NF PW PG PN SB TK TO TV WF",
    ),
    "brazil": ("Brazil", "BRL", "BR"),
    "canada": ("Canada", "CAD", "CA PM"),
    "china": ("China", "CNY", "CN"),
    "europe": (
        "Europe",
        "EUR",
        "AX AD AT BE BG BV HR CY CZ DK EE FO FI FR DE GI GR GL GG HU IS IE IM IT JE LV LI LT LU MT MC NL NO PL PT RO "
        "SM SK SI ES SJ SE CH GB VA",
    ),
    "india": ("India", "INR", "IN"),
    "japan": ("Japan", "JPY", "JP"),
    "korea": ("Korea", "KRW", "KR"),
    "latin_america": (
        "Latin America and Caribbean",
        "USD",
        "AI AQ AG AR AW BS BB BZ BM BO BQ VG KY CL CO CR CW DM DO EC SV FK GF GD GP GT GY HT HN JM MQ MX MS NI PA PY "
        "PE PR BL KN LC MF VC SX GS SR TT TC UY VE VI",
    ),
    "middle_east_cee": (
        "Middle East, Central and Eastern Europe",
        "USD",
        "AF AL DZ AM AZ BH BA IO EG GE IQ IL JO KZ XK KW KG LB LS LY MD MN ME MA MZ MK OM PK PS QA SA RS ZA SZ TJ TN "
        "TR TM UA AE UZ YE ZW",
    ),
    "new_zealand": ("New Zealand", "NZD", "NZ WS VU"),
    "taiwan": ("Taiwan", "TWD", "TW"),
    "united_states": ("United States", "USD", "AS GU MP US UM"),
}

# Countries whose partners are billed in another currency than their market's.
CURRENCY_EXCEPTIONS = {
    "DK": "DKK",
    "FO": "DKK",
    "GB": "GBP",
    "GI": "GBP",
    "GG": "GBP",
    "JE": "GBP",
    "IM": "GBP",
    "NO": "NOK",
    "SJ": "NOK",
    "SE": "SEK",
    "CH": "CHF",
}

# A new customer there must give a registration number and a phone number (section 10, traps).
REGISTRATION_NUMBER_COUNTRIES = frozenset(
    {
        *("AM", "AZ", "BY", "BR", "HU", "IN", "IQ", "KZ", "KG", "MD", "MM", "PL"),
        *("RU", "SA", "ZA", "SS", "TJ", "TH", "TR", "UA", "AE", "UZ", "VE", "VN"),
    }
)
