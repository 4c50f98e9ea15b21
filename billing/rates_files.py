"""Files of exchange rates: one rate a row, as the portal writes them itself (A8)."""

from portal.core.csv_files import Layout

HEADER = ("FromCurrency", "ToCurrency", "Rate", "ValidFrom", "Source")
_COLUMNS = {
    "base": ("FromCurrency", "PricingCurrency", "Base"),
    "currency": ("ToCurrency", "BillingCurrency", "Currency"),
    "rate": ("Rate", "PCToBCExchangeRate", "ExchangeRate"),
    "valid_from": ("ValidFrom", "PCToBCExchangeRateDate", "EffectiveStartDate", "Date"),
    "source": ("Source",),
}
LAYOUT = Layout(_COLUMNS, required=tuple(_COLUMNS), takes_first=True)
