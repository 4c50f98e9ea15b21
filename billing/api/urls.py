"""Addresses of the API below /v1 that speak of invoices, prices and usage."""

from django.urls import path

from billing.api import invoices, prices, usage
from portal.api.access import endpoint

app_name = "billing_api"
ONE = "invoices/<str:invoice_id>"

urlpatterns = [
    path("invoices", endpoint(GET=invoices.list_invoices), name="invoices"),
    path("invoices/summary", endpoint(GET=invoices.get_summary), name="summary"),
    path("invoices/summaries", endpoint(GET=invoices.list_summaries), name="summaries"),
    path("invoices/unbilled/lineitems", endpoint(GET=invoices.list_unbilled), name="unbilled"),
    path(ONE, endpoint(GET=invoices.get_invoice), name="invoice"),
    path(f"{ONE}/lineitems", endpoint(GET=invoices.list_lines), name="lines"),
    path(
        f"{ONE}/lineitems/<str:provider>/<str:line_type>",
        endpoint(GET=invoices.list_lines_of_provider),
        name="lines_of_provider",
    ),
    path(f"{ONE}/documents/statement", endpoint(GET=invoices.get_statement), name="statement"),
    path("programme/usagerecords", endpoint(POST=usage.import_records), name="usage_records"),
    path("ratecards/azure", endpoint(GET=prices.get_rate_card), name="rate_card"),
    path(
        "sales/pricesheets(Market='<str:market>',PricesheetView='<str:view>')/$value",
        endpoint(GET=prices.get_price_sheet),
        name="price_sheet",
    ),
]
