"""Addresses of price lists, partners' own prices, rates, usage and budgets."""

from django.urls import path

from billing.views import budgets, own_prices, prices, prices_sheets, rates, usage, usage_files

app_name = "pricing"

urlpatterns = [
    path("pricing/price-lists/", prices.price_lists, name="lists"),
    path("pricing/price-lists/export.csv", prices.export, name="export"),
    path("pricing/rate-card/", prices.rate_card, name="rate_card"),
    path("pricing/rate-card/export.csv", prices.rate_card_export, name="rate_card_export"),
    path("pricing/changes/", prices.changes, name="changes"),
    path("pricing/changes/export.csv", prices.changes_export, name="changes_export"),
    path("programme/price-sheets/", prices_sheets.sheets, name="sheets"),
    path("programme/price-sheets/<uuid:sheet_id>/", prices_sheets.sheet, name="sheet"),
    path("programme/price-sheets/<uuid:sheet_id>/publish/", prices_sheets.publish_sheet, name="publish_sheet"),
    path("programme/price-sheets/<uuid:sheet_id>/cancel/", prices_sheets.cancel_sheet, name="cancel_sheet"),
    path("programme/price-sheets/<uuid:sheet_id>/rows.csv", prices_sheets.sheet_rows, name="sheet_rows"),
    path("billing/usage/", usage.usage, name="usage"),
    path("billing/usage/export.csv", usage.usage_export, name="usage_export"),
    path("customers/<uuid:customer_id>/usage/", usage.customer_usage, name="customer_usage"),
    path("pricing/rates/", rates.rates, name="rates"),
    path("pricing/rates/export.csv", rates.rates_export, name="rates_export"),
    path("programme/usage/", usage_files.usage_files, name="usage_files"),
    path("programme/usage/<uuid:run_id>/", usage_files.usage_file, name="usage_file"),
    path("programme/usage/<uuid:run_id>/progress/", usage_files.usage_file_progress, name="usage_file_progress"),
    path("programme/usage/<uuid:run_id>/rows.csv", usage_files.usage_file_rows, name="usage_file_rows"),
    path("programme/exchange-rates/", rates.keep_rates, name="keep_rates"),
    path("programme/exchange-rates/import/", rates.import_rates, name="import_rates"),
    path("programme/incentives/", rates.keep_incentives, name="keep_incentives"),
    path("programme/incentives/<uuid:rule_id>/end/", rates.end_incentive, name="end_incentive"),
    path("pricing/customer-prices/", own_prices.own_prices, name="own_prices"),
    path("pricing/customer-prices/new/", own_prices.new_own_price, name="new_own_price"),
    path("pricing/customer-prices/<uuid:price_id>/end/", own_prices.end_own_price, name="end_own_price"),
    path("pricing/customer-prices/terms/", own_prices.own_terms, name="own_terms"),
    path("pricing/margins/", own_prices.margins, name="margins"),
    path("pricing/margins/export.csv", own_prices.margins_export, name="margins_export"),
    path("billing/budgets/", budgets.budgets, name="budgets"),
    path("customers/<uuid:customer_id>/usage/budget/", budgets.budget, name="budget"),
    path("customers/<uuid:customer_id>/usage/budget/remove/", budgets.remove_budget, name="remove_budget"),
]
