"""Addresses of the operator's side of invoices."""

from django.urls import path

from billing.views import payments

app_name = "billing_programme"
urlpatterns = [
    path("", payments.all_invoices, name="invoices"),
    path("<uuid:invoice_id>/", payments.invoice, name="invoice"),
    path("<uuid:invoice_id>/pdf/", payments.invoice_pdf, name="invoice_pdf"),
    path("<uuid:invoice_id>/reconciliation/", payments.reconciliation_file, name="reconciliation_file"),
    path("<uuid:invoice_id>/usage/", payments.usage_file, name="usage_file"),
    path("<uuid:invoice_id>/payment/", payments.payment, name="payment"),
]
