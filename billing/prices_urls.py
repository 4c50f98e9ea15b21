"""Addresses of price lists, partners' own prices, rates, usage and budgets."""

from django.urls import path

from billing.views import prices, prices_sheets

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
]
