"""Addresses of the Billing workspace."""

from django.urls import path

from billing.views import invoices, overview, reconciliation

app_name = "billing"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/export/", invoices.invoices_export, name="invoices_export"),
    path("reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("reconciliation/export/", reconciliation.reconciliation_export, name="reconciliation_export"),
    path("reconciliation/assigned-licenses/", reconciliation.assignments, name="assignments"),
    path("invoices/<uuid:invoice_id>/", invoices.invoice, name="invoice"),
    path("invoices/<uuid:invoice_id>/reconciliation/", invoices.reconciliation_file, name="reconciliation_file"),
    path("invoices/<uuid:invoice_id>/pdf/", invoices.invoice_pdf, name="invoice_pdf"),
]
