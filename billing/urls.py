"""Addresses of the Billing workspace."""

from django.urls import path

from billing.views import downstream, invoice_lines, invoices, overview, reconciliation

app_name = "billing"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/export/", invoices.invoices_export, name="invoices_export"),
    path("reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("reconciliation/export/", reconciliation.reconciliation_export, name="reconciliation_export"),
    path("reconciliation/assigned-licenses/", reconciliation.assignments, name="assignments"),
    path("invoices/<uuid:invoice_id>/", invoices.invoice, name="invoice"),
    path("invoices/<uuid:invoice_id>/lines/", invoice_lines.invoice_lines, name="invoice_lines"),
    path("invoices/<uuid:invoice_id>/reconciliation/", invoices.reconciliation_file, name="reconciliation_file"),
    path("invoices/<uuid:invoice_id>/usage/", invoices.usage_file, name="usage_file"),
    path("invoices/<uuid:invoice_id>/customers/", downstream.customer_bills, name="customer_bills"),
    path(
        "invoices/<uuid:invoice_id>/customers/export/", downstream.customer_bills_export, name="customer_bills_export"
    ),
    path(
        "invoices/<uuid:invoice_id>/customers/<uuid:customer_id>/",
        downstream.customer_bill,
        name="customer_bill",
    ),
    path("invoices/<uuid:invoice_id>/pdf/", invoices.invoice_pdf, name="invoice_pdf"),
]
