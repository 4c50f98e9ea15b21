"""Addresses of first-party products: offers and dates."""

from django.urls import path

from azure.views import offers

app_name = "azure"

urlpatterns = [
    path("azure/offers/", offers.offers, name="offers"),
    path("azure/dates/", offers.dates, name="dates"),
]
