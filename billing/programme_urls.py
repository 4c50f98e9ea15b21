"""Addresses of the operator's side of invoices."""

from django.urls import path

from billing.views import payments

app_name = "billing_programme"
urlpatterns = [
    path("", payments.all_invoices, name="invoices"),
    path("<uuid:invoice_id>/payment/", payments.payment, name="payment"),
]
